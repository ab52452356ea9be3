"""What trades leave behind: receipts, the chains that link them, reviews, credit (spec 10)."""
