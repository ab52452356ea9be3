"""Reading trades back as a person sees them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from node.mail.post import Post
from node.store.database import Connection, Database
from node.store.profiles import read_profiles
from node.trades import book, stock
from node.trades.cases import ruling_for, shown_at_ms
from node.trades.desk import Desk, is_over
from node.trades.shelf import Shelf
from node.trades.views import TradeView
from protocol.envelope import decode
from protocol.errors import LocalError, RemoteError
from protocol.ids import HouseholdId, ThingKey, from_text, short
from protocol.listing import Listing, read_listing
from protocol.membership.members import Members
from protocol.profile import Profile
from protocol.trade.codes import code_text, hash_of
from protocol.trade.machine import possible
from protocol.trade.message import MessageId, TradeId
from protocol.trade.trade import Trade
from protocol.trade.transitions import Role, State
from protocol.trade.types import Type

_TEXT_DIGITS = 52
"""Base32 digits of a trade's id."""
_SHORTEST_PREFIX = 4
_MEETING = frozenset(
    {
        State.PROMISED, State.APPOINTED, State.HANDED_BY_PUBLISHER, State.HANDED_BY_SEEKER,
    }
)  # fmt: skip
_ON_LOAN = frozenset({State.LENT, State.RETURNED_BY_PUBLISHER, State.RETURNED_BY_SEEKER})
_AT_ODDS = frozenset({State.DISPUTED, State.WITH_STEWARD})
"""Here a code still ends it: who was shown one has met the other after all."""


class TradeReading:
    """Trades, joined with names, titles and how far each message has come."""

    def __init__(
        self,
        desk: Desk,
        database: Database,
        post: Post,
        members: Callable[[], Members],
        elsewhere: Callable[[ThingKey], stock.Pieces],
    ) -> None:
        self._desk = desk
        self._database = database
        self._post = post
        self._members = members
        self._elsewhere = elsewhere

    async def find(self, prefix: str) -> TradeId:
        """Return the trade whose id begins so.

        LocalError ``trade-not-found`` or ``trade-ambiguous``.
        """
        typed = prefix.strip().lower()
        if not _SHORTEST_PREFIX <= len(typed) <= _TEXT_DIGITS:
            raise LocalError("trade-not-found", id=typed)
        try:
            low = from_text(typed.ljust(_TEXT_DIGITS, "a"))
            high = from_text(typed.ljust(_TEXT_DIGITS, "7"))
        except ValueError:
            raise LocalError("trade-not-found", id=typed) from None
        found = await self._database.read(lambda c: book.ids_beginning(c, low, high))
        if not found:
            raise LocalError("trade-not-found", id=typed)
        if len(found) > 1:
            raise LocalError("trade-ambiguous", id=typed)
        return found[0]

    async def show(self, trade: TradeId) -> TradeView:
        """Return one trade. LocalError ``trade-not-found``."""
        views = await self._views([trade])
        if not views:
            raise LocalError("trade-not-found", id=short(trade))
        return views[0]

    async def mine(self, over: bool) -> list[TradeView]:
        """Return all trades, newest first; ``over``: also those that are."""
        ids = await self._database.read(lambda c: book.every_id(c, resting=over))
        return [view for view in await self._views(ids) if over or not is_over(view.trade)]

    async def refused(self, since_ms: int) -> list[TradeView]:
        """Return own questions declined since a moment of ours, and not yet noted as read."""

        def read(connection: Connection) -> list[TradeId]:
            ids = book.ids_refusable(connection, self._desk.household, since_ms)
            trades = book.load_many(connection, ids)
            return [
                trade.id
                for trade in trades
                if trade.state is State.CLOSED and trade.applied[-1].type is Type.DECLINE
            ]

        return await self._views(await self._database.read(read))

    async def note_told(self, trade: TradeId) -> None:
        """Note that the person here has read how a trade ended."""
        await self._database.write(lambda c: book.note_told(c, trade))

    async def _views(self, ids: Sequence[TradeId]) -> list[TradeView]:
        profiles = await read_profiles(self._database)
        found = await self._database.read(lambda c: self._read(Shelf(c), ids, profiles))
        letters = [letter for _, by_message in found for letter in by_message.values()]
        states = await self._post.delivery(letters)
        views = []
        for view, by_message in found:
            view.delivery.update(
                (message, states[letter])
                for message, letter in by_message.items()
                if letter in states
            )
            views.append(view)
        return views

    def _read(
        self, shelf: Shelf, ids: Sequence[TradeId], profiles: dict[HouseholdId, Profile]
    ) -> list[tuple[TradeView, dict[MessageId, bytes]]]:
        trades = [trade for id in ids if (trade := shelf.trade(id)) is not None]
        return [
            (self._view(shelf, trade, profiles), book.letters_of_trade(shelf.connection, trade.id))
            for trade in trades
        ]

    def _view(self, shelf: Shelf, trade: Trade, profiles: dict[HouseholdId, Profile]) -> TradeView:
        connection = shelf.connection
        role = self._desk.role_in(trade)
        other = trade.household(role.other)
        listing = self._listing(connection, trade)
        about = shelf.about(trade.ask.listing) if role is Role.PUBLISHER else []
        deciding = self._desk.deciding(connection, trade, role)
        raw = book.listing_record(connection, trade.ask.listing, trade.publisher)
        is_own = role is Role.PUBLISHER and raw is not None
        co_signed = trade.co_signed()
        profile = profiles.get(other)
        return TradeView(
            trade=trade,
            role=role,
            title="" if listing is None else listing.title,
            kind=trade.ask.listing_kind,
            other=other,
            other_name="" if profile is None else profile.name,
            possible=frozenset(possible(trade, role)),
            handover_code=self._code(trade, role, False) if _may_be_handed(trade) else None,
            return_code=self._code(trade, role, True) if _may_come_back(trade) else None,
            deciding=deciding.device,
            decides=deciding.is_this,
            delivery={},
            receipt=co_signed,
            left=(
                stock.left(decode(raw), about, self._elsewhere(trade.ask.listing))
                if is_own and raw is not None
                else None
            ),
            waiting=len({t.seeker for t in stock.queue(about, trade.ask.listing)}) if is_own else 0,
            has_ruling=ruling_for(connection, trade) is not None,
            shown_at_ms=shown_at_ms(connection, trade),
        )

    def _code(self, trade: Trade, role: Role, is_return: bool) -> str | None:
        """Return the own code; None where another device wrote its hash, and alone knows it."""
        code = self._desk.code(trade, is_return)
        return code_text(code) if hash_of(code) == trade.code_hash(role, is_return) else None

    def _listing(self, connection: Connection, trade: Trade) -> Listing | None:
        """Return the listing as it was when it was asked for, or as it is now."""
        record = book.read_listing_of(connection, trade.id)
        if record is None:
            raw = book.listing_record(connection, trade.ask.listing, trade.publisher)
            record = None if raw is None else decode(raw)
        try:
            return None if record is None else read_listing(record.body)
        except RemoteError:
            return None


def _may_be_handed(trade: Trade) -> bool:
    return trade.state in _MEETING or (trade.state in _AT_ODDS and not trade.lent)


def _may_come_back(trade: Trade) -> bool:
    return trade.state in _ON_LOAN or (trade.state in _AT_ODDS and trade.lent)
