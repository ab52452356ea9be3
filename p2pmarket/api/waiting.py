"""What waits for this household: asked by the inbox and the status, answered by each subject."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from node.node import Node
from p2pmarket.api.governance_waiting import governance_waiting
from p2pmarket.api.joining_waiting import newcomers_waiting
from p2pmarket.api.mail_schemas import Waiting
from p2pmarket.api.moderation_waiting import moderation_waiting
from p2pmarket.api.trade.case_lines import case_lines, cases_waiting
from p2pmarket.api.trade.reminders import trades_waiting

__all__ = ["SOURCES", "all_waiting", "case_lines"]

Source = Callable[[Node, int], Awaitable[list[Waiting]]]
"""Takes a node and the time (Unix ms); returns what waits in one subject, most urgent first."""

SOURCES: tuple[Source, ...] = (
    governance_waiting,
    cases_waiting,
    newcomers_waiting,
    moderation_waiting,
    trades_waiting,
)


async def all_waiting(node: Node, now_ms: int) -> list[Waiting]:
    """Return all that waits for the household of a node."""
    return [waiting for source in SOURCES for waiting in await source(node, now_ms)]
