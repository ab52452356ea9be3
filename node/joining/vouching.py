"""Speaking for neighbours that one knows (GOV-15): one list for each device of the household."""

from __future__ import annotations

from collections.abc import Sequence

from node.author import Author
from node.inbox import Inbox
from protocol import limits
from protocol.errors import LocalError
from protocol.ids import HouseholdId, short
from protocol.kinds import Kind
from protocol.membership.governance import Vouches


class Vouching:
    """Signs whom this household vouches for."""

    def __init__(self, author: Author, inbox: Inbox, device_slot: int) -> None:
        self._author = author
        self._inbox = inbox
        self._device_slot = device_slot

    def given(self) -> frozenset[HouseholdId]:
        """Return for whom this household vouches, whether that counts (yet) or not."""
        return frozenset(household for _, held in self._lists() for household in held)

    async def vouch(self, household: HouseholdId) -> None:
        """Vouch for a household.

        LocalError ``not-yourself``, ``household-not-found``, ``may-not-vouch`` (nobody has
        confirmed this household), ``too-many-vouches``.
        """
        own = self._inbox.members.member(self._author.household)
        if household == self._author.household:
            raise LocalError("not-yourself")
        if own is None or not own.confirmed:
            raise LocalError("may-not-vouch")
        member = self._inbox.members.member(household)
        if member is None or not member.stands:
            raise LocalError("household-not-found", id=short(household))
        if household in self.given():
            return
        mine = dict(self._lists()).get(self._device_slot, ())
        if len(mine) >= limits.MAX_VOUCHES_IN_RECORD:
            raise LocalError("too-many-vouches", most=limits.MAX_VOUCHES_IN_RECORD)
        await self._sign(self._device_slot, [*mine, household])

    async def withdraw(self, household: HouseholdId) -> None:
        """Vouch for a household no longer. LocalError ``not-vouched``."""
        lists = [(slot, held) for slot, held in self._lists() if household in held]
        if not lists:
            raise LocalError("not-vouched", id=short(household))
        for slot, held in lists:
            await self._sign(slot, [other for other in held if other != household])

    async def _sign(self, slot: int, households: Sequence[HouseholdId]) -> None:
        await self._author.replace(Kind.VOUCHES, slot, Vouches(tuple(households)).pack())

    def _lists(self) -> list[tuple[int, Sequence[HouseholdId]]]:
        facts = self._inbox.members.facts_of(self._author.household, Kind.VOUCHES)
        return [
            (fact.record.slot, fact.body.households)
            for fact in sorted(facts, key=lambda fact: fact.record.slot)
            if isinstance(fact.body, Vouches) and not fact.record.withdrawn
        ]
