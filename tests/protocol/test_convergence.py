"""Nodes that know the same records agree, whatever the order, the batches and the histories.

The records come from a small pool that is full of conflicts; an invite has one place only.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vector_pool import EARLY, FOUNDER, GOVERNING, LIKELY, MEMBERSHIP, NOW_MS, PEOPLE, POOL, WORLD
from vector_replicas import Replica, exchange

from protocol import limits
from protocol.envelope import Envelope, Register
from protocol.ids import HouseholdId
from protocol.kinds import Kind
from protocol.membership.members import Members


@pytest.fixture(autouse=True)
def _one_place_an_invite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_PROVISIONAL_PER_INVITE", 1)


def some(records: list[Envelope], most: int = 30) -> st.SearchStrategy[list[Envelope]]:
    chosen = st.lists(st.sampled_from(records), max_size=most, unique_by=lambda r: r.id)
    with_likely = chosen.map(lambda rest: list({r.id: r for r in (*LIKELY, *rest)}.values()))
    governed = st.lists(st.sampled_from(GOVERNING), min_size=3, unique_by=lambda r: r.id)
    with_governing = st.tuples(with_likely, governed).map(
        lambda both: list({r.id: r for part in both for r in part}.values())
    )
    return st.one_of(chosen, with_likely, with_likely, with_governing)


def outcome(members: Members) -> object:
    shown = {
        household: (
            member.status,
            member.inviter,
            member.invite,
            member.depth,
            dict(member.devices),
        )
        for household, member in members.households.items()
    }
    standing = {record.id for record in members.records}
    governing = members.council.stewards, members.council.charter
    return shown, members.removed.keys(), governing, standing


@settings(max_examples=400, deadline=None)
@given(records=some(MEMBERSHIP), random=st.randoms(use_true_random=False))
def test_who_belongs_does_not_depend_on_the_order(records, random) -> None:
    turned = random.sample(records, len(records))
    assert outcome(WORLD.found().extended(turned)) == outcome(WORLD.found().extended(records))


@settings(max_examples=600, deadline=None)
@given(records=some(MEMBERSHIP, 40), random=st.randoms(use_true_random=False))
@pytest.mark.covers("RCD-19")
def test_what_does_not_stand_has_no_influence(records, random) -> None:
    everything = WORLD.found().extended(records)
    standing = {record.id for record in everything.records}
    fewer = [record for record in records if record.id in standing or random.random() < 0.5]
    assert outcome(WORLD.found().extended(fewer)) == outcome(everything)


@settings(max_examples=300, deadline=None)
@given(first=some(MEMBERSHIP, 20), second=some(MEMBERSHIP, 20))
def test_what_stands_plus_more_is_the_same_as_both_at_once(first, second) -> None:
    step = WORLD.found().extended(first)
    both = [*step.records, *second]
    assert outcome(step.extended(second)) == outcome(WORLD.found().extended(both))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    histories=st.lists(some(POOL), min_size=2, max_size=3),
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=8),
    forgetful=st.booleans(),
)
@pytest.mark.covers("RCD-18", "RCD-24")
def test_nodes_with_different_histories_reach_the_same_set(histories, sizes, forgetful) -> None:
    replicas = [Replica(WORLD.found(), NOW_MS) for _ in histories]
    for replica, records in zip(replicas, histories, strict=True):
        at, step = 0, 0
        while at < len(records):
            size = sizes[step % len(sizes)]
            replica.take(records[at : at + size])
            at, step = at + size, step + 1
            if forgetful:
                replica.parked.clear()
    for _ in range(12):
        told = [exchange(a, b) for a, b in zip(replicas, replicas[1:] + replicas[:1], strict=True)]
        if not any(told):
            break
    ids = [set(replica.records) for replica in replicas]
    assert all(found == ids[0] for found in ids)
    assert all(outcome(replica.members) == outcome(replicas[0].members) for replica in replicas)


FIRST = [r for r in POOL if r.revision == 0 and r.generation_ms == EARLY and not r.withdrawn]


@settings(max_examples=80, deadline=None)
@given(
    records=some([record for record in FIRST if record.kind != Kind.REMOVAL]),
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=8),
    random=st.randoms(use_true_random=False),
)
def test_batches_make_no_difference_where_nothing_is_replaced(records, sizes, random) -> None:
    first: dict[Register, Envelope] = {}
    for record in records:
        first.setdefault(record.register, record)
    once, step_by_step = (
        Replica(WORLD.found(), NOW_MS),
        Replica(WORLD.found(), NOW_MS, remembers=True),
    )
    once.take(list(first.values()))
    order, at, step = random.sample(list(first.values()), len(first)), 0, 0
    while at < len(order):
        size = sizes[step % len(sizes)]
        step_by_step.take(order[at : at + size])
        at, step = at + size, step + 1
    assert outcome(step_by_step.members) == outcome(once.members)
    assert set(step_by_step.records) == set(once.records)


@pytest.mark.covers("RCD-18", "MEM-23")
def test_the_last_word_of_a_revoked_device_does_not_part_nodes_for_ever() -> None:
    ana = PEOPLE[0]
    base = [
        WORLD.certify_device(FOUNDER),
        *WORLD.joined(ana, FOUNDER),
        WORLD.certify_device(ana, 1),
    ]
    by_second = WORLD.listing(ana, device=1)
    by_thief = WORLD.listing(ana, "Hacked", device=0, revision=9)
    revoked = WORLD.certify_device(ana, 0, withdrawn=True, revision=1)
    saw_all, came_late = Replica(WORLD.found(), NOW_MS), Replica(WORLD.found(), NOW_MS)
    for batch in ([*base, by_second], [by_thief], [revoked]):
        saw_all.take(batch)
    came_late.take([*base, by_second, revoked, by_thief])
    assert by_second.id not in saw_all.records
    assert by_second.id in came_late.records
    exchange(saw_all, came_late)
    assert set(saw_all.records) == set(came_late.records)
    assert by_second.id in saw_all.records


@pytest.mark.covers("MEM-9", "RCD-19")
def test_a_certificate_that_would_undo_itself_does_not_part_nodes_for_ever() -> None:
    ana = PEOPLE[0]
    base = [WORLD.certify_device(FOUNDER), WORLD.invite(FOUNDER), WORLD.certificate(ana, FOUNDER)]
    bogus = WORLD.certificate(ana, PEOPLE[1], revision=1)
    knows, does_not = Replica(WORLD.found(), NOW_MS), Replica(WORLD.found(), NOW_MS)
    knows.take([*base, bogus])
    does_not.take(base)
    assert not exchange(knows, does_not)
    assert HouseholdId(ana.id) in knows.members.households
