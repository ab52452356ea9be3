"""What the market costs, and what its parts cost bare: docs/performance.md."""
