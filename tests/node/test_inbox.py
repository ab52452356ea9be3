"""The one door: what waits together is stored together, what cannot be judged yet is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import trio
import trio.testing

from node.clock import ManualClock
from node.conduct import Conduct
from node.inbox import Inbox
from node.network.port import HostKey
from node.store.database import Database
from node.store.records import RecordStore
from node.store.views import ViewRules
from protocol import limits
from protocol.admission import Admit, Ignore, Park, Reject
from protocol.envelope import Envelope
from protocol.errors import LocalError
from protocol.kinds import Kind
from protocol.membership.members import Members
from scripts.vector_world import DAY_MS, START_MS, Household, World

VECTORS = World()
ANA, BEN, CEM = VECTORS.founder, Household(2), Household(3)
NOW_MS = START_MS + DAY_MS
PEER, OTHER = HostKey(b"p" * 32), HostKey(b"o" * 32)


@dataclass
class Door:
    """An inbox with a real store, and what it told."""

    inbox: Inbox
    store: RecordStore
    clock: ManualClock
    conduct: Conduct
    faults: list[tuple[HostKey, str]]
    stored: list[tuple[Envelope, HostKey | None]]

    @property
    def held(self) -> int:
        return len(self.store.membership) + len(self.store.content)


@pytest.fixture
async def door(database: Database, nursery: trio.Nursery) -> AsyncIterator[Door]:
    store = RecordStore(database, lambda: ViewRules(10))
    clock, conduct = ManualClock(NOW_MS), Conduct()
    members = VECTORS.found().extended(await store.load())
    inbox = Inbox(store, clock, conduct, members)
    opened = Door(inbox, store, clock, conduct, [], [])
    inbox.on_fault = lambda host, reason: opened.faults.append((host, reason))
    inbox.on_stored.append(
        lambda records, origin: opened.stored.extend((record, origin) for record in records)
    )
    nursery.start_soon(inbox.run)
    yield opened
    nursery.cancel_scope.cancel()


def founding() -> list[Envelope]:
    return [VECTORS.certify_device(ANA), VECTORS.invite(ANA)]


def raws(*records: Envelope) -> list[bytes]:
    return [record.raw for record in records]


async def test_what_is_admitted_is_durable_when_submit_returns(door: Door) -> None:
    records = [*founding(), VECTORS.listing(ANA)]
    verdicts = await door.inbox.submit(raws(*records), None)
    assert [type(verdict) for verdict in verdicts] == [Admit, Admit, Admit]
    again = RecordStore(door.store.database, lambda: ViewRules(10))
    await again.load()
    assert len(again.membership) + len(again.content) == 3


async def test_verdicts_come_in_the_order_of_the_records_repeated_ones_too(door: Door) -> None:
    device, invite = founding()
    stranger = VECTORS.listing(CEM)
    verdicts = await door.inbox.submit(
        [b"rubbish", device.raw, stranger.raw, invite.raw, b"rubbish", device.raw], PEER
    )
    assert [type(verdict) for verdict in verdicts] == [Reject, Admit, Park, Admit, Reject, Admit]
    assert door.held == 2


@pytest.mark.covers("RCD-25")
async def test_each_rejected_record_is_a_fault_of_its_sender_only(door: Door) -> None:
    await door.inbox.submit([b"rubbish", b"more rubbish"], PEER)
    await door.inbox.submit(raws(*founding()), OTHER)
    await door.inbox.submit([b"rubbish of our own"], None)
    assert [host for host, _ in door.faults] == [PEER, PEER]


@pytest.mark.covers("RCD-25")
async def test_what_comes_too_early_is_admitted_when_its_proof_arrives(door: Door) -> None:
    cot = VECTORS.listing(BEN)
    (verdict,) = await door.inbox.submit(raws(cot), PEER)
    assert isinstance(verdict, Park)
    assert door.inbox.parked == 1
    await door.inbox.submit(raws(*founding(), *VECTORS.joined(BEN, ANA)), OTHER)
    with trio.fail_after(60):
        while (cot, PEER) not in door.stored:
            await trio.lowlevel.checkpoint()
    assert door.inbox.parked == 0
    assert door.faults == []


async def test_what_loses_its_register_was_not_stored_and_its_sender_hears_so(door: Door) -> None:
    old, new = VECTORS.listing(ANA, revision=0), VECTORS.listing(ANA, revision=1)
    await door.inbox.submit(raws(*founding(), new), PEER)
    assert await door.inbox.submit(raws(old), PEER) == [Ignore("superseded")]


async def test_parked_records_are_not_judged_anew_at_each_move_of_the_membership(
    door: Door,
) -> None:
    await door.inbox.submit(raws(*founding()), None)
    await door.inbox.submit(raws(VECTORS.listing(CEM)), PEER)
    for number in range(4, 24):
        await door.inbox.submit(raws(*VECTORS.joined(Household(number), ANA)[:1]), OTHER)
    assert door.conduct.counts["parked:unknown-household"] < 10


async def test_a_record_of_the_future_waits_for_its_time(door: Door) -> None:
    await door.inbox.submit(raws(*founding()), None)
    at_ms = NOW_MS + limits.MAX_CLOCK_AHEAD_MS + 60_000
    later = VECTORS.listing(ANA, at_ms=at_ms)
    (verdict,) = await door.inbox.submit(raws(later), PEER)
    assert verdict == Park("not-yet", later)
    door.clock.advance(120_000)
    (verdict,) = await door.inbox.submit(raws(later), PEER)
    assert isinstance(verdict, Admit)


async def test_one_host_cannot_fill_the_parking_place(door: Door) -> None:
    crowd = raws(
        *(VECTORS.sign(CEM, Kind.LISTING, b"\x90", slot=n % 40, at_ms=NOW_MS + n)
          for n in range(1_200))
    )  # fmt: skip
    for at in range(0, len(crowd), 400):
        await door.inbox.submit(crowd[at : at + 400], PEER)
    assert door.inbox.parked == 1_000
    assert door.conduct.counts["parking-full"] == 200
    await door.inbox.submit(raws(VECTORS.listing(BEN)), OTHER)
    assert door.inbox.parked == 1_001


async def test_parking_the_same_record_twice_keeps_one(door: Door) -> None:
    cot = VECTORS.listing(BEN)
    await door.inbox.submit(raws(cot), PEER)
    await door.inbox.submit(raws(cot), OTHER)
    assert door.inbox.parked == 1


async def test_what_its_author_is_told_is_refused_is_not_kept(door: Door) -> None:
    await door.inbox.submit(raws(VECTORS.listing(BEN)), None, parks=False)
    assert door.inbox.parked == 0


async def test_gossip_beyond_the_queue_is_dropped_and_counted(
    database: Database,
) -> None:
    store = RecordStore(database, lambda: ViewRules(10))
    conduct = Conduct()
    inbox = Inbox(store, ManualClock(NOW_MS), conduct, VECTORS.found())  # nobody runs it
    async with trio.open_nursery() as nursery:
        for number in range(300):
            nursery.start_soon(inbox.judge, number.to_bytes(4, "big"), PEER)
        await trio.testing.wait_all_tasks_blocked()
        assert conduct.counts["inbox-full"] == 300 - 256
        nursery.cancel_scope.cancel()


async def test_submissions_that_wait_together_share_a_transaction(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    await door.inbox.submit(raws(*founding()), None)
    sizes: list[int] = []
    apply = door.store.apply

    async def counted(records: list[Envelope], *rest: object) -> object:
        sizes.append(len(records))
        return await apply(records, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(door.store, "apply", counted)
    async with trio.open_nursery() as nursery:
        for slot in range(40):
            nursery.start_soon(door.inbox.submit, raws(VECTORS.listing(ANA, slot=slot)), PEER)
    assert sum(sizes) == 40
    assert len(sizes) <= 3


async def test_a_full_disk_is_told_to_each_submitter_and_nothing_is_half_stored(
    door: Door,
) -> None:
    await door.inbox.submit(raws(*founding()), None)
    (pages,) = await door.store.database.write(
        lambda connection: connection.execute("PRAGMA page_count").fetchone()
    )

    async def limit_to(pages: int) -> None:
        await door.store.database.write(
            lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}")
        )

    await limit_to(pages)
    before = door.held
    many = [VECTORS.listing(ANA, f"Cot {slot}", slot=slot) for slot in range(40)]
    joining = VECTORS.joined(BEN, ANA)
    with pytest.raises(LocalError) as refused:
        await door.inbox.submit(raws(*joining, *many), PEER)
    assert refused.value.code == "disk-full"
    assert door.held == before
    assert door.inbox.members.member(BEN.id) is None
    await limit_to(100_000)
    verdicts = await door.inbox.submit(raws(*joining, *many), PEER)
    assert all(isinstance(verdict, Admit) for verdict in verdicts)
    assert door.held == before + 43


async def test_a_removal_voids_what_the_household_published_and_what_it_still_sends(
    door: Door,
) -> None:
    seen: list[Members] = []
    door.inbox.on_members.append(seen.append)
    cot = VECTORS.listing(BEN)
    await door.inbox.submit(raws(*founding(), *VECTORS.joined(BEN, ANA), cot), PEER)
    assert door.held == 6
    await door.inbox.submit(raws(VECTORS.removal(BEN)), PEER)
    assert seen[-1].member(BEN.id) is None
    # The founder's device, invite, confirmation and removal stand; all of Ben's is void.
    assert door.held == 4
    assert await door.inbox.submit(raws(cot), PEER) == [Ignore("removed")]


async def test_expired_membership_leaves_evaluation_and_file_together(door: Door) -> None:
    until_ms = NOW_MS + 60_000
    certificate = VECTORS.certificate(BEN, ANA, expires_at_ms=until_ms)
    rest = [VECTORS.certify_device(BEN), VECTORS.confirmation(ANA, BEN)]
    cot = VECTORS.listing(BEN)
    await door.inbox.submit(raws(*founding(), certificate, *rest, cot), PEER)
    assert door.inbox.members.member(BEN.id) is not None
    door.clock.advance(60_000)
    assert await door.inbox.purge() == 3
    assert door.inbox.members.member(BEN.id) is None
    again = RecordStore(door.store.database, lambda: ViewRules(10))
    loaded = VECTORS.found().extended(await again.load())
    assert set(loaded.records) == set(door.inbox.members.records)
    assert len(again.content) == 0


async def test_an_exception_in_the_store_ends_neither_the_inbox_nor_other_submissions(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("node.store.records.write_views", lambda *_: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            await door.inbox.submit(raws(*founding()), None)
    assert door.conduct.counts["store-failed"] == 1
    verdicts = await door.inbox.submit(raws(*founding()), None)
    assert all(isinstance(verdict, Admit) for verdict in verdicts)
