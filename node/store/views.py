"""What people see of the records: listings with their marks, and profiles.

Views follow from the standing records and can be written anew from them at any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from node.store.database import Connection
from node.store.listing_index import (
    KnownWords,
    ListingRow,
    insert_listings,
    remove_listings,
    set_state,
)
from node.store.unseen import Unseen
from protocol.envelope import Envelope, decode
from protocol.errors import RemoteError
from protocol.kinds import Kind
from protocol.listing import Listing, bounded, read_listing
from protocol.mark import State, read_mark
from protocol.profile import read_profile


@dataclass(frozen=True, slots=True)
class ViewRules:
    """What may show. listing_slots: of the charter. unseen: what does not show here.

    first_listings: of households that ``newcomers`` does not name by their number; None for
    no such limit. newcomers: how many listings of each show.
    """

    listing_slots: int
    unseen: Unseen = field(default_factory=Unseen)
    first_listings: int | None = None
    newcomers: Mapping[int, int] = field(default_factory=dict)

    def slots(self, household: int) -> int:
        """Return below which slot listings of a household (by number) show."""
        if self.first_listings is None:
            return self.listing_slots
        return min(self.listing_slots, self.newcomers.get(household, self.first_listings))


@dataclass(frozen=True, slots=True)
class Change:
    """One register's new holder. record: None where the old one only went away."""

    record: Envelope | None
    seq: int
    household: int
    replaced_seq: int | None
    kind: int
    slot: int


def write_views(
    connection: Connection,
    changes: Sequence[Change],
    rules: ViewRules,
    known: KnownWords | None = None,
) -> None:
    """Bring the views in line with changed registers, within the caller's transaction."""
    cursor = connection.cursor()
    gone = [
        change.replaced_seq
        for change in changes
        if change.kind == Kind.LISTING and change.replaced_seq is not None
    ]
    if gone:
        remove_listings(cursor, gone)
    rows = [
        row
        for change in changes
        if change.kind == Kind.LISTING and (row := _listing_row(connection, change, rules))
    ]
    if rows:
        insert_listings(cursor, rows, known)
    for change in changes:
        if change.kind == Kind.MARK:
            _write_mark(connection, change)
        elif change.kind == Kind.PROFILE:
            _write_profile(connection, change)


def rewrite_differing(
    connection: Connection,
    changes: Sequence[tuple[Change, int | None]],
    rules: ViewRules,
    known: KnownWords | None = None,
) -> int:
    """Write anew the listings that the rules now show or conceal otherwise; return how many.

    changes: each of a listing that stands, with whether its row in the view is concealed, or
    None where it has none.
    """
    differing = []
    for change, concealed in changes:
        row = _listing_row(connection, change, rules)
        if (None if row is None else int(row.concealed)) != concealed:
            differing.append(change)
    write_views(connection, differing, rules, known)
    return len(differing)


def _listing_row(connection: Connection, change: Change, rules: ViewRules) -> ListingRow | None:
    record = change.record
    if record is None or record.withdrawn or change.slot >= rules.listing_slots:
        return None
    try:
        listing = bounded(read_listing(record.body), record.created_at_ms)
    except RemoteError:
        return None  # it stays in the set, unseen: others may read what we cannot
    unseen, key = rules.unseen, record.key
    if change.slot >= rules.slots(change.household) and (
        record.household == unseen.own or not unseen.holds(record.household, key, listing)
    ):
        return None  # not yet; but what waits for a steward is there to be looked at
    place = listing.place
    return ListingRow(
        seq=change.seq,
        household=change.household,
        slot=change.slot,
        key=key,
        kind=int(listing.kind),
        category=listing.category,
        language=listing.language,
        title=listing.title,
        description=listing.description,
        tags=(*listing.tags, *_variant_words(listing)),
        swap_for=listing.swap_for or "",
        price_minor=None if listing.price is None else listing.price.minor,
        currency=None if listing.price is None else listing.price.currency,
        lat_e4=None if place is None else place.lat_e4,
        lon_e4=None if place is None else place.lon_e4,
        created_at_ms=record.created_at_ms,
        visible_until_ms=listing.visible_until_ms,
        state=_state_from_mark(connection, change, record),
        concealed=unseen.conceals(record.household, key, listing),
        is_shared=bool(listing.shown_to),
        thing=None if listing.origin is None else listing.origin.thing,
    )


def _variant_words(listing: Listing) -> list[str]:
    """Return what can be chosen, as words to find the listing by: "Größe 98"."""
    return [f"{v.name} {choice}" for v in listing.variants for choice in v.choices]


def _state_from_mark(connection: Connection, change: Change, listing: Envelope) -> int:
    """Return what a mark that arrived before its listing says of it."""
    row = connection.execute(
        "SELECT raw FROM record WHERE household = ? AND kind = ? AND slot = ?",
        (change.household, int(Kind.MARK), change.slot),
    ).fetchone()
    return State.OPEN if row is None else _state_of(decode(row[0]), listing.key)


def _state_of(mark_record: Envelope, listing_key: bytes) -> State:
    if mark_record.withdrawn:
        return State.OPEN
    try:
        mark = read_mark(mark_record.body)
    except RemoteError:
        return State.OPEN
    return mark.state if mark.listing == listing_key else State.OPEN


def _write_mark(connection: Connection, change: Change) -> None:
    row = connection.execute(
        "SELECT seq, raw FROM record WHERE household = ? AND kind = ? AND slot = ?",
        (change.household, int(Kind.LISTING), change.slot),
    ).fetchone()
    if row is not None:
        key = decode(row[1]).key
        state = State.OPEN if change.record is None else _state_of(change.record, key)
        set_state(connection.cursor(), row[0], int(state))


def _write_profile(connection: Connection, change: Change) -> None:
    connection.execute("DELETE FROM profile WHERE household = ?", (change.household,))
    if change.record is None or change.record.withdrawn:
        return
    try:
        profile = read_profile(change.record.body)
    except RemoteError:
        return
    place = profile.place
    connection.execute(
        "INSERT INTO profile VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            change.household,
            change.seq,
            profile.name,
            profile.about,
            None if place is None else place.name,
            None if place is None else place.lat_e4,
            None if place is None else place.lon_e4,
        ),
    )
