"""What people say about listings and households that others may follow (spec 12)."""
