"""Choosing the records that prove a household's membership (spec 04 §proof).

They go to somebody who may know nothing but the founding charter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from protocol import limits
from protocol.envelope import Envelope
from protocol.ids import HouseholdId
from protocol.kinds import Kind
from protocol.membership.bodies import Confirmation, Device, Removal
from protocol.membership.evaluation import Member
from protocol.membership.members import Members


def proof_of(household: HouseholdId, members: Members) -> Sequence[Envelope]:
    """Return the records that show, from the founder down, that a household belongs.

    At most MAX_PROOF_BYTES in all, the nearest links kept: a verifier knows the far
    ones, which are the oldest. Empty if the household does not belong.
    """
    chosen: list[Envelope] = []
    size = 0
    signers: set[bytes] | None = None
    resting_on: set[HouseholdId] = set()
    current = members.member(household)
    while current is not None:
        link = _devices(current.household, signers, members)
        if current.household != members.founder:
            standing_by = _standing_by(current, members)
            resting_on |= _seats_needed(current, standing_by, members)
            signers = {record.device for record in standing_by}
            link += [fact.record for fact in members.facts_of(current.household, Kind.CERTIFICATE)]
            link += standing_by
        size += sum(len(record.raw) + 3 for record in link)
        if size > limits.MAX_PROOF_BYTES - 64:
            break
        chosen += link
        if current.household == members.founder:
            break
        current = members.member(current.inviter)
    for record in _seats(resting_on, members):
        size += len(record.raw) + 3
        if size > limits.MAX_PROOF_BYTES - 64:
            break
        if record not in chosen:
            chosen.append(record)
    return chosen[: limits.MAX_PROOF_RECORDS]


def _devices(
    household: HouseholdId, signers: set[bytes] | None, members: Members
) -> list[Envelope]:
    """Return the device records of a household, or only those of the given signing keys."""
    return [
        fact.record
        for fact in members.facts_of(household, Kind.DEVICE)
        if isinstance(fact.body, Device)
        and not fact.record.withdrawn
        and (signers is None or fact.body.signing in signers)
    ]


def _standing_by(member: Member, members: Members) -> list[Envelope]:
    """Return the records by which a household stands below its inviter: one, or removals."""
    if not member.confirmed:
        found = [
            fact.record
            for fact in members.facts_of(member.inviter, Kind.INVITE)
            if fact.record.key == member.invite
        ]
        return sorted(found, key=lambda record: record.slot)[:1]
    confirming = [
        fact.record
        for fact in members.facts_of(member.inviter, Kind.CONFIRMATION)
        if isinstance(fact.body, Confirmation)
        and fact.body.household == member.household
        and not fact.record.withdrawn
    ]
    if confirming:
        return confirming[:1]
    removals = [
        (fact.record, fact.body)
        for steward in members.council.voters
        for fact in members.facts_of(steward, Kind.REMOVAL)
        if isinstance(fact.body, Removal) and not fact.record.withdrawn
    ]
    keeping = {body.household for _, body in removals if member.household in body.standing}
    # All of those that removed one household: one alone may be too few to count.
    left_by = next((household for household in members.removed if household in keeping), None)
    return [record for record, body in removals if body.household == left_by]


def _seats_needed(
    member: Member, standing_by: Sequence[Envelope], members: Members
) -> Set[HouseholdId]:
    """Return the households whose seats (or naming) a member's place below its inviter needs.

    A steward may confirm more than others (MEM-34), removals need enough of them, and who
    was named for a seat needs nobody else.
    """
    council = members.council
    if not member.confirmed:
        return frozenset()
    if not standing_by:
        return {member.household}
    if standing_by[0].kind == Kind.REMOVAL:
        return set(council.voters)
    beyond = standing_by[0].slot >= members.founding.invite_budget or members.founding.subtree
    is_steward = member.inviter in council.stewards[1:]
    return {member.inviter} if beyond and is_steward else frozenset()


def _seats(households: Set[HouseholdId], members: Members) -> Iterator[Envelope]:
    """Yield what shows that households were named: the seats of all stewards before them."""
    if not households:
        return
    stewards = members.council.stewards
    last = max((stewards.index(h) if h in stewards else len(stewards) - 1) for h in households)
    for steward in stewards[: last + 1]:
        yield from _devices(steward, None, members)
        for kind in (Kind.CERTIFICATE, Kind.SEATS):
            yield from (fact.record for fact in members.facts_of(steward, kind))
