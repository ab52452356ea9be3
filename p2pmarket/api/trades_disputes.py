"""When a trade goes wrong: not coming, disputes, and the cases before a steward."""

from __future__ import annotations

from node.trades.cases import CaseView
from p2pmarket.api.endpoint import IN_COMMUNITY, Call, Endpoint
from p2pmarket.api.households import find_household
from p2pmarket.api.schemas import Done
from p2pmarket.api.trades import TRADE, answered, found, text_in
from p2pmarket.api.trades_schemas import (
    CaseAnswer,
    CasesAnswer,
    DisputeRequest,
    RulingRequest,
    SettlementRequest,
    TradeAnswer,
    WordsRequest,
)
from p2pmarket.api.trades_views import (
    OUTCOMES,
    Surroundings,
    surroundings,
    terms_answer,
    timeline_of,
)
from p2pmarket.texts.formats import iso
from protocol.errors import LocalError
from protocol.ids import text_of
from protocol.trade.message import TradeId
from protocol.trade.transitions import State

_SHORTEST_PREFIX = 4


async def _no_show(call: Call) -> TradeAnswer:
    view = await call.node.trades.no_show(await found(call), text_in(call.body.text))
    return await answered(call, view)


async def _admit(call: Call) -> TradeAnswer:
    return await answered(call, await call.node.trades.admit(await found(call)))


async def _dispute(call: Call) -> TradeAnswer:
    trade = await found(call)
    steward = await find_household(call.node, call.body.steward)
    text = text_in(call.body.text)
    view = await call.node.trades.dispute(trade, steward.household, text)
    return await answered(call, view)


async def _accept_steward(call: Call) -> TradeAnswer:
    return await answered(call, await call.node.trades.accept_steward(await found(call)))


async def _settle(call: Call) -> TradeAnswer:
    outcome = OUTCOMES[call.body.outcome]
    return await answered(call, await call.node.trades.settle(await found(call), outcome))


async def _hand_over(call: Call) -> TradeAnswer:
    trade = await found(call)
    await call.node.trades.hand_over_case(trade, text_in(call.body.text))
    return await answered(call, await call.node.trades.show(trade))


async def _cases(call: Call) -> CasesAnswer:
    around = await surroundings(call, call.node)
    return CasesAnswer([_case(case, around) for case in await call.node.trades.cases()])


def _case(case: CaseView, around: Surroundings) -> CaseAnswer:
    trade = case.trade
    return CaseAnswer(
        trade=text_of(trade.id),
        kind=trade.ask.listing_kind.name.lower(),  # type: ignore[arg-type]
        publisher=around.name(trade.publisher),
        publisher_id=text_of(trade.publisher),
        seeker=around.name(trade.seeker),
        seeker_id=text_of(trade.seeker),
        handed_over_by=around.name(case.household),
        text=case.text,
        received_at=iso(case.received_at_ms),
        state=trade.state.value,
        can_rule=trade.state is State.WITH_STEWARD and trade.steward == around.own,
        terms=terms_answer(trade.terms, around.unit),
        timeline=timeline_of(trade, around),
    )


async def _rule(call: Call) -> Done:
    trade = await _case_named(call, call.path["trade"])
    outcome = OUTCOMES[call.body.outcome]
    await call.node.trades.rule(trade, outcome, text_in(call.body.text))
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
    Endpoint(
        "POST",
        TRADE + "/no-show",
        "Say that the other side did not come to the appointment",
        _no_show,
        TradeAnswer,
        body=WordsRequest,
    ),
    Endpoint(
        "POST", TRADE + "/admission", "Sign that one did not come oneself", _admit, TradeAnswer
    ),
    Endpoint(
        "POST",
        TRADE + "/dispute",
        "Ask for a third household to look at it",
        _dispute,
        TradeAnswer,
        body=DisputeRequest,
    ),
    Endpoint(
        "POST",
        TRADE + "/steward",
        "Accept the household that the other side named",
        _accept_steward,
        TradeAnswer,
    ),
    Endpoint(
        "POST",
        TRADE + "/settlement",
        "Say how one would end a dispute",
        _settle,
        TradeAnswer,
        body=SettlementRequest,
    ),
    Endpoint(
        "POST",
        TRADE + "/case",
        "Show the steward the messages of this trade",
        _hand_over,
        TradeAnswer,
        body=WordsRequest,
    ),
    Endpoint("GET", _CASES, "Disputes laid before this household", _cases, CasesAnswer),
    Endpoint(
        "POST",
        _CASES + "/{trade}/ruling",
        "Rule on a dispute laid before this household",
        _rule,
        Done,
        body=RulingRequest,
    ),
)
