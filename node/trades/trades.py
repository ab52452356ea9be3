"""Trades as a household acts on them: ask, haggle, promise, meet, hand over, end."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from node.clock import Clock
from node.store.database import Connection, Database
from node.store.settings import read_setting, write_setting
from node.trades import book, draws, stock
from node.trades.attending import ADDRESS_SETTING
from node.trades.case_views import CaseView, Shown
from node.trades.cases import Cases
from node.trades.counting import Counting
from node.trades.desk import Desk, Make, is_over
from node.trades.reading import TradeReading
from node.trades.requests import Requests
from node.trades.views import TradeView
from protocol.envelope import decode
from protocol.errors import LocalError, RemoteError
from protocol.ids import HouseholdId, RecordId, ThingKey, short, text_of
from protocol.ledger.receipt import Outcome, sign_receipt
from protocol.limits import DAY_MS
from protocol.listing import ListingKind, read_listing
from protocol.membership.members import Members
from protocol.trade.agreement import Accept, Ask, Decline, Offer, Sign, Why, Words
from protocol.trade.bodies import Body
from protocol.trade.codes import hash_of, read_code
from protocol.trade.dispute import Dispute, Settle, Steward
from protocol.trade.limits import MAX_UNANSWERED, PROMISE_MS, SALT_BYTES
from protocol.trade.meeting import Address, Appoint, Confirm, Due, Slot, Slots
from protocol.trade.message import TradeId
from protocol.trade.request import Request, read_request
from protocol.trade.terms import Terms, fit, listed_terms
from protocol.trade.trade import Trade
from protocol.trade.transitions import Role
from protocol.trade.types import Type

TOLD_MS = 14 * DAY_MS
"""A refusal that nobody reads is told for so long: who comes back later has other things to do."""
RefuseOverLimit = Callable[[HouseholdId, int, int], Awaitable[None]]
"""Raises LocalError if the taker may not owe that much more, given what it promised already."""


class Trades:
    """What the application does with trades; each call is one signed message, or refused.

    All methods that write raise LocalError: ``trade-not-found``, ``trade-not-now``,
    ``trade-field`` and what they name themselves.
    """

    def __init__(
        self,
        desk: Desk,
        requests: Requests,
        cases: Cases,
        reading: TradeReading,
        database: Database,
        clock: Clock,
        members: Callable[[], Members],
        refuse_over_limit: RefuseOverLimit,
        counting: Counting,
    ) -> None:
        """counting: of what is offered elsewhere as well."""
        self._desk = desk
        self._requests = requests
        self._cases = cases
        self._reading = reading
        self._database = database
        self._clock = clock
        self._members = members
        self._refuse_over_limit = refuse_over_limit
        self.counting = counting

    # -- asking and haggling

    async def ask(
        self, listing: ThingKey, terms: Terms | None = None, text: str = "", public: bool = True
    ) -> TradeView:
        """Ask for what a listing offers, on its terms or on others.

        Raises LocalError ``listing-not-found``, ``own-listing``, ``listing-carried`` (it is
        from a neighbouring community: its carrier is asked by letter), ``event-not-traded``,
        ``trade-unfit`` (terms that the listing does not have), ``no-credit``, ``already-asked``,
        ``asks-unanswered``, and of what is offered in return ``not-enough-left``.
        """

        def make(connection: Connection, now_ms: int) -> tuple[Ask, bytes]:
            raw = _record_of(connection, listing)
            record = decode(raw)
            if record.household == self._desk.household:
                raise LocalError("own-listing")
            offered = read_listing(record.body)
            if offered.origin is not None:
                raise LocalError("listing-carried", title=offered.title)
            if offered.kind is ListingKind.EVENT:
                raise LocalError("event-not-traded", title=offered.title)
            asked = terms or listed_terms(offered)
            if asked.credit is not None and self._members().charter.credit is None:
                raise LocalError("no-credit")
            unfit = fit(asked, offered)
            if unfit is not None:
                raise LocalError("trade-unfit", field=unfit)
            for trade in book.load_many(connection, book.ids_about(connection, listing)):
                runs = trade.outcome is None and not is_over(trade)
                if runs and trade.seeker == self._desk.household:
                    raise LocalError("already-asked", id=short(trade.id))
            asking = self._desk.unanswered(connection, self._desk.household, record.household)
            if asking >= MAX_UNANSWERED:
                raise LocalError("asks-unanswered", most=MAX_UNANSWERED)
            salt = os.urandom(SALT_BYTES)
            try:
                ask = Ask(
                    listing=listing,
                    revision=RecordId(record.id),
                    listing_kind=offered.kind,
                    publisher=record.household,
                    salt=salt,
                    handover_hash=hash_of(self._desk.code_for(salt, is_return=False)),
                    return_hash=hash_of(self._desk.code_for(salt, is_return=True)),
                    public=public,
                    terms=asked,
                    text=text,
                    head=self._desk.head(connection),
                )
            except RemoteError as error:
                raise _field(error) from None
            return ask, raw

        return await self.view(await self._desk.open(make))

    async def offer(
        self, trade: TradeId, change: Callable[[Terms], Terms], text: str = ""
    ) -> TradeView:
        """Propose other terms. change: from those on the table to those proposed."""
        return await self._act(trade, lambda t, r: (Type.OFFER, Offer(change(t.terms), text)))

    async def accept(self, trade: TradeId) -> TradeView:
        """Take the publisher's offer as it stands."""
        return await self._act(trade, lambda t, r: (Type.ACCEPT, Accept(t.terms_hash)))

    async def promise(
        self, trade: TradeId, public: bool | None = None, until_ms: int | None = None
    ) -> TradeView:
        """Promise it to this household. public: whether the receipt may be, if it agreed.

        Raises LocalError ``not-enough-left``, ``trade-listing-gone``, ``no-credit``,
        ``credit-limit``.
        """
        await self._check_credit((await self.show(trade)).trade)
        until = until_ms or self._clock.now_ms() + PROMISE_MS
        return await self._write(
            trade,
            lambda connection, t, r: (
                Type.PROMISE,
                self._desk.promise(
                    connection, t, t.ask.public if public is None else public, until
                ),
            ),
        )

    async def decline(self, trade: TradeId, text: str = "") -> TradeView:
        """Say no to somebody who asks."""
        return await self._act(trade, lambda t, r: (Type.DECLINE, Decline(Why.NO, text)))

    async def cancel(self, trade: TradeId, text: str = "") -> TradeView:
        """Step back: from asking, or from what was promised."""

        def make(trade: Trade, role: Role) -> tuple[Type, Body]:
            early = trade.promise is None and role is Role.PUBLISHER
            return (Type.DECLINE, Decline(Why.NO, text)) if early else (Type.CANCEL, Words(text))

        return await self._act(trade, make)

    async def draw(self, listing: ThingKey, closes_at_ms: int) -> int:
        """Announce a fair draw among all who ask for an own listing; return how many.

        Raises LocalError ``nobody-asks``, ``draw-runs``, ``trade-other-device``.
        """

        def write(connection: Connection) -> int:
            if decode(_record_of(connection, listing)).household != self._desk.household:
                raise LocalError("listing-not-found", id=text_of(listing))
            return draws.announce(connection, self._desk, listing, closes_at_ms)

        entrants = await self._database.write(write)
        self._desk.tell()
        return entrants

    # -- meeting

    async def slots(self, trade: TradeId, slots: Sequence[Slot]) -> TradeView:
        """Name times that would suit."""
        return await self._act(trade, lambda t, r: (Type.SLOTS, Slots(tuple(slots))))

    async def appoint(self, trade: TradeId, number: int) -> TradeView:
        """Choose one of the times that the other side named, counted from 1.

        Raises LocalError ``no-such-slot``.
        """

        def make(trade: Trade, role: Role) -> tuple[Type, Body]:
            named = trade.offered_slots.get(role.other, ())
            if not 1 <= number <= len(named):
                raise LocalError("no-such-slot", number=number, count=len(named))
            return Type.APPOINT, Appoint(named[number - 1])

        return await self._act(trade, make)

    async def address(self, trade: TradeId, text: str) -> TradeView:
        """Tell where to meet, to this household only."""
        return await self._act(trade, lambda t, r: (Type.ADDRESS, Address(text)))

    async def usual_address(self) -> str:
        """Return what is told by itself to whom this household has promised something."""
        stored = await read_setting(self._database, ADDRESS_SETTING)
        return "" if stored is None else stored.decode("utf-8")

    async def set_usual_address(self, text: str) -> None:
        """Remember it on this computer; nobody hears of it before a promise."""
        if text:
            try:
                Address(text)
            except RemoteError as error:
                raise _field(error) from None
        await write_setting(self._database, ADDRESS_SETTING, text.encode("utf-8"))

    # -- handing over, and back

    async def handover(self, trade: TradeId, code: str | None = None) -> TradeView:
        """Confirm that the thing has changed hands. code: the other side's, as shown.

        Raises LocalError ``wrong-code``.
        """
        return await self._confirm(trade, Type.HANDOVER, code)

    async def give_back(self, trade: TradeId, code: str | None = None) -> TradeView:
        """Confirm that a loan has come back. LocalError ``wrong-code``."""
        return await self._confirm(trade, Type.RETURN, code)

    async def extend(self, trade: TradeId, due_at_ms: int) -> TradeView:
        """Propose a later day for a loan to come back, or agree to the one proposed."""

        def make(trade: Trade, role: Role) -> tuple[Type, Body]:
            agrees = trade.proposed_due.get(role.other) == due_at_ms
            return (Type.AGREE if agrees else Type.EXTEND), Due(due_at_ms)

        return await self._act(trade, make)

    # -- when it goes wrong

    async def no_show(self, trade: TradeId, text: str = "") -> TradeView:
        """Say that the other did not come to the appointment."""
        return await self._act(trade, lambda t, r: (Type.NO_SHOW, Words(text)))

    async def admit(self, trade: TradeId) -> TradeView:
        """Sign the receipt of what one is said to have missed."""

        def make(trade: Trade, role: Role) -> tuple[Type, Body]:
            receipt = trade.receipt()
            if receipt is None:
                raise LocalError("trade-not-now", state=trade.state.value, step="admit")
            return Type.SIGN, Sign(sign_receipt(receipt, self._desk.device))

        return await self._act(trade, make)

    async def dispute(self, trade: TradeId, steward: HouseholdId, text: str = "") -> TradeView:
        """Ask for a third household to look at it. LocalError ``household-not-found``."""
        member = self._members().member(steward)
        if member is None or not member.stands:
            raise LocalError("household-not-found", id=short(steward))
        return await self._act(trade, lambda t, r: (Type.DISPUTE, Dispute(steward, text)))

    async def accept_steward(self, trade: TradeId) -> TradeView:
        """Agree to the household that the other side named. LocalError ``no-steward``."""

        def make(trade: Trade, role: Role) -> tuple[Type, Body]:
            if trade.steward is None:
                raise LocalError("no-steward")
            return Type.STEWARD, Steward(trade.steward)

        return await self._act(trade, make)

    async def settle(self, trade: TradeId, outcome: Outcome) -> TradeView:
        """Say how one would end a dispute; if the other says the same, it is over."""
        return await self._act(trade, lambda t, r: (Type.SETTLE, Settle(outcome)))

    async def hand_over_case(self, trade: TradeId, text: str) -> None:
        """Show the steward the messages of this trade. LocalError ``no-steward``."""
        await self._cases.hand_over(trade, text)

    async def cases(self) -> list[CaseView]:
        """Return what others have laid before this household."""
        return await self._cases.before_me()

    async def rule(self, trade: TradeId, outcome: Outcome, text: str) -> None:
        """Rule on a case before this household.

        LocalError ``case-not-found``, ``case-incomplete``, ``case-not-open``, ``case-ruled``.
        """
        await self._cases.rule(trade, outcome, text)

    async def shown_cases(self) -> list[Shown]:
        """Return the own trades that were laid before a steward."""
        return await self._cases.shown()

    async def forget_case(self, trade: TradeId) -> None:
        """Forget a case before this household. LocalError ``case-not-found``."""
        await self._cases.forget(trade)

    async def forget_old_cases(self) -> int:
        """Forget the cases whose time is over; for whoever knows that the clock is right."""
        return await self._cases.forget_old()

    # -- looking

    async def find(self, prefix: str) -> TradeId:
        """Return the trade whose id begins so. ``trade-not-found``, ``trade-ambiguous``."""
        return await self._reading.find(prefix)

    async def show(self, trade: TradeId) -> TradeView:
        """Return one trade."""
        return await self._reading.show(trade)

    async def mine(self, over: bool = False) -> list[TradeView]:
        """Return the own trades, newest first. over: also those in which nothing can follow."""
        return await self._reading.mine(over)

    async def refused(self) -> list[TradeView]:
        """Return own questions that were declined lately, until ``note_told``; newest first."""
        return await self._reading.refused(self._clock.now_ms() - TOLD_MS)

    async def note_told(self, trade: TradeId) -> None:
        """Note that the person here has read how a trade ended."""
        await self._reading.note_told(trade)

    async def view(self, trade: Trade) -> TradeView:
        """Return how a trade looks here."""
        return await self._reading.show(trade.id)

    # -- writing

    async def _check_credit(self, trade: Trade) -> None:
        amount = trade.terms.credit
        if amount is None:
            return
        taker = trade.household(trade.giver.other)
        promised = sum(
            view.trade.terms.credit or 0
            for view in await self.mine()
            if stock.claim(view.trade, view.trade.ask.listing)
            and view.trade.outcome is None
            and view.trade.household(view.trade.giver.other) == taker
        )
        await self._refuse_over_limit(taker, amount, promised)

    async def _confirm(self, trade: TradeId, type: Type, code: str | None) -> TradeView:
        shown: bytes | None = None
        if code is not None:
            try:
                shown = read_code(code)
            except ValueError:
                raise LocalError("wrong-code") from None

        def make(trade: Trade, role: Role) -> tuple[Type, Body]:
            expected = trade.code_hash(role.other, type is Type.RETURN)
            if shown is not None and hash_of(shown) != expected:
                raise LocalError("wrong-code")
            return type, Confirm(shown)

        return await self._act(trade, make)

    async def _act(self, trade: TradeId, make: Make) -> TradeView:
        return await self._write(trade, lambda connection, t, r: make(t, r))

    async def _write(
        self,
        trade_id: TradeId,
        make: Callable[[Connection, Trade, Role], tuple[Type, Body]],
    ) -> TradeView:
        """Write here, or ask the device that decides."""

        def write(connection: Connection) -> Request | None:
            trade = book.load(connection, trade_id)
            if trade is None:
                raise LocalError("trade-not-found", id=short(trade_id))
            role = self._desk.role_in(trade)
            if self._desk.deciding(connection, trade, role).is_this:
                self._desk.write_in(connection, trade_id, lambda t, r: make(connection, t, r))
                return None
            try:
                # Refused here and now, not out of sight at the device that decides.
                return read_request(Request(trade_id, *make(connection, trade, role)).pack())
            except RemoteError as error:
                raise _field(error) from None

        request = await self._database.write(write)
        if request is None:
            self._desk.tell()
            return await self._reading.show(trade_id)
        view = await self._reading.show(trade_id)
        await self._requests.ask(view.deciding, request)
        return replace(view, forwarded=True)


def _record_of(connection: Connection, listing: ThingKey) -> bytes:
    row = connection.execute(
        "SELECT record.raw FROM listing JOIN record ON record.seq = listing.seq"
        " WHERE listing.key = ?",
        (listing,),
    ).fetchone()
    if row is None:
        raise LocalError("listing-not-found", id=text_of(listing))
    return bytes(row[0])


def _field(error: RemoteError) -> LocalError:
    return LocalError("trade-field", field=error.fields.get("field", "text"))
