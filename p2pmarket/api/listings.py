"""Listings: search, publish, change."""

from __future__ import annotations

from dataclasses import replace

from node.node import Node
from node.store.listings import StoredListing
from p2pmarket.api.endpoint import IN_COMMUNITY, Call, Endpoint
from p2pmarket.api.imports import publish_rows
from p2pmarket.api.ledger_views import names_in
from p2pmarket.api.listing_views import listing_answer, offered_too
from p2pmarket.api.originals import with_original
from p2pmarket.api.schemas import (
    Audience,
    AudienceQuestion,
    EditRequest,
    ImportAnswer,
    ImportRequest,
    ListingAnswer,
    MarkRequest,
    RenewRequest,
)
from p2pmarket.listing_fields import Context, read_listing_fields
from p2pmarket.listing_windows import (
    communities_named,
    refuse_category,
    still_named,
    window_names,
)
from p2pmarket.texts.formats import iso
from p2pmarket.vocabulary import category_id
from protocol import limits
from protocol.errors import LocalError
from protocol.mark import State


async def _publish(call: Call) -> ImportAnswer:
    return await publish_rows(call.node, await _context(call), call.body.rows)


async def _context(call: Call) -> Context:
    return await context_of(call, call.node)


async def context_of(call: Call, node: Node) -> Context:
    """Return what a listing takes from its community."""
    profile = await call.memberships.profile(node)
    return Context(node.community.charter, call.clock.now_ms(), profile.place)


async def audience(call: Call) -> Audience:
    """Return who would see a publication.

    LocalError ``left``, ``removed``, ``device-revoked``; ``no-windows`` or ``window-…`` where it
    cannot be shown in a community that is named.
    """
    node = call.node
    context = await _context(call)
    charter = context.charter
    shown_to = sorted(communities_named(call.query.show_in, charter))
    if call.query.category is not None:
        refuse_category(shown_to, category_id(call.query.category), charter)
    members = await node.community.members()
    own = node.community.self_id
    if node.community.my_status == "revoked":
        raise LocalError("device-revoked")
    if node.community.my_status in ("left", "removed"):
        raise LocalError(node.community.my_status)
    status = node.community.my_status
    shown = await node.joining.first_listings.limit(own)
    newcomer = status == "confirmed" and shown < context.charter.listing_slots
    mine = await node.market.mine() if newcomer else ()
    return Audience(
        community=context.charter.name,
        households=sum(m.household != own and m.status != "left" for m in members),
        visible_until=iso(context.visible_until_ms(call.query.days)),
        provisional=status == "provisional",
        newcomer=newcomer,
        slots=shown,
        slots_each=context.charter.reception.first_listings,
        full=newcomer and sum(_is_own_and_shows(one, context.now_ms) for one in mine) >= shown,
        shown_to=window_names(shown_to, charter),
    )


def _is_own_and_shows(stored: StoredListing, now_ms: int) -> bool:
    """Whether a listing takes one of the places that a newcomer's own listings have."""
    return stored.listing.origin is None and stored.listing.visible_until_ms > now_ms


async def _show(call: Call) -> ListingAnswer:
    return await _answer(call, await call.node.market.find(call.path["listing"]))


async def _edit(call: Call) -> ListingAnswer:
    own = await _own(call)
    listing = read_listing_fields(call.body.fields, await _context(call), own.listing)
    if listing == own.listing:
        return await _answer(call, own)
    return await _answer(call, await call.node.market.edit(own.key, listing))


async def _withdraw(call: Call) -> ListingAnswer:
    own = await _own(call)
    gone = await call.node.market.withdraw(own.key)
    answer = await _answer(call, gone)
    call.memberships.cross_posts.look()
    return answer


async def _renew(call: Call) -> ListingAnswer:
    own = await _own(call)
    longest = call.node.community.charter.visible_days
    days = call.body.days
    if days is None:
        before_ms = own.listing.visible_until_ms - own.changed_at_ms
        days = max(1, min(longest, round(before_ms / limits.DAY_MS)))
    if not 1 <= days <= longest:
        raise LocalError("field-out-of-range", field="days", least=1, most=longest)
    named = still_named(own.listing.shown_to, call.node.community.charter)
    if named == own.listing.shown_to:
        return await _answer(call, await call.node.market.renew(own.key, days))
    until_ms = call.clock.now_ms() + days * limits.DAY_MS
    renewed = replace(own.listing, shown_to=named, visible_until_ms=until_ms)
    return await _answer(call, await call.node.market.edit(own.key, renewed))


async def _mark(call: Call) -> ListingAnswer:
    own = await _own(call)
    state = State[call.body.state.upper()]
    marked = await call.node.market.mark(own.key, state)
    call.memberships.cross_posts.look()
    return await _answer(call, marked)


async def _own(call: Call) -> StoredListing:
    node = call.node
    stored = await node.market.find(call.path["listing"])
    if stored.household != node.community.self_id:
        raise LocalError("listing-not-yours", title=stored.listing.title)
    if stored.listing.origin is not None:
        raise LocalError("listing-carried", title=stored.listing.title)
    return stored


async def _answer(call: Call, stored: StoredListing) -> ListingAnswer:
    node = call.node
    is_own = stored.household == node.community.self_id
    name = (await call.memberships.profile(node)).name if is_own else ""
    too = offered_too(call.memberships, stored)
    names = await names_in(node)
    answer = listing_answer(node, stored, call.clock.now_ms(), name, too, names)
    if answer.origin is None:
        return answer
    return replace(
        answer, origin=await with_original(call.memberships, node, stored, answer.origin)
    )


_LISTINGS = IN_COMMUNITY + "/listings"
_LISTING = _LISTINGS + "/{listing}"

ENDPOINTS = (
    Endpoint("POST", _LISTINGS, "Publish listings", _publish, ImportAnswer, body=ImportRequest),
    Endpoint(
        "GET",
        IN_COMMUNITY + "/audience",
        "Who would see a publication, and until when",
        audience,
        Audience,
        query=AudienceQuestion,
    ),
    Endpoint("GET", _LISTING, "One listing", _show, ListingAnswer),
    Endpoint("PATCH", _LISTING, "Change an own listing", _edit, ListingAnswer, body=EditRequest),
    Endpoint("DELETE", _LISTING, "Withdraw an own listing for good", _withdraw, ListingAnswer),
    Endpoint(
        "POST",
        _LISTING + "/renewal",
        "Show an own listing longer",
        _renew,
        ListingAnswer,
        body=RenewRequest,
    ),
    Endpoint(
        "PUT",
        _LISTING + "/mark",
        "Mark an own listing as reserved, taken or open",
        _mark,
        ListingAnswer,
        body=MarkRequest,
    ),
)
