"""What a household keeps: one encrypted SQLite file for each community (docs/architecture.md)."""
