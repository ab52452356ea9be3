"""Trades: what a household's node writes, keeps and does by itself in them."""
