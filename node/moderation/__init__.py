"""What a household does about listings and households that it would rather not see (spec 12)."""
