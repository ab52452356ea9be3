"""How far a node sees, and reaching a neighbour by hand."""

from __future__ import annotations

from node.node import Node
from p2pmarket.api.endpoint import IN_COMMUNITY, Call, Endpoint
from p2pmarket.api.horizon_schemas import ConnectAnswer, ConnectRequest, HorizonAnswer
from protocol.errors import LocalError
from protocol.invite import read_invite_text

_MAX_ADDRESS = 512


async def horizon_answer(node: Node, now_ms: int) -> HorizonAnswer:
    """Return how far a node sees now."""
    view = await node.horizon.view()
    return HorizonAnswer(
        view.outlook.value,
        view.anchors,
        view.reached,
        view.known,
        view.only,
        None if view.since_ms is None else max(0, now_ms - view.since_ms) // 1000,
        list(view.holding_back),
        view.late,
        view.late_from,
    )


async def _show(call: Call) -> HorizonAnswer:
    return await horizon_answer(call.node, call.clock.now_ms())


async def _connect(call: Call) -> ConnectAnswer:
    node, text = call.node, call.body.text.strip()
    if text.startswith("/"):
        addresses: tuple[str, ...] = (text[:_MAX_ADDRESS],)
    else:
        invite = read_invite_text(text)
        if invite.community != node.community.id:
            raise LocalError("invite-of-another-community")
        addresses = invite.addresses
    host = await node.neighbourhood.seek(addresses)
    if host is None:
        return ConnectAnswer(False, None)
    status = await node.sync.status()
    household = node.sync.household_of(host)
    names = {neighbour.household: neighbour.name for neighbour in status.neighbours}
    return ConnectAnswer(True, None if household is None else names.get(household) or None)


ENDPOINTS = (
    Endpoint("GET", IN_COMMUNITY + "/horizon", "How far this node sees", _show, HorizonAnswer),
    Endpoint(
        "POST",
        IN_COMMUNITY + "/connections",
        "Reach a neighbour's node at an address, or by an invite",
        _connect,
        ConnectAnswer,
        body=ConnectRequest,
    ),
)
