"""How a household takes part in governing: charters, seats, removals (spec 11)."""
