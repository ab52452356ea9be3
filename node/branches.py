"""The branches of the invitation tree: whose invitations brought a household.

A branch is a household that the founder let in, with all whom it brought, however deep; the
founder is one by itself. Whoever belongs can bring sockpuppets, but all of them into its own
branch: what two branches say, two households would have to agree on to invent (docs/threat-model).
"""

from __future__ import annotations

from collections.abc import Iterable

from protocol.ids import HouseholdId
from protocol.membership.members import Members


def branch_of(members: Members, household: HouseholdId) -> HouseholdId | None:
    """Return the household that heads the branch of another; None for one that is not known."""
    member = members.member(household)
    while member is not None and member.depth > 1:
        member = members.member(member.inviter)
    return None if member is None else member.household


def branches_beside(members: Members, own: HouseholdId) -> frozenset[HouseholdId]:
    """Return the heads of all branches in which somebody other than ``own`` stands."""
    others = (m.household for m in members.households.values() if m.stands)
    return branches_of(members, (household for household in others if household != own))


def branches_of(members: Members, households: Iterable[HouseholdId]) -> frozenset[HouseholdId]:
    """Return the heads of the branches of some households."""
    heads = (branch_of(members, household) for household in households)
    return frozenset(head for head in heads if head is not None)
