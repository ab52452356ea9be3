"""Removing a household, agreeing to it, and taking it back (MEM-10, MEM-22, GOV-12)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from node.author import Change
from node.clock import Clock
from node.governance.outlook import without_voice
from node.governance.plan import Deciding, Plan
from node.governance.takeover import MAX_STANDING, kept_by, what_would_fall
from node.governance.wording import own_removals, withdrawal
from protocol import limits
from protocol.envelope import Envelope
from protocol.errors import LocalError, RemoteError
from protocol.ids import HouseholdId, short
from protocol.kinds import Kind
from protocol.ledger.signers import signers_of
from protocol.membership.bodies import Removal
from protocol.membership.evaluation import Status
from protocol.membership.members import Members
from protocol.text import clean


@dataclass(frozen=True, slots=True)
class RemovalView:
    """A removal that stewards want. wanted_by: who does, the most senior first.

    in_force: whether the household is out. missing: how many more stewards must agree; 0 though
    it is not out where the household is named for a seat. mine: whether the own household wants
    it. reason: what the most senior of them says.
    """

    household: HouseholdId
    reason: str
    wanted_by: tuple[HouseholdId, ...]
    in_force: bool
    missing: int
    mine: bool


class Removals:
    """What the own household says of removals. ``sign`` False: only shows what would follow."""

    def __init__(self, deciding: Deciding, clock: Clock) -> None:
        self._deciding = deciding
        self._clock = clock

    def all(self) -> list[RemovalView]:
        """Return what stewards want: those in force last, else by household."""
        members = self._deciding.members
        views = [
            self._view(members, household, wanted_by)
            for household, wanted_by in members.council.removal_wanted_by.items()
        ]
        return sorted(views, key=lambda view: (view.in_force, view.household))

    def _view(
        self, members: Members, household: HouseholdId, wanted_by: tuple[HouseholdId, ...]
    ) -> RemovalView:
        said = next(
            removal
            for removal in own_removals(members, wanted_by[0]).values()
            if removal.household == household
        )
        return RemovalView(
            household,
            clean(said.reason),
            wanted_by,
            household in members.removed,
            max(0, members.council.needed - len(wanted_by)),
            self._deciding.author.household in wanted_by,
        )

    async def remove(
        self, household: HouseholdId, reason: str, with_invited: bool, sign: bool = True
    ) -> Plan:
        """Want a household removed, for a reason that all can read.

        with_invited: also those it brought. LocalError ``only-stewards``, ``not-yourself``,
        ``founder-stays-seated``, ``household-not-found``, ``said-already``, ``reason-needed``.
        """
        async with self._deciding.lock:
            members = self._require(household)
            if members.member(household) is None:
                raise LocalError("household-not-found", id=short(household))
            kept = () if with_invited else brought(members, household)
            return await self._want(household, reason, kept, not with_invited, sign)

    async def agree(self, household: HouseholdId, sign: bool = True) -> Plan:
        """Want what other stewards want: with their reason, and those kept whom they keep.

        LocalError as remove, and ``no-such-removal``.
        """
        async with self._deciding.lock:
            members = self._require(household)
            view = next((view for view in self.all() if view.household == household), None)
            if view is None:
                raise LocalError("no-such-removal", id=short(household))
            kept, here = set(kept_by(members, household)), set(brought(members, household))
            keeps = bool(kept) or not here
            if keeps:
                kept |= here
            standing = tuple(sorted(kept))[:MAX_STANDING]
            return await self._want(household, view.reason, standing, keeps, sign)

    async def undo(self, household: HouseholdId, sign: bool = True) -> Plan:
        """Take the own word back: an appeal succeeds. LocalError ``no-such-removal``."""
        async with self._deciding.lock:
            own = own_removals(self._deciding.members, self._deciding.author.household)
            changes = [
                withdrawal(Kind.REMOVAL, slot)
                for slot, removal in own.items()
                if removal.household == household
            ]
            if not changes:
                raise LocalError("no-such-removal", id=short(household))
            plan = await self._deciding.plan(changes)
            return await self._deciding.carry_out(plan) if sign else plan

    def _require(self, household: HouseholdId) -> Members:
        self._deciding.require_vote()
        members = self._deciding.members
        if household == self._deciding.author.household:
            raise LocalError("not-yourself")
        if household == members.founder:
            raise LocalError("founder-stays-seated")
        own = own_removals(members, self._deciding.author.household).values()
        if any(removal.household == household for removal in own):
            raise LocalError("said-already")
        return members

    async def _want(
        self,
        household: HouseholdId,
        reason: str,
        kept: tuple[HouseholdId, ...],
        keeps: bool,
        sign: bool,
    ) -> Plan:
        deciding = self._deciding
        members = deciding.members
        try:
            signers = signers_of(members, household, self._clock.now_ms())
            if not signers and household in members.removed:
                signers = members.removed[household].signers
            body = Removal(household, reason, kept, signers).pack()
        except RemoteError:
            raise LocalError("reason-needed", longest=limits.MAX_REASON) from None
        changes = [Change(Kind.REMOVAL, body)]
        along: Sequence[Change] = ()
        if household in members.council.stewards:
            along = await self._taken_over(household, changes, keeps)
        plan = await deciding.plan(changes, along)
        return await deciding.carry_out(plan) if sign else plan

    async def _taken_over(
        self, household: HouseholdId, changes: Sequence[Change], keeps: bool
    ) -> Sequence[Change]:
        """Return what would fall with a steward's voice, itself not counted."""
        members, author = self._deciding.members, self._deciding.author
        along = await what_would_fall(
            author, members, without_voice(members, household), confirms=keeps
        )
        drafted = [r for r in await author.draft([*along, *changes]) if isinstance(r, Envelope)]
        more = await what_would_fall(author, members, members.extended(drafted), confirms=keeps)
        return [*along, *(change for change in more if change not in along)]


def brought(members: Members, household: HouseholdId) -> tuple[HouseholdId, ...]:
    """Return the confirmed households for which one stands, at most MAX_STANDING."""
    found = sorted(
        member.household
        for member in members.households.values()
        if member.inviter == household
        and member.household != household
        and member.status is Status.CONFIRMED
    )
    return tuple(found[:MAX_STANDING])
