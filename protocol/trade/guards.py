"""What each guard of the transition table asks (spec 09 §guards)."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from protocol.errors import RemoteError
from protocol.ledger.receipt import Outcome, receipt_signature_holds
from protocol.trade.agreement import Accept, Promise, Sign
from protocol.trade.codes import hash_of
from protocol.trade.dispute import Dispute, RulingCopy, Settle, Steward, read_ruling
from protocol.trade.draw import Close, Result, Reveal, commitment_to, winner
from protocol.trade.limits import LONGEST_PROMISE_MS, UNCONFIRMED_MS, UNSETTLED_MS
from protocol.trade.meeting import Appoint, Confirm, Due
from protocol.trade.message import Message
from protocol.trade.trade import Trade
from protocol.trade.transitions import TRANSITIONS, Guard, Role, State
from protocol.trade.types import Type

Check = Callable[[Trade, Message, Role], bool]

# A trade is folded anew each time somebody looks at it; what was verified once holds for ever.
_signature_holds = lru_cache(maxsize=1_024)(receipt_signature_holds)
_read_ruling = lru_cache(maxsize=64)(read_ruling)


def holds(guard: Guard, trade: Trade, message: Message, role: Role) -> bool:
    """Tell whether a guard lets this message of this side pass. Never raises."""
    return _CHECKS[guard](trade, message, role)


def _written_ms(trade: Trade, message: Message) -> int:
    """When a message counts as written: no earlier than what comes before it."""
    return max(trade.at_ms, message.at_ms)


def _same_terms(trade: Trade, message: Message, role: Role) -> bool:
    body = message.body
    return isinstance(body, Accept | Promise) and body.terms_hash == trade.terms_hash


def _public_agreed(trade: Trade, message: Message, role: Role) -> bool:
    body = message.body
    if not isinstance(body, Promise):
        return False
    if trade.terms.credit is not None and not body.public:
        return False  # a debt that nobody can check is none
    return trade.ask.public or not body.public


def _in_time(trade: Trade, message: Message, role: Role) -> bool:
    body, now_ms = message.body, _written_ms(trade, message)
    return isinstance(body, Promise) and now_ms < body.until_ms <= now_ms + LONGEST_PROMISE_MS


def _unaware(trade: Trade, message: Message, role: Role) -> bool:
    """The seeker had not seen the promise: it takes back what it only asked."""
    promise = trade.promise_message
    seen = {m.id: m.seq for m in trade.chains[role.other]}.get(message.seen, -1)
    return promise is not None and seen < promise.seq


def _named_slot(trade: Trade, message: Message, role: Role) -> bool:
    body = message.body
    return isinstance(body, Appoint) and body.slot in trade.offered_slots.get(role.other, ())


def _future_slot(trade: Trade, message: Message, role: Role) -> bool:
    body = message.body
    return isinstance(body, Appoint) and body.slot.starts_at_ms > _written_ms(trade, message)


def _moment(guard: Guard, trade: Trade) -> int | None:
    """Return when a guard that waits for a time begins to hold; None: never, as things stand."""
    at_ms, wait_ms = {
        Guard.AFTER_APPOINTMENT: (trade.no_show_from_ms, 0),
        Guard.AFTER_PROMISE: (trade.runs_out_ms, 0),
        Guard.LONG_AFTER_PROMISE: (trade.runs_out_ms, UNCONFIRMED_MS),
        Guard.LONG_AFTER_DUE: (trade.terms.due_at_ms, UNCONFIRMED_MS),
        Guard.LONG_AFTER_DISPUTE: (trade.disputed_at_ms, UNSETTLED_MS),
    }[guard]
    return None if at_ms is None else at_ms + wait_ms


def _after(guard: Guard) -> Check:
    def check(trade: Trade, message: Message, role: Role) -> bool:
        at_ms = _moment(guard, trade)
        return at_ms is not None and _written_ms(trade, message) >= at_ms

    return check


def lapses_at_ms(trade: Trade) -> int | None:
    """Return when either side may let a trade lapse; None: not in its present state."""
    rows = TRANSITIONS.get((trade.state, Type.LAPSE, Role.PUBLISHER), ())
    moments = (_moment(guard, trade) for row in rows for guard in row.guards)
    return next(moments, None)


def _no_code(trade: Trade, message: Message, role: Role) -> bool:
    return isinstance(message.body, Confirm) and message.body.code is None


def _right_code(trade: Trade, message: Message, role: Role) -> bool:
    body = message.body
    if not isinstance(body, Confirm) or body.code is None:
        return False
    return hash_of(body.code) == trade.code_hash(role.other, message.type is Type.RETURN)


def _loan(trade: Trade, message: Message, role: Role) -> bool:
    return trade.terms.is_loan


def _was_lent(trade: Trade, message: Message, role: Role) -> bool:
    return trade.lent


def _not_lent(trade: Trade, message: Message, role: Role) -> bool:
    return not trade.lent


def _later_due(trade: Trade, message: Message, role: Role) -> bool:
    body, agreed = message.body, trade.terms.due_at_ms
    return isinstance(body, Due) and agreed is not None and body.due_at_ms > agreed


def _proposed_due(trade: Trade, message: Message, role: Role) -> bool:
    body = message.body
    return isinstance(body, Due) and body.due_at_ms == trade.proposed_due.get(role.other)


def _third_party(trade: Trade, message: Message, role: Role) -> bool:
    return isinstance(message.body, Dispute) and trade.role_of(message.body.steward) is None


def _named_steward(trade: Trade, message: Message, role: Role) -> bool:
    return (
        isinstance(message.body, Steward)
        and message.body.steward == trade.steward
        and trade.disputed_by is role.other
    )


def _ruled(outcome: Outcome) -> Check:
    def check(trade: Trade, message: Message, role: Role) -> bool:
        if not isinstance(message.body, RulingCopy):
            return False
        try:
            ruling = _read_ruling(message.body.raw)
        except RemoteError:
            return False
        dispute = trade.dispute
        return dispute is not None and (
            ruling.community, ruling.trade, ruling.dispute, ruling.steward, ruling.outcome,
        ) == (trade.community, trade.id, dispute.id, trade.steward, outcome)  # fmt: skip

    return check


def _both(outcome: Outcome) -> Check:
    def check(trade: Trade, message: Message, role: Role) -> bool:
        return (
            isinstance(message.body, Settle)
            and message.body.outcome is outcome
            and trade.settle.get(role.other) is outcome
        )

    return check


def _own_commitment(trade: Trade, message: Message, role: Role) -> bool:
    drawing = trade.drawing
    if drawing is None or drawing.enter is None or not isinstance(message.body, Close):
        return False
    listed = message.body.commitments
    return drawing.enter.commitment in listed and list(listed) == sorted(set(listed))


def _own_secret(trade: Trade, message: Message, role: Role) -> bool:
    drawing = trade.drawing
    return (
        drawing is not None
        and drawing.enter is not None
        and isinstance(message.body, Reveal)
        and commitment_to(message.body.secret, drawing.draw.draw) == drawing.enter.commitment
    )


def _fair_result(trade: Trade, message: Message, role: Role) -> bool:
    """Everything fits what was committed to, and the own secret counts if it was told."""
    drawing, body = trade.drawing, message.body
    if drawing is None or drawing.enter is None or drawing.close is None:
        return False
    if not isinstance(body, Result):
        return False
    try:
        winner(drawing.draw, drawing.close, body)
    except RemoteError:
        return False
    own = drawing.close.commitments.index(drawing.enter.commitment)
    return trade.state is not State.REVEALED or body.secrets[own] is not None


def _signature(trade: Trade, message: Message, role: Role) -> bool:
    receipt, body = trade.receipt(), message.body
    return (
        receipt is not None
        and isinstance(body, Sign)
        and _signature_holds(receipt, message.device, body.signature)
    )


def _not_completed(trade: Trade, message: Message, role: Role) -> bool:
    return trade.outcome is not Outcome.COMPLETED


def _undisputed(trade: Trade, message: Message, role: Role) -> bool:
    return trade.disputed_at_ms is None


_CHECKS: dict[Guard, Check] = {
    Guard.SAME_TERMS: _same_terms,
    Guard.PUBLIC_AGREED: _public_agreed,
    Guard.IN_TIME: _in_time,
    Guard.UNAWARE: _unaware,
    Guard.NAMED_SLOT: _named_slot,
    Guard.FUTURE_SLOT: _future_slot,
    Guard.AFTER_APPOINTMENT: _after(Guard.AFTER_APPOINTMENT),
    Guard.AFTER_PROMISE: _after(Guard.AFTER_PROMISE),
    Guard.LONG_AFTER_PROMISE: _after(Guard.LONG_AFTER_PROMISE),
    Guard.LONG_AFTER_DUE: _after(Guard.LONG_AFTER_DUE),
    Guard.LONG_AFTER_DISPUTE: _after(Guard.LONG_AFTER_DISPUTE),
    Guard.NO_CODE: _no_code,
    Guard.RIGHT_CODE: _right_code,
    Guard.LOAN: _loan,
    Guard.WAS_LENT: _was_lent,
    Guard.NOT_LENT: _not_lent,
    Guard.LATER_DUE: _later_due,
    Guard.PROPOSED_DUE: _proposed_due,
    Guard.THIRD_PARTY: _third_party,
    Guard.NAMED_STEWARD: _named_steward,
    Guard.RULED_COMPLETED: _ruled(Outcome.COMPLETED),
    Guard.RULED_CANCELLED: _ruled(Outcome.CANCELLED),
    Guard.BOTH_COMPLETED: _both(Outcome.COMPLETED),
    Guard.BOTH_CANCELLED: _both(Outcome.CANCELLED),
    Guard.NOT_COMPLETED: _not_completed,
    Guard.UNDISPUTED: _undisputed,
    Guard.OWN_COMMITMENT: _own_commitment,
    Guard.FITS_COMMITMENT: _own_secret,
    Guard.FAIR_RESULT: _fair_result,
    Guard.SIGNATURE: _signature,
}
