"""Listings and sync as answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from node.node import Node
from node.store.listings import StoredListing
from node.sync import SyncStatus
from node.trades.stock import Pieces
from p2pmarket.api.notice_views import notice_answers
from p2pmarket.api.schemas import (
    Coordinates,
    EventTimes,
    Lend,
    ListingAnswer,
    OfferedTooAnswer,
    OriginAnswer,
    StateName,
    Sync,
    SyncStateName,
    VariantChoices,
)
from p2pmarket.daemon.memberships import Memberships
from p2pmarket.listing_windows import window_names
from p2pmarket.namesakes import visible
from p2pmarket.texts.formats import iso
from protocol.charter import Charter
from protocol.ids import HouseholdId, text_of
from protocol.limits import DAY_MS
from protocol.listing import Listing
from protocol.mark import State
from protocol.moderation.labels import text_digest
from protocol.place import Place

SOON_MS = 3 * DAY_MS
"""What ends within this is announced."""


def listing_answer(
    node: Node,
    stored: StoredListing,
    now_ms: int,
    own_name: str = "",
    too: Sequence[OfferedTooAnswer] = (),
    names: Mapping[HouseholdId, str] | None = None,
) -> ListingAnswer:
    """Return a listing of a node as it is answered.

    own_name: for one just published. too: where else the household offers it.
    names: of the community's households, namesakes told apart.
    """
    names = names or {}
    listing, charter = stored.listing, node.community.charter
    price, place = listing.price, listing.place
    household = names.get(stored.household) or visible(stored.household_name or own_name)
    return ListingAnswer(
        id=text_of(stored.key),
        community=charter.name,
        community_id=text_of(node.community.id),
        source_id=listing.source_id,
        title=listing.title,
        kind=listing.kind.name.lower(),  # type: ignore[arg-type]
        price_minor=None if price is None else price.minor,
        currency=None if price is None else price.currency,
        household=household,
        household_id=text_of(stored.household),
        mine=stored.household == node.community.self_id,
        category=listing.category,
        description=listing.description,
        tags=list(listing.tags),
        language=listing.language,
        state=stored.state.name.lower(),  # type: ignore[arg-type]
        negotiable=listing.negotiable,
        quantity=listing.quantity,
        condition=_condition(listing),
        variants=[VariantChoices(v.name, list(v.choices)) for v in listing.variants],
        swap_for=listing.swap_for,
        lend=_lend(listing),
        event=_event(listing),
        place=None if place is None else place.name,
        coordinates=coordinates(place),
        distance_m=stored.distance_m,
        published_at=iso(stored.published_at_ms),
        changed_at=iso(stored.changed_at_ms),
        visible_until=iso(listing.visible_until_ms),
        seconds_left=max(0, (listing.visible_until_ms - now_ms) // 1000),
        revision=stored.revision,
        text=text_of(text_digest(listing)),
        offered_too=list(too),
        hidden=stored.concealed,
        notices=notice_answers(node.moderation.showing.notices(stored), names),
        shown_to=window_names(listing.shown_to, charter),
        origin=_origin(listing, charter),
        carried_by=None if listing.origin is None else household,
    )


def _origin(listing: Listing, charter: Charter) -> OriginAnswer | None:
    origin = listing.origin
    if origin is None:
        return None
    window = charter.window_to(origin.community)
    return OriginAnswer(
        community=text_of(origin.community),
        name="" if window is None else window.name,
        thing=text_of(origin.thing),
        changed_at=iso(origin.changed_at_ms),
    )


def offered_too(memberships: Memberships, stored: StoredListing) -> list[OfferedTooAnswer]:
    """Return where else an own listing is offered, as far as those communities are open."""
    names = {node.community.id: node.community.charter.name for node in memberships.nodes}
    return [
        OfferedTooAnswer(
            id=text_of(other.side.listing),
            community=names[other.side.community],
            claimed=other.pieces.claimed,
            state=_state(other.pieces),
        )
        for other in memberships.cross_posts.others(stored.key)
        if other.side.community in names
    ]


def _state(pieces: Pieces) -> StateName:
    if not pieces.claimed:
        return "open"
    return "taken" if pieces.gone == pieces.claimed else "reserved"


def coordinates(place: Place | None) -> Coordinates | None:
    """Return where a place lies, or None."""
    if place is None or place.lat_e4 is None or place.lon_e4 is None:
        return None
    return Coordinates(place.lat_e4 / 10_000, place.lon_e4 / 10_000)


def ends_soon(listings: Iterable[StoredListing], now_ms: int) -> int:
    """Return how many listings that are still to be had end within three days.

    Those that are shown for others are renewed, or end, by themselves.
    """
    return sum(
        now_ms < stored.listing.visible_until_ms <= now_ms + SOON_MS
        for stored in listings
        if stored.state is not State.TAKEN and stored.listing.origin is None
    )


async def sync_answer(node: Node, now_ms: int) -> Sync:
    """Return how far a node has seen what its neighbours hold."""
    status = await node.sync.status()
    since_ms = status.since_ms
    if not status.neighbours_connected:
        times = [n.last_synced_at_ms for n in status.neighbours if n.last_synced_at_ms]
        since_ms = max(times, default=None)
    return Sync(
        state=_sync_state(status, since_ms),
        neighbours_connected=status.neighbours_connected,
        neighbours_synced=status.neighbours_synced,
        neighbours_known=status.neighbours_known,
        missing=status.missing,
        synced_since=None if since_ms is None else iso(since_ms),
        synced_seconds_ago=None if since_ms is None else max(0, (now_ms - since_ms) // 1000),
    )


_LAGGING: tuple[SyncStateName, ...] = ("fetching", "never", "offline", "synced", "alone")
"""From what makes an answer least complete to what makes it whole."""


def merged_sync(parts: Sequence[Sync]) -> Sync:
    """Return how far all communities together have come: as far as the one that lags most."""
    states = {part.state for part in parts}
    since = [part.synced_since for part in parts if part.synced_since is not None]
    ago = [part.synced_seconds_ago for part in parts if part.synced_seconds_ago is not None]
    return Sync(
        state=next((state for state in _LAGGING if state in states), "alone"),
        neighbours_connected=sum(part.neighbours_connected for part in parts),
        neighbours_synced=sum(part.neighbours_synced for part in parts),
        neighbours_known=sum(part.neighbours_known for part in parts),
        missing=sum(part.missing for part in parts),
        synced_since=min(since, default=None),
        synced_seconds_ago=max(ago, default=None),
    )


def _sync_state(status: SyncStatus, since_ms: int | None) -> SyncStateName:
    if not status.neighbours_known:
        return "alone"
    if since_ms is None:
        return "never"
    if not status.neighbours_connected:
        return "offline"
    return "fetching" if status.missing else "synced"


def _condition(listing: Listing) -> str | None:
    return None if listing.condition is None else listing.condition.name.lower().replace("_", "-")


def _lend(listing: Listing) -> Lend | None:
    terms = listing.lend
    if terms is None:
        return None
    return Lend(terms.max_days, terms.deposit_minor, listing.deposit_currency)


def _event(listing: Listing) -> EventTimes | None:
    times = listing.event
    if times is None:
        return None
    return EventTimes(
        iso(times.starts_at_ms), None if times.ends_at_ms is None else iso(times.ends_at_ms)
    )
