"""Who belongs: certificates, invites, confirmations, removals, and their evaluation (spec 04)."""
