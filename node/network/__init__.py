"""Connections, streams and gossip: the port that services use, and its two adapters."""
