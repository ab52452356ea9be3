"""Leaving a community, and taking one's own data along."""

from __future__ import annotations

from node.node import Node
from node.store.database import Connection
from p2pmarket.api.endpoint import IN_COMMUNITY, Call, Endpoint
from p2pmarket.api.parting_schemas import (
    ExportAnswer,
    LeaveAnswer,
    LeavePreview,
    LeaveRequest,
    OpenTrade,
)
from p2pmarket.listing_windows import still_named, window_names
from p2pmarket.listing_writing import fields_of
from p2pmarket.texts.formats import iso
from protocol.charter import Charter
from protocol.errors import LocalError
from protocol.ids import text_of
from protocol.listing import Listing


async def _preview(call: Call) -> LeavePreview:
    node, now_ms = call.node, call.clock.now_ms()
    _refuse_who_must_stay(node)
    own = node.community.self_id
    members = await node.community.members()
    mine = await node.market.mine()
    return LeavePreview(
        community=node.community.charter.name,
        households=sum(m.household != own and m.status != "left" for m in members),
        listings=sum(stored.listing.visible_until_ms > now_ms for stored in mine),
        open_trades=[
            OpenTrade(
                id=text_of(view.trade.id),
                title=view.title,
                household=view.other_name,
                state=view.trade.state.value,
            )
            for view in await node.trades.mine()
            if view.trade.outcome is None
        ],
    )


async def _leave(call: Call) -> LeaveAnswer:
    node, request = call.node, call.body
    preview = await _preview(call)
    if preview.open_trades and not request.force:
        titles = ", ".join(trade.title for trade in preview.open_trades)
        raise LocalError("open-trades", count=len(preview.open_trades), titles=titles)
    told = await call.memberships.leave(node, request.delete)
    return LeaveAnswer(preview.community, told, request.delete, preview.open_trades)


def _refuse_who_must_stay(node: Node) -> None:
    if not node.devices.holds_key:
        raise LocalError("needs-first-device")
    members = node.inbox.members
    if node.community.self_id == members.founder:
        raise LocalError("founder-stays")
    if node.community.self_id in members.council.stewards:
        raise LocalError("steward-stays")


async def _export(call: Call) -> ExportAnswer:
    node, now_ms = call.node, call.clock.now_ms()
    own = node.community.self_id

    def read(connection: Connection) -> list[bytes]:
        rows = connection.execute(
            "SELECT raw FROM record JOIN household ON household.n = record.household"
            " WHERE household.id = ? ORDER BY record.seq",
            (own,),
        ).fetchall()
        return [bytes(raw) for (raw,) in rows]

    return ExportAnswer(
        community=node.community.charter.name,
        community_id=text_of(node.community.id),
        household=(await call.memberships.profile(node)).name,
        household_id=text_of(own),
        exported_at=iso(now_ms),
        rows=[
            _row(stored.listing, node.community.charter, now_ms)
            for stored in await node.market.mine()
            if stored.listing.origin is None
        ],
        records=[raw.hex() for raw in await node.database.read(read)],
    )


def _row(listing: Listing, charter: Charter, now_ms: int) -> dict[str, object]:
    shown_to = window_names(still_named(listing.shown_to, charter), charter)
    return fields_of(listing, now_ms) | ({"shown_to": shown_to} if shown_to else {})


ENDPOINTS = (
    Endpoint(
        "GET", IN_COMMUNITY + "/leaving", "What leaving a community means", _preview, LeavePreview
    ),
    Endpoint(
        "POST",
        IN_COMMUNITY + "/leaving",
        "Leave a community",
        _leave,
        LeaveAnswer,
        body=LeaveRequest,
    ),
    Endpoint(
        "GET",
        IN_COMMUNITY + "/export",
        "The own listings as rows of a file, and the own signed records",
        _export,
        ExportAnswer,
    ),
)
