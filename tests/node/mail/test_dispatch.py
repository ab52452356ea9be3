"""Where a parcel goes, and how long nobody is asked again."""

from __future__ import annotations

from random import Random

import pytest

from node.mail.dispatch import FIRST_DELAY_S, LONGEST_DELAY_S, Dispatch
from node.mail.outbox_reading import Due
from node.network.port import HostKey
from protocol.ids import DeviceKey, HouseholdId
from protocol.mail.letter import Topic
from protocol.mail.mailbox import holders_for
from scripts.vector_world import Household, World

PEOPLE = [Household(number) for number in range(2, 9)]
ANA, BEN = PEOPLE[:2]
TAG = bytes(16)


@pytest.fixture
def dispatch() -> Dispatch:
    community = World()
    records = [
        community.certify_device(community.founder),
        community.invite(community.founder, uses=50),
    ]
    for slot, household in enumerate(PEOPLE):
        records += community.joined(household, community.founder, slot=slot)
    members = community.found().extended(records)
    return Dispatch(ANA.id, lambda: members, Random(1))


def due(n: int = 1, topic: Topic = Topic.CHAT, held_by: tuple[Household, ...] = ()) -> Due:
    return Due(
        n,
        BEN.id,
        DeviceKey(BEN.device().public),
        TAG,
        topic,
        frozenset(household.id for household in held_by),
    )


def hosts(*households: Household) -> dict[HostKey, HouseholdId]:
    return {HostKey(household.host()): household.id for household in households}


def test_a_connected_device_gets_it_directly_and_nobody_keeps_it(dispatch: Dispatch) -> None:
    jobs, _ = dispatch.assign([due(1), due(2)], hosts(*PEOPLE), 0)
    assert {host: job.deliver for host, job in jobs.items()} == {BEN.host(): [1, 2]}
    assert not any(job.deposit for job in jobs.values())


@pytest.mark.covers("MAI-50")
def test_the_three_best_of_those_connected_keep_it_and_later_ones_fill_up(
    dispatch: Dispatch,
) -> None:
    others = PEOPLE[2:]
    best = holders_for(TAG, [household.id for household in others])
    jobs, _ = dispatch.assign([due()], hosts(ANA, *others), 0)
    assert {hosts(*others)[host] for host in jobs} == set(best[:3])
    assert all(job.deposit == [1] for job in jobs.values())
    assert dispatch.assign([due()], hosts(ANA, *others), 0)[0] == {}
    for host in jobs:
        dispatch.done([1], host)
    holding = [household for household in others if household.id in best[:2]]
    again, _ = dispatch.assign([due(held_by=tuple(holding))], hosts(*others), 0)
    assert [hosts(*others)[host] for host in again] == [best[2]]


def test_a_note_is_kept_by_one(dispatch: Dispatch) -> None:
    jobs, _ = dispatch.assign([due(topic=Topic.DELIVERY)], hosts(*PEOPLE[2:]), 0)
    assert [(job.deposit, job.leave) for job in jobs.values()] == [([], [1])]


@pytest.mark.covers("MAI-61")
def test_what_is_not_taken_waits_twice_as_long_each_time_up_to_an_hour(
    dispatch: Dispatch,
) -> None:
    now_s, waits = 0.0, []
    for _ in range(14):
        jobs, _ = dispatch.assign([due()], hosts(BEN), now_s)
        assert [job.deliver for job in jobs.values()] == [[1]]
        dispatch.failed([1], HostKey(BEN.host()), now_s, FIRST_DELAY_S)
        nothing, next_s = dispatch.assign([due()], hosts(BEN), now_s)
        assert nothing == {}
        assert next_s is not None
        waits.append(next_s - now_s)
        now_s = next_s
    for number, wait in enumerate(waits):
        usual = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2**number)
        assert 0.8 * usual <= wait <= 1.2 * usual


def test_a_host_that_comes_back_is_asked_at_once(dispatch: Dispatch) -> None:
    dispatch.assign([due()], hosts(BEN), 0)
    dispatch.failed([1], HostKey(BEN.host()), 0, FIRST_DELAY_S)
    assert dispatch.assign([due()], hosts(BEN), 1)[0] == {}
    dispatch.forget(HostKey(BEN.host()))
    assert dispatch.assign([due()], hosts(BEN), 1)[0] != {}


def test_a_holder_that_refuses_makes_room_for_the_next_best(dispatch: Dispatch) -> None:
    others = PEOPLE[2:]
    best = holders_for(TAG, [household.id for household in others])
    jobs, _ = dispatch.assign([due()], hosts(*others), 0)
    (full,) = [host for host in jobs if hosts(*others)[host] == best[0]]
    for host in jobs:
        dispatch.done([1], host)
    dispatch.failed([1], full, 0, LONGEST_DELAY_S)
    held = tuple(household for household in others if household.id in best[1:3])
    again, _ = dispatch.assign([due(held_by=held)], hosts(*others), 1)
    assert [hosts(*others)[host] for host in again] == [best[3]]
