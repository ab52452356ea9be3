"""Reading listings back whole: the view's rows joined with the signed records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from node.search.query import Hit, SearchQuery
from node.store.database import Connection
from node.store.listing_index import search
from protocol.envelope import decode
from protocol.ids import DeviceKey, HouseholdId, ThingKey
from protocol.listing import Listing, bounded, read_listing
from protocol.mark import State


@dataclass(frozen=True, slots=True)
class StoredListing:
    """A listing as it stands at this node.

    published_at_ms: of its first revision. changed_at_ms: of this one. device: the one that
    signed this revision and alone decides about it. distance_m: from the centre of the search,
    where both places are known. concealed: lists and searches leave it out here.
    """

    key: ThingKey
    household: HouseholdId
    household_name: str
    slot: int
    state: State
    listing: Listing
    published_at_ms: int
    changed_at_ms: int
    revision: int
    device: DeviceKey
    distance_m: int | None = None
    concealed: bool = False


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """One page of results; more: whether another follows."""

    results: list[StoredListing]
    more: bool


def find_listings(connection: Connection, query: SearchQuery, now_ms: int) -> SearchAnswer:
    """Search and read the results whole."""
    hits = search(connection, query, now_ms)
    return SearchAnswer(list(read_hits(connection, hits.results).values()), hits.more)


def read_hits(connection: Connection, hits: Sequence[Hit]) -> dict[int, StoredListing]:
    """Read hits whole, by seq and in their order; those that are gone meanwhile are left out."""
    found = dict(_rows(connection, [hit.seq for hit in hits]))
    return {hit.seq: _stored(found[hit.seq], hit.distance_m) for hit in hits if hit.seq in found}


def listings_by_key(connection: Connection, low: bytes, high: bytes) -> list[StoredListing]:
    """Return the listings whose key lies within [low, high]: at most three of them."""
    seqs = connection.execute(
        "SELECT seq FROM listing WHERE key BETWEEN ? AND ? LIMIT 3", (low, high)
    ).fetchall()
    return listings_at(connection, [seq for (seq,) in seqs])


def listings_at(connection: Connection, seqs: Sequence[int]) -> list[StoredListing]:
    """Return listings whole by their seq, in that order."""
    return [_stored(row, None) for _, row in _rows(connection, seqs)]


def listings_of(connection: Connection, household: int) -> list[StoredListing]:
    """Return all listings of a household, ended ones included, newest first."""
    seqs = connection.execute(
        "SELECT seq FROM listing WHERE household = ? ORDER BY seq DESC", (household,)
    ).fetchall()
    return listings_at(connection, [seq for (seq,) in seqs])


def concealed_listings(connection: Connection, now_ms: int, most: int) -> list[StoredListing]:
    """Return listings that lists and searches leave out here, the newest first."""
    seqs = connection.execute(
        "SELECT seq FROM listing INDEXED BY listing_concealed"
        " WHERE concealed = 1 AND visible_until_ms > ?"
        " ORDER BY seq DESC LIMIT ?",
        (now_ms, most),
    ).fetchall()
    return listings_at(connection, [seq for (seq,) in seqs])


def count_listings(connection: Connection, now_ms: int) -> int:
    """Return how many listings show at the moment."""
    row = connection.execute(
        "SELECT count(*) FROM listing WHERE visible_until_ms > ? AND concealed = 0", (now_ms,)
    ).fetchone()
    return int(row[0])


_Row = tuple[int, int, bytes, bytes, str | None, int]
_AT_ONCE = 500


def _rows(connection: Connection, seqs: Sequence[int]) -> Iterable[tuple[int, _Row]]:
    """Yield (seq, row) in the order asked for."""
    for at in range(0, len(seqs), _AT_ONCE):
        part = seqs[at : at + _AT_ONCE]
        marks = ", ".join("?" * len(part))
        rows = connection.execute(
            # Only question marks are put in.
            "SELECT listing.seq, listing.state, record.raw, household.id, profile.name,"
            " listing.concealed"
            " FROM listing JOIN record ON record.seq = listing.seq"
            " JOIN household ON household.n = listing.household"
            " LEFT JOIN profile ON profile.household = listing.household"
            f" WHERE listing.seq IN ({marks})",
            part,
        ).fetchall()
        found = {row[0]: row for row in rows}
        yield from ((seq, found[seq]) for seq in part if seq in found)


def _stored(row: _Row, distance_m: int | None) -> StoredListing:
    _, state, raw, household, name, concealed = row
    record = decode(raw)
    return StoredListing(
        record.key,
        HouseholdId(household),
        name or "",
        record.slot,
        State(state),
        bounded(read_listing(record.body), record.created_at_ms),
        record.generation_ms,
        record.created_at_ms,
        record.revision,
        record.device,
        distance_m,
        bool(concealed),
    )
