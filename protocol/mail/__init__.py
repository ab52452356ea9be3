"""Mail between devices: cards, letters, parcels and the mailboxes of absent devices (spec 08)."""
