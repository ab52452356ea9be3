"""Trades: asking, haggling, promising, meeting, handing over; each call is one signed message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import trio

from node.node import Node
from node.store.listings import StoredListing
from node.trades.views import TradeView
from p2pmarket import listing_values as values
from p2pmarket.api.endpoint import IN_COMMUNITY, Call, Endpoint
from p2pmarket.api.ledger_views import names_in
from p2pmarket.api.schemas import Done
from p2pmarket.api.trade.reminders import reminders
from p2pmarket.api.trade.schemas import (
    AppointmentRequest,
    AskRequest,
    ConfirmRequest,
    DrawAnnounced,
    DrawRequest,
    ExtensionRequest,
    OfferRequest,
    PromiseRequest,
    SlotsRequest,
    TermsChange,
    TradeAnswer,
    TradeQuestion,
    TradesAnswer,
    TradesQuestion,
    WordsRequest,
)
from p2pmarket.api.trade.terms import asked_terms, changed_terms, is_change
from p2pmarket.api.trade.views import surroundings, trade_answer
from p2pmarket.texts.formats import iso
from protocol.errors import LocalError, RemoteError
from protocol.ids import ThingKey, short, text_of
from protocol.listing import Listing, ListingKind
from protocol.trade.limits import MAX_ADDRESS, MAX_SLOTS, MAX_TEXT
from protocol.trade.meeting import Slot
from protocol.trade.message import TradeId
from protocol.trade.trade import Trade

T = TypeVar("T")

_MAX_WAIT_S = 10.0
_LOOK_AGAIN_S = 0.05


async def answered(call: Call, view: TradeView) -> TradeAnswer:
    """Return a trade as it is answered."""
    return trade_answer(view, await surroundings(call, call.node))


def text_in(value: str) -> str:
    """Return a text that goes along with a message, made clean. LocalError ``field-too-long``."""
    return values.long_text(value, "text", MAX_TEXT)


def moment_in(text: str, field: str) -> int:
    """Return Unix milliseconds. Raises LocalError ``field-not-time``."""
    time_ms = values.moment(text, field)
    if time_ms is None:
        raise LocalError("field-not-time", field=field, value=text[:40])
    return time_ms


async def found(call: Call) -> TradeId:
    """Return the trade that the path names. LocalError ``trade-not-found``, ``trade-ambiguous``."""
    return await call.node.trades.find(call.path["trade"])


def _acting(
    act: Callable[[Call, TradeId], Awaitable[TradeView]],
) -> Callable[[Call], Awaitable[TradeAnswer]]:
    async def action(call: Call) -> TradeAnswer:
        return await answered(call, await act(call, await found(call)))

    return action


async def list_trades(call: Call) -> TradesAnswer:
    """Return the own trades in one community."""
    node, now_ms = call.node, call.clock.now_ms()
    views = await node.trades.mine(call.query.over)
    around = await surroundings(call, node)
    return TradesAnswer(
        [trade_answer(view, around) for view in views], reminders(views, now_ms, around.name)
    )


async def _show(call: Call) -> TradeAnswer:
    node, wait_s = call.node, call.query.wait_seconds
    if not 0 <= wait_s <= _MAX_WAIT_S:
        raise LocalError("request-malformed", field="wait_seconds")
    trade = await found(call)
    answer = await answered(call, await node.trades.show(trade))
    with trio.move_on_after(wait_s):
        while answer.delivery is not None and answer.delivery.state == "queued":
            await trio.sleep(_LOOK_AGAIN_S)
            answer = await answered(call, await node.trades.show(trade))
    return answer


async def _ask(call: Call) -> TradeAnswer:
    node, request = call.node, call.body
    stored = await node.market.find(request.listing)
    if node.community.blocks(stored.household):
        raise LocalError("you-block", id=short(stored.household))
    await _refuse_carried(node, stored)
    if stored.listing.kind is ListingKind.EVENT:
        raise LocalError("event-not-traded", title=stored.listing.title)
    swap = await _swap_listing(node, request.terms)
    terms = _possible(
        lambda: asked_terms(request.terms, stored.listing, node.community.charter.currency, swap)
    )
    text = text_in(request.text)
    return await answered(call, await node.trades.ask(stored.key, terms, text, request.public))


async def _refuse_carried(node: Node, stored: StoredListing) -> None:
    """Raise LocalError where a listing is from another community: here nobody can promise it."""
    listing, origin = stored.listing, stored.listing.origin
    if origin is None:
        return
    if stored.household == node.community.self_id:
        raise LocalError("listing-carried", title=listing.title)
    window = node.community.charter.window_to(origin.community)
    raise LocalError(
        "ask-the-carrier",
        title=listing.title,
        community=short(origin.community) if window is None else window.name,
        household=(await names_in(node)).get(stored.household, short(stored.household)),
        id=text_of(stored.key)[:8],
    )


async def _offer(call: Call, trade: TradeId) -> TradeView:
    node, request = call.node, call.body
    if not is_change(request.terms):
        raise LocalError("terms-unchanged")
    stands = (await node.trades.show(trade)).trade
    swap = await _swap_listing(node, request.terms)
    currency = node.community.charter.currency
    change = changed_terms(request.terms, await _listing(node, stands), currency, swap)
    if _possible(lambda: change(stands.terms)) == stands.terms:
        raise LocalError("terms-unchanged")
    return await node.trades.offer(trade, change, text_in(request.text))


def _possible(read: Callable[[], T]) -> T:
    """Return what is read; what the protocol does not let pass is a field of the person's."""
    try:
        return read()
    except RemoteError as error:
        raise LocalError("trade-field", field=error.fields.get("field", "text")) from None


async def _listing(node: Node, trade: Trade) -> Listing | None:
    """Return the listing as it stands, or None if it shows no more."""
    try:
        return (await node.market.find(text_of(trade.ask.listing))).listing
    except LocalError:
        return None


async def _swap_listing(node: Node, change: TermsChange) -> ThingKey | None:
    if change.swap_listing is None or values.is_empty(change.swap_listing):
        return None
    offered = await node.market.find(change.swap_listing)
    if offered.listing.origin is not None:
        raise LocalError("listing-carried", title=offered.listing.title)
    return offered.key


async def _promise(call: Call, trade: TradeId) -> TradeView:
    until = call.body.until
    until_ms = None if until is None else moment_in(until, "until")
    return await call.node.trades.promise(trade, call.body.public, until_ms)


async def _slots(call: Call, trade: TradeId) -> TradeView:
    named = call.body.slots
    if not 1 <= len(named) <= MAX_SLOTS:
        raise LocalError("field-too-many", field="slots", most=MAX_SLOTS)
    slots = []
    for slot in named:
        starts_at_ms = moment_in(slot.starts_at, "slots")
        ends_at_ms = moment_in(slot.ends_at, "slots")
        if starts_at_ms <= call.clock.now_ms():
            raise LocalError("slot-passed", time=iso(starts_at_ms))
        slots.append(_possible(partial(Slot, starts_at_ms, ends_at_ms)))
    return await call.node.trades.slots(trade, slots)


async def _address(call: Call, trade: TradeId) -> TradeView:
    text = values.long_text(call.body.text, "address", MAX_ADDRESS)
    return await call.node.trades.address(trade, text)


async def _extend(call: Call, trade: TradeId) -> TradeView:
    return await call.node.trades.extend(trade, moment_in(call.body.due, "due"))


async def _mark_read(call: Call) -> Done:
    await call.node.trades.note_told(await found(call))
    return Done()


async def _draw(call: Call) -> DrawAnnounced:
    node = call.node
    stored = await node.market.find(call.path["listing"])
    closes_at_ms = moment_in(call.body.closes, "closes")
    if closes_at_ms <= call.clock.now_ms():
        raise LocalError("slot-passed", time=iso(closes_at_ms))
    entrants = await node.trades.draw(stored.key, closes_at_ms)
    return DrawAnnounced(entrants, iso(closes_at_ms))


_TRADES = IN_COMMUNITY + "/trades"
TRADE = _TRADES + "/{trade}"


def _step(
    name: str,
    summary: str,
    act: Callable[[Call, TradeId], Awaitable[TradeView]],
    body: type | None = None,
) -> Endpoint:
    return Endpoint("POST", f"{TRADE}/{name}", summary, _acting(act), TradeAnswer, body=body)


ENDPOINTS = (
    Endpoint(
        "GET",
        _TRADES,
        "The own trades, and what to remember of them",
        list_trades,
        TradesAnswer,
        query=TradesQuestion,
    ),
    Endpoint("POST", _TRADES, "Ask for a listing", _ask, TradeAnswer, body=AskRequest),
    Endpoint("GET", TRADE, "One trade", _show, TradeAnswer, query=TradeQuestion),
    Endpoint(
        "POST", TRADE + "/reading", "Note that a person has read how it ended", _mark_read, Done
    ),
    _step("offer", "Propose other terms", _offer, OfferRequest),
    _step("acceptance", "Take the publisher's offer", lambda c, t: c.node.trades.accept(t)),
    _step("promise", "Promise it to who asks", _promise, PromiseRequest),
    _step(
        "refusal",
        "Say no to who asks",
        lambda c, t: c.node.trades.decline(t, text_in(c.body.text)),
        WordsRequest,
    ),
    _step(
        "cancellation",
        "Step back from asking, or from what was promised",
        lambda c, t: c.node.trades.cancel(t, text_in(c.body.text)),
        WordsRequest,
    ),
    _step("slots", "Name times to meet", _slots, SlotsRequest),
    _step(
        "appointment",
        "Choose one of the times that the other side named",
        lambda c, t: c.node.trades.appoint(t, c.body.number),
        AppointmentRequest,
    ),
    _step("address", "Tell where to meet, this household only", _address, WordsRequest),
    _step(
        "handover",
        "Confirm that it has changed hands",
        lambda c, t: c.node.trades.handover(t, c.body.code),
        ConfirmRequest,
    ),
    _step(
        "return",
        "Confirm that a loan has come back",
        lambda c, t: c.node.trades.give_back(t, c.body.code),
        ConfirmRequest,
    ),
    _step("extension", "Propose a later day for a loan, or agree to it", _extend, ExtensionRequest),
    Endpoint(
        "POST",
        IN_COMMUNITY + "/listings/{listing}/draw",
        "Announce a fair draw among all who ask for an own listing",
        _draw,
        DrawAnnounced,
        body=DrawRequest,
    ),
)
