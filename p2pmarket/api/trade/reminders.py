"""What should not be forgotten about the own trades: a function of them and of the time."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from node.node import Node
from node.trades.views import TradeView
from p2pmarket.api.ledger_views import names_in
from p2pmarket.api.mail_schemas import Waiting
from p2pmarket.api.trade.turns import turn_of
from p2pmarket.namesakes import visible
from p2pmarket.texts.formats import iso
from protocol.ids import HouseholdId, text_of
from protocol.ledger.receipt import Outcome
from protocol.limits import DAY_MS
from protocol.trade.transitions import Role, State

SOON_MS = DAY_MS
"""An appointment within this is announced."""
DUE_SOON_MS = 3 * DAY_MS
"""So are loans, and promises, that end within this."""

_BORROWED = (State.LENT, State.RETURNED_BY_PUBLISHER, State.RETURNED_BY_SEEKER)
_QUESTIONS = {
    State.ASKED: "trade-asked",
    State.OFFERED: "trade-offered",
    State.PROMISED: "trade-times-named",
    State.APPOINTED: "trade-times-named",
    State.HANDED_BY_PUBLISHER: "trade-handover-to-confirm",
    State.HANDED_BY_SEEKER: "trade-handover-to-confirm",
    State.LENT: "trade-extension-asked",
    State.RETURNED_BY_PUBLISHER: "trade-return-to-confirm",
    State.RETURNED_BY_SEEKER: "trade-return-to-confirm",
    State.DISPUTED: "trade-disputed",
    State.WITH_STEWARD: "trade-settlement-proposed",
}


async def trades_waiting(node: Node, now_ms: int) -> list[Waiting]:
    """Return what trades have waiting for this household, for the inbox and the status."""
    names = await names_in(node)
    refused = [
        _waiting(
            view, names.get(view.other, "") or visible(view.other_name), "trade-declined", None
        )
        for view in await node.trades.refused()
    ]
    waiting = reminders(await node.trades.mine(), now_ms, lambda other: names.get(other, ""))
    return [*waiting, *refused]


def reminders(
    views: Iterable[TradeView], now_ms: int, name: Callable[[HouseholdId], str] | None = None
) -> list[Waiting]:
    """Return what to remember: dates that passed or come near, and questions that wait.

    By time, the earliest first: what was due, or has waited, the longest. A trade is named once
    for each reason. now_ms: Unix milliseconds. name: what a household is called here, or "".
    """
    found = [
        (at_ms, view, what, until_ms)
        for view in views
        for what, at_ms, until_ms in _reasons(view, now_ms)
    ]
    found.sort(key=lambda reason: reason[0])
    return [
        _waiting(view, (name and name(view.other)) or visible(view.other_name), what, until_ms)
        for _, view, what, until_ms in found
    ]


def _reasons(view: TradeView, now_ms: int) -> Iterable[tuple[str, int, int | None]]:
    """Yield what there is to remember, the time by which it is sorted, and its date if any."""
    trade = view.trade
    slot = trade.appointment if trade.state is State.APPOINTED else None
    if slot is not None and slot.ends_at_ms <= now_ms:
        yield "trade-met", slot.ends_at_ms, slot.ends_at_ms
    elif slot is not None and slot.starts_at_ms <= now_ms + SOON_MS:
        yield "trade-appointment", slot.starts_at_ms, slot.starts_at_ms
    ends_ms, whose = trade.runs_out_ms, turn_of(view, now_ms).whose
    if trade.state is State.PROMISED and ends_ms is not None:
        if ends_ms <= now_ms + DUE_SOON_MS:
            yield "trade-promise-ends", ends_ms, ends_ms
        elif view.role is Role.SEEKER and whose == "both":
            # Nobody has said how to meet yet, and the one who asked may not know of the promise.
            yield "trade-promised", trade.applied[-1].at_ms, ends_ms
    due_at_ms = trade.terms.due_at_ms if trade.state in _BORROWED else None
    overdue = due_at_ms is not None and due_at_ms <= now_ms
    if due_at_ms is not None and due_at_ms <= now_ms + DUE_SOON_MS:
        mine = view.role is trade.giver
        name = "trade-overdue" if overdue else "trade-due"
        yield f"{name}-to-me" if mine else name, due_at_ms, due_at_ms
    if whose == "mine":
        what = _question(view)
        if what is not None and not (overdue and what == "trade-extension-asked"):
            yield what, trade.applied[-1].at_ms, None


def _question(view: TradeView) -> str | None:
    trade = view.trade
    if trade.state is State.LENT and view.role.other not in trade.proposed_due:
        return None  # it is due, which is said already
    if trade.state is State.DISPUTED and trade.disputed_by is view.role:
        return "trade-settlement-proposed"
    if trade.outcome is Outcome.NO_SHOW:
        return "trade-no-show-claimed"
    return _QUESTIONS.get(trade.state)


def _waiting(view: TradeView, other: str, what: str, until_ms: int | None) -> Waiting:
    return Waiting(
        what=what,
        id=text_of(view.trade.id),
        title=view.title,
        household=other,
        household_id=text_of(view.other),
        until=None if until_ms is None else iso(until_ms),
    )
