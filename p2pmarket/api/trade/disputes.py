"""When a trade goes wrong: not coming, and disputes."""

from __future__ import annotations

from p2pmarket.api.endpoint import Call, Endpoint
from p2pmarket.api.households import find_household
from p2pmarket.api.trade.schemas import (
    DisputeRequest,
    SettlementRequest,
    TradeAnswer,
    WordsRequest,
)
from p2pmarket.api.trade.steps import TRADE, answered, found, text_in
from p2pmarket.api.trade.views import OUTCOMES


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
)
