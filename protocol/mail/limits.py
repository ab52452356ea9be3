"""Numbers of mail, each with its unit and its reason (spec 08)."""

from __future__ import annotations

from protocol.limits import DAY_MS

PADDED_BYTES = (2_048, 8_192, 32_768)
"""A parcel's plaintext has one of three sizes: a chat, a long one, a trade with its terms."""

SEAL_BYTES = 1_136
"""What HPKE adds: 1,120 bytes of X-Wing encapsulation and 16 of authentication."""

SEALED_BYTES = frozenset(size + SEAL_BYTES for size in PADDED_BYTES)
MAX_PARCEL_BYTES = max(SEALED_BYTES) + 64

MAX_CONTENT_BYTES = 32_000
"""Of a letter: with the ratchet's and the sender's fields it fits the largest size."""

MAX_CHAT_TEXT = 4_000
"""Code points of one chat."""

MAX_NOTED = 500
"""Message and parcel ids in one delivery note."""

MIN_LIFE_MS = 14 * DAY_MS
"""A parcel is kept for at least so long …"""
MAX_LIFE_MS = 15 * DAY_MS
"""… and at most so long: ends of life are whole days, which hides the time of sending."""

WEEK_MS = 7 * DAY_MS
TAG_WEEKS = 3
"""Past weeks whose tags a mailbox answers to, beside the present one: 15 days touch three."""

HOLDERS = 3
"""Members that keep a parcel for an absent device."""

MAX_PARCELS = 64
"""In one frame."""
MAX_BATCH_BYTES = 768 << 10
"""Of parcels in one frame: it stays below the longest frame."""

FALLBACK_ROTATION_MS = 21 * DAY_MS
"""The replaced Olm key lives until the next rotation: 21 days, longer than any mail."""
HPKE_ROTATION_MS = 7 * DAY_MS
HPKE_KEPT_MS = 16 * DAY_MS
"""A replaced HPKE key opens parcels for so long: a day more than they live."""

DEPOSITOR_PARCELS = 256
DEPOSITOR_BYTES = 4 << 20
PROVISIONAL_PARCELS = 16
PROVISIONAL_BYTES = 256 << 10
HELD_PARCELS = 8_192
HELD_BYTES = 64 << 20
TAG_PARCELS = 1_024
"""What a holder keeps: for one depositing household, for one that nobody has confirmed (there
may be many of them), in all, and under one tag. Of the last two nobody gets more than it leaves
free: whoever comes later, and however many have flooded it, finds room."""

DEPOSITS_A_DAY = 1_024
"""Parcels that one household may deposit at a holder in a day: what a flooder can have its
victim collect from an honest holder."""

NOTES_UNDER_TAG = 16
NOTES_OF_DEPOSITOR = 64
NOTES_BYTES = 1 << 20
"""Of delivery notes a holder keeps the latest: of one household under one tag, and in all. A
flooder decides how many notes its victim writes; they must not use up the victim's room."""
