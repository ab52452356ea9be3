"""Inbox, trades and members of all of the household's communities at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from p2pmarket.api.endpoint import Call, Endpoint
from p2pmarket.api.finding import closed_ones
from p2pmarket.api.gathering_schemas import (
    CommunityPart,
    InboxEverywhere,
    MembersEverywhere,
    TradesEverywhere,
)
from p2pmarket.api.households import list_members
from p2pmarket.api.mail import read_inbox
from p2pmarket.api.trade.schemas import TradesQuestion
from p2pmarket.api.trade.steps import list_trades
from protocol.ids import text_of

Answer = TypeVar("Answer")


async def _gathered(
    call: Call, ask: Callable[[Call], Awaitable[Answer]]
) -> list[tuple[CommunityPart, Answer]]:
    """Ask each community what is asked of all. Raises LocalError where there is none."""
    return [
        (
            CommunityPart(
                node.community.charter.name,
                text_of(node.community.id),
                (await node.sync.status()).neighbours_connected > 0,
            ),
            await ask(replace(call, path={**call.path, "community": text_of(node.community.id)})),
        )
        for node in call.memberships.current
    ]


def _named(part: CommunityPart, lines: Sequence[Any]) -> list[Any]:
    """Say of each line of an answer which community it is about."""
    return [
        replace(line, community=part.community, community_id=part.community_id) for line in lines
    ]


async def _inbox(call: Call) -> InboxEverywhere:
    asked = await _gathered(call, read_inbox)
    threads = [thread for part, answer in asked for thread in _named(part, answer.results)]
    threads.sort(key=lambda thread: thread.at, reverse=True)
    return InboxEverywhere(
        results=sorted(threads, key=lambda thread: thread.unread == 0),
        waiting=[line for part, answer in asked for line in _named(part, answer.waiting)],
        unread=sum(answer.unread for _, answer in asked),
        connected=all(answer.connected for _, answer in asked),
        cases=[line for part, answer in asked for line in _named(part, answer.cases)],
        communities=[part for part, _ in asked],
        left_out=closed_ones(call),
    )


async def _trades(call: Call) -> TradesEverywhere:
    asked = await _gathered(call, list_trades)
    trades = [trade for part, answer in asked for trade in _named(part, answer.results)]
    return TradesEverywhere(
        results=sorted(trades, key=lambda trade: trade.opened_at, reverse=True),
        reminders=[line for part, answer in asked for line in _named(part, answer.reminders)],
        communities=[part for part, _ in asked],
        left_out=closed_ones(call),
    )


async def _members(call: Call) -> MembersEverywhere:
    asked = await _gathered(call, list_members)
    return MembersEverywhere(
        results=[line for part, answer in asked for line in _named(part, answer.results)],
        removed=[line for part, answer in asked for line in _named(part, answer.removed)],
        communities=[part for part, _ in asked],
        left_out=closed_ones(call),
    )


ENDPOINTS = (
    Endpoint("GET", "/v1/inbox", "Threads and what waits, in all communities", _inbox,
             InboxEverywhere),
    Endpoint("GET", "/v1/trades", "The own trades in all communities", _trades, TradesEverywhere,
             query=TradesQuestion),
    Endpoint("GET", "/v1/members", "The households of all communities", _members,
             MembersEverywhere),
)  # fmt: skip
