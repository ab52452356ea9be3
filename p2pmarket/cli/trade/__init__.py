"""The commands of trades, by subject, and what they print."""
