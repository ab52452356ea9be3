"""The headless trio runtime: network, store, services (docs/architecture.md)."""
