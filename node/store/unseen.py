"""What this node does not show of the listings that the charter lets show (spec 12).

One thing for all the reasons there are: muted and blocked households, block lists and labels
that the household follows, worry words nobody has looked at, and listings from communities to
which the charter has no window (WIN-8).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from node.search.worries import Worries
from protocol.charter import Window
from protocol.ids import HouseholdId, ThingKey
from protocol.listing import Listing
from protocol.moderation.labels import text_digest
from protocol.windows import is_let_in

Thing = tuple[HouseholdId, ThingKey]


@dataclass(frozen=True, slots=True)
class Unseen:
    """own: the household whose node this is; its listings always show here.

    households: of which nothing shows. things: listings that do not show. fine: listings that
    show although they contain one of the worries, each with the digest of what was looked at;
    None: whatever they say. windows: other communities, and the categories of theirs that the
    charter lets in.
    """

    own: HouseholdId | None = None
    households: frozenset[HouseholdId] = frozenset()
    things: frozenset[Thing] = frozenset()
    fine: frozenset[tuple[HouseholdId, ThingKey, bytes | None]] = frozenset()
    worries: Worries = field(default_factory=lambda: Worries(()))
    windows: tuple[Window, ...] = ()

    def conceals(self, household: HouseholdId, key: ThingKey, listing: Listing) -> bool:
        """Tell whether a listing is left out of lists, searches and notices."""
        if household == self.own:
            return False
        if household in self.households or (household, key) in self.things:
            return True
        if not is_let_in(listing, self.windows):
            return True
        return bool(self.holds(household, key, listing))

    def holds(self, household: HouseholdId, key: ThingKey, listing: Listing) -> list[str]:
        """Return the worry words for which a listing waits until it is found fine (MOD-5)."""
        worries = self.worries_in(listing)
        if not worries or (household, key, None) in self.fine:
            return []
        text = text_digest(listing)
        return [] if (household, key, text) in self.fine else worries

    def worries_in(self, listing: Listing) -> list[str]:
        """Return the worry words that a listing contains."""
        return self.worries.within(*listing.said)
