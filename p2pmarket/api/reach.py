"""How a node is reached, and whether it carries connections for others."""

from __future__ import annotations

from node.node import Node
from p2pmarket.api.endpoint import IN_COMMUNITY, Call, Endpoint
from p2pmarket.api.reach_schemas import ReachAnswer, RelayRequest


async def reach_answer(node: Node) -> ReachAnswer:
    """Return how a node is reached at the moment."""
    view = await node.reachability.view()
    return ReachAnswer(
        view.verdict.value,
        list(view.through),
        list(view.public),
        view.mapped,
        view.volunteers,
        view.reserved,
        view.carried,
        view.has_way_out,
    )


async def _show(call: Call) -> ReachAnswer:
    return await reach_answer(call.node)


async def _volunteer(call: Call) -> ReachAnswer:
    node = call.node
    await node.reachability.volunteer(call.body.volunteers)
    return await reach_answer(node)


ENDPOINTS = (
    Endpoint("GET", IN_COMMUNITY + "/reach", "How this node is reached", _show, ReachAnswer),
    Endpoint(
        "PUT",
        IN_COMMUNITY + "/relay",
        "Relay between neighbours that cannot reach each other, or no longer",
        _volunteer,
        ReachAnswer,
        body=RelayRequest,
    ),
)
