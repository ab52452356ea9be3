"""A community of a thousand that is torn apart and healed: all evaluate the same membership.

Invites, removals, seats and charters are made by whoever may, as their own part of the town sees
it; parts that are cut off from each other decide at the same time, and against each other.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from vector_replicas import Replica, exchange
from vector_world import DAY_MS, HOUR_MS, START_MS, Household, World

from protocol.admission import Admit, admit_all
from protocol.charter import Charter, Reception
from protocol.envelope import Envelope
from protocol.ids import HouseholdId
from protocol.kinds import Kind
from protocol.membership.bodies import Removal
from protocol.membership.evaluation import Status
from protocol.membership.governance import Amendment, Consent, Seat, Seats
from protocol.membership.members import Members

HOUSEHOLDS = 1_000
PARTS = 3
REPLICAS = 6
ROUNDS = 12
NOW_MS = START_MS + 30 * DAY_MS


class Town:
    """Everybody's keys, and what they do by what they see. Deterministic by its seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        charter = Charter(
            name="Lindenau", rules="Be kind.", salt=bytes(16), listing_slots=10, quorum=3,
            invite_budget=8, reception=Reception(subtree=120),
        )  # fmt: skip
        self.world = World(charter=charter)
        self.people = {
            household.id: household
            for household in (Household(number) for number in range(1, HOUSEHOLDS + 1))
        }
        self.fresh = list(range(2, HOUSEHOLDS + 1))
        self.last = dict.fromkeys(self.people, START_MS + HOUR_MS)
        self.slots: dict[tuple[HouseholdId, int], int] = {}
        self.wanted: dict[HouseholdId, dict[HouseholdId, bool]] = {}
        self.removed: set[HouseholdId] = set()

    def sign(self, by: Household, kind: Kind, body: bytes, slot: int | None = None) -> Envelope:
        """A record of a generation later than any before, in the next slot or the one given."""
        if slot is None:
            slot = self.slots.get((by.id, kind), 0)
            self.slots[by.id, kind] = slot + 1
        self.last[by.id] += 1_000
        return self.world.sign(by, kind, body, at_ms=self.last[by.id], slot=slot)

    def founding(self) -> list[Envelope]:
        """The founder's device."""
        return [self.world.certify_device(self.world.founder)]

    def some_days(self, members: Members, count: int) -> list[Envelope]:
        """What so many decisions lead to, all taken by one view of the community."""
        records: list[Envelope] = []
        confirmed = [m.household for m in members.households.values() if m.may_invite]
        for _ in range(count):
            choice = self.random.random()
            if choice < 0.8:
                records += self.join(members, confirmed)
            elif choice < 0.88:
                records += self.seat(members, confirmed)
            elif choice < 0.94:
                records += self.remove(members, confirmed)
            elif choice < 0.97:
                records += self.amend(members)
            else:
                records += self.part(members, confirmed)
        return records

    def join(self, members: Members, confirmed: list[HouseholdId]) -> list[Envelope]:
        if not self.fresh:
            return []
        inviter = self.people[self.random.choice(confirmed)]
        slot = self.slots.get((inviter.id, Kind.CONFIRMATION), 0)
        if slot >= members.slots(inviter.id, Kind.CONFIRMATION):
            return []
        self.slots[inviter.id, Kind.CONFIRMATION] = slot + 1
        return self.world.joined(Household(self.fresh.pop()), inviter, slot=slot)

    def seat(self, members: Members, confirmed: list[HouseholdId]) -> list[Envelope]:
        """Enough stewards name one more, or want one out; who is named says yes."""
        stewards = members.council.stewards
        whom = self.random.choice([*confirmed, *stewards[1:]])
        wanted = whom not in stewards
        records: list[Envelope] = []
        for steward in stewards[: members.founding.quorum]:
            if steward != whom:
                records.append(self.word(steward, whom, wanted))
        return [*records, self.word(whom, whom, True)]

    def word(self, by: HouseholdId, of: HouseholdId, wanted: bool) -> Envelope:
        said = self.wanted.setdefault(by, {})
        said[of] = wanted
        body = Seats(tuple(Seat(household, yes) for household, yes in said.items())).pack()
        return self.sign(self.people[by], Kind.SEATS, body, slot=0)

    def remove(self, members: Members, confirmed: list[HouseholdId]) -> list[Envelope]:
        whom = self.random.choice(confirmed)
        body = Removal(whom, "Cheated.", self.brought(members, whom)).pack()
        return [
            self.sign(self.people[steward], Kind.REMOVAL, body)
            for steward in members.council.voters[-members.council.needed :]
            if steward != whom
        ]

    def brought(self, members: Members, whom: HouseholdId) -> tuple[HouseholdId, ...]:
        everybody = members.households.values()
        guests = (m.household for m in everybody if m.inviter == whom and m.household != whom)
        return tuple(guests) if self.random.random() < 0.7 else ()

    def amend(self, members: Members) -> list[Envelope]:
        number = members.council.charter.number + 1
        charter = replace(members.charter, visible_days=self.random.randint(1, 90))
        body = Amendment(number, members.council.charter.digest, charter)
        signed = [
            self.sign(self.people[steward], Kind.AMENDMENT, body.pack(), slot=number % 16)
            for steward in members.council.voters[: members.council.needed]
        ]
        consenting = self.random.choice(list(members.households))
        consent = Consent(body.digest()).pack()
        return [*signed, self.sign(self.people[consenting], Kind.CONSENT, consent, slot=0)]

    def part(self, members: Members, confirmed: list[HouseholdId]) -> list[Envelope]:
        """Somebody leaves, or gives a device up."""
        whom = self.people[self.random.choice(confirmed)]
        if whom == self.world.founder:
            return []
        if self.random.random() < 0.5:
            held = members.facts_of(whom.id, Kind.CERTIFICATE)
            return [
                self.world.sign(
                    whom, Kind.CERTIFICATE, fact.record.body, withdrawn=True, revision=1,
                    key=fact.record.key,
                )
                for fact in held[:1]
            ]  # fmt: skip
        return [self.world.certify_device(whom, withdrawn=True, revision=1)]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.covers("GOV-4", "GOV-9", "MEM-10", "MEM-11", "MEM-34")
def test_a_thousand_households_in_partitions_agree_once_they_meet(seed: int) -> None:
    town = Town(seed)
    replicas = [Replica(town.world.found(), NOW_MS) for _ in range(REPLICAS)]
    for replica in replicas:
        replica.take(town.founding())
    for round_ in range(ROUNDS):
        together = round_ % 3 == 0
        for part in range(1 if together else PARTS):
            group = replicas if together else replicas[part::PARTS]
            news = town.some_days(group[0].members, 120 // (1 if together else PARTS))
            for replica in group:
                replica.take(town.random.sample(news, len(news)))
        if together:
            heal(replicas)
            alike(replicas)
    heal(replicas)
    alike(replicas)
    members = replicas[0].members
    statuses = [member.status for member in members.households.values()]
    assert statuses.count(Status.CONFIRMED) > HOUSEHOLDS // 3
    assert len(members.council.stewards) >= 3
    assert members.removed
    assert members.council.charter.number > 1
    nothing_of_the_removed_is_admitted(town, members)


def heal(replicas: list[Replica]) -> None:
    """Everybody reconciles with the next until nobody has anything to tell."""
    for _ in range(4 * REPLICAS):
        pairs = zip(replicas, replicas[1:] + replicas[:1], strict=True)
        told = [exchange(a, b) for a, b in pairs]
        if not any(told):
            return
    raise AssertionError("they never come to rest")


def alike(replicas: list[Replica]) -> None:
    """The same set, members, stewards and charter at everybody."""
    first = replicas[0]
    for other in replicas[1:]:
        assert other.records.keys() == first.records.keys()
        assert other.members.households == first.members.households
        assert other.members.removed.keys() == first.members.removed.keys()
        assert other.members.council == first.members.council


def nothing_of_the_removed_is_admitted(town: Town, members: Members) -> None:
    """With all their keys, dated before or after, with new devices and under old invites."""
    for removed in members.removed:
        household = town.people[removed]
        records = [
            town.world.certify_device(household, 1, at_ms=START_MS),
            town.world.certificate(household, town.world.founder, at_ms=NOW_MS),
            *(
                town.world.sign(household, kind, b"\x91\x01", at_ms=at_ms, device=device)
                for kind in (Kind.INVITE, Kind.REMOVAL, Kind.SEATS, Kind.LISTING, Kind.LEDGER)
                for at_ms in (START_MS, NOW_MS)
                for device in (0, 1)
            ),
        ]
        verdicts, after = admit_all([record.raw for record in records], NOW_MS, members)
        assert not any(isinstance(verdict, Admit) for verdict in verdicts)
        assert after.households == members.households
