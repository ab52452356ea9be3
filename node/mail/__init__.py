"""Mail: letters that are never lost, to every device of a household (docs/adr/0009)."""
