"""Trades as answers: what stands, what was said, what neighbours see of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from node.mail.incoming import Delivery
from node.node import Node
from node.trades.views import TradeView
from p2pmarket.api.endpoint import Call
from p2pmarket.api.mail import delivery_answer
from p2pmarket.api.trade.schemas import (
    DisputeAnswer,
    DrawAnswer,
    OutcomeName,
    ReceiptFace,
    SlotAnswer,
    TermsAnswer,
    TimelineEntry,
    TradeAnswer,
    TradeReceiptAnswer,
)
from p2pmarket.api.trade.turns import turn_of
from p2pmarket.namesakes import told_apart, visible
from p2pmarket.texts.formats import iso
from protocol.errors import RemoteError
from protocol.ids import HouseholdId, text_of
from protocol.ledger.receipt import CoSigned, Outcome
from protocol.trade.agreement import Ask, Decline, Offer, Promise, Queue, Why, Words
from protocol.trade.dispute import Dispute, RulingCopy, Settle, Steward, read_ruling
from protocol.trade.draw import Draw
from protocol.trade.meeting import Address, Appoint, Confirm, Due, Slot, Slots
from protocol.trade.message import Message, MessageId
from protocol.trade.terms import Terms
from protocol.trade.trade import Trade
from protocol.trade.transitions import Role

_OUTCOMES: dict[Outcome, OutcomeName] = {
    Outcome.COMPLETED: "completed",
    Outcome.CANCELLED: "cancelled",
    Outcome.NO_SHOW: "no-show",
}
OUTCOMES = {name: outcome for outcome, name in _OUTCOMES.items()}
_WHY = {
    Why.NO: "no",
    Why.GIVEN_AWAY: "given-away",
    Why.CHANGED: "changed",
    Why.OVER: "over",
    Why.UNFIT: "unfit",
}

Name = Callable[[HouseholdId], str]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an answer needs beside the trade. name: of a household, or "". unit: of credit."""

    now_ms: int
    own: HouseholdId
    name: Name
    unit: str | None


async def surroundings(call: Call, node: Node) -> Surroundings:
    """Return the names of the community's households and what else answers need."""
    own = node.community.self_id
    names = {member.household: member.name for member in await node.community.members()}
    names[own] = (await call.memberships.profile(node)).name
    names = told_apart(names)
    credit = node.community.charter.credit
    return Surroundings(
        call.clock.now_ms(),
        own,
        lambda household: names.get(household, ""),
        None if credit is None else credit.unit,
    )


def trade_answer(view: TradeView, around: Surroundings) -> TradeAnswer:
    """Return a trade as it is answered."""
    trade, role = view.trade, view.role
    turn = turn_of(view, around.now_ms)
    promise = trade.promise
    timeline = timeline_of(trade, around, view.delivery)
    own_last = [entry.delivery for entry in timeline if entry.delivery is not None]
    return TradeAnswer(
        id=text_of(trade.id),
        listing_id=text_of(trade.ask.listing),
        title=view.title,
        kind=view.kind.name.lower(),  # type: ignore[arg-type]
        role=role.value,
        household=around.name(around.own),
        other=around.name(view.other) or visible(view.other_name),
        other_id=text_of(view.other),
        giver_me=trade.giver is role,
        state=trade.state.value,
        whose_turn=turn.whose,
        steps=list(turn.steps),
        opened_at=iso(trade.opening.at_ms),
        terms=terms_answer(trade.terms, around.unit),
        agreed_public=trade.ask.public,
        public=trade.ask.public if promise is None else promise.public,
        promised_until=None if promise is None else iso(promise.until_ms),
        runs_out_at=None if trade.runs_out_ms is None else iso(trade.runs_out_ms),
        my_slots=_slots(trade.offered_slots.get(role, ())),
        other_slots=_slots(trade.offered_slots.get(role.other, ())),
        appointment=None if trade.appointment is None else _slot(trade.appointment),
        my_address=trade.addresses.get(role, ""),
        other_address=trade.addresses.get(role.other, ""),
        my_proposed_due=_time(trade.proposed_due.get(role)),
        other_proposed_due=_time(trade.proposed_due.get(role.other)),
        queue_position=trade.position_in_queue,
        draw=_draw(trade),
        dispute=_dispute(view, around),
        lent=trade.lent,
        outcome=None if trade.outcome is None else _OUTCOMES[trade.outcome],
        face=_face(view, around),
        receipt=None if view.receipt is None else _receipt(view, view.receipt, around),
        handover_code=view.handover_code,
        return_code=view.return_code,
        left=view.left,
        waiting=view.waiting,
        decides=view.decides,
        forwarded=view.forwarded,
        delivery=own_last[-1] if own_last else None,
        timeline=timeline,
    )


def terms_answer(terms: Terms, unit: str | None) -> TermsAnswer:
    """Return terms as they are answered. unit: of the community's credit, if it keeps any."""
    price, deposit = terms.price, terms.deposit
    return TermsAnswer(
        quantity=terms.quantity,
        price_minor=None if price is None else price.minor,
        currency=None if price is None else price.currency,
        credit=terms.credit,
        credit_unit=None if terms.credit is None else unit,
        swap=terms.swap,
        swap_listing=None if terms.swap_listing is None else text_of(terms.swap_listing),
        due_at=_time(terms.due_at_ms),
        deposit_minor=None if deposit is None else deposit.minor,
        deposit_currency=None if deposit is None else deposit.currency,
        variants=list(terms.variants),
        note=terms.note,
    )


def timeline_of(
    trade: Trade, around: Surroundings, delivery: Mapping[MessageId, Delivery] | None = None
) -> list[TimelineEntry]:
    """Return all messages in the order in which both sides count them.

    Those without effect come last. delivery: by the id of an own message.
    """
    known = delivery or {}
    return [
        _entry(message, message in trade.void, around, known.get(message.id))
        for message in (*trade.applied, *trade.void)
    ]


def entries_of(messages: Sequence[Message], around: Surroundings) -> list[TimelineEntry]:
    """Return single messages, whatever they do."""
    return [_entry(message, False, around, None) for message in messages]


def _entry(
    message: Message, void: bool, around: Surroundings, delivery: Delivery | None
) -> TimelineEntry:
    said: dict[str, object] = {}
    match message.body:
        case Ask(terms=terms, text=text, public=public):
            said = {"terms": terms_answer(terms, around.unit), "text": text, "public": public}
        case Offer(terms, text):
            said = {"terms": terms_answer(terms, around.unit), "text": text}
        case Promise(public=public, until_ms=until_ms):
            said = {"public": public, "until": iso(until_ms)}
        case Decline(why, text):
            said = {"why": _WHY[why], "text": text}
        case Words(text) | Address(text):
            said = {"text": text}
        case Queue(position):
            said = {"position": position}
        case Slots(slots):
            said = {"slots": _slots(slots)}
        case Appoint(slot):
            said = {"slots": [_slot(slot)]}
        case Confirm(code):
            said = {"with_code": code is not None}
        case Due(due_at_ms):
            said = {"due_at": iso(due_at_ms)}
        case Dispute(steward, text):
            said = {**_named(steward, around), "text": text}
        case Steward(steward):
            said = _named(steward, around)
        case RulingCopy(raw):
            said = _ruling(raw, around)
        case Settle(outcome):
            said = {"outcome": _OUTCOMES[outcome]}
        case Draw(closes_at_ms=closes_at_ms):
            said = {"until": iso(closes_at_ms)}
        case _:
            pass  # its type says it all
    return TimelineEntry(
        at=iso(message.at_ms),
        mine=message.author == around.own,
        household=around.name(message.author),
        type=message.type.name.lower(),
        void=void,
        delivery=None if delivery is None else delivery_answer(delivery),
        **said,  # type: ignore[arg-type]
    )


def _named(steward: HouseholdId, around: Surroundings) -> dict[str, object]:
    return {"steward": around.name(steward), "steward_id": text_of(steward)}


def _ruling(raw: bytes, around: Surroundings) -> dict[str, object]:
    try:
        ruling = read_ruling(raw)
    except RemoteError:  # such a message is void, and says nothing
        return {}
    named = _named(ruling.steward, around)
    return {**named, "outcome": _OUTCOMES[ruling.outcome], "text": ruling.text}


def _slots(slots: tuple[Slot, ...]) -> list[SlotAnswer]:
    return [_slot(slot) for slot in slots]


def _slot(slot: Slot) -> SlotAnswer:
    return SlotAnswer(iso(slot.starts_at_ms), iso(slot.ends_at_ms))


def _time(time_ms: int | None) -> str | None:
    return None if time_ms is None else iso(time_ms)


def _draw(trade: Trade) -> DrawAnswer | None:
    drawing = trade.drawing
    if drawing is None:
        return None
    entrants = None if drawing.close is None else len(drawing.close.commitments)
    return DrawAnswer(iso(drawing.draw.closes_at_ms), entrants, drawing.won)


def _dispute(view: TradeView, around: Surroundings) -> DisputeAnswer | None:
    trade, role = view.trade, view.role
    if trade.steward is None or trade.disputed_by is None:
        return None
    settle = {side: _OUTCOMES[outcome] for side, outcome in trade.settle.items()}
    accepted = any(message.body == Steward(trade.steward) for message in trade.applied)
    return DisputeAnswer(
        mine=trade.disputed_by is role,
        steward=around.name(trade.steward),
        steward_id=text_of(trade.steward),
        accepted=accepted,
        has_ruling=view.has_ruling or trade.ruling is not None,
        ruling_text="" if trade.ruling is None else trade.ruling.text,
        my_settlement=settle.get(role),  # type: ignore[arg-type]
        other_settlement=settle.get(role.other),  # type: ignore[arg-type]
        shown_at=_time(view.shown_at_ms),
    )


def _face(view: TradeView, around: Surroundings) -> ReceiptFace:
    """Return what neighbours would see of it, once there is a receipt that both signed."""
    trade = view.trade
    receipt = None if view.receipt is None else view.receipt.receipt
    credit = trade.terms.credit if receipt is None else receipt.credit
    at_fault = None if receipt is None else receipt.at_fault
    return ReceiptFace(
        publisher=around.name(trade.publisher),
        seeker=around.name(trade.seeker),
        kind=view.kind.name.lower(),  # type: ignore[arg-type]
        month=None if receipt is None else f"{receipt.month // 100:04}-{receipt.month % 100:02}",
        outcome=None if receipt is None else _OUTCOMES[receipt.outcome],
        at_fault=None if at_fault is None else around.name(at_fault),
        credit=credit,
        credit_unit=None if credit is None else around.unit,
    )


def _receipt(view: TradeView, co_signed: CoSigned, around: Surroundings) -> TradeReceiptAnswer:
    receipt, face = co_signed.receipt, _face(view, around)
    signed = {
        Role.PUBLISHER: co_signed.publisher_signature is not None,
        Role.SEEKER: co_signed.seeker_signature is not None,
    }
    number = sum(signed.values())
    return TradeReceiptAnswer(
        digest=text_of(receipt.digest()),
        state=("unsigned", "unconfirmed", "confirmed")[number],
        signed_by_me=signed[view.role],
        signed_by_other=signed[view.role.other],
        public=receipt.public,
        month=face.month or "",
        outcome=_OUTCOMES[receipt.outcome],
        at_fault=face.at_fault,
        at_fault_me=receipt.at_fault == around.own,
        neighbours_see=face if receipt.public else None,
    )
