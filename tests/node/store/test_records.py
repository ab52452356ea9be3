"""One record stands in each register; view, sets and file always tell the same."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest
import trio
import trio.testing

from node.search.query import SearchQuery
from node.store.database import Database
from node.store.listings import find_listings
from node.store.profiles import read_profiles
from node.store.records import RecordStore
from node.store.unseen import Unseen
from node.store.views import ViewRules
from protocol.envelope import Envelope
from protocol.ids import HouseholdId
from protocol.kinds import Kind, is_membership
from protocol.mark import Mark, State
from protocol.profile import Profile
from protocol.reconcile import Wanted
from scripts.vector_world import DAY_MS, START_MS, Household, World, thing_key

NOW_MS = START_MS + DAY_MS
VECTORS = World()
ANA, BEN = Household(1), Household(2)


def listing(title: str, by: Household = ANA, slot: int = 0, **fields: Any) -> Envelope:
    return VECTORS.listing(by, title, slot=slot, **fields)


def edit(of: Envelope, title: str, revision: int = 1) -> Envelope:
    return listing(
        title,
        slot=of.slot,
        key=of.key,
        revision=revision,
        generation_ms=of.generation_ms,
        at_ms=of.created_at_ms + revision,
    )


def withdrawal(of: Envelope, by: Household = ANA) -> Envelope:
    fields: dict[str, Any] = {"slot": of.slot, "key": of.key, "generation_ms": of.generation_ms}
    later = of.created_at_ms + 1
    return VECTORS.sign(by, Kind.LISTING, b"", later, revision=1, withdrawn=True, **fields)


def mark(on: Envelope, state: State, by: Household = ANA) -> Envelope:
    body = Mark(on.key, state).pack()
    return VECTORS.sign(by, Kind.MARK, body, on.created_at_ms + 5, slot=on.slot)


@pytest.fixture
async def store(database: Database) -> RecordStore:
    opened = RecordStore(database, lambda: ViewRules(10))
    await opened.load()
    return opened


async def shown(store: RecordStore, now_ms: int = NOW_MS) -> list[tuple[str, State]]:
    query = SearchQuery(limit=1000, include_taken=True)
    found = await store.database.read(lambda c: find_listings(c, query, now_ms))
    return sorted((stored.listing.title, stored.state) for stored in found.results)


async def check(store: RecordStore, standing: Sequence[Envelope]) -> None:
    """The file, the sets in memory and a store that is opened anew hold exactly these."""
    again = RecordStore(store.database, lambda: ViewRules(10))
    await again.load()
    for membership in (True, False):
        expected = sorted(
            (record.created_at_ms, bytes(record.id))
            for record in standing
            if is_membership(record.kind) is membership
        )
        for one in (store, again):
            assert [(i.created_at_ms, bytes(i.id)) for i in one.items(membership)] == expected


async def test_the_higher_revision_stands_in_whatever_order_they_come(store: RecordStore) -> None:
    old = listing("Old cot")
    new = listing(
        "New cot", revision=1, at_ms=old.created_at_ms + 1, generation_ms=old.generation_ms
    )
    other_old = listing("Old bike", slot=1, key=thing_key(9))
    other_new = edit(other_old, "New bike")
    await store.apply([old])
    applied = await store.apply([new, other_new])
    assert set(applied.stored) == {new, other_new}
    assert (await store.apply([other_old, old])).stored == ()
    assert await shown(store) == [("New bike", State.OPEN), ("New cot", State.OPEN)]
    await check(store, [new, other_new])


async def test_of_one_batch_only_the_winners_are_stored(store: RecordStore) -> None:
    old = listing("Old cot")
    new = listing(
        "New cot", revision=1, at_ms=old.created_at_ms + 1, generation_ms=old.generation_ms
    )
    applied = await store.apply([new, old])
    assert (applied.stored, applied.superseded) == ((new,), 1)
    await check(store, [new])


async def test_a_withdrawn_listing_never_returns(store: RecordStore) -> None:
    cot = listing("Cot")
    better = edit(cot, "Better cot", revision=7)
    gone = withdrawal(cot)
    await store.apply([cot, gone])
    assert (await store.apply([cot, better])).stored == ()
    assert await shown(store) == []
    await check(store, [gone])


async def test_a_mark_counts_whether_it_comes_before_or_after_its_listing(
    store: RecordStore,
) -> None:
    cot, bike = listing("Cot"), listing("Bike", slot=1)
    await store.apply([mark(cot, State.TAKEN)])
    await store.apply([cot, bike])
    await store.apply([mark(bike, State.RESERVED)])
    assert await shown(store) == [("Bike", State.RESERVED), ("Cot", State.TAKEN)]


async def test_a_mark_of_an_earlier_listing_says_nothing_about_the_next(
    store: RecordStore,
) -> None:
    cot = listing("Cot")
    await store.apply([cot, mark(cot, State.TAKEN)])
    await store.apply([listing("Bike", key=thing_key(77), at_ms=cot.created_at_ms + 10)])
    assert await shown(store) == [("Bike", State.OPEN)]


async def test_an_edit_keeps_the_mark(store: RecordStore) -> None:
    cot = listing("Cot")
    await store.apply([cot, mark(cot, State.RESERVED)])
    await store.apply([edit(cot, "Cot!")])
    assert await shown(store) == [("Cot!", State.RESERVED)]


async def test_listings_beyond_the_charter_are_held_and_hidden(store: RecordStore) -> None:
    inside, beyond = listing("Inside", slot=9), listing("Beyond", slot=10)
    await store.apply([inside, beyond])
    assert await shown(store) == [("Inside", State.OPEN)]
    await check(store, [inside, beyond])


async def test_an_unreadable_body_is_held_and_hidden(store: RecordStore) -> None:
    strange = VECTORS.sign(ANA, Kind.LISTING, b"\x93\x02\x01\x01", slot=3)
    unknown = VECTORS.sign(ANA, 60, b"of a later version", slot=3)
    await store.apply([strange, unknown])
    assert await shown(store) == []
    await check(store, [strange, unknown])


async def test_a_blocked_household_is_held_hidden_and_shown_again(database: Database) -> None:
    blocked: set[HouseholdId] = set()
    store = RecordStore(database, lambda: ViewRules(10, Unseen(households=frozenset(blocked))))
    await store.load()
    mine, theirs = listing("Mine"), listing("Theirs", BEN)
    await store.apply([mine, theirs])
    blocked.add(BEN.id)
    await store.show_again(BEN.id)
    later = listing("More of theirs", BEN, slot=1)
    await store.apply([later])
    assert await shown(store) == [("Mine", State.OPEN)]
    blocked.clear()
    await store.show_again(BEN.id)
    assert [title for title, _ in await shown(store)] == ["Mine", "More of theirs", "Theirs"]
    await check(store, [mine, theirs, later])


async def test_a_profile_follows_its_record(store: RecordStore) -> None:
    def profile(name: str, at_ms: int, revision: int = 0, withdrawn: bool = False) -> Envelope:
        body = b"" if withdrawn else Profile(name=name).pack()
        generation_ms = START_MS + DAY_MS
        return VECTORS.sign(
            BEN, Kind.PROFILE, body, at_ms, revision=revision, withdrawn=withdrawn,
            generation_ms=generation_ms,
        )  # fmt: skip

    await store.apply([profile("Ben", NOW_MS)])
    await store.apply([profile("Benedikt", NOW_MS + 1, revision=1)])
    assert [p.name for p in (await read_profiles(store.database)).values()] == ["Benedikt"]
    await store.apply([profile("", NOW_MS + 2, revision=2, withdrawn=True)])
    assert await read_profiles(store.database) == {}


async def test_what_has_expired_is_purged_from_file_view_and_set(store: RecordStore) -> None:
    short = listing("Short", expires_at_ms=NOW_MS)
    long = listing("Long", slot=1, expires_at_ms=NOW_MS + 1)
    marked = mark(long, State.TAKEN)
    await store.apply([short, long, replace_expiry(marked, NOW_MS)])
    assert await store.purge(NOW_MS) == 2
    assert await store.purge(NOW_MS) == 0
    assert await shown(store) == [("Long", State.OPEN)]
    await check(store, [long])


def replace_expiry(record: Envelope, expires_at_ms: int) -> Envelope:
    return VECTORS.sign(
        ANA, record.kind, record.body, record.created_at_ms, slot=record.slot, key=record.key,
        expires_at_ms=expires_at_ms,
    )  # fmt: skip


async def test_what_a_removal_voids_goes_in_the_same_transaction(store: RecordStore) -> None:
    cot, bike, mine = listing("Cot", BEN), listing("Bike", BEN, slot=1), listing("Mine")
    await store.apply([cot, bike, mine])
    removal = VECTORS.removal(BEN)

    def break_after(connection: Any) -> None:
        connection.execute(
            "CREATE TEMP TRIGGER full BEFORE INSERT ON main.record"
            " BEGIN SELECT raise(ABORT, 'the disk is full'); END"
        )

    await store.database.write(break_after)
    with pytest.raises(Exception, match="full"):
        await store.apply([removal], [BEN.id], lambda record: record.household != BEN.id)
    assert len(await shown(store)) == 3
    await check(store, [cot, bike, mine])
    await store.database.write(lambda connection: connection.execute("DROP TRIGGER full"))
    applied = await store.apply([removal], [BEN.id], lambda record: record.household != BEN.id)
    assert applied.dropped == 2
    assert await shown(store) == [("Mine", State.OPEN)]
    await check(store, [mine, removal])


async def test_a_purge_beside_a_write_does_not_disturb_the_order_of_arrival(
    store: RecordStore,
) -> None:
    for number in range(8):  # in which order the two are taken note of is trio's choice
        await store.apply([listing("Old", slot=9, key=thing_key(9), expires_at_ms=NOW_MS)])
        may_go_on, all_done = threading.Event(), threading.Event()
        async with trio.open_nursery() as nursery:
            # They queue for the writer's thread while it is held up.
            nursery.start_soon(store.database.write, lambda _, gate=may_go_on: gate.wait(60))
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(store.apply, [listing(f"One {number}", slot=number)])
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(store.purge, NOW_MS)
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(store.database.write, lambda _, done=all_done: done.set())
            await trio.testing.wait_all_tasks_blocked()
            may_go_on.set()
            # This thread takes note of none of them before the other has done them all.
            assert all_done.wait(60)
        await store.apply([listing(f"Hidden {number}", slot=20 + number)])
    assert [title for title, _ in await shown(store)] == [f"One {n}" for n in range(8)]


async def test_raws_are_given_in_the_order_wanted_and_only_those_that_stand(
    store: RecordStore,
) -> None:
    records = [listing(f"No {n}", slot=n, at_ms=NOW_MS + n % 3) for n in range(6)]
    await store.apply(records)
    wanted = [Wanted(record.created_at_ms, record.id[:16]) for record in reversed(records)]
    absent = Wanted(NOW_MS, bytes(16))
    assert await store.raws([wanted[0], absent, *wanted[1:]]) == [r.raw for r in reversed(records)]


async def test_a_batch_that_fails_leaves_sets_and_numbers_as_they_were(
    store: RecordStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = listing("Kept")
    await store.apply([kept])
    with monkeypatch.context() as patched:
        patched.setattr("node.store.records.write_views", lambda *_: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            await store.apply([listing("Lost", BEN), listing("Lost too", slot=1)])
    assert store.number_of(BEN.id) is None
    await check(store, [kept])
    after = listing("After", BEN)
    await store.apply([after])
    assert [title for title, _ in await shown(store)] == ["After", "Kept"]
    await check(store, [kept, after])
