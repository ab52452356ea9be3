"""Joining in the inbox: who said no to this household, and about whom it has yet to decide."""

from __future__ import annotations

from node.node import Node
from p2pmarket.api.ledger_views import names_in
from p2pmarket.api.mail_schemas import Waiting
from protocol.ids import text_of


async def newcomers_waiting(node: Node, now_ms: int) -> list[Waiting]:
    """Return that nobody lets this household in, who said no to that, and about whom it has yet
    to decide.
    """
    if node.community.my_status == "waiting":
        return [Waiting("place-lost", "", "", "", text_of(node.community.self_id))]
    if not node.community.charter.reception.approval:
        return []
    names = await names_in(node)
    refused = [
        Waiting("refused", "", "", names.get(one.household, ""), text_of(one.household))
        for one in await node.joining.newcomers.refusals()
    ]
    return refused + [
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
