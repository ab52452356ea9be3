"""What this node does not show of the listings that the charter lets show (spec 12).

One thing for all the reasons there are: muted and blocked households, block lists and labels
that the household follows, and worry words nobody has looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from node.search.worries import Worries
from protocol.ids import HouseholdId, ThingKey
from protocol.listing import Listing

Thing = tuple[HouseholdId, ThingKey]


@dataclass(frozen=True, slots=True)
class Unseen:
    """own: the household whose node this is; its listings always show here.

    households: of which nothing shows. things: listings that do not show. fine: listings that
    show although they contain one of the worries.
    """

    own: HouseholdId | None = None
    households: frozenset[HouseholdId] = frozenset()
    things: frozenset[Thing] = frozenset()
    fine: frozenset[Thing] = frozenset()
    worries: Worries = field(default_factory=lambda: Worries(()))

    def conceals(self, household: HouseholdId, key: ThingKey, listing: Listing) -> bool:
        """Tell whether a listing is left out of lists, searches and notices."""
        if household == self.own:
            return False
        if household in self.households or (household, key) in self.things:
            return True
        return (household, key) not in self.fine and bool(self.worries_in(listing))

    def worries_in(self, listing: Listing) -> list[str]:
        """Return the worry words that a listing contains."""
        return self.worries.within(listing.title, listing.description, *listing.tags)
