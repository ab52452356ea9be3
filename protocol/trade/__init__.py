"""Trades: two signed chains of messages, and the one state that follows from them (spec 09)."""
