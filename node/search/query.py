"""What is asked of the search, and what it answers."""

from dataclasses import dataclass
from typing import Literal

Sort = Literal["relevance", "newest", "price", "distance"]


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A search over visible listings; every field narrows it.

    words: free text, any length and content; only the first 400 characters count.
    kinds: empty for all. min_price_minor, max_price_minor: inclusive; a gift counts as 0, a
    listing without a price is left out. centre: (latitude, longitude) in degrees × 10,000;
    within_m needs it. sort: None is "relevance" with words, else "newest". up_to_seq: only what
    had arrived then, so that a second page goes on where the first one ended.
    """

    words: str = ""
    kinds: frozenset[int] = frozenset()
    category: str | None = None
    min_price_minor: int | None = None
    max_price_minor: int | None = None
    currency: str | None = None
    centre: tuple[int, int] | None = None
    within_m: int | None = None
    household: int | None = None
    sort: Sort | None = None
    limit: int = 20
    offset: int = 0
    include_taken: bool = False
    up_to_seq: int | None = None


Rank = tuple[float, ...]
"""Where a hit belongs among those of the same query in any database: the smaller, the earlier."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One listing found; distance_m is None without a centre or a place."""

    seq: int
    distance_m: int | None
    rank: Rank = ()


@dataclass(frozen=True, slots=True)
class Hits:
    """One page of results; more: whether another follows.

    last_seq: of the newest listing at that moment. loose: nothing is quite what the words say,
    so that these merely come near.
    """

    results: list[Hit]
    more: bool
    last_seq: int = 0
    loose: bool = False
