"""Listings that may be shown in other communities, and those that come from others (spec 13)."""

from __future__ import annotations

from node.store.database import Connection
from node.store.listings import StoredListing, listings_at
from protocol import limits
from protocol.mark import State
from protocol.windows import MAX_CARRIED, MAX_CARRIED_OF_ONE

_SHARED_OF_ONE = limits.MAX_WINDOWS * MAX_CARRIED_OF_ONE
"""Its windows to other communities included: which one a listing is for stands in its body."""
_SHARED = 4_000


def shared_listings(connection: Connection, now_ms: int) -> list[StoredListing]:
    """Return what shows, is open, and may be shown in some other community; newest first.

    Of each author a bounded number, and of all: what others share costs this node little.
    """
    seqs = connection.execute(
        "SELECT seq FROM (SELECT seq, row_number() OVER"
        " (PARTITION BY household ORDER BY seq DESC) AS turn"
        " FROM listing INDEXED BY listing_shared"
        " WHERE is_shared = 1 AND visible_until_ms > ? AND concealed = 0 AND state = ?)"
        " WHERE turn <= ? ORDER BY seq DESC LIMIT ?",
        (now_ms, int(State.OPEN), _SHARED_OF_ONE, _SHARED),
    ).fetchall()
    return listings_at(connection, [seq for (seq,) in seqs])


def carried_listings(connection: Connection, now_ms: int) -> list[StoredListing]:
    """Return what any household here carries from other communities, by order of arrival.

    Of each household no more than it may carry (WIN-9), the newest.
    """
    seqs = connection.execute(
        "SELECT seq FROM (SELECT seq, row_number() OVER"
        " (PARTITION BY household ORDER BY seq DESC) AS turn"
        " FROM listing WHERE thing IS NOT NULL AND visible_until_ms > ?)"
        " WHERE turn <= ? ORDER BY seq",
        (now_ms, MAX_CARRIED),
    ).fetchall()
    return listings_at(connection, [seq for (seq,) in seqs])
