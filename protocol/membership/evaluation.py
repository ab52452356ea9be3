"""Who belongs, computed from a set of membership records alone (spec 04 §evaluation).

Pure and independent of the order of the records: a walk from the founder along confirmations,
then the provisional households, and removals beat both.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from protocol import limits
from protocol.ids import HouseholdId, ThingKey
from protocol.kinds import Kind
from protocol.membership.bodies import Certificate, Confirmation, Device, Invite, Removal
from protocol.membership.facts import Fact


class Status(Enum):
    """How a household stands."""

    FOUNDER = "founder"
    CONFIRMED = "confirmed"
    PROVISIONAL = "provisional"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Member:
    """One household that belongs, or did until it left.

    inviter: who answers for it (the founder's own is itself). depth: invitations from the
    founder. devices: signing key → host key of each certified device.
    """

    household: HouseholdId
    status: Status
    inviter: HouseholdId
    invite: ThingKey | None
    depth: int
    joined_at_ms: int
    devices: Mapping[bytes, bytes]

    @property
    def stands(self) -> bool:
        """Whether its records are admitted."""
        return self.status is not Status.LEFT

    @property
    def may_invite(self) -> bool:
        """Whether households that it confirms become members."""
        return self.status in (Status.FOUNDER, Status.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result: who belongs, who was removed why, and what each invite was used for."""

    members: Mapping[HouseholdId, Member]
    removed: Mapping[HouseholdId, Removal]
    used: Mapping[tuple[HouseholdId, ThingKey], int]


class _Tables:
    """The usable facts by what they say, those of uncertified devices left out."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self.devices: dict[HouseholdId, dict[bytes, bytes]] = defaultdict(dict)
        self.certificates: dict[HouseholdId, tuple[Certificate, Fact]] = {}
        self.confirmations: dict[HouseholdId, list[Confirmation]] = defaultdict(list)
        self.invites: dict[tuple[HouseholdId, ThingKey], Invite] = {}
        self.removals: dict[HouseholdId, list[Removal]] = defaultdict(list)
        signed: list[Fact] = []
        for fact in facts:
            household, body = fact.record.household, fact.body
            if isinstance(body, Certificate):
                # A withdrawn certificate still says who the household was invited by.
                self.certificates[household] = (body, fact)
            elif fact.record.withdrawn:
                continue
            elif isinstance(body, Device):
                self.devices[household][body.signing] = body.host
            elif isinstance(body, (Confirmation, Invite, Removal)):
                signed.append(fact)
        for fact in signed:
            record, body = fact.record, fact.body
            if record.device not in self.devices[record.household]:
                continue
            if isinstance(body, Confirmation):
                self.confirmations[record.household].append(body)
            elif isinstance(body, Invite):
                self.invites[record.household, record.key] = body
            elif isinstance(body, Removal):
                self.removals[record.household].append(body)


def evaluate(founder: HouseholdId, founded_at_ms: int, facts: Iterable[Fact]) -> Outcome:
    """Return who belongs. facts: at most one for each register, in any order."""
    tables = _Tables(facts)
    removed = {
        removal.household: removal
        for removal in sorted(tables.removals[founder], key=lambda r: (r.household, r.pack()))
        if removal.household != founder
    }
    members: dict[HouseholdId, Member] = {}

    def recognise(household: HouseholdId, status: Status, inviter: HouseholdId, depth: int) -> bool:
        held = tables.certificates.get(household)
        if held is None or household in removed or household in members:
            return False
        certificate, fact = held
        members[household] = Member(
            household,
            Status.LEFT if fact.record.withdrawn else status,
            inviter,
            certificate.invite,
            depth,
            fact.record.generation_ms,
            tables.devices[household],
        )
        return True

    members[founder] = Member(
        founder, Status.FOUNDER, founder, None, 0, founded_at_ms, tables.devices[founder]
    )
    walk = deque([founder])
    for removal in removed.values():
        for kept in removal.standing:
            if recognise(kept, Status.CONFIRMED, founder, 1):
                walk.append(kept)
    while walk:
        inviter = members[walk.popleft()]
        if inviter.depth == limits.MAX_CHAIN_LINKS:
            continue
        for confirmation in tables.confirmations[inviter.household]:
            household = confirmation.household
            if recognise(household, Status.CONFIRMED, inviter.household, inviter.depth + 1):
                walk.append(household)

    used = _uses(tables, members)
    for household, inviter_id in _provisional(tables, members, removed, used):
        depth = members[inviter_id].depth + 1
        recognise(household, Status.PROVISIONAL, inviter_id, depth)
    return Outcome(members, removed, used)


def _uses(
    tables: _Tables, members: Mapping[HouseholdId, Member]
) -> dict[tuple[HouseholdId, ThingKey], int]:
    """Count confirmations an invite has: only they consume its uses."""
    households: dict[tuple[HouseholdId, ThingKey], set[HouseholdId]] = defaultdict(set)
    for inviter in members:
        for confirmation in tables.confirmations[inviter]:
            households[inviter, confirmation.invite].add(confirmation.household)
    return {invite: len(brought) for invite, brought in households.items()}


def _provisional(
    tables: _Tables,
    members: Mapping[HouseholdId, Member],
    removed: Mapping[HouseholdId, Removal],
    used: Mapping[tuple[HouseholdId, ThingKey], int],
) -> list[tuple[HouseholdId, HouseholdId]]:
    """Return (household, inviter) of those whose invite has room, the same on every node."""
    waiting: dict[tuple[HouseholdId, ThingKey], list[tuple[bytes, HouseholdId]]] = defaultdict(list)
    for household, (certificate, fact) in tables.certificates.items():
        if household in members or household in removed:
            continue
        inviter = members.get(certificate.inviter)
        invite = tables.invites.get((certificate.inviter, certificate.invite))
        if (
            inviter is None
            or not inviter.may_invite
            or inviter.depth >= limits.MAX_CHAIN_LINKS
            or invite is None
            or invite.public != certificate.invite_public
            or fact.record.generation_ms > invite.valid_until_ms
            or used.get((certificate.inviter, certificate.invite), 0) >= invite.uses
        ):
            continue
        waiting[certificate.inviter, certificate.invite].append((fact.record.id, household))
    return [
        (household, inviter_id)
        for (inviter_id, _), queue in sorted(waiting.items())
        for _, household in sorted(queue)[: limits.MAX_PROVISIONAL_PER_INVITE]
    ]


MEMBERSHIP_SLOTS = {
    Kind.CHARTER: 1,
    Kind.CERTIFICATE: 1,
    Kind.DEVICE: limits.DEVICE_SLOTS,
    Kind.INVITE: limits.INVITE_SLOTS,
    Kind.REMOVAL: limits.REMOVAL_SLOTS,
}
"""Slots for each membership kind; confirmations go by the charter's invite budget."""
