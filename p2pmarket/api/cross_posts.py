"""Offering one thing in a second community, by a listing that has nothing to do with the first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from node.node import Node
from node.store.listings import StoredListing
from p2pmarket.api.cross_post_schemas import (
    CrossPostAnswer,
    CrossPostPreview,
    CrossPostRequest,
    DraftRequest,
)
from p2pmarket.api.endpoint import IN_COMMUNITY, Call, Endpoint
from p2pmarket.api.listing_views import listing_answer
from p2pmarket.api.listings import audience, context_of
from p2pmarket.api.schemas import Audience, AudienceQuestion
from p2pmarket.daemon.cross_post_file import Side
from p2pmarket.listing_fields import read_listing_fields
from p2pmarket.listing_writing import fields_of
from p2pmarket.texts.formats import iso
from protocol.errors import LocalError
from protocol.listing import Listing


async def _preview(call: Call) -> CrossPostPreview:
    home, held = await _source(call, call.body.listing)
    return await _previewed(call, home, held.listing, call.body.fields)


async def _preview_draft(call: Call) -> CrossPostPreview:
    """Read the draft as its first community will, and show what becomes of it here."""
    home = call.memberships.pick(call.body.first)
    listing = read_listing_fields(call.body.fields, await context_of(call, home))
    return await _previewed(call, home, listing, {})


async def _previewed(
    call: Call, home: Node, original: Listing, changes: Mapping[str, object]
) -> CrossPostPreview:
    listing, seen_by = await _there(call, home, original, changes)
    price = listing.price
    return CrossPostPreview(
        audience=seen_by,
        household=(await call.memberships.profile(call.node)).name,
        title=listing.title,
        category=listing.category,
        price_minor=None if price is None else price.minor,
        currency=None if price is None else price.currency,
        currency_there=call.node.community.charter.currency,
        place=None if listing.place is None else listing.place.name,
        visible_until=iso(listing.visible_until_ms),
        without_photos=len(original.photos),
        without_number=original.source_id is not None,
    )


async def _cross_post(call: Call) -> CrossPostAnswer:
    node, (home, held) = call.node, await _source(call, call.body.listing)
    listing, _ = await _there(call, home, held.listing, call.body.fields)
    (published,) = await node.market.publish([listing])
    if isinstance(published, LocalError):
        raise published
    await call.memberships.cross_posts.link(
        Side(home.community.id, held.key), Side(node.community.id, published.key)
    )
    now_ms = call.clock.now_ms()
    name = (await call.memberships.profile(node)).name
    return CrossPostAnswer(
        listing_answer(node, published, now_ms, name), listing_answer(home, held, now_ms)
    )


async def _source(call: Call, reference: str) -> tuple[Node, StoredListing]:
    """Return the own listing of another community, and its node.

    Raises LocalError ``listing-not-found``, ``listing-not-yours``, ``other-device-decides``,
    ``listing-carried``, ``already-over`` or ``already-offered-there``.
    """
    there = call.node
    held: list[tuple[Node, StoredListing]] = []
    for node in call.memberships.current:
        if node is not there:
            try:
                held.append((node, await node.market.find(reference)))
            except LocalError as error:
                if error.code != "listing-not-found":
                    raise
    if not held:
        raise LocalError("listing-not-found", id=reference)
    if len(held) > 1:
        raise LocalError("listing-ambiguous", id=reference)
    node, stored = held[0]
    title = stored.listing.title
    if stored.household != node.community.self_id:
        raise LocalError("listing-not-yours", title=title)
    if stored.listing.origin is not None:
        raise LocalError("listing-carried", title=title)
    node.market.refuse_other_device(stored)
    if stored.listing.visible_until_ms <= call.clock.now_ms():
        raise LocalError("already-over")
    others = call.memberships.cross_posts.others(stored.key)
    if any(other.side.community == there.community.id for other in others):
        name = there.community.charter.name
        raise LocalError("already-offered-there", title=title, community=name)
    return node, stored


async def _there(
    call: Call, home: Node, original: Listing, changes: Mapping[str, object]
) -> tuple[Listing, Audience]:
    """Return a listing as this community would have it, whose charter is asked for everything.

    Raises LocalError as `read_listing_fields`, ``no-free-slot`` or ``no-free-slot-yet``.
    """
    node = call.node
    context = await context_of(call, node)
    fields = fields_of(original, context.now_ms)
    if original.place is None:
        fields["place"] = None
    elif original.place == (await call.memberships.profile(home)).place:
        del fields["place"]  # the household's own place, as it is told here
    if "days_valid" in fields:
        fields["days_valid"] = min(int(str(fields["days_valid"])), context.charter.visible_days)
    for typed in ("price", "deposit"):
        if typed in changes:  # in the money of this community, unless its currency is named
            fields.pop(f"{typed}_minor", None)
            fields.pop("currency", None)
    listing = read_listing_fields({**fields, **changes}, context)
    # A number of one's own would tell that the two are one.
    listing = replace(listing, source_id=None)
    seen_by = await audience(replace(call, query=AudienceQuestion()))
    slots = seen_by.slots if seen_by.provisional else context.charter.listing_slots
    standing = await node.market.mine()
    if sum(s.listing.visible_until_ms > context.now_ms for s in standing) >= slots:
        raise LocalError("no-free-slot-yet" if seen_by.provisional else "no-free-slot")
    return listing, seen_by


_CROSS_POSTS = IN_COMMUNITY + "/cross-posts"

ENDPOINTS = (
    Endpoint(
        "POST",
        _CROSS_POSTS,
        "Offer an own listing of another community here as well",
        _cross_post,
        CrossPostAnswer,
        body=CrossPostRequest,
    ),
    Endpoint(
        "POST",
        _CROSS_POSTS + "/preview",
        "Who would see it here, and what they would see",
        _preview,
        CrossPostPreview,
        body=CrossPostRequest,
    ),
    Endpoint(
        "POST",
        _CROSS_POSTS + "/draft",
        "The same of a listing that is published nowhere yet",
        _preview_draft,
        CrossPostPreview,
        body=DraftRequest,
    ),
)
