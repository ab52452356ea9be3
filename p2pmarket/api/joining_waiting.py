"""Newcomers in the inbox: about whom this household has yet to decide."""

from __future__ import annotations

from node.node import Node
from p2pmarket.api.mail_schemas import Waiting
from protocol.ids import text_of


async def newcomers_waiting(node: Node, now_ms: int) -> list[Waiting]:
    """Return the households about which this one has yet to decide."""
    if not node.community.charter.reception.approval:
        return []
    return [
        Waiting(
            what="newcomer-to-decide",
            id=text_of(one.member.household),
            title="",
            household=one.member.name,
            household_id=text_of(one.member.household),
        )
        for one in await node.joining.newcomers.waiting()
        if one.mine and one.declined_at_ms is None
    ]
