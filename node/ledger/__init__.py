"""Receipts linked for all to check, and what they say of a household."""
