"""Listings that may be shown in other communities, and those that come from others (spec 13)."""

from __future__ import annotations

from node.store.database import Connection
from node.store.listings import StoredListing, listings_at
from protocol.mark import State


def shared_listings(connection: Connection, now_ms: int) -> list[StoredListing]:
    """Return what shows, is open, and may be shown in some other community; newest first."""
    seqs = connection.execute(
        "SELECT seq FROM listing INDEXED BY listing_shared"
        " WHERE is_shared = 1 AND visible_until_ms > ? AND concealed = 0 AND state = ?"
        " ORDER BY seq DESC",
        (now_ms, int(State.OPEN)),
    ).fetchall()
    return listings_at(connection, [seq for (seq,) in seqs])


def carried_listings(connection: Connection, now_ms: int) -> list[StoredListing]:
    """Return what any household here carries from other communities, by order of arrival."""
    seqs = connection.execute(
        "SELECT seq FROM listing WHERE thing IS NOT NULL AND visible_until_ms > ? ORDER BY seq",
        (now_ms,),
    ).fetchall()
    return listings_at(connection, [seq for (seq,) in seqs])
