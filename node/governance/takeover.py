"""What a steward signs so that what was decided does not fall with another's seat (GOV-8)."""

from __future__ import annotations

from collections.abc import Iterable

from node.author import Author, Change
from node.governance.outlook import lost
from node.governance.wording import own_amendments, own_removals
from protocol.envelope import Envelope
from protocol.ids import HouseholdId
from protocol.kinds import Kind
from protocol.membership.bodies import Confirmation, Removal
from protocol.membership.governance import Amendment
from protocol.membership.members import Members

MAX_STANDING = 200
"""Households that one removal can keep: with reason and signers it fits a record."""
_ROUNDS = 4
"""Whoever is confirmed again can bring others; after these what is left is shown as lost."""


def in_force(members: Members, author: HouseholdId) -> list[Change]:
    """Return what a household that takes a seat signs first: removals, then the charter."""
    said = {removal.household for removal in own_removals(members, author).values()}
    changes = [
        _removal(members, household)
        for household in sorted(members.removed)
        if household not in said
    ]
    return changes + _amendment(members, author)


async def what_would_fall(
    author: Author, before: Members, after: Members, confirms: bool = True
) -> list[Change]:
    """Return what this steward can sign so that after a change holds what held before it.

    confirms: also stands for households for which nobody would any more. What it has no room
    for is left out; what follows is seen by evaluating it.
    """
    changes: list[Change] = []
    for _ in range(_ROUNDS):
        drafted = await _sound(author, changes)
        then = after.extended(drafted)
        more = _voices(before, then, author.household)
        if confirms and not more:
            more = list(_confirmations(before, then))
        more = [change for change in more if change not in changes]
        if not more:
            break
        changes += more
    return [
        change
        for change, result in zip(changes, await author.draft(changes), strict=True)
        if isinstance(result, Envelope)
    ]


async def _sound(author: Author, changes: list[Change]) -> list[Envelope]:
    return [r for r in await author.draft(changes) if isinstance(r, Envelope)]


def _voices(before: Members, after: Members, author: HouseholdId) -> list[Change]:
    if author not in after.council.voters:
        return []
    said = {removal.household for removal in own_removals(after, author).values()}
    changes = [
        _removal(before, household)
        for household in sorted(before.removed)
        if household not in after.removed and household not in said
    ]
    if after.council.charter.digest != before.council.charter.digest:
        changes += _amendment(before, author)
    return changes


def _confirmations(before: Members, after: Members) -> Iterable[Change]:
    """Yield a confirmation of each household that is lost, but not through another lost one."""
    gone = lost(before, after)
    for household in sorted(gone):
        member = before.member(household)
        if (
            member is not None
            and member.invite is not None
            and member.inviter not in gone - {household}
            and household not in after.removed
        ):
            body = Confirmation(household, member.invite).pack()
            yield Change(Kind.CONFIRMATION, body)


def _removal(members: Members, household: HouseholdId) -> Change:
    """Return a voice for a removal as the others want it, with all that they keep."""
    removal = members.removed[household]
    return Change(
        Kind.REMOVAL,
        Removal(household, removal.reason, kept_by(members, household), removal.signers).pack(),
    )


def kept_by(members: Members, household: HouseholdId) -> tuple[HouseholdId, ...]:
    """Return the households that stay though one is (or shall be) removed, as stewards say."""
    kept = {
        other
        for steward in members.council.removal_wanted_by.get(household, ())
        for removal in own_removals(members, steward).values()
        if removal.household == household
        for other in removal.standing
    }
    return tuple(sorted(kept))[:MAX_STANDING]


def _amendment(members: Members, author: HouseholdId) -> list[Change]:
    version = members.council.charter
    if version.previous is None or version.number == 1:
        return []
    amendment = Amendment(version.number, version.previous, version.charter)
    if any(own.digest() == version.digest for own in own_amendments(members, author).values()):
        return []
    return [Change(Kind.AMENDMENT, amendment.pack())]
