"""Listings: search, publish, change."""

from __future__ import annotations

from node.node import Node
from node.search.query import SearchQuery
from node.store.listings import StoredListing
from p2pmarket.api.endpoint import IN_COMMUNITY, Call, Endpoint
from p2pmarket.api.households import find_household
from p2pmarket.api.imports import publish_rows
from p2pmarket.api.listing_views import ends_soon, listing_answer, sync_answer
from p2pmarket.api.schemas import (
    Audience,
    AudienceQuestion,
    EditRequest,
    ImportAnswer,
    ImportRequest,
    ListingAnswer,
    ListingsAnswer,
    MarkRequest,
    RenewRequest,
    SearchQuestion,
)
from p2pmarket.listing_fields import Context, read_listing_fields
from p2pmarket.texts.formats import iso
from protocol import limits
from protocol.errors import LocalError, RemoteError
from protocol.listing import ListingKind
from protocol.mark import State
from protocol.money import from_main_unit

_MAX_RESULTS = 1_000
_MAX_KILOMETRES = 20_000.0


async def _search(call: Call) -> ListingsAnswer:
    node, question = call.node, call.query
    answer = await node.market.search(await _query(call, node, question))
    own, now_ms = node.community.self_id, call.clock.now_ms()
    return ListingsAnswer(
        [listing_answer(stored, own, now_ms) for stored in answer.results],
        answer.more,
        await sync_answer(node, call.clock.now_ms()),
    )


async def _query(call: Call, node: Node, question: SearchQuestion) -> SearchQuery:
    if not 1 <= question.limit <= _MAX_RESULTS:
        raise LocalError("field-out-of-range", field="limit", least=1, most=_MAX_RESULTS)
    if question.offset < 0:
        raise LocalError("field-out-of-range", field="offset", least=0, most=2**31)
    currency = node.community.charter.currency
    place = (await call.memberships.profile(node)).place
    centre = None
    if place is not None and place.lat_e4 is not None and place.lon_e4 is not None:
        centre = (place.lat_e4, place.lon_e4)
    if centre is None and (question.within_km is not None or question.sort == "distance"):
        raise LocalError("no-own-place")
    allowed = node.community.charter.categories
    if question.category is not None and question.category not in ("other", *allowed):
        raise LocalError("category-unknown", category=question.category, allowed=", ".join(allowed))
    household = None
    if question.by is not None:
        member = await find_household(node, question.by)
        household = node.market.number_of(member.household)
    prices = (question.min_price, question.max_price)
    return SearchQuery(
        words=question.words,
        kinds=frozenset(int(ListingKind[kind.upper()]) for kind in question.kind),
        category=question.category,
        min_price_minor=_price(question.min_price, "min_price", currency),
        max_price_minor=_price(question.max_price, "max_price", currency),
        currency=currency if any(price is not None for price in prices) else None,
        centre=centre,
        within_m=_metres(question.within_km),
        household=household,
        sort=question.sort,
        limit=question.limit,
        offset=question.offset,
        include_taken=question.taken,
    )


def _price(text: str | None, field: str, currency: str) -> int | None:
    if text is None:
        return None
    try:
        return from_main_unit(text, currency).minor
    except (ValueError, RemoteError):
        raise LocalError(
            "field-not-amount", field=field, value=text[:40], currency=currency
        ) from None


def _metres(kilometres: float | None) -> int | None:
    if kilometres is None:
        return None
    if not 0 < kilometres <= _MAX_KILOMETRES:
        raise LocalError(
            "field-out-of-range", field="within_km", least=0, most=int(_MAX_KILOMETRES)
        )
    return round(kilometres * 1000)


async def _publish(call: Call) -> ImportAnswer:
    return await publish_rows(call.node, await _context(call), call.body.rows)


async def _context(call: Call) -> Context:
    node = call.node
    profile = await call.memberships.profile(node)
    return Context(node.community.charter, call.clock.now_ms(), profile.place)


async def _audience(call: Call) -> Audience:
    node = call.node
    context = await _context(call)
    members = await node.community.members()
    own = node.community.self_id
    if node.community.my_status == "revoked":
        raise LocalError("device-revoked")
    if node.community.my_status in ("left", "removed"):
        raise LocalError(node.community.my_status)
    provisional = node.community.my_status == "provisional"
    slots = context.charter.listing_slots
    return Audience(
        community=context.charter.name,
        households=sum(m.household != own and m.status != "left" for m in members),
        visible_until=iso(context.visible_until_ms(call.query.days)),
        provisional=provisional,
        slots=min(slots, limits.PROVISIONAL_SLOTS) if provisional else slots,
    )


async def _mine(call: Call) -> ListingsAnswer:
    node, now_ms = call.node, call.clock.now_ms()
    own = node.community.self_id
    listings = await node.market.mine()
    return ListingsAnswer(
        [listing_answer(stored, own, now_ms) for stored in listings],
        False,
        await sync_answer(node, call.clock.now_ms()),
        ends_soon(listings, now_ms),
    )


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
    return await _answer(call, await call.node.market.withdraw(own.key))


async def _renew(call: Call) -> ListingAnswer:
    own = await _own(call)
    longest = call.node.community.charter.visible_days
    days = call.body.days
    if days is None:
        before_ms = own.listing.visible_until_ms - own.changed_at_ms
        days = max(1, min(longest, round(before_ms / limits.DAY_MS)))
    if not 1 <= days <= longest:
        raise LocalError("field-out-of-range", field="days", least=1, most=longest)
    return await _answer(call, await call.node.market.renew(own.key, days))


async def _mark(call: Call) -> ListingAnswer:
    own = await _own(call)
    state = State[call.body.state.upper()]
    return await _answer(call, await call.node.market.mark(own.key, state))


async def _own(call: Call) -> StoredListing:
    node = call.node
    stored = await node.market.find(call.path["listing"])
    if stored.household != node.community.self_id:
        raise LocalError("listing-not-yours", title=stored.listing.title)
    return stored


async def _answer(call: Call, stored: StoredListing) -> ListingAnswer:
    node = call.node
    own = node.community.self_id
    name = (await call.memberships.profile(node)).name if stored.household == own else ""
    return listing_answer(stored, own, call.clock.now_ms(), name)


_LISTINGS = IN_COMMUNITY + "/listings"
_LISTING = _LISTINGS + "/{listing}"

ENDPOINTS = (
    Endpoint(
        "GET",
        _LISTINGS,
        "Search what shows at the moment",
        _search,
        ListingsAnswer,
        query=SearchQuestion,
    ),
    Endpoint("POST", _LISTINGS, "Publish listings", _publish, ImportAnswer, body=ImportRequest),
    Endpoint(
        "GET",
        IN_COMMUNITY + "/audience",
        "Who would see a publication, and until when",
        _audience,
        Audience,
        query=AudienceQuestion,
    ),
    Endpoint(
        "GET",
        IN_COMMUNITY + "/own-listings",
        "The own listings, ended ones included",
        _mine,
        ListingsAnswer,
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
