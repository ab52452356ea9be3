"""Trades and disputes: their endpoints, schemas, and what an answer says."""
