"""What a message changes in a trade once the table has let it pass (spec 09 §effects)."""

from __future__ import annotations

from dataclasses import replace

from protocol.ledger.receipt import Outcome
from protocol.trade.agreement import Offer, Promise, Queue, Sign
from protocol.trade.dispute import Dispute, RulingCopy, Settle, read_ruling
from protocol.trade.draw import Close, Draw, Enter, Result, Reveal, winner
from protocol.trade.meeting import Address, Appoint, Due, Slots
from protocol.trade.message import Message
from protocol.trade.trade import Drawing, Trade
from protocol.trade.transitions import Role, State
from protocol.trade.types import Type

_OUTCOMES = {
    State.COMPLETED: Outcome.COMPLETED,
    State.CANCELLED: Outcome.CANCELLED,
    State.NO_SHOW: Outcome.NO_SHOW,
}


def apply(trade: Trade, message: Message, role: Role, then: State) -> None:
    """Change the trade as this message of this side does, and move it to the next state."""
    _take_body(trade, message, role)
    if then in _OUTCOMES:
        _conclude(trade, message, role, _OUTCOMES[then])
    trade.lent = trade.lent or then is State.LENT
    trade.state = then
    trade.applied.append(message)


def _take_body(trade: Trade, message: Message, role: Role) -> None:
    match message.body:
        case Offer(terms):
            trade.terms = terms
        case Promise() as promise:
            trade.promise = promise
            trade.promise_message = message
        case Slots(slots):
            trade.offered_slots[role] = slots
        case Appoint(slot):
            trade.appointment = slot
            trade.offered_slots.clear()
        case Address(text):
            trade.addresses[role] = text
        case Due(due_at_ms) if message.type is Type.EXTEND:
            trade.proposed_due[role] = due_at_ms
        case Due(due_at_ms):
            trade.terms = replace(trade.terms, due_at_ms=due_at_ms)
            trade.proposed_due.clear()
        case Dispute(steward):
            trade.steward, trade.disputed_by = steward, role
            if trade.state is not State.DISPUTED:
                trade.disputed_at_ms = trade.at_ms
            trade.outcome = trade.at_fault = trade.concluded = trade.concluded_at_ms = None
            trade.signed.clear()
            trade.settle.clear()
        case RulingCopy(raw):
            trade.ruling = read_ruling(raw)
        case Settle(outcome):
            trade.settle[role] = outcome
        case Queue(position):
            trade.position_in_queue = position
        case Sign(signature):
            trade.signed[role] = (message.device, signature)
        case Draw() | Enter() | Close() | Reveal() | Result() as body:
            _take_draw(trade, body)
        case _:
            pass  # what it says is in its type alone


def _take_draw(trade: Trade, body: Draw | Enter | Close | Reveal | Result) -> None:
    if isinstance(body, Draw):
        trade.drawing = Drawing(body)
        return
    drawing = trade.drawing
    assert drawing is not None  # the table lets nothing of a draw pass before it is announced
    match body:
        case Enter():
            drawing.enter = body
        case Close():
            drawing.close = body
        case Reveal():
            drawing.reveal = body
        case Result():
            drawing.result = body
            assert drawing.close is not None
            assert drawing.enter is not None
            first = winner(drawing.draw, drawing.close, body)
            own = drawing.close.commitments.index(drawing.enter.commitment)
            drawing.won = first == own


def _conclude(trade: Trade, message: Message, role: Role, outcome: Outcome) -> None:
    trade.outcome = outcome
    trade.concluded, trade.concluded_at_ms = message, trade.at_ms
    trade.at_fault = None
    if outcome is Outcome.NO_SHOW:
        trade.at_fault = trade.household(role.other)
    elif message.type is Type.CANCEL:
        trade.at_fault = trade.household(role)
