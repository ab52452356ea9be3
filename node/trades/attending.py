"""Goes through the trades in which something may be due, and does it; again and again.

Everything is decided from what is on disk, inside the transaction that does it: a crash at any
point leaves nothing undone, only not done yet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import trio

from node.clock import Clock
from node.conduct import Conduct
from node.market import Market
from node.store.database import Connection, Database
from node.trades import book, draws, stock
from node.trades.automatic import Circumstances, due
from node.trades.cases import ruling_for
from node.trades.desk import Desk, is_over
from node.trades.requests import Requests
from node.trades.shelf import Shelf
from protocol.envelope import decode
from protocol.errors import LocalError, RemoteError
from protocol.ids import ThingKey
from protocol.mark import State as Mark
from protocol.trade.agreement import Promise
from protocol.trade.bodies import Body
from protocol.trade.limits import DRAW_SECRET_BYTES, PROMISE_MS
from protocol.trade.message import TradeId
from protocol.trade.trade import Trade
from protocol.trade.transitions import Role
from protocol.trade.types import Type

_ATTEND_S = 60.0
_MOMENT_S = 1.0
"""After a draw has closed, so that its time is over for certain."""
_MOST_STEPS = 16
"""By oneself, one after the other, in one trade: never needed, and an end to any loop."""
_AT_ONCE = 200
"""Trades looked at in one transaction."""
ADDRESS_SETTING = "trade-address"


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one visit to a trade found. listing: the own one that it is about."""

    trade: TradeId
    listing: ThingKey | None
    is_over: bool


class TradeAttending:
    """Run :meth:`run` in the node's nursery; :meth:`nudge` it when a trade has moved."""

    def __init__(
        self,
        desk: Desk,
        requests: Requests,
        database: Database,
        market: Market,
        clock: Clock,
        conduct: Conduct,
        elsewhere: Callable[[ThingKey], stock.Pieces],
    ) -> None:
        """elsewhere: what of an own listing is claimed where it is offered as well."""
        self._desk = desk
        self._requests = requests
        self._database = database
        self._market = market
        self._clock = clock
        self._conduct = conduct
        self._elsewhere = elsewhere
        self._to_mark: dict[ThingKey, None] = {}
        self._asked_for_missing: set[TradeId] = set()
        self._moved = trio.Event()
        desk.on_moved.append(self.nudge)

    def nudge(self) -> None:
        """Attend soon."""
        self._moved.set()

    def mark_again(self, listings: Iterable[ThingKey]) -> None:
        """See soon whether the marks of these are still right."""
        self._to_mark.update(dict.fromkeys(listings))
        self.nudge()

    async def run(self) -> None:
        """Attend whenever a trade has moved, and every minute, until cancelled."""
        while True:
            self._moved = trio.Event()
            try:
                await self.attend()
            except LocalError as error:  # a full disk, or a parting just now: tried again
                self._conduct.count(f"trades-not-attended:{error.code}")
            with trio.move_on_after(await self._until_next_s()):
                await self._moved.wait()

    async def _until_next_s(self) -> float:
        """Return how long nothing has to be done as long as nothing moves."""
        now_ms = self._clock.now_ms()
        closes_ms = await self._database.read(lambda c: draws.next_closing(c, now_ms))
        if closes_ms is None:
            return _ATTEND_S
        return min(_ATTEND_S, (closes_ms - now_ms) / 1_000 + _MOMENT_S)

    async def attend(self) -> None:
        """Do what is due now. Raises LocalError if the disk is full."""
        failed = await self._requests.carry_out()
        self._conduct.count("trade-requests-refused", len(failed))
        try:
            await self._database.write(lambda c: draws.go_on(c, self._desk, self._clock.now_ms()))
        except LocalError as error:  # the trades themselves go on
            self._conduct.count(f"trade-draw-refused:{error.code}")
        self._desk.tell_if_written()
        ids = await self._database.read(lambda c: book.every_id(c, resting=False))
        listings = dict(self._to_mark)
        over: list[TradeId] = []
        # Those who asked first come first; a few at a time, so that others may write between.
        for part in _in_parts(ids[::-1], _AT_ONCE):
            for seen in await self._database.write(partial(self._advance_all, ids=part)):
                if seen.listing is not None:
                    listings[seen.listing] = None
                if seen.is_over:
                    over.append(seen.trade)
            self._desk.tell_if_written()
        for listing in listings:
            self._to_mark.pop(listing, None)
            await self._mark(listing)
        await self._take_over(ids)
        if over:
            # Last of all: until its mark is right, a trade that is over is looked at again.
            await self._database.write(lambda c: _let_rest(c, over))

    async def _take_over(self, ids: list[TradeId]) -> None:
        """Where a device that is no more wrote last, the other side may know more than we do."""

        def inherited(connection: Connection) -> list[TradeId]:
            trades = book.load_many(connection, set(ids) - self._asked_for_missing)
            return [trade.id for trade in trades if self._desk.inherits(connection, trade)]

        missing = await self._database.read(inherited)
        if missing:
            self._asked_for_missing.update(missing)
            await self._desk.ask_for_missing(missing)

    def _advance_all(self, connection: Connection, ids: Sequence[TradeId]) -> list[_Seen]:
        shelf = Shelf(connection)
        return [self._advance(shelf, id) for id in ids]

    def _advance(self, shelf: Shelf, trade_id: TradeId) -> _Seen:
        trade = shelf.trade(trade_id)
        assert trade is not None  # the table of trades names only opened ones
        role = self._desk.role_in(trade)
        if not self._desk.deciding(shelf.connection, trade, role).is_this:
            return _Seen(trade_id, None, is_over(trade))
        for _ in range(_MOST_STEPS):
            step = due(trade, role, self._circumstances(shelf, trade))
            if step is None:
                break
            try:
                trade = self._desk.write_in(shelf.connection, trade_id, _saying(*step))
            except LocalError as error:
                self._conduct.count(f"trade-step-refused:{error.code}")
                break
            shelf.put(trade)
        own = trade.ask.listing if role is Role.PUBLISHER else trade.terms.swap_listing
        return _Seen(trade_id, own, is_over(trade))

    def _circumstances(self, shelf: Shelf, trade: Trade) -> Circumstances:
        connection, listing = shelf.connection, trade.ask.listing
        raw = book.listing_record(connection, listing, trade.publisher)
        mark = connection.execute("SELECT state FROM listing WHERE key = ?", (listing,)).fetchone()
        address = connection.execute(
            "SELECT value FROM setting WHERE name = ?", (ADDRESS_SETTING,)
        ).fetchone()
        now_ms = self._clock.now_ms()

        def promise(trade: Trade) -> Promise:
            return self._desk.promise(connection, trade, trade.ask.public, now_ms + PROMISE_MS)

        return Circumstances(
            own=self._desk.household,
            device=self._desk.device,
            now_ms=now_ms,
            listing=None if raw is None else decode(raw),
            mark=Mark.OPEN if mark is None else Mark(mark[0]),
            elsewhere=self._elsewhere(listing),
            about=shelf.about(listing),
            address="" if address is None else bytes(address[0]).decode("utf-8"),
            ruling=ruling_for(connection, trade),
            draw_secret=self._draw_secret,
            promise=promise,
        )

    def _draw_secret(self, draw: bytes) -> bytes:
        return hashlib.blake2b(
            draw,
            digest_size=DRAW_SECRET_BYTES,
            key=self._desk.device.seed,
            person=b"p2pm-draw-secret",
        ).digest()

    async def _mark(self, listing: ThingKey) -> None:
        """Let neighbours see what is left of an own listing; leave marks set by hand alone."""

        def read(connection: Connection) -> tuple[Mark, Mark, Mark | None] | None:
            raw = book.listing_record(connection, listing, self._desk.household)
            if raw is None:
                return None
            (state,) = connection.execute(
                "SELECT state FROM listing WHERE key = ?", (listing,)
            ).fetchone()
            about = book.load_many(connection, book.ids_about(connection, listing))
            try:
                wanted = stock.mark_of(decode(raw), about, self._elsewhere(listing))
            except RemoteError:
                return None
            ours = connection.execute(
                "SELECT state FROM trade_mark WHERE listing = ?", (listing,)
            ).fetchone()
            return wanted, Mark(state), None if ours is None else Mark(ours[0])

        found = await self._database.read(read)
        if found is None:
            return
        wanted, stands, ours = found
        if wanted is stands or (wanted < stands and ours is not stands):
            return
        # Noted first: a crash in between must not make our own mark look like a person's.
        await self._database.write(
            lambda c: c.execute(
                "INSERT OR REPLACE INTO trade_mark VALUES (?, ?)", (listing, int(wanted))
            )
        )
        try:
            await self._market.follow_trade(listing, wanted)
        except LocalError as error:
            self._conduct.count(f"trade-mark-refused:{error.code}")


def _in_parts(ids: Sequence[TradeId], size: int) -> Iterator[Sequence[TradeId]]:
    return (ids[at : at + size] for at in range(0, len(ids), size))


def _let_rest(connection: Connection, ids: list[TradeId]) -> None:
    """Leave out those that have moved meanwhile."""
    over = [trade.id for trade in book.load_many(connection, ids) if is_over(trade)]
    book.let_rest(connection, over)


def _saying(type: Type, body: Body) -> Callable[[Trade, Role], tuple[Type, Body]]:
    return lambda trade, role: (type, body)
