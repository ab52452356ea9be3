"""Seats: naming, accepting, dismissing, resigning (GOV-4 to GOV-8)."""

from __future__ import annotations

from collections.abc import Sequence

from node.author import Change
from node.governance.outlook import without_voice
from node.governance.plan import Deciding, Plan
from node.governance.takeover import in_force, what_would_fall
from node.governance.wording import (
    own_amendments,
    own_removals,
    seat_changes,
    standing,
    withdrawal,
)
from protocol.envelope import Envelope
from protocol.errors import LocalError
from protocol.ids import HouseholdId, short
from protocol.kinds import Kind
from protocol.membership.council import Council
from protocol.membership.evaluation import Status
from protocol.membership.governance import Seats
from protocol.membership.members import Members


class Stewards:
    """What a household says of seats. ``sign`` False: only shows what would follow."""

    def __init__(self, deciding: Deciding) -> None:
        self._deciding = deciding

    @property
    def council(self) -> Council:
        """Who sits, and who shall."""
        return self._deciding.members.council

    def is_offered(self, household: HouseholdId) -> bool:
        """Tell whether a household only has to say yes to be a steward."""
        candidate = self.council.candidates.get(household)
        return candidate is not None and not candidate.accepts and not self.missing(household)

    def wanted_by(self, household: HouseholdId) -> list[HouseholdId]:
        """Return the other stewards that want a household as one, by seat."""
        members = self._deciding.members
        return [
            steward
            for steward in members.council.stewards
            if steward != household and _word(members, steward, household) is True
        ]

    def opposed_by(
        self, household: HouseholdId, members: Members | None = None
    ) -> list[HouseholdId]:
        """Return the stewards that are against it, by seat; also those who want it removed."""
        members = members or self._deciding.members
        return [
            steward
            for steward in members.council.stewards
            if _word(members, steward, household) is False
            or any(r.household == household for r in own_removals(members, steward).values())
        ]

    def wants(self, members: Members, household: HouseholdId) -> bool:
        """Tell whether the own household wants another as a steward."""
        return _word(members, self._deciding.author.household, household) is True

    def missing(self, household: HouseholdId) -> int:
        """Return how many more stewards must want a candidate, or no longer be against it."""
        candidate = self.council.candidates.get(household)
        enough = min(self._deciding.members.founding.quorum, len(self.council.stewards))
        if candidate is None:
            return 0
        return max(
            0,
            enough - len(candidate.wanted_by),
            len(candidate.opposed_by) - enough + 1,
        )

    async def appoint(self, household: HouseholdId, sign: bool) -> Plan:
        """Want a household as a steward. LocalError ``only-stewards``, ``household-not-found``,
        ``not-confirmed-yet``, ``said-already``, ``too-many-seats-named``.
        """
        async with self._deciding.lock:
            self._require_seat()
            member = self._deciding.members.member(household)
            if member is None:
                raise LocalError("household-not-found", id=short(household))
            if member.status is not Status.CONFIRMED and member.status is not Status.FOUNDER:
                raise LocalError("not-confirmed-yet")
            return await self._decide(self._named(household, True), (), sign)

    async def accept(self, sign: bool) -> Plan:
        """Take the seat, after signing what is in force (GOV-8).

        LocalError ``seated-already``, ``not-appointed``.
        """
        deciding = self._deciding
        async with deciding.lock:
            own = deciding.author.household
            if own in self.council.voters:
                raise LocalError("seated-already")
            changes = self._named(own, True, may_be_said=True)
            along = self._leftovers() + in_force(deciding.members, own)
            plan = await deciding.plan(changes, await self._with_room(along))
            if own not in plan.after.council.voters:
                candidate = self.council.candidates.get(own)
                raise LocalError(
                    "not-appointed",
                    wanted=0 if candidate is None else len(candidate.wanted_by),
                    needed=min(deciding.members.founding.quorum, len(self.council.stewards)),
                )
            return await deciding.carry_out(plan) if sign else plan

    async def dismiss(self, household: HouseholdId, sign: bool) -> Plan:
        """Want a household not to be a steward (any more); what it decided is taken over first.

        LocalError ``only-stewards``, ``not-yourself``, ``not-a-candidate``, ``said-already``.
        """
        async with self._deciding.lock:
            self._require_seat()
            if household == self._deciding.author.household:
                raise LocalError("not-yourself")
            if household not in self.council.stewards and household not in self.council.candidates:
                raise LocalError("not-a-candidate", id=short(household))
            changes = self._named(household, False)
            return await self._decide(changes, await self._taken_over(household, changes), sign)

    async def take_over(self, household: HouseholdId, sign: bool) -> Plan:
        """Sign what would fall if a steward gave up its seat. LocalError as dismiss."""
        async with self._deciding.lock:
            self._deciding.require_vote()
            if household == self._deciding.author.household:
                raise LocalError("not-yourself")
            if household not in self.council.stewards:
                raise LocalError("not-a-candidate", id=short(household))
            return await self._decide((), await self._taken_over(household, ()), sign)

    async def resign(self, sign: bool) -> Plan:
        """Give up the own seat. LocalError ``only-stewards``, ``last-steward``."""
        async with self._deciding.lock:
            self._deciding.require_vote()
            if len(self.council.voters) < 2:
                raise LocalError("last-steward")
            own = self._deciding.author.household
            return await self._decide(self._named(own, False), (), sign)

    def _require_seat(self) -> None:
        if self._deciding.author.household not in self.council.stewards:
            raise LocalError("only-stewards")

    def _named(
        self, household: HouseholdId, wanted: bool, may_be_said: bool = False
    ) -> list[Change]:
        deciding = self._deciding
        changes = seat_changes(
            deciding.members, deciding.author.household, deciding.device_slot, household, wanted
        )
        if not changes and not may_be_said:
            raise LocalError("said-already")
        return changes

    async def _taken_over(
        self, household: HouseholdId, changes: Sequence[Change]
    ) -> Sequence[Change]:
        """Return what would fall without its voice, and what would if this decides it."""
        deciding = self._deciding
        members, author = deciding.members, deciding.author
        along = await what_would_fall(author, members, without_voice(members, household))
        drafted = [r for r in await author.draft([*along, *changes]) if isinstance(r, Envelope)]
        more = await what_would_fall(author, members, members.extended(drafted))
        return [*along, *(change for change in more if change not in along)]

    async def _with_room(self, changes: Sequence[Change]) -> list[Change]:
        results = await self._deciding.author.draft(changes)
        return [c for c, r in zip(changes, results, strict=True) if isinstance(r, Envelope)]

    def _leftovers(self) -> list[Change]:
        """Return what takes back words of an earlier seat that would count again unasked."""
        members, own = self._deciding.members, self._deciding.author.household
        return [
            *(
                withdrawal(Kind.REMOVAL, slot)
                for slot, removal in own_removals(members, own).items()
                if removal.household not in members.removed
            ),
            *(
                withdrawal(Kind.AMENDMENT, slot)
                for slot, amendment in own_amendments(members, own).items()
                if amendment.digest() != members.council.charter.digest
            ),
        ]

    async def _decide(self, changes: Sequence[Change], along: Sequence[Change], sign: bool) -> Plan:
        plan = await self._deciding.plan(changes, along)
        return await self._deciding.carry_out(plan) if sign else plan


def _word(members: Members, steward: HouseholdId, household: HouseholdId) -> bool | None:
    """Return what a steward says of a household's seat, or None."""
    return next(
        (
            seat.wanted
            for fact in standing(members, steward, Kind.SEATS).values()
            if isinstance(fact.body, Seats)
            for seat in fact.body.seats
            if seat.household == household
        ),
        None,
    )
