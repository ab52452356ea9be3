"""A household's devices: add one, join as one, list them, give one up, become another."""

from __future__ import annotations

from node.devices import DeviceView
from node.node import Node
from p2pmarket.api.communities import community_answer
from p2pmarket.api.device_schemas import (
    DeviceAnswer,
    DeviceCodeAnswer,
    DeviceJoinRequest,
    DeviceRequest,
    DevicesAnswer,
    RenewalAnswer,
    RevocationAnswer,
    RevocationRequest,
)
from p2pmarket.api.endpoint import IN_COMMUNITY, Call, Endpoint
from p2pmarket.api.schemas import CommunityAnswer
from p2pmarket.listing_values import line_text
from p2pmarket.texts.formats import iso
from protocol.device_code import read_device_code, write_device_code
from protocol.errors import LocalError
from protocol.limits import MAX_NAME


async def _add(call: Call) -> DeviceCodeAnswer:
    name = line_text(call.body.name, "name", MAX_NAME)
    if not name:
        raise LocalError("field-missing", field="name")
    code = await call.node.devices.add(name)
    return DeviceCodeAnswer(
        number=code.record.slot + 1,
        name=name,
        community=call.node.community.charter.name,
        code=write_device_code(code),
        valid_until=iso(code.valid_until_ms),
    )


async def _join(call: Call) -> CommunityAnswer:
    node = await call.memberships.join_as_device(read_device_code(call.body.code))
    return await community_answer(call, node)


async def _list(call: Call) -> DevicesAnswer:
    devices = call.node.devices
    return DevicesAnswer(
        [
            DeviceAnswer(
                number=view.slot + 1,
                name=view.name,
                this=view.is_this,
                since=iso(view.since_ms),
                connected=view.connected,
                last_seen_at=None if view.seen_ms is None else iso(view.seen_ms),
            )
            for view in await devices.list()
        ],
        devices.holds_key,
    )


async def _revoke(call: Call) -> RevocationAnswer:
    view = await _find(call.node, call.path["device"])
    done = await call.node.devices.revoke(view.slot, keep_listings=not call.body.end_listings)
    return RevocationAnswer(
        number=view.slot + 1,
        name=view.name,
        listings_taken_over=done.listings,
        listings_ended=done.ended,
        messages_sent_again=done.letters,
        lost_records=done.failed,
    )


async def _find(node: Node, typed: str) -> DeviceView:
    """Return the device with this number or name. LocalError ``device-not-found``."""
    wanted = typed.strip().casefold()
    views = await node.devices.list()
    found = [view for view in views if str(view.slot + 1) == wanted]
    found = found or [view for view in views if wanted and view.name.casefold() == wanted]
    if len(found) != 1:
        raise LocalError("device-not-found", number=typed)
    return found[0]


async def _renew(call: Call) -> RenewalAnswer:
    before = _own_number(call.node)
    node = await call.memberships.renew_device(call.node)
    return RenewalAnswer(number=_own_number(node), before=before)


def _own_number(node: Node) -> int:
    return node.devices.own_slot + 1


_DEVICES = IN_COMMUNITY + "/devices"

ENDPOINTS = (
    Endpoint(
        "POST",
        "/v1/devices",
        "Become a device of a household with its code",
        _join,
        CommunityAnswer,
        body=DeviceJoinRequest,
    ),
    Endpoint("GET", _DEVICES, "The household's devices", _list, DevicesAnswer),
    Endpoint(
        "POST", _DEVICES, "Make a code for another device", _add, DeviceCodeAnswer,
        body=DeviceRequest,
    ),
    Endpoint(
        "POST",
        _DEVICES + "/renewal",
        "Give this computer new keys, as a new device",
        _renew,
        RenewalAnswer,
    ),
    Endpoint(
        "POST",
        _DEVICES + "/{device}/revocation",
        "Give up a device; this one takes over what it published",
        _revoke,
        RevocationAnswer,
        body=RevocationRequest,
    ),
)  # fmt: skip
