"""Disputes: handing a case to a steward, judging one, and taking a ruling up."""

from __future__ import annotations

from dataclasses import dataclass

from node.clock import Clock
from node.mail.incoming import Incoming, NotYet
from node.mail.post import Post
from node.store.database import Connection, Database
from node.trades import book
from node.trades.desk import Desk
from protocol.errors import LocalError, RemoteError
from protocol.ids import CommunityId, HouseholdId, short
from protocol.ledger.receipt import Outcome
from protocol.mail.letter import Topic
from protocol.trade.case import Case, RulingLetter, read_case_letter
from protocol.trade.dispute import read_ruling, rule
from protocol.trade.machine import fold
from protocol.trade.message import TradeId, read_message
from protocol.trade.trade import Trade
from protocol.trade.transitions import State

_MAX_CASES = 256
_MAX_CASES_OF_ONE = 16


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case before this household. trade: what the messages that were handed over make."""

    trade: Trade
    household: HouseholdId
    text: str
    received_at_ms: int


class Cases:
    """Of both sides: parties hand over, stewards rule."""

    def __init__(self, desk: Desk, database: Database, post: Post, clock: Clock) -> None:
        self._desk = desk
        self._database = database
        self._post = post
        self._clock = clock
        post.serve(Topic.CASE, self._take_in)

    async def hand_over(self, trade_id: TradeId, text: str) -> None:
        """Send the steward that both accepted all messages of a trade, and some words.

        Raises LocalError ``no-steward`` or ``trade-field``.
        """

        def write(connection: Connection) -> None:
            trade = book.load(connection, trade_id)
            if trade is None or trade.state is not State.WITH_STEWARD or trade.steward is None:
                raise LocalError("no-steward")
            raws = tuple(message.raw for message in (*trade.applied, *trade.void))
            try:
                content = Case(trade_id, raws, text).pack()
            except RemoteError:
                raise LocalError("trade-field", field="text") from None
            self._post.write(connection, trade.steward, Topic.CASE, content)

        await self._database.write(write)
        self._post.wake()

    async def before_me(self) -> list[CaseView]:
        """Return the cases that were laid before this household, the latest first."""
        rows = await self._database.read(
            lambda connection: connection.execute(
                "SELECT household, received_at_ms, content FROM trade_case"
                " ORDER BY received_at_ms DESC"
            ).fetchall()
        )
        views = []
        for household, received_at_ms, content in rows:
            case = read_case_letter(content)
            assert isinstance(case, Case)
            trade = fold(read_message(raw) for raw in case.raws)
            if trade is not None:
                views.append(CaseView(trade, HouseholdId(household), case.text, received_at_ms))
        return views

    async def rule(
        self, community: CommunityId, trade_id: TradeId, outcome: Outcome, text: str
    ) -> None:
        """Rule on a case before this household, and tell both. LocalError ``case-not-found``."""
        case = next((c for c in await self.before_me() if c.trade.id == trade_id), None)
        if case is None or case.trade.steward != self._desk.household:
            raise LocalError("case-not-found", id=short(trade_id))
        try:
            ruling = rule(
                community,
                trade_id,
                b"" if case.trade.dispute is None else case.trade.dispute.id,
                self._desk.household,
                outcome,
                text,
                self._desk.device,
            )
        except RemoteError:
            raise LocalError("trade-field", field="text") from None
        content = RulingLetter(trade_id, ruling.raw).pack()
        parties = (case.trade.publisher, case.trade.seeker)

        def write(connection: Connection) -> None:
            for party in parties:
                self._post.write(connection, party, Topic.CASE, content)

        await self._database.write(write)
        self._post.wake()

    def _take_in(self, connection: Connection, incoming: Incoming) -> None:
        letter, members = read_case_letter(incoming.content), self._desk.members
        if incoming.is_copy:
            return
        if isinstance(letter, RulingLetter):
            self._check_ruling(connection, letter, incoming.sender)
            connection.execute(
                "INSERT OR REPLACE INTO trade_ruling VALUES (?, ?)", (letter.trade, letter.ruling)
            )
            connection.execute("UPDATE trade SET rests = 0 WHERE id = ?", (letter.trade,))
            return
        messages = [read_message(raw) for raw in letter.raws]
        if not all(members.was_device(m.author, m.device) for m in messages):
            raise NotYet
        trade = fold(messages)
        if (
            trade is None
            or trade.community != members.community
            or trade.id != letter.trade
            or trade.role_of(incoming.sender) is None
        ):
            raise RemoteError("foreign-message")
        others, of_sender = connection.execute(
            "SELECT count(*), coalesce(sum(household = ?), 0) FROM trade_case WHERE trade != ?",
            (incoming.sender, letter.trade),
        ).fetchone()
        if (
            others >= _MAX_CASES
            or of_sender >= _MAX_CASES_OF_ONE
            or trade.steward != self._desk.household
        ):
            raise RemoteError("too-many-trades")
        connection.execute(
            "INSERT OR REPLACE INTO trade_case VALUES (?, ?, ?, ?)",
            (letter.trade, incoming.sender, self._clock.now_ms(), incoming.content),
        )

    def _check_ruling(
        self, connection: Connection, letter: RulingLetter, sender: HouseholdId
    ) -> None:
        """Raise RemoteError or NotYet unless it is by the steward of a trade of our own."""
        ruling = read_ruling(letter.ruling)
        if ruling.steward != sender or ruling.trade != letter.trade:
            raise RemoteError("foreign-message")
        if not self._desk.members.was_device(ruling.steward, ruling.device):
            raise RemoteError("foreign-message")
        trade = book.load(connection, letter.trade)
        if trade is None or trade.steward is None:
            raise NotYet
        if trade.steward != ruling.steward:
            raise RemoteError("foreign-message")


def ruling_for(connection: Connection, trade: TradeId) -> bytes | None:
    """Return the ruling that has come in for a trade."""
    row = connection.execute("SELECT raw FROM trade_ruling WHERE trade = ?", (trade,)).fetchone()
    return None if row is None else bytes(row[0])
