"""Searching one community, or all of the household's at once."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import replace

from node.node import Node
from node.search.query import Hit, SearchQuery
from node.store.listings import StoredListing
from p2pmarket.api.endpoint import IN_COMMUNITY, Call, Endpoint
from p2pmarket.api.errors import failure_of
from p2pmarket.api.finding_schemas import (
    CommunitySync,
    LeftOut,
    ListingsAnswer,
    SearchQuestion,
)
from p2pmarket.api.households import find_household
from p2pmarket.api.ledger_views import names_in
from p2pmarket.api.listing_views import (
    ends_soon,
    listing_answer,
    merged_sync,
    offered_too,
    sync_answer,
)
from p2pmarket.api.pages import Page, read_page
from p2pmarket.api.schemas import ListingAnswer
from protocol.errors import LocalError, RemoteError
from protocol.ids import text_of
from protocol.listing import ListingKind
from protocol.money import from_main_unit

_MAX_RESULTS = 1_000
_MAX_KILOMETRES = 20_000.0
_ONLY_HERE = frozenset({"category-unknown", "no-own-place", "household-not-found"})
"""Why one community cannot be asked what another can."""


async def _search(call: Call) -> ListingsAnswer:
    return await _find(call, [call.node], [])


async def _search_all(call: Call) -> ListingsAnswer:
    return await _find(call, call.memberships.current, closed_ones(call))


async def _mine(call: Call) -> ListingsAnswer:
    return await _own(call, [call.node], [])


async def _mine_everywhere(call: Call) -> ListingsAnswer:
    return await _own(call, call.memberships.current, closed_ones(call))


def closed_ones(call: Call) -> list[LeftOut]:
    """Return the communities that could not be opened, and why."""
    return [
        LeftOut(closed.folder.name, failure_of(closed.error)) for closed in call.memberships.closed
    ]


async def _find(call: Call, nodes: Sequence[Node], left_out: list[LeftOut]) -> ListingsAnswer:
    question: SearchQuestion = call.query
    if not 1 <= question.limit <= _MAX_RESULTS:
        raise LocalError("field-out-of-range", field="limit", least=1, most=_MAX_RESULTS)
    page = Page(question.offset) if question.after is None else read_page(question.after)
    end = page.offset + question.limit
    asked: list[tuple[Node, SearchQuery]] = []
    refused: list[LocalError] = []
    for node in page.seen(nodes):
        try:
            query = await _query(call, node, question)
        except LocalError as error:
            if error.code not in _ONLY_HERE:
                raise
            refused.append(error)
            left_out.append(LeftOut(node.community.charter.name, failure_of(error)))
        else:
            up_to_seq = page.newest(node)
            asked.append((node, replace(query, limit=end, up_to_seq=up_to_seq)))
    if refused and not asked:
        raise refused[0]
    found = [(node, await node.market.hits(query)) for node, query in asked]
    newest = {node: hits.last_seq for node, hits in found}
    if any(not hits.loose for _, hits in found):
        # What merely comes near is an answer where nothing is quite what the words say.
        found = [(node, hits) for node, hits in found if not hits.loose]
    ranked = list(
        heapq.merge(
            *([(node, hit) for hit in hits.results] for node, hits in found),
            key=lambda item: item[1].rank,
        )
    )
    more = len(ranked) > end or any(hits.more for _, hits in found)
    now_ms = call.clock.now_ms()
    communities = await _syncs([node for node, _ in asked], now_ms)
    return ListingsAnswer(
        await _whole(ranked[page.offset : end], now_ms),
        more,
        merged_sync([community.sync for community in communities]),
        communities=communities,
        left_out=left_out,
        next=page.followed_by(end, newest) if more else None,
        beyond=0 if ranked else await _beyond(asked),
    )


async def _beyond(asked: Sequence[tuple[Node, SearchQuery]]) -> int:
    """Count what only the distance leaves out: what is farther, and what names no known place."""
    return sum(
        [
            len((await node.market.hits(replace(query, within_m=None))).results)
            for node, query in asked
            if query.within_m is not None
        ]
    )


async def _whole(hits: Sequence[tuple[Node, Hit]], now_ms: int) -> list[ListingAnswer]:
    """Read the hits, those of one community at a time, and keep the order of all."""
    read: dict[tuple[Node, int], StoredListing] = {}
    for node in dict.fromkeys(node for node, _ in hits):
        own = [hit for other, hit in hits if other is node]
        read |= {(node, seq): stored for seq, stored in (await node.market.read(own)).items()}
    names = {node: await names_in(node) for node in dict.fromkeys(node for node, _ in hits)}
    return [
        listing_answer(node, read[node, hit.seq], now_ms, names=names[node])
        for node, hit in hits
        if (node, hit.seq) in read
    ]


async def _own(call: Call, nodes: Sequence[Node], left_out: list[LeftOut]) -> ListingsAnswer:
    now_ms = call.clock.now_ms()
    listings = [(node, await node.market.mine()) for node in nodes]
    merged = heapq.merge(
        *([(node, stored) for stored in mine] for node, mine in listings),
        key=lambda item: -item[1].changed_at_ms,
    )
    communities = await _syncs(nodes, now_ms)
    names = {node: await names_in(node) for node in nodes}
    return ListingsAnswer(
        [
            listing_answer(
                node,
                stored,
                now_ms,
                too=offered_too(call.memberships, stored),
                names=names[node],
            )
            for node, stored in merged
        ],
        False,
        merged_sync([community.sync for community in communities]),
        sum(ends_soon(mine, now_ms) for _, mine in listings),
        communities,
        left_out,
    )


async def _syncs(nodes: Sequence[Node], now_ms: int) -> list[CommunitySync]:
    return [
        CommunitySync(
            node.community.charter.name, text_of(node.community.id), await sync_answer(node, now_ms)
        )
        for node in nodes
    ]


async def _query(call: Call, node: Node, question: SearchQuestion) -> SearchQuery:
    """Return the question as this community understands it: its currency, categories, places."""
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


ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/listings",
        "Search what shows at the moment in all communities",
        _search_all,
        ListingsAnswer,
        query=SearchQuestion,
    ),
    Endpoint(
        "GET",
        "/v1/own-listings",
        "The own listings in all communities, ended ones included",
        _mine_everywhere,
        ListingsAnswer,
    ),
    Endpoint(
        "GET",
        IN_COMMUNITY + "/listings",
        "Search what shows at the moment in one community",
        _search,
        ListingsAnswer,
        query=SearchQuestion,
    ),
    Endpoint(
        "GET",
        IN_COMMUNITY + "/own-listings",
        "The own listings, ended ones included",
        _mine,
        ListingsAnswer,
    ),
)
