"""What a person means by the name or id of a listing or a household, and how it is answered."""

from __future__ import annotations

from collections.abc import Mapping

from node.node import Node
from p2pmarket.api.households import find_household, find_removed
from p2pmarket.api.ledger_schemas import HouseholdName
from p2pmarket.api.ledger_views import household_name, names_in
from p2pmarket.api.moderation_schemas import SubjectAnswer
from protocol.errors import LocalError
from protocol.ids import HouseholdId, text_of
from protocol.moderation.labels import Subject
from protocol.text import clean


async def find_subject(node: Node, typed: str) -> Subject:
    """Return the household of this name, the listing or the household whose id begins so.

    A removed household is found by its id or last name. Raises LocalError ``subject-not-found``,
    ``listing-ambiguous`` or ``household-ambiguous``.
    """
    wanted = clean(typed).casefold()
    if any(member.name.casefold() == wanted for member in await node.community.members()):
        return Subject((await find_household(node, typed)).household, None)
    try:
        found = await node.market.find(wanted)
    except LocalError as error:
        if error.code != "listing-not-found":
            raise
    else:
        return Subject(found.household, found.key)
    removed = await find_removed(node, typed)
    if removed is not None:
        return Subject(removed, None)
    try:
        return Subject((await find_household(node, typed)).household, None)
    except LocalError as error:
        if error.code != "household-not-found":
            raise
        raise LocalError("subject-not-found", id=typed) from None


class Wording:
    """Puts names and titles to ids, each looked up once."""

    def __init__(self, node: Node, names: Mapping[HouseholdId, str]) -> None:
        self._node = node
        self._names = names
        self._titles: dict[Subject, str] = {}

    @classmethod
    async def of(cls, node: Node) -> Wording:
        """Return the wording of a node's community as it stands."""
        return cls(node, await names_in(node))

    def household(self, household: HouseholdId) -> HouseholdName:
        """Return a household as it is answered."""
        return household_name(household, self._names)

    async def subject(self, subject: Subject) -> SubjectAnswer:
        """Return a subject as it is answered."""
        if subject not in self._titles:
            self._titles[subject] = await self._title(subject)
        listing = None if subject.listing is None else text_of(subject.listing)
        return SubjectAnswer(self.household(subject.household), listing, self._titles[subject])

    async def _title(self, subject: Subject) -> str:
        if subject.listing is None:
            return ""
        try:
            found = await self._node.market.find(text_of(subject.listing))
        except LocalError:
            return ""
        return found.listing.title if found.household == subject.household else ""
