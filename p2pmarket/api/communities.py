"""Communities: founding, joining, inviting, leaving; and the node as a whole."""

from __future__ import annotations

import os
from pathlib import Path

from node.node import Node
from p2pmarket import __version__
from p2pmarket.api.endpoint import IN_COMMUNITY, Call, Endpoint
from p2pmarket.api.errors import failure_of
from p2pmarket.api.horizon import horizon_answer
from p2pmarket.api.ledger_views import credit_terms
from p2pmarket.api.listing_views import ends_soon, sync_answer
from p2pmarket.api.mail import mail_status
from p2pmarket.api.parting_schemas import KeptCommunity
from p2pmarket.api.reach import reach_answer
from p2pmarket.api.schemas import (
    BackupAnswer,
    BackupRequest,
    ClosedCommunity,
    CommunitiesAnswer,
    CommunityAnswer,
    CommunityRequest,
    CreditTerms,
    Done,
    InviteAnswer,
    InviteRequest,
    PlaceFields,
    StatusAnswer,
)
from p2pmarket.api.waiting import all_waiting
from p2pmarket.home import load_settings
from p2pmarket.texts.formats import iso
from protocol.charter import DEFAULT_CATEGORIES, SALT_BYTES, Charter, CreditRules, Reception
from protocol.errors import LocalError, RemoteError
from protocol.ids import text_of
from protocol.invite import write_invite
from protocol.place import Place
from protocol.text import clean

_MAX_VALID_S = 365 * 86_400


async def community_answer(call: Call, node: Node) -> CommunityAnswer:
    """Return how one community is doing."""
    community, charter, now_ms = node.community, node.community.charter, call.clock.now_ms()
    mine = await node.market.mine()
    members = await community.members()
    return CommunityAnswer(
        id=text_of(community.id),
        name=charter.name,
        rules=charter.rules,
        currency=charter.currency,
        languages=list(charter.languages),
        categories=list(charter.categories),
        places=[place.name for place in charter.places],
        my_status=community.my_status,  # type: ignore[arg-type]
        steward=community.self_id in node.inbox.members.council.stewards,
        household=(await call.memberships.profile(node)).name,
        household_id=text_of(community.self_id),
        households=sum(member.status != "left" for member in members),
        listings_mine=sum(stored.listing.visible_until_ms > now_ms for stored in mine),
        listing_slots=charter.listing_slots,
        expiring_soon=ends_soon(mine, now_ms),
        addresses=list(node.addresses()),
        sync=await sync_answer(node, call.clock.now_ms()),
        clock_offset_seconds=round(node.skew.median_ms / 1000),
        local_discovery=call.memberships.looks_around,
        device_copied=node.devices.is_copied,
        credit=credit_terms(charter.credit),
        reach=await reach_answer(node),
        horizon=await horizon_answer(node, now_ms),
        mail=await mail_status(node),
        waiting=await all_waiting(node, now_ms),
        counters=node.health(),
    )


async def _status(call: Call) -> StatusAnswer:
    settings = load_settings(call.home)
    return StatusAnswer(
        version=__version__,
        home=str(call.home.folder),
        pid=os.getpid(),
        started_at=iso(call.started_at_ms),
        household=settings.name,
        place=settings.place,
        communities=[await community_answer(call, node) for node in call.memberships.nodes],
        closed=[
            ClosedCommunity(closed.folder.name, failure_of(closed.error))
            for closed in call.memberships.closed
        ],
        kept=[
            KeptCommunity(parting.name, str(folder), iso(parting.at_ms))
            for folder, parting in call.memberships.kept
        ],
    )


async def _stop(call: Call) -> Done:
    call.stop.set()
    return Done()


async def _list(call: Call) -> CommunitiesAnswer:
    return CommunitiesAnswer(
        [await community_answer(call, node) for node in call.memberships.nodes]
    )


async def _found(call: Call) -> CommunityAnswer:
    request: CommunityRequest = call.body
    try:
        charter = Charter(
            name=clean(request.name),
            rules=clean(request.rules, lines=True),
            salt=os.urandom(SALT_BYTES),
            languages=tuple(request.languages),
            currency=request.currency,
            categories=tuple(request.categories) or DEFAULT_CATEGORIES,
            listing_slots=request.listing_slots,
            invite_budget=request.invite_budget,
            places=tuple(map(charter_place, request.places)),
            credit=_credit(request.credit),
            questions=tuple(map(clean, request.questions)),
            quorum=request.quorum,
            reception=Reception(
                request.approval,
                request.subtree,
                request.first_listings,
                tuple(map(clean, request.worry_words)),
            ),
        )
    except RemoteError as error:
        raise LocalError("field-refused", field=error.fields.get("field", "name")) from None
    return await community_answer(call, await call.memberships.found(charter))


def _credit(terms: CreditTerms | None) -> CreditRules | None:
    return None if terms is None else CreditRules(clean(terms.unit), terms.limit)


def charter_place(fields: PlaceFields) -> Place:
    """Return a place that a charter names. Raises RemoteError ``body-invalid``."""
    if fields.latitude is None or fields.longitude is None:
        return Place(clean(fields.name))
    return Place(
        clean(fields.name), round(fields.latitude * 10_000), round(fields.longitude * 10_000)
    )


async def _show(call: Call) -> CommunityAnswer:
    return await community_answer(call, call.node)


async def _invite(call: Call) -> InviteAnswer:
    node, request = call.node, call.body
    if not 60 <= request.valid_seconds <= _MAX_VALID_S:
        raise LocalError("invite-validity")
    invite = await node.community.invite(request.uses, request.valid_seconds * 1000)
    return InviteAnswer(
        id=text_of(invite.record.key),
        community=node.community.charter.name,
        invite=write_invite(invite),
        uses=invite.terms.uses,
        valid_until=iso(invite.terms.valid_until_ms),
    )


async def _back_up(call: Call) -> BackupAnswer:
    target = Path(call.body.file)
    if not target.is_absolute():
        raise LocalError("request-malformed", field="file")
    return BackupAnswer(str(target), await call.memberships.back_up(target))


ENDPOINTS = (
    Endpoint("GET", "/v1/status", "The running node", _status, StatusAnswer),
    Endpoint("POST", "/v1/shutdown", "End the daemon gracefully", _stop, Done),
    Endpoint(
        "POST",
        "/v1/backups",
        "Write a backup that the 24 words open",
        _back_up,
        BackupAnswer,
        body=BackupRequest,
    ),
    Endpoint("GET", "/v1/communities", "All communities", _list, CommunitiesAnswer),
    Endpoint(
        "POST",
        "/v1/communities",
        "Found a community",
        _found,
        CommunityAnswer,
        body=CommunityRequest,
    ),
    Endpoint("GET", IN_COMMUNITY, "One community", _show, CommunityAnswer),
    Endpoint(
        "POST",
        IN_COMMUNITY + "/invites",
        "Make an invite",
        _invite,
        InviteAnswer,
        body=InviteRequest,
    ),
)
