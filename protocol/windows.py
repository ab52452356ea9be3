"""What members of two neighbouring communities show of one in the other (spec 13).

Pure rules: who may carry which listing, what the carried one looks like, and what readers show.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from protocol import limits
from protocol.charter import Charter, Window
from protocol.ids import CommunityId, DeviceKey, HouseholdId, ThingKey
from protocol.listing import THING_BYTES, Listing, Origin

RENEW_MS: Final = 4 * limits.DAY_MS
"""What is left of a carried listing's time when it is to be renewed."""
MAX_CARRIED: Final = 200
"""Listings that one household carries into a community, at most half of its slots."""
MAX_CARRIED_OF_ONE: Final = 20
"""Of one author: nobody fills all the room there is."""


def open_categories(
    one: CommunityId, of_one: Charter, other: CommunityId, of_other: Charter
) -> frozenset[str]:
    """Return what two communities show each other by the charters in force; maybe nothing (WIN-2).

    one, other: the communities' ids. of_one, of_other: their charters.
    """
    there, here = of_one.window_to(other), of_other.window_to(one)
    if there is None or here is None:
        return frozenset()
    return frozenset(there.categories) & frozenset(here.categories)


def may_carry(listing: Listing, into: CommunityId, categories: frozenset[str]) -> bool:
    """Tell whether a listing may be carried, as far as its body says (WIN-4).

    categories: those that are open. Whether it stands, shows and is free is the caller's to ask.
    """
    return into in listing.shown_to and listing.category in categories


def thing_of(community: CommunityId, author: HouseholdId, key: ThingKey) -> bytes:
    """Return what names a listing in the other community; 16 bytes (WIN-5).

    Nobody who does not know the listing's key learns anything of its author from it.
    """
    return hashlib.blake2b(
        community + author + key, digest_size=THING_BYTES, person=b"p2pm-window"
    ).digest()


def carried(listing: Listing, origin: Origin, now_ms: int, longest_ms: int) -> Listing:
    """Return the listing as it is shown in the other community (WIN-4).

    longest_ms: how long that community's charter lets a listing show.
    """
    return replace(
        listing,
        photos=(),
        source_id=None,
        shown_to=(),
        origin=origin,
        visible_until_ms=min(
            listing.visible_until_ms, now_ms + min(limits.MAX_CARRIED_MS, longest_ms)
        ),
    )


def rank_of(thing: bytes, carrier: HouseholdId, device: DeviceKey) -> bytes:
    """Return by what those who carry one thing are ordered, the lowest first (WIN-7).

    Nobody has the first place in all things, and none can be had for less than a household.
    """
    return hashlib.blake2b(
        thing + carrier + device, digest_size=THING_BYTES, person=b"p2pm-carrier"
    ).digest()


def is_alike(one: Listing, other: Listing) -> bool:
    """Tell whether two carried listings say the same, for however long (WIN-7)."""
    return replace(one, visible_until_ms=1) == replace(other, visible_until_ms=1)


def is_let_in(listing: Listing, windows: Sequence[Window]) -> bool:
    """Tell whether a community lets a listing be shown there, if it is a carried one (WIN-8).

    windows: those that the community's charter has.
    """
    origin = listing.origin
    return origin is None or any(
        window.community == origin.community and listing.category in window.categories
        for window in windows
    )
