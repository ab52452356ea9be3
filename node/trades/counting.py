"""What of the own listings is claimed in this community, told to whoever offers them elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from node.store.database import Connection, Database
from node.trades import book, stock
from node.trades.attending import TradeAttending
from node.trades.desk import Desk
from node.trades.stock import Pieces
from protocol.envelope import decode
from protocol.errors import RemoteError
from protocol.ids import ThingKey
from protocol.listing import read_listing
from protocol.mark import State as Mark

Told = Callable[[ThingKey, Pieces | None], None]
"""Told within a transaction what of a listing is claimed here; None: it is here no more."""


class Counting:
    """Tells what of own listings is claimed here, and takes notice of what is elsewhere."""

    def __init__(self, database: Database, desk: Desk, attending: TradeAttending) -> None:
        self._database = database
        self._attending = attending
        self._own = desk.household
        self.on_moved = desk.on_moved
        """Told on the trio thread after a trade may have moved."""

    async def count(self, listings: Iterable[ThingKey], told: Told) -> None:
        """Count what of these is claimed here. told: called for each, in one transaction, so that
        no promise can be made between the count and what is done with it.
        """
        wanted = list(listings)

        def write(connection: Connection) -> None:
            for listing in wanted:
                told(listing, _claimed(connection, self._own, listing))

        if wanted:
            await self._database.write(write)

    def look_again(self, listings: Iterable[ThingKey]) -> None:
        """Show soon what is left of these: something was promised elsewhere, or came free."""
        self._attending.mark_again(listings)


def _claimed(connection: Connection, own: bytes, listing: ThingKey) -> Pieces | None:
    trades = book.load_many(connection, book.ids_about(connection, listing))
    pieces = stock.claimed(listing, trades)
    row = connection.execute(
        "SELECT record.raw, listing.state, trade_mark.state FROM listing"
        " JOIN record ON record.seq = listing.seq"
        " JOIN household ON household.n = listing.household"
        " LEFT JOIN trade_mark ON trade_mark.listing = listing.key"
        " WHERE listing.key = ? AND household.id = ?",
        (listing, own),
    ).fetchone()
    if row is None:
        return pieces if pieces.claimed else None
    raw, state, ours = row
    if state == Mark.OPEN or state == ours:
        return pieces
    # Marked by hand: whoever is to have it, it is not to be had elsewhere either.
    try:
        whole = read_listing(decode(raw).body).quantity
    except RemoteError:
        return pieces
    return Pieces(whole, whole if state == Mark.TAKEN else pieces.gone)
