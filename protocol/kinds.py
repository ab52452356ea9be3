"""Kinds of record, and the three ranges that tell how long one lives (spec 02 §kinds).

A node knows a range even where it does not know the kind: so records of newer versions
travel through older nodes, within a quota.
"""

from __future__ import annotations

from enum import IntEnum

from protocol import limits


class Kind(IntEnum):
    """The kinds that this version reads."""

    CHARTER = 1
    CERTIFICATE = 2
    DEVICE = 3
    INVITE = 4
    CONFIRMATION = 5
    REMOVAL = 6
    SEATS = 7
    AMENDMENT = 8
    CONSENT = 9
    VOUCHES = 10
    PROFILE = 32
    LISTING = 33
    MARK = 34
    ADDRESSES = 35
    MAIL_CARD = 40
    LABELS = 41
    BLOCK_LIST = 42
    APPEALS = 43
    LEDGER = 128
    FORK_PROOF = 132


FIRST_CONTENT = 32
FIRST_DURABLE = 128
AFTER_LAST = 192
MANY_CONTENT = range(36, 40)
MANY_DURABLE = range(128, 132)
SIGNER_FIXED = frozenset((*range(1, 7), *range(32, 36)))
"""Kinds of which the form tells who signs (RCD-7); of all others either is well-formed."""

ROOT_SIGNED = frozenset({Kind.CHARTER, Kind.CERTIFICATE, Kind.DEVICE})
"""Kinds that the household's own key signs; all others are signed by one of its devices."""


def max_bytes(kind: int) -> int:
    """Return the longest record of this kind; kinds with many slots are small."""
    if kind in MANY_CONTENT or kind in MANY_DURABLE:
        return limits.MAX_SMALL_RECORD_BYTES
    return limits.MAX_RECORD_BYTES


def is_membership(kind: int) -> bool:
    """Tell whether records of this kind decide who belongs; they are fetched first."""
    return 1 <= kind < FIRST_CONTENT


def lifetime_ms(kind: int) -> int:
    """Return the longest time from creation to expiry of a record of this kind."""
    if FIRST_CONTENT <= kind < FIRST_DURABLE:
        return limits.CONTENT_LIFETIME_MS
    return limits.DURABLE_LIFETIME_MS
