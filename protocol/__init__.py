"""Bytes and rules of the p2pmarket protocol: pure, no I/O (docs/spec)."""
