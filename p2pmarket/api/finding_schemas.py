"""What a search takes and gives, over one community or all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from p2pmarket.api.schemas import Failure, ListingAnswer, ListingKindName, Sync


@dataclass(frozen=True, slots=True)
class CommunitySync:
    """How far the node of one community has come."""

    community: str
    community_id: str
    sync: Sync


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A community that could not be asked this, and why. community: its name, or its folder."""

    community: str
    error: Failure


@dataclass(frozen=True, slots=True)
class ListingsAnswer:
    """Listings, and what they are an answer about: how complete it can be.

    sync: of all the communities that were asked, as far as the one that lags most.
    next: names the following page for ``after``; null on the last one. beyond: where nothing
    matches, how many listings only ``within_km`` leaves out, ``limit`` of them counted at most.
    """

    results: list[ListingAnswer]
    more: bool
    sync: Sync
    expiring_soon: int = 0
    communities: list[CommunitySync] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    next: str | None = None
    beyond: int = 0


@dataclass(frozen=True, slots=True)
class SearchQuestion:
    """What to look for. Prices in the main unit of the community's currency.

    by: a household's name or the beginning of its id. within_km: from one's own place.
    after: what an earlier answer gave as ``next``; its offset and what arrived since then are
    left aside.
    """

    words: str = ""
    kind: list[ListingKindName] = field(default_factory=list)
    category: str | None = None
    min_price: str | None = None
    max_price: str | None = None
    within_km: float | None = None
    by: str | None = None
    sort: Literal["relevance", "newest", "price", "distance"] | None = None
    limit: int = 50
    offset: int = 0
    after: str | None = None
    taken: bool = False
