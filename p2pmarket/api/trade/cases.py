"""The cases before this household: looking at them, ruling, forgetting."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from node.trades.case_views import CaseView, HandedOver
from node.trades.docket import KEPT_MS
from p2pmarket.api.endpoint import IN_COMMUNITY, Call, Endpoint
from p2pmarket.api.schemas import Done
from p2pmarket.api.trade.case_lines import SETTLEMENTS
from p2pmarket.api.trade.schemas import (
    CaseAnswer,
    CaseRuling,
    CasesAnswer,
    HandedOverAnswer,
    RulingRequest,
    TimelineEntry,
)
from p2pmarket.api.trade.steps import text_in
from p2pmarket.api.trade.views import (
    OUTCOMES,
    Surroundings,
    entries_of,
    surroundings,
    terms_answer,
    timeline_of,
)
from p2pmarket.texts.formats import iso
from protocol.errors import LocalError
from protocol.ids import text_of
from protocol.trade.message import Message, TradeId

_SHORTEST_PREFIX = 4


async def _cases(call: Call) -> CasesAnswer:
    around = await surroundings(call, call.node)
    return CasesAnswer([_case(case, around) for case in await call.node.trades.cases()])


def _case(case: CaseView, around: Surroundings) -> CaseAnswer:
    trade = case.trade
    course = (*trade.applied, *trade.void)
    return CaseAnswer(
        trade=text_of(trade.id),
        kind=trade.ask.listing_kind.name.lower(),  # type: ignore[arg-type]
        publisher=around.name(trade.publisher),
        publisher_id=text_of(trade.publisher),
        seeker=around.name(trade.seeker),
        seeker_id=text_of(trade.seeker),
        handed_over=[_handed_over(handed, around) for handed in case.handed],
        missing=case.missing,
        state=trade.state.value,
        can_rule=case.can_rule,
        ruling=_ruling(case),
        forgotten_at=iso(_forgotten_at_ms(case)),
        terms=terms_answer(trade.terms, around.unit),
        timeline=_with_names(timeline_of(trade, around), course, case, around),
        apart=_with_names(entries_of(case.apart, around), case.apart, case, around),
    )


def _handed_over(handed: HandedOver, around: Surroundings) -> HandedOverAnswer:
    return HandedOverAnswer(
        household=around.name(handed.household),
        household_id=text_of(handed.household),
        text=handed.text,
        handed_at=iso(handed.handed_at_ms),
        received_at=iso(handed.received_at_ms),
        missing=handed.missing,
    )


def _ruling(case: CaseView) -> CaseRuling | None:
    if case.ruled is None:
        return None
    ruling = case.ruled.ruling
    return CaseRuling(SETTLEMENTS[ruling.outcome], ruling.text, iso(case.ruled.at_ms))


def _forgotten_at_ms(case: CaseView) -> int:
    last_ms = max(handed.received_at_ms for handed in case.handed)
    return KEPT_MS + (last_ms if case.ruled is None else case.ruled.at_ms)


def _with_names(
    entries: Iterable[TimelineEntry],
    messages: Iterable[Message],
    case: CaseView,
    around: Surroundings,
) -> list[TimelineEntry]:
    """Name who shows a message that the other does not show."""
    by_message = zip(entries, (case.shown_by.get(m.id) for m in messages), strict=True)
    return [
        entry
        if shown_by is None
        else replace(entry, shown_by=around.name(shown_by) or text_of(shown_by))
        for entry, shown_by in by_message
    ]


async def _rule(call: Call) -> Done:
    trade = await _case_named(call, call.path["trade"])
    outcome = OUTCOMES[call.body.outcome]
    await call.node.trades.rule(trade, outcome, text_in(call.body.text))
    return Done()


async def _forget(call: Call) -> Done:
    await call.node.trades.forget_case(await _case_named(call, call.path["trade"]))
    return Done()


async def _case_named(call: Call, prefix: str) -> TradeId:
    typed = prefix.strip().lower()
    known = {case.trade.id for case in await call.node.trades.cases()}
    matching = [trade for trade in known if text_of(trade).startswith(typed)]
    if len(typed) < _SHORTEST_PREFIX or not matching:
        raise LocalError("case-not-found", id=typed)
    if len(matching) > 1:
        raise LocalError("trade-ambiguous", id=typed)
    return matching[0]


_CASES = IN_COMMUNITY + "/cases"

ENDPOINTS = (
    Endpoint("GET", _CASES, "Disputes laid before this household", _cases, CasesAnswer),
    Endpoint(
        "POST",
        _CASES + "/{trade}/ruling",
        "Rule on a dispute laid before this household",
        _rule,
        Done,
        body=RulingRequest,
    ),
    Endpoint(
        "DELETE", _CASES + "/{trade}", "Forget a dispute that was laid before it", _forget, Done
    ),
)
