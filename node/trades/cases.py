"""Disputes: handing a case to a steward, judging one, and taking a ruling up."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from node.clock import Clock
from node.mail.incoming import Delivery, DeliveryState, Incoming, NotYet
from node.mail.post import Post
from node.store.database import Connection, Database
from node.trades import book, docket
from node.trades.case_views import CaseView, Shown, view_of
from node.trades.desk import Desk
from protocol.errors import LocalError, RemoteError
from protocol.ids import HouseholdId, short
from protocol.ledger.receipt import Outcome
from protocol.mail.letter import Topic
from protocol.trade.case import (
    CasePart,
    RulingLetter,
    open_part,
    parts_of,
    read_case_letter,
)
from protocol.trade.dispute import Dispute, read_ruling, rule
from protocol.trade.message import MessageId, TradeId
from protocol.trade.trade import Trade
from protocol.trade.transitions import State

_ARRIVED = frozenset({DeliveryState.DELIVERED, DeliveryState.READ})
_FAILED = frozenset({DeliveryState.REFUSED, DeliveryState.EXPIRED})


class Cases:
    """Of both sides: parties hand over, stewards rule."""

    def __init__(
        self,
        desk: Desk,
        database: Database,
        post: Post,
        clock: Clock,
        may_sign: Callable[[], None],
    ) -> None:
        """may_sign: raises LocalError if this device may not."""
        self._desk = desk
        self._database = database
        self._post = post
        self._clock = clock
        self._may_sign = may_sign
        post.serve(Topic.CASE, self._take_in)

    # -- of a party

    async def hand_over(self, trade_id: TradeId, text: str) -> None:
        """Send the steward that both accepted all messages of a trade, and some words.

        Again: in place of what is still on its way. Raises LocalError ``no-steward`` or
        ``trade-field``.
        """

        def write(connection: Connection) -> None:
            trade = book.load(connection, trade_id)
            if trade is None or trade.state is not State.WITH_STEWARD or trade.steward is None:
                raise LocalError("no-steward")
            now_ms = self._clock.now_ms()
            try:
                parts = parts_of(trade, now_ms, text)
            except RemoteError:
                raise LocalError("trade-field", field="text") from None
            for letter in _letters(connection, trade_id):
                self._post.drop(connection, letter)
            connection.execute("DELETE FROM trade_handed_letter WHERE trade = ?", (trade_id,))
            connection.execute(
                "INSERT OR REPLACE INTO trade_handed VALUES (?, ?, ?)",
                (trade_id, trade.steward, now_ms),
            )
            for part in parts:
                letter = self._post.write(connection, trade.steward, Topic.CASE, part.pack())
                connection.execute(
                    "INSERT INTO trade_handed_letter VALUES (?, ?)", (trade_id, letter)
                )

        await self._database.write(write)
        self._post.wake()

    async def shown(self) -> list[Shown]:
        """Return the own trades that this device has laid before a steward, the latest first."""
        rows = await self._database.read(
            lambda connection: [
                (TradeId(MessageId(trade)), steward, at_ms, _letters(connection, trade))
                for trade, steward, at_ms in connection.execute(
                    "SELECT trade, steward, at_ms FROM trade_handed ORDER BY at_ms DESC, trade"
                ).fetchall()
            ]
        )
        states = await self._post.delivery([letter for *_, letters in rows for letter in letters])
        return [
            Shown(
                trade,
                HouseholdId(steward),
                at_ms,
                len(letters),
                _arrived(states, letters),
                sum(letter in states and states[letter].state in _FAILED for letter in letters),
            )
            for trade, steward, at_ms, letters in rows
        ]

    # -- of a steward

    async def before_me(self) -> list[CaseView]:
        """Return the cases that were laid before this household, the latest first."""
        return await self._database.read(
            lambda connection: [
                view
                for trade in docket.every_trade(connection)
                if (view := self._view(connection, trade)) is not None
            ]
        )

    async def rule(self, trade_id: TradeId, outcome: Outcome, text: str) -> None:
        """Rule on a case before this household, and tell both.

        LocalError ``case-not-found``, ``case-incomplete`` (its messages do not yet lead to
        where both accepted this household), ``case-not-open`` (it is over by what they say),
        ``case-ruled``, ``trade-field``.
        """

        def write(connection: Connection) -> None:
            view = self._view(connection, trade_id)
            if view is None:
                raise LocalError("case-not-found", id=short(trade_id))
            trade = view.trade
            if view.is_ruled:
                raise LocalError("case-ruled")
            if not view.can_rule or trade.dispute is None:
                if view.missing:
                    raise LocalError("case-incomplete", missing=view.missing)
                raise LocalError("case-not-open")
            self._may_sign()
            own, device = self._desk.household, self._desk.device
            try:
                ruling = rule(
                    trade.community, trade_id, trade.dispute.id, own, outcome, text, device
                )
            except RemoteError:
                raise LocalError("trade-field", field="text") from None
            docket.note_ruling(connection, ruling, self._clock.now_ms())
            content = RulingLetter(trade_id, ruling.raw).pack()
            recipients = [trade.publisher, trade.seeker]
            member = self._desk.members.member(own)
            if member is not None and len(member.devices) > 1:
                recipients.append(own)  # its other devices have the case before them, too
            for recipient in recipients:
                self._post.write(connection, recipient, Topic.CASE, content)

        await self._database.write(write)
        self._post.wake()

    async def forget(self, trade_id: TradeId) -> None:
        """Forget a case before this household. LocalError ``case-not-found``."""

        def write(connection: Connection) -> None:
            if not docket.forget(connection, trade_id):
                raise LocalError("case-not-found", id=short(trade_id))

        await self._database.write(write)

    async def forget_old(self) -> int:
        """Forget the cases whose time is over. Only while the own clock can be trusted."""
        now_ms = self._clock.now_ms()
        return await self._database.write(lambda c: docket.forget_old(c, now_ms))

    def _view(self, connection: Connection, trade: TradeId) -> CaseView | None:
        held = docket.load(connection, trade)
        return view_of(held, docket.ruled(connection, trade), self._desk.household)

    # -- taking in

    def _take_in(self, connection: Connection, incoming: Incoming) -> None:
        letter = read_case_letter(incoming.content)
        if incoming.is_copy:
            return
        if isinstance(letter, CasePart):
            self._take_part(connection, letter, incoming.sender)
        elif incoming.sender == self._desk.household:
            ruling = read_ruling(letter.ruling)
            if ruling.steward != incoming.sender or ruling.trade != letter.trade:
                raise RemoteError("foreign-message")
            docket.note_ruling(connection, ruling, self._clock.now_ms())
        else:
            self._check_ruling(connection, letter, incoming.sender)
            connection.execute(
                "INSERT OR REPLACE INTO trade_ruling VALUES (?, ?)", (letter.trade, letter.ruling)
            )
            connection.execute("UPDATE trade SET rests = 0 WHERE id = ?", (letter.trade,))

    def _take_part(self, connection: Connection, part: CasePart, sender: HouseholdId) -> None:
        members = self._desk.members
        messages = open_part(part, sender, self._desk.household)
        if messages[0].community != members.community:
            raise RemoteError("other-community")
        if not all(members.was_device(m.author, m.device) for m in messages):
            raise NotYet
        docket.keep(connection, sender, part, messages, self._clock.now_ms())

    def _check_ruling(
        self, connection: Connection, letter: RulingLetter, sender: HouseholdId
    ) -> None:
        """Raise RemoteError or NotYet unless it is by the steward of a trade of our own."""
        ruling = read_ruling(letter.ruling)
        if ruling.steward != sender or ruling.trade != letter.trade:
            raise RemoteError("foreign-message")
        if ruling.community != self._desk.members.community:
            raise RemoteError("other-community")
        if not self._desk.members.was_device(ruling.steward, ruling.device):
            raise RemoteError("foreign-message")
        trade = book.load(connection, letter.trade)
        if trade is None or trade.dispute is None:
            raise NotYet
        if ruling.dispute != trade.dispute.id:
            if any(m.id == ruling.dispute for m in trade.order if isinstance(m.body, Dispute)):
                raise RemoteError("late-ruling")
            raise NotYet
        if trade.steward != ruling.steward:
            raise RemoteError("foreign-message")


def ruling_for(connection: Connection, trade: Trade) -> bytes | None:
    """Return the ruling that has come in for the dispute in which a trade is."""
    row = connection.execute("SELECT raw FROM trade_ruling WHERE trade = ?", (trade.id,)).fetchone()
    if row is None or trade.dispute is None:
        return None
    raw = bytes(row[0])
    return raw if read_ruling(raw).dispute == trade.dispute.id else None


def shown_at_ms(connection: Connection, trade: Trade) -> int | None:
    """Return when this device last laid a trade before the steward that it has now."""
    row = connection.execute(
        "SELECT at_ms FROM trade_handed WHERE trade = ? AND steward = ?", (trade.id, trade.steward)
    ).fetchone()
    return None if row is None else int(row[0])


def _letters(connection: Connection, trade: bytes) -> list[bytes]:
    rows = connection.execute(
        "SELECT letter FROM trade_handed_letter WHERE trade = ?", (trade,)
    ).fetchall()
    return [bytes(letter) for (letter,) in rows]


def _arrived(states: dict[bytes, Delivery], letters: Sequence[bytes]) -> int:
    """Letters that are known no more were delivered, or given up, long ago."""
    return sum(letter not in states or states[letter].state in _ARRIVED for letter in letters)
