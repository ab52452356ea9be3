"""Stewards, removals and charters follow from the records alone (spec 11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from vector_world import HOUR_MS, START_MS, Household, World

from protocol.charter import Charter, Reception
from protocol.envelope import Envelope
from protocol.kinds import Kind
from protocol.membership.bodies import Removal
from protocol.membership.evaluation import Status
from protocol.membership.governance import Amendment, Consent, Seat, Seats, Vouches
from protocol.membership.members import Members

CHARTER = Charter(name="Lindenstraße", rules="Be kind.", salt=bytes(16), quorum=2, listing_slots=10)
WORLD = World(charter=CHARTER)
FOUNDER, ANA, BEN, EVA, KIM, MAX = (Household(number) for number in range(1, 7))
JOINED = [
    WORLD.certify_device(FOUNDER),
    *(
        record
        for slot, household in enumerate((ANA, BEN, EVA, KIM, MAX))
        for record in WORLD.joined(household, FOUNDER, slot=slot)
    ),
]


def seats(by: Household, *wanted: Household, against: Sequence[Household] = (), **fields: object):
    """A household's word on who shall be a steward."""
    said = [Seat(household.id, True) for household in wanted]
    said += [Seat(household.id, False) for household in against]
    return WORLD.sign(by, Kind.SEATS, Seats(tuple(said)).pack(), **fields)  # type: ignore[arg-type]


def removal(by: Household, household: Household, *standing: Household, slot: int = 0) -> Envelope:
    """A steward's word that a household shall go."""
    body = Removal(household.id, "Cheated.", tuple(h.id for h in standing)).pack()
    return WORLD.sign(by, Kind.REMOVAL, body, slot=slot)


def amendment(by: Household, charter: Charter, number: int = 2, slot: int = 0) -> Envelope:
    """A steward's word that a version shall be in force."""
    body = Amendment(number, bytes(WORLD.community), charter).pack()
    return WORLD.sign(by, Kind.AMENDMENT, body, slot=slot)


def known(*records: Envelope) -> Members:
    """What follows from these, checked to be the same in other orders and in pieces."""
    everything = [*JOINED, *records]
    members = WORLD.found().extended(everything)
    random = Random(len(everything))
    for _ in range(3):
        shuffled = random.sample(everything, len(everything))
        half = len(shuffled) // 2
        pieces = WORLD.found().extended(shuffled[:half]).extended(shuffled[half:])
        again = pieces.extended(shuffled)  # what had been waiting comes again
        assert {r.id for r in again.records} == {r.id for r in members.records}
        assert again.council == members.council
        assert again.removed.keys() == members.removed.keys()
    return members


def numbers(members: Members) -> list[int]:
    """The stewards, by the number of their household."""
    names = {household.id: household.number for household in (FOUNDER, ANA, BEN, EVA, KIM, MAX)}
    return [names[steward] for steward in members.council.stewards]


TWO = [seats(FOUNDER, ANA), seats(ANA, ANA)]
THREE = [seats(FOUNDER, ANA, BEN), seats(ANA, ANA, BEN), seats(BEN, BEN)]


@pytest.mark.covers("GOV-7")
def test_the_founder_decides_alone_until_another_takes_a_seat() -> None:
    members = known(removal(FOUNDER, EVA))
    assert EVA.id in members.removed
    assert numbers(known(seats(FOUNDER, ANA))) == [1]  # Ana has not said yes
    assert numbers(known(*TWO)) == [1, 2]
    assert EVA.id not in known(*TWO, removal(FOUNDER, EVA)).removed
    assert EVA.id in known(*TWO, removal(FOUNDER, EVA), removal(ANA, EVA)).removed


@pytest.mark.covers("GOV-4")
def test_from_the_second_seat_on_two_must_agree() -> None:
    assert numbers(known(*TWO, seats(BEN, BEN))) == [1, 2]
    alone = [seats(FOUNDER, ANA, BEN), seats(ANA, ANA), seats(BEN, BEN)]
    assert numbers(known(*alone)) == [1, 2]
    assert numbers(known(*THREE)) == [1, 2, 3]


@pytest.mark.covers("GOV-5")
def test_of_two_who_want_each_other_out_the_senior_stays() -> None:
    quarrel = [
        seats(FOUNDER, ANA, BEN),
        seats(ANA, ANA, against=[BEN]),
        seats(BEN, BEN, against=[ANA]),
    ]
    assert numbers(known(*quarrel)) == [1, 2]
    both = [seats(FOUNDER, ANA, against=[BEN]), *quarrel[1:]]
    assert numbers(known(*both)) == [1, 2]


def test_naming_one_more_never_takes_a_seat_from_another() -> None:
    with_low_id = sorted((ANA, BEN, EVA, KIM, MAX), key=lambda household: household.id)
    low, high = with_low_id[0], with_low_id[-1]
    members = known(seats(FOUNDER, high, low), seats(high, high), seats(low, low))
    assert members.council.stewards[1] == high.id


def test_a_former_stewards_keys_are_worth_nothing_however_they_are_dated() -> None:
    dismissed = [
        seats(FOUNDER, ANA, against=[BEN]),
        seats(ANA, ANA, against=[BEN]),
        seats(BEN, BEN, EVA, at_ms=START_MS),
        seats(EVA, EVA, BEN, at_ms=START_MS),
    ]
    members = known(*dismissed, removal(BEN, KIM), removal(EVA, KIM), amendment(BEN, CHARTER))
    assert numbers(members) == [1, 2]
    assert not members.removed
    assert members.council.charter.number == 1


def test_a_removal_by_enough_of_them_ends_a_seat_and_the_membership_only_after_it() -> None:
    out = [removal(FOUNDER, BEN), removal(ANA, BEN)]
    members = known(*THREE, *out)
    assert numbers(members) == [1, 2]
    assert BEN.id in members.removed
    one = known(*THREE, removal(ANA, BEN))
    assert numbers(one) == [1, 2, 3]
    assert not one.removed


def test_a_junior_cannot_remove_those_by_whom_it_has_its_seat() -> None:
    members = known(*THREE, removal(BEN, ANA), removal(BEN, FOUNDER, slot=1))
    assert numbers(members) == [1, 2, 3]
    assert not members.removed


@pytest.mark.covers("GOV-12")
def test_a_removal_ends_when_its_last_needed_voice_is_withdrawn() -> None:
    said = [removal(FOUNDER, EVA), removal(ANA, EVA)]
    withdrawn = WORLD.sign(ANA, Kind.REMOVAL, b"", revision=1, withdrawn=True)
    assert EVA.id in known(*TWO, *said).removed
    assert EVA.id not in known(*TWO, *said, withdrawn).removed


@pytest.mark.covers("GOV-6")
def test_a_founder_that_stepped_down_does_not_vote_and_the_seats_stay() -> None:
    gone = seats(FOUNDER, ANA, BEN, against=[FOUNDER])
    members = known(gone, *THREE[1:], removal(FOUNDER, EVA), removal(ANA, EVA))
    assert numbers(members) == [1, 2, 3]
    assert members.council.voters == (ANA.id, BEN.id)
    assert not members.removed
    assert EVA.id in known(gone, *THREE[1:], removal(BEN, EVA), removal(ANA, EVA)).removed


@pytest.mark.covers("GOV-9")
def test_the_charter_with_the_highest_number_that_enough_signed_is_in_force() -> None:
    second, third = replace(CHARTER, rules="Be kinder."), replace(CHARTER, rules="Be kindest.")
    members = known(*TWO, amendment(FOUNDER, second), amendment(ANA, second))
    assert members.charter.rules == "Be kinder."
    assert members.founding.rules == "Be kind."
    proposed = known(
        *TWO,
        amendment(FOUNDER, second),
        amendment(ANA, second),
        amendment(ANA, third, number=3, slot=1),
    )
    assert proposed.charter.rules == "Be kinder."
    assert [version.number for version in proposed.council.proposals] == [3]
    both = known(
        *THREE,
        amendment(FOUNDER, second),
        amendment(ANA, second),
        amendment(ANA, third, slot=1),
        amendment(BEN, third),
    )
    assert both.charter.rules == "Be kinder."  # signed by the founder and Ana, not Ana and Ben


@pytest.mark.covers("GOV-2")
@pytest.mark.parametrize(
    "changed",
    [{"quorum": 1}, {"invite_budget": 50}, {"salt": bytes(15) + b"\1"},
     {"reception": Reception(subtree=9)}],
)  # fmt: skip
def test_what_decides_who_decides_cannot_be_changed(changed: dict[str, object]) -> None:
    other = replace(CHARTER, **changed)  # type: ignore[arg-type]
    members = known(*TWO, amendment(FOUNDER, other), amendment(ANA, other))
    assert members.council.charter.number == 1
    assert not members.council.proposals


@pytest.mark.covers("GOV-10")
def test_consent_is_to_one_version_and_given_by_whom_it_binds() -> None:
    second = Amendment(2, bytes(WORLD.community), replace(CHARTER, rules="Be kinder."))
    signed = [WORLD.sign(by, Kind.AMENDMENT, second.pack()) for by in (FOUNDER, ANA)]
    said = WORLD.sign(EVA, Kind.CONSENT, Consent(second.digest()).pack())
    assert known().consents(EVA.id)
    members = known(*TWO, *signed, said)
    assert members.consents(EVA.id)
    assert members.consents(ANA.id)
    assert not members.consents(KIM.id)


@pytest.mark.covers("GOV-15")
def test_vouches_count_from_confirmed_households_for_others() -> None:
    said = WORLD.sign(EVA, Kind.VOUCHES, Vouches((KIM.id, EVA.id)).pack())
    members = known(said)
    assert members.vouched(KIM.id) == {EVA.id}
    assert members.vouched(EVA.id) == frozenset()


@pytest.mark.covers("MEM-34")
def test_a_subtree_never_outgrows_its_share_and_nobody_in_it_is_put_out() -> None:
    charter = Charter(
        name="x", rules="", salt=bytes(16), invite_budget=3, reception=Reception(subtree=6)
    )
    world = World(charter=charter)
    records = [world.certify_device(FOUNDER), *world.joined(ANA, FOUNDER)]
    children = [Household(number) for number in range(10, 14)]
    for slot, child in enumerate(children):
        records += world.joined(child, ANA, slot=slot)
    for at, child in enumerate(children):
        for slot in range(3):
            records += world.joined(Household(20 + 10 * at + slot), child, slot=slot)
    members = world.found().extended(records)
    confirmed = {
        member.household
        for member in members.households.values()
        if member.status is Status.CONFIRMED
    }
    assert {child.id for child in children} & confirmed == {c.id for c in children[:3]}
    assert len(confirmed) - 1 == 6  # below Ana: three of hers, and one of each of these
    assert members.covers(ANA.id) == 3
    assert members.covers(children[0].id) == 1


def test_a_steward_whose_inviter_is_removed_keeps_its_place() -> None:
    records = [
        WORLD.certify_device(FOUNDER),
        *WORLD.joined(ANA, FOUNDER),
        *WORLD.joined(BEN, ANA),
        seats(FOUNDER, BEN),
        seats(BEN, BEN),
        removal(FOUNDER, ANA),
        WORLD.sign(BEN, Kind.REMOVAL, Removal(ANA.id, "x").pack()),
    ]
    members = WORLD.found().extended(records)
    ben = members.member(BEN.id)
    assert ANA.id in members.removed
    assert ben is not None
    assert (ben.status, ben.inviter, ben.depth) == (Status.CONFIRMED, FOUNDER.id, 1)


def test_old_stewards_amendments_lapse_with_their_seats_and_dates_mean_nothing() -> None:
    second = replace(CHARTER, rules="Be kinder.")
    signed = [
        WORLD.sign(
            by, Kind.AMENDMENT, Amendment(2, bytes(32), second).pack(), at_ms=START_MS + HOUR_MS
        )
        for by in (ANA, BEN)
    ]
    assert known(*THREE, *signed).charter.rules == "Be kinder."
    dismissed = [seats(FOUNDER, ANA, against=[BEN]), seats(ANA, ANA, against=[BEN]), THREE[2]]
    assert known(*dismissed, *signed).charter.rules == "Be kind."
