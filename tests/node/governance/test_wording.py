"""What a household writes to say something else, whichever of its devices writes it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from vector_world import Household, World

from node.author import Change
from node.governance.wording import seat_changes
from protocol import limits
from protocol.charter import Charter
from protocol.envelope import Envelope
from protocol.errors import LocalError
from protocol.ids import HouseholdId
from protocol.kinds import Kind
from protocol.membership.governance import Seat, Seats, read_seats
from protocol.membership.members import Members

WORLD = World(charter=Charter(name="x", rules="", salt=bytes(16), quorum=2))
FOUNDER, ANA, BEN, EVA = (Household(number) for number in range(1, 5))
JOINED = [
    WORLD.certify_device(FOUNDER),
    *(r for slot, h in enumerate((ANA, BEN, EVA)) for r in WORLD.joined(h, FOUNDER, slot=slot)),
]


def said(*by_slot: tuple[int, Sequence[Seat]], more: Sequence[Envelope] = ()) -> Members:
    """The founder's seats records as they stand, by slot."""
    records = [
        WORLD.sign(FOUNDER, Kind.SEATS, Seats(tuple(seats)).pack(), slot=slot)
        for slot, seats in by_slot
    ]
    return WORLD.found().extended([*JOINED, *records, *more])


def written(members: Members, device_slot: int, household: Household, wanted: bool) -> dict:
    """What the founder's device would write, by slot."""
    changes = seat_changes(members, FOUNDER.id, device_slot, household.id, wanted)
    return {change.slot: read_seats(change.body).seats for change in changes}


def yes(*households: Household) -> list[Seat]:
    return [Seat(household.id, True) for household in households]


def test_each_device_writes_into_a_slot_of_its_own_behind_all_names_before() -> None:
    assert written(said(), 3, ANA, True) == {3: tuple(yes(ANA))}
    assert written(said((3, yes(ANA))), 3, BEN, True) == {3: tuple(yes(ANA, BEN))}
    assert written(said((0, yes(ANA))), 3, BEN, True) == {3: tuple(yes(BEN))}
    # Slot 0 would come before 3: the device's second slot is behind it.
    assert written(said((3, yes(ANA))), 0, BEN, True) == {8: tuple(yes(BEN))}


def test_a_word_is_changed_where_it_stands() -> None:
    members = said((0, yes(ANA)), (3, yes(BEN)))
    assert written(members, 3, ANA, False) == {0: (Seat(ANA.id, False),)}
    assert written(members, 0, ANA, True) == {}


def test_who_was_dismissed_and_is_named_again_comes_last() -> None:
    members = said((0, [Seat(ANA.id, False), *yes(BEN)]))
    assert written(members, 0, ANA, True) == {0: tuple(yes(BEN, ANA))}
    sitting = said(
        (0, [Seat(ANA.id, False), *yes(ANA, BEN)]),
        more=[WORLD.sign(ANA, Kind.SEATS, Seats(tuple(yes(ANA))).pack())],
    )
    assert ANA.id not in sitting.council.stewards  # the first mention counts


def test_a_full_record_is_followed_by_another_and_there_is_an_end() -> None:
    many = [
        Seat(HouseholdId(n.to_bytes(32, "big")), True) for n in range(limits.MAX_SEATS_IN_RECORD)
    ]
    assert written(said((0, many)), 0, ANA, True) == {8: tuple(yes(ANA))}
    assert written(said((8, many)), 0, ANA, True) == {9: tuple(yes(ANA))}
    with pytest.raises(LocalError) as refused:
        written(said((15, many)), 0, ANA, True)
    assert refused.value.code == "too-many-seats-named"


def test_what_a_later_version_wrote_is_left_alone() -> None:
    unread = WORLD.sign(FOUNDER, Kind.SEATS, b"\x91\x09", slot=0)
    assert written(said(more=[unread]), 0, ANA, True) == {8: tuple(yes(ANA))}


def test_a_change_says_where_it_goes() -> None:
    (change,) = seat_changes(said(), FOUNDER.id, 2, ANA.id, True)
    assert isinstance(change, Change)
    assert (change.kind, change.slot, change.withdrawn) == (Kind.SEATS, 2, False)
