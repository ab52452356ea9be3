"""Disputes in the inbox: laid before this household, and by it before others."""

from __future__ import annotations

from node.node import Node
from node.trades.case_views import CaseView
from p2pmarket.api.ledger_views import names_in
from p2pmarket.api.mail_schemas import CaseLine, SettlementName, Waiting
from p2pmarket.texts.formats import iso
from protocol.ids import HouseholdId, text_of
from protocol.ledger.receipt import Outcome
from protocol.trade.transitions import State

SETTLEMENTS: dict[Outcome, SettlementName] = {
    Outcome.COMPLETED: "completed",
    Outcome.CANCELLED: "cancelled",
}


async def cases_waiting(node: Node, now_ms: int) -> list[Waiting]:
    """Return the disputes that wait for this household's ruling."""
    names = await names_in(node)
    return [
        Waiting(
            what="case-to-rule",
            id=text_of(case.trade.id),
            title="",
            household=names.get(case.handed[0].household, ""),
            household_id=text_of(case.handed[0].household),
        )
        for case in await node.trades.cases()
        if case.can_rule
    ]


async def case_lines(node: Node) -> list[CaseLine]:
    """Return the disputes that this household has to do with: shown to it, or by it."""
    names = await names_in(node)
    lines = [_line(case, names) for case in await node.trades.cases()]
    at_odds = {
        view.trade.id: view
        for view in await node.trades.mine()
        if view.trade.state is State.WITH_STEWARD
    }
    return lines + [
        CaseLine(
            what="not-arrived" if shown.failed else "shown",
            trade=text_of(shown.trade),
            household=names.get(shown.steward, ""),
            household_id=text_of(shown.steward),
            title=at_odds[shown.trade].title,
            at=iso(shown.at_ms),
            missing=shown.letters - shown.arrived,
        )
        for shown in await node.trades.shown_cases()
        if shown.trade in at_odds
    ]


def _line(case: CaseView, names: dict[HouseholdId, str]) -> CaseLine:
    handed = case.handed[0].household
    ruled = case.ruled
    what = "over"
    if case.is_ruled:
        what = "ruled"
    elif case.can_rule:
        what = "to-rule"
    elif case.missing:
        what = "under-way"
    return CaseLine(
        what=what,  # type: ignore[arg-type]
        trade=text_of(case.trade.id),
        household=names.get(handed, ""),
        household_id=text_of(handed),
        title="",
        at=iso(case.handed[0].received_at_ms if ruled is None else ruled.at_ms),
        missing=case.missing,
        outcome=None if ruled is None else SETTLEMENTS[ruled.ruling.outcome],
    )
