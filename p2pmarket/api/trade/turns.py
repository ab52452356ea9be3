"""Whose turn it is in a trade, and what a household can do now, the likeliest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from node.trades.views import TradeView
from protocol.ledger.receipt import Outcome
from protocol.trade.transitions import Role, State
from protocol.trade.types import Type

Whose = Literal["mine", "theirs", "both", "nobody"]
Step = Literal[
    "promise", "counter", "decline", "draw", "accept", "propose", "cancel", "slots", "choose",
    "address", "handover", "no-show", "return", "extend", "agree", "admit", "dispute",
    "accept-steward", "hand-over", "settle", "review",
]  # fmt: skip

_DRAWS = (State.DRAWING, State.ENTERED, State.DRAWN, State.REVEALED)
_OVER = (State.COMPLETED, State.CANCELLED, State.NO_SHOW, State.SIGNED)


@dataclass(frozen=True, slots=True)
class Turn:
    """whose: who has something to do. steps: what this household can do, best first."""

    whose: Whose
    steps: tuple[Step, ...] = ()


def turn_of(view: TradeView, now_ms: int) -> Turn:
    """Return whose turn it is. now_ms: Unix milliseconds; appointments and due days pass."""
    state = view.trade.state
    if state in (State.START, State.ASKED, State.OFFERED):
        return _haggling(view)
    if state in _DRAWS:
        return Turn("nobody", ("decline" if view.role is Role.PUBLISHER else "cancel",))
    if state in (State.PROMISED, State.APPOINTED):
        return _meeting(view, now_ms)
    if state in (State.HANDED_BY_PUBLISHER, State.HANDED_BY_SEEKER):
        return _handed(view, now_ms)
    if state is State.LENT:
        return _lent(view, now_ms)
    if state in (State.RETURNED_BY_PUBLISHER, State.RETURNED_BY_SEEKER):
        confirmed = state is State.RETURNED_BY_PUBLISHER
        mine = confirmed == (view.role is Role.PUBLISHER)
        return (
            Turn("theirs", ("return", "dispute")) if mine else Turn("mine", ("return", "dispute"))
        )
    if state in (State.DISPUTED, State.WITH_STEWARD):
        return _at_odds(view)
    if state in _OVER:
        return _over(view)
    return Turn("nobody", ("review",) if state is State.RECEIPTED and _public(view) else ())


def _haggling(view: TradeView) -> Turn:
    offered = view.trade.state is State.OFFERED
    if view.role is Role.SEEKER:
        if offered:
            return Turn("mine", ("accept", "propose", "cancel"))
        return Turn("theirs", ("propose", "cancel"))
    if offered:
        return Turn("theirs", ("counter", "decline"))
    if view.left is not None and view.left < view.trade.terms.quantity:
        return Turn("nobody", ("decline",) if not view.left else ("counter", "decline"))
    more: tuple[Step, ...] = ("draw",) if view.waiting > 1 else ()
    return Turn("mine", ("promise", "counter", *more, "decline"))


def _meeting(view: TradeView, now_ms: int) -> Turn:
    trade, role = view.trade, view.role
    slot = trade.appointment if trade.state is State.APPOINTED else None
    address: tuple[Step, ...] = () if role in trade.addresses else ("address",)
    if trade.offered_slots.get(role.other):
        return Turn("mine", ("choose", "slots", *address, "handover", "cancel"))
    if slot is None:
        whose: Whose = "theirs" if trade.offered_slots.get(role) else "both"
        return Turn(whose, ("slots", *address, "handover", "cancel"))
    if now_ms < slot.starts_at_ms:
        return Turn("nobody", ("handover", *address, "slots", "cancel"))
    if now_ms < slot.ends_at_ms:
        return Turn("both", ("handover", *address, "slots", "cancel"))
    return Turn("both", ("handover", "slots", *_missed(view, now_ms), "cancel", "dispute"))


def _handed(view: TradeView, now_ms: int) -> Turn:
    confirmed = view.trade.state is State.HANDED_BY_PUBLISHER
    if confirmed == (view.role is Role.PUBLISHER):
        return Turn("theirs", ("handover", "dispute"))
    return Turn("mine", ("handover", *_missed(view, now_ms), "cancel", "dispute"))


def _missed(view: TradeView, now_ms: int) -> tuple[Step, ...]:
    from_ms = view.trade.no_show_from_ms
    return ("no-show",) if from_ms is not None and now_ms >= from_ms else ()


def _lent(view: TradeView, now_ms: int) -> Turn:
    trade, role = view.trade, view.role
    if role.other in trade.proposed_due:
        return Turn("mine", ("agree", "return", "extend", "dispute"))
    steps: tuple[Step, ...] = ("return", "extend", "dispute")
    due_at_ms = trade.terms.due_at_ms
    if due_at_ms is not None and now_ms >= due_at_ms:
        return Turn("theirs" if role is trade.giver else "mine", steps)
    return Turn("nobody", steps)


def _at_odds(view: TradeView) -> Turn:
    trade, role = view.trade, view.role
    settle: tuple[Step, ...] = ("settle",)
    wants, has_said = trade.settle.get(role.other), trade.settle.get(role)
    if trade.state is State.WITH_STEWARD:
        return Turn("mine" if wants and not has_said else "nobody", ("hand-over", *settle))
    if trade.disputed_by is role:
        return Turn("mine" if wants and not has_said else "theirs", (*settle, "dispute"))
    return Turn("mine", ("accept-steward", *settle, "dispute"))


def _over(view: TradeView) -> Turn:
    """The nodes sign by themselves; only who is said not to have come has to say so."""
    trade, role = view.trade, view.role
    if trade.receipt() is None or role in trade.signed:
        return Turn("nobody")
    own = trade.household(role)
    first = trade.state is not State.SIGNED
    dispute: tuple[Step, ...] = ("dispute",) if Type.DISPUTE in view.possible else ()
    settled = trade.concluded is not None and trade.concluded.type in (Type.SETTLE, Type.RULING)
    if trade.outcome is Outcome.COMPLETED or settled:
        return Turn("nobody")
    if trade.outcome is Outcome.NO_SHOW and trade.at_fault == own:
        waits = first and role is Role.SEEKER
        return Turn("mine", dispute if waits else ("admit", *dispute))
    return Turn("nobody", dispute)


def _public(view: TradeView) -> bool:
    return view.receipt is not None and view.receipt.receipt.public
