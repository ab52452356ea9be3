"""How a holder numbers what it keeps (MAI-52)."""

from __future__ import annotations

import pytest

from node.mail import holding
from node.store.database import Connection, Database
from protocol.ids import HouseholdId
from protocol.limits import DAY_MS
from protocol.mail import limits
from protocol.mail.parcel import Parcel, parcel_id
from protocol.mail.post import Code

NOW_MS = 1_767_225_600_000
DEPOSITOR = HouseholdId(bytes([1] * 32))
TAGS = [bytes([number] * 16) for number in (1, 2)]


def parcel(number: int, tag: bytes = TAGS[0], size: int = min(limits.SEALED_BYTES)) -> bytes:
    return Parcel(tag, NOW_MS + 14 * DAY_MS, number.to_bytes(size, "big")).pack()


def keep(connection: Connection, *raws: bytes) -> None:
    codes = holding.deposit(connection, raws, DEPOSITOR, True, [NOW_MS])
    assert set(codes) == {Code.HELD}


@pytest.mark.covers("MAI-52")
async def test_a_number_is_never_given_twice(database: Database) -> None:
    def story(connection: Connection) -> None:
        first, second, third = parcel(1), parcel(2), parcel(3)
        keep(connection, first, second)
        last, raws = holding.held_for(connection, TAGS, 0, NOW_MS)
        assert raws == [first, second]
        holding.let_go(connection, [parcel_id(raw) for raw in raws], TAGS)
        assert holding.held_for(connection, TAGS, last, NOW_MS) == (last, [])
        keep(connection, third)
        later, raws = holding.held_for(connection, TAGS, last, NOW_MS)
        assert later > last
        assert raws == [third]

    await database.write(story)


@pytest.mark.covers("MAI-52")
async def test_all_tags_are_one_sequence_in_the_order_of_arrival(database: Database) -> None:
    def story(connection: Connection) -> None:
        raws = [parcel(number, TAGS[number % 2]) for number in range(6)]
        keep(connection, *raws)
        last, found = holding.held_for(connection, TAGS[::-1], 0, NOW_MS)
        assert found == raws
        assert holding.held_for(connection, TAGS, last, NOW_MS) == (last, [])
        assert holding.held_for(connection, TAGS[1:], 0, NOW_MS)[1] == raws[1::2]
        assert holding.held_for(connection, TAGS, 0, NOW_MS + 14 * DAY_MS) == (0, [])

    await database.write(story)


@pytest.mark.covers("MAI-40", "MAI-52")
async def test_an_answer_holds_as_many_as_a_frame_and_the_next_one_goes_on(
    database: Database,
) -> None:
    def story(connection: Connection) -> None:
        raws = [parcel(number, size=max(limits.SEALED_BYTES)) for number in range(40)]
        keep(connection, *raws)
        last, found = holding.held_for(connection, TAGS, 0, NOW_MS)
        size = sum(map(len, found))
        assert size <= 786_432 < size + len(raws[0])
        assert found + holding.held_for(connection, TAGS, last, NOW_MS)[1] == raws

    await database.write(story)
