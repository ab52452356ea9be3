"""What this household's computer keeps to itself, and when it tells it."""

from __future__ import annotations

from node.node import Node
from p2pmarket.api.endpoint import IN_COMMUNITY, Call, Endpoint
from p2pmarket.api.mail_schemas import ChoicesAnswer, ChoicesRequest
from protocol.errors import LocalError
from protocol.text import clean
from protocol.trade.limits import MAX_ADDRESS


async def _choices(call: Call) -> ChoicesAnswer:
    return await _answer(call.node)


async def _choose(call: Call) -> ChoicesAnswer:
    node, changes = call.node, call.body
    if changes.address is not None:
        address = clean(changes.address, lines=True)
        if len(address) > MAX_ADDRESS:
            raise LocalError(
                "field-too-long", field="address", length=len(address), longest=MAX_ADDRESS
            )
        await node.trades.set_usual_address(address)
    if changes.read_receipts is not None:
        await node.chats.allow_read_receipts(changes.read_receipts)
    return await _answer(node)


async def _answer(node: Node) -> ChoicesAnswer:
    return ChoicesAnswer(await node.chats.read_receipts(), await node.trades.usual_address())


_CHOICES = IN_COMMUNITY + "/choices"

ENDPOINTS = (
    Endpoint("GET", _CHOICES, "What only this computer knows", _choices, ChoicesAnswer),
    Endpoint("PATCH", _CHOICES, "Change it", _choose, ChoicesAnswer, body=ChoicesRequest),
)
