"""Who belongs, computed from a set of membership records alone (spec 04 §evaluation).

Pure, and independent of the order of the records: a walk from the founder along confirmations,
then the provisional households; removals beat both. Whatever is left out of the result has no
influence on it, so that nodes which forgot different things still agree.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass
from enum import Enum

from protocol import limits
from protocol.charter import Charter
from protocol.ids import CommunityId, HouseholdId, ThingKey
from protocol.membership.allowances import Allowances
from protocol.membership.bodies import Certificate, Removal
from protocol.membership.council import Council, agreed, council, removed_by, seat
from protocol.membership.facts import Fact
from protocol.membership.tables import Tables

InviteName = tuple[HouseholdId, ThingKey]


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
    covers: how many of its slots for confirmations bring somebody, where that is bounded.
    council: the stewards and what they want. consents: digests of the charters that a household
    agreed to. vouched: who vouches for a household.
    """

    members: Mapping[HouseholdId, Member]
    removed: Mapping[HouseholdId, Removal]
    used: Mapping[tuple[HouseholdId, ThingKey], int]
    certificates: Mapping[HouseholdId, Fact]
    covers: Mapping[HouseholdId, int]
    council: Council
    consents: Mapping[HouseholdId, Set[bytes]]
    vouched: Mapping[HouseholdId, frozenset[HouseholdId]]


def evaluate(
    community: CommunityId,
    founding: Charter,
    founder: HouseholdId,
    founded_at_ms: int,
    tables: Tables,
) -> Outcome:
    """Return who belongs, from what all households say."""
    bench = seat(founder, founding.quorum, tables)
    removals = removed_by(bench, founding.quorum, tables)
    devices = tables.of(founder).devices
    members = {
        founder: Member(founder, Status.FOUNDER, founder, None, 0, True, founded_at_ms, devices)
    }
    chosen: dict[HouseholdId, Fact] = {}
    levels: dict[int, list[HouseholdId]] = defaultdict(list, {0: [founder]})
    allowances = Allowances(founding, bench.stewards)

    def recognise(fact: Fact, inviter: HouseholdId, depth: int, confirmed: bool) -> None:
        assert isinstance(fact.body, Certificate)
        household = fact.record.household
        status = Status.CONFIRMED if confirmed else Status.PROVISIONAL
        chosen[household] = fact
        levels[depth].append(household)
        members[household] = Member(
            household,
            Status.LEFT if fact.record.withdrawn else status,
            inviter,
            fact.body.invite,
            depth,
            confirmed,
            fact.record.generation_ms,
            tables.of(household).devices,
        )

    def joins(household: HouseholdId, inviter: HouseholdId) -> bool:
        """Recognise a household below one that belongs, if it can join there."""
        depth = members[inviter].depth + 1
        certificates = tables.candidates(household)
        if (
            not certificates
            or household in members
            or household in removals
            or depth > limits.MAX_CHAIN_LINKS
        ):
            return False
        recognise(certificates[0], inviter, depth, confirmed=True)
        allowances.pass_on(inviter, household)
        return True

    def stood_for(inviter: HouseholdId) -> list[HouseholdId]:
        return allowances.covered(inviter, tables.of(inviter).confirmations)

    def follow(inviters: list[HouseholdId]) -> None:
        """Recognise who came by these, and by those that came by them, …

        Where the certificate and its inviter agree nobody else can come between.
        """
        while inviters:
            inviter = inviters.pop()
            for household in stood_for(inviter):
                if tables.invited_by(household) == inviter and joins(household, inviter):
                    inviters.append(household)

    follow([founder])
    kept = {household for said in removals.values() for r in said for household in r.standing}
    follow([household for household in sorted(kept) if joins(household, founder)])
    for household in bench.named:
        if joins(household, founder):
            follow([household])
    for depth in range(limits.MAX_CHAIN_LINKS):
        follow(
            [
                household
                for inviter in sorted(levels[depth])
                for household in stood_for(inviter)
                if joins(household, inviter)
            ]
        )

    used = _uses(tables, members)
    for fact in _provisional(tables, members, removals, used):
        assert isinstance(fact.body, Certificate)
        inviter = fact.body.inviter
        recognise(fact, inviter, members[inviter].depth + 1, confirmed=False)

    def confirmed(household: HouseholdId) -> bool:
        member = members.get(household)
        return member is not None and member.confirmed

    decided = council(community, founding, bench.stewards, tables, confirmed)
    return Outcome(
        members,
        {household: agreed(said) for household, said in removals.items()},
        used,
        chosen,
        {
            household: direct
            for household in members
            if (direct := allowances.direct(household)) is not None
        },
        decided,
        {household: said.consents for household, said in tables if said.consents},
        _vouched(tables, members),
    )


def _vouched(
    tables: Tables, members: Mapping[HouseholdId, Member]
) -> dict[HouseholdId, frozenset[HouseholdId]]:
    """Return who vouches for each household: others that are confirmed and have not left."""
    vouched: dict[HouseholdId, set[HouseholdId]] = defaultdict(set)
    for author, said in tables:
        member = members.get(author) if said.vouches else None
        if member is not None and member.may_invite:
            for household in said.vouches:
                if household != author:
                    vouched[household].add(author)
    return {household: frozenset(by) for household, by in vouched.items()}


def _uses(tables: Tables, members: Mapping[HouseholdId, Member]) -> dict[InviteName, int]:
    """Count the households an invite was confirmed for: only these consume its uses."""
    return {
        (inviter, invite): count
        for inviter in members
        for invite, count in tables.of(inviter).uses.items()
    }


def _provisional(
    tables: Tables,
    members: Mapping[HouseholdId, Member],
    removed: Mapping[HouseholdId, object],
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
        inviter, invite = members.get(name[0]), tables.of(name[0]).invites.get(name[1])
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
        household: iter([fact for fact in tables.candidates(household) if opens(fact)])
        for household in tables.households
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
