"""Who belongs, computed from a set of membership records alone (spec 04 §evaluation).

Pure, and independent of the order of the records: a walk from the founder along confirmations,
then the provisional households; removals beat both. Whatever is left out of the result has no
influence on it, so that nodes which forgot different things still agree.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from protocol import limits
from protocol.ids import HouseholdId, ThingKey
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
    founder. confirmed: whether a member stands for it, also after it left. devices: signing
    key → host key of each certified device.
    """

    household: HouseholdId
    status: Status
    inviter: HouseholdId
    invite: ThingKey | None
    depth: int
    confirmed: bool
    joined_at_ms: int
    devices: Mapping[bytes, bytes]

    @property
    def stands(self) -> bool:
        """Whether its records are admitted."""
        return self.status is not Status.LEFT

    @property
    def may_invite(self) -> bool:
        """Whether its invites bring provisional households."""
        return self.status in (Status.FOUNDER, Status.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result: who belongs, who was removed why, and what each invite was used for.

    certificates: of each household that belongs (except the founder), the one that counts.
    """

    members: Mapping[HouseholdId, Member]
    removed: Mapping[HouseholdId, Removal]
    used: Mapping[tuple[HouseholdId, ThingKey], int]
    certificates: Mapping[HouseholdId, Fact]


InviteName = tuple[HouseholdId, ThingKey]


class _Tables:
    """The usable facts by what they say, those of uncertified devices left out.

    Where two slots of one household say something about the same subject (one invite key, one
    device, one removed household), the lower slot counts.
    """

    def __init__(self, facts: Iterable[Fact]) -> None:
        self.devices: dict[HouseholdId, dict[bytes, bytes]] = defaultdict(dict)
        self.certificates: dict[HouseholdId, list[Fact]] = defaultdict(list)
        self.confirmations: dict[HouseholdId, list[Confirmation]] = defaultdict(list)
        self.invites: dict[InviteName, Invite] = {}
        self.removals: dict[HouseholdId, dict[HouseholdId, Removal]] = defaultdict(dict)
        signed: list[Fact] = []
        for fact in sorted(facts, key=_by_slot):
            household, body = fact.record.household, fact.body
            if isinstance(body, Certificate):
                # A withdrawn certificate still says by whom the household was invited.
                self.certificates[household].append(fact)
            elif fact.record.withdrawn:
                continue
            elif isinstance(body, Device):
                self.devices[household].setdefault(body.signing, body.host)
            elif body is not None:
                signed.append(fact)
        for candidates in self.certificates.values():
            candidates.sort(key=lambda fact: fact.record.precedence, reverse=True)
        for fact in signed:
            record, body = fact.record, fact.body
            if record.device not in self.devices[record.household]:
                continue
            if isinstance(body, Confirmation):
                self.confirmations[record.household].append(body)
            elif isinstance(body, Invite):
                self.invites.setdefault((record.household, record.key), body)
            elif isinstance(body, Removal):
                self.removals[record.household].setdefault(body.household, body)


def evaluate(founder: HouseholdId, founded_at_ms: int, facts: Iterable[Fact]) -> Outcome:
    """Return who belongs. facts: of certificates all that are known, of others one a register."""
    tables = _Tables(facts)
    removed = tables.removals[founder]
    removed.pop(founder, None)
    members = {
        founder: Member(
            founder, Status.FOUNDER, founder, None, 0, True, founded_at_ms, tables.devices[founder]
        )
    }
    chosen: dict[HouseholdId, Fact] = {}

    def recognise(fact: Fact, inviter: HouseholdId, depth: int, confirmed: bool) -> None:
        assert isinstance(fact.body, Certificate)
        household = fact.record.household
        status = Status.CONFIRMED if confirmed else Status.PROVISIONAL
        chosen[household] = fact
        members[household] = Member(
            household,
            Status.LEFT if fact.record.withdrawn else status,
            inviter,
            fact.body.invite,
            depth,
            confirmed,
            fact.record.generation_ms,
            tables.devices[household],
        )

    level = [founder]
    kept = {household for removal in removed.values() for household in removal.standing}
    for depth in range(1, limits.MAX_CHAIN_LINKS + 1):
        next_level: list[HouseholdId] = []
        for inviter in sorted(level):
            stood_for = [confirmation.household for confirmation in tables.confirmations[inviter]]
            for household in (*stood_for, *kept) if inviter == founder else stood_for:
                certificates = tables.certificates.get(household)
                if certificates and household not in members and household not in removed:
                    recognise(certificates[0], inviter, depth, confirmed=True)
                    next_level.append(household)
        level = next_level

    used = _uses(tables, members)
    for fact in _provisional(tables, members, removed, used):
        assert isinstance(fact.body, Certificate)
        inviter = fact.body.inviter
        recognise(fact, inviter, members[inviter].depth + 1, confirmed=False)
    return Outcome(members, removed, used, chosen)


def _uses(tables: _Tables, members: Mapping[HouseholdId, Member]) -> dict[InviteName, int]:
    """Count the households an invite was confirmed for: only these consume its uses."""
    households: dict[InviteName, set[HouseholdId]] = defaultdict(set)
    for inviter in members:
        for confirmation in tables.confirmations[inviter]:
            households[inviter, confirmation.invite].add(confirmation.household)
    return {invite: len(brought) for invite, brought in households.items()}


def _provisional(
    tables: _Tables,
    members: Mapping[HouseholdId, Member],
    removed: Mapping[HouseholdId, Removal],
    used: Mapping[InviteName, int],
) -> list[Fact]:
    """Return the certificates of those whose invite has room, the same on every node.

    A household with several certificates asks with its latest first, and an invite gives its
    places to the lowest household ids that ask: deferred acceptance, so that neither the order
    of asking nor a certificate that gets no place changes who has one.
    """

    def opens(fact: Fact) -> bool:
        assert isinstance(fact.body, Certificate)
        name = (fact.body.inviter, fact.body.invite)
        inviter, invite = members.get(name[0]), tables.invites.get(name)
        return (
            inviter is not None
            and inviter.may_invite
            and inviter.depth < limits.MAX_CHAIN_LINKS
            and invite is not None
            and invite.public == fact.body.invite_public
            and fact.record.generation_ms <= invite.valid_until_ms
            and used.get(name, 0) < invite.uses
        )

    asking = {
        household: iter([fact for fact in facts if opens(fact)])
        for household, facts in tables.certificates.items()
        if household not in members and household not in removed
    }
    places: dict[InviteName, list[tuple[HouseholdId, Fact]]] = defaultdict(list)
    waiting = list(asking)
    while waiting:
        household = waiting.pop()
        fact = next(asking[household], None)
        if fact is None:
            continue
        assert isinstance(fact.body, Certificate)
        given = places[fact.body.inviter, fact.body.invite]
        insort(given, (household, fact), key=lambda place: place[0])
        if len(given) > limits.MAX_PROVISIONAL_PER_INVITE:
            waiting.append(given.pop()[0])
    return [fact for _, given in sorted(places.items()) for _, fact in given]


def _by_slot(fact: Fact) -> tuple[bytes, int, int]:
    return (fact.record.household, fact.record.kind, fact.record.slot)
