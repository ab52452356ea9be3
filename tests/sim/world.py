"""A simulated neighbourhood: real nodes with real files on one switchboard, and a clock of its own.

Time stands still while anything works, a database thread included, and jumps to the next
deadline once everything waits: a month costs what happens in it. Whatever is random is drawn
from the seed, so that a failing seed replays (the order in which database threads of different
nodes answer is the system's, and no test may depend on it).
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import trio
import trio_asyncio
from trio.testing import MockClock, wait_all_tasks_blocked

from node.enrolment import DATABASE_FILE, found_community, join_community
from node.identity import Identity
from node.network.memory import Faults, Switchboard, open_memory
from node.network.port import Network, OpenNetwork
from node.node import Node, NodeOptions, no_discovery, open_node
from node.search.query import SearchQuery
from node.store.listings import StoredListing
from protocol import limits
from protocol.charter import Charter
from protocol.envelope import Envelope, decode
from protocol.errors import LocalError
from protocol.ids import HouseholdId, ThingKey
from protocol.invite import InviteText, read_invite_text, write_invite
from protocol.kinds import Kind, is_membership
from protocol.listing import Listing, ListingKind
from protocol.membership.members import Members
from protocol.profile import Profile
from protocol.signing import Seed

START_MS = 1_767_225_600_000
"""2026-01-01T00:00:00Z."""
GUARD_S = 900.0
"""Simulated seconds within which any world must have settled."""
_POLL_S = 1.0
_THREAD_POLL_S = 0.0005

ROUGH = Faults(loss=0.2, duplication=0.1, delay_s=(0.0, 0.4), reordering=0.2)


class WorldClock:
    """Unix milliseconds that follow the simulated time. ahead_ms: how wrong this clock is.

    Can be read on a database thread, too.
    """

    def __init__(self, ahead_ms: int = 0, common: WorldClock | None = None) -> None:
        self.ahead_ms = ahead_ms
        self._common = common
        self._time = trio.lowlevel.current_clock()

    def now_ms(self) -> int:
        if self._common is not None:
            return self._common.now_ms() + self.ahead_ms
        return START_MS + int(self._time.current_time() * 1000) + self.ahead_ms

    def lead_ms(self) -> int:
        """How far it has been set ahead of the time that passes for all."""
        return START_MS + (0 if self._common is None else self.ahead_ms)


async def run_time(loop: asyncio.AbstractEventLoop) -> None:
    """Jump to the next deadline whenever nothing can happen before it, until cancelled.

    trio's own autojump takes a task that waits for a database thread for idle, and would let
    every deadline pass meanwhile. So: no jump while asyncio (aiosqlite) or a thread works.
    """
    clock = trio.lowlevel.current_clock()
    assert isinstance(clock, MockClock)
    threads = trio.to_thread.current_default_thread_limiter()
    while True:
        await wait_all_tasks_blocked()
        if asyncio.all_tasks(loop) or threads.borrowed_tokens:
            await wait_all_tasks_blocked(_THREAD_POLL_S)
            continue
        until_next_s = trio.lowlevel.current_statistics().seconds_to_next_deadline
        assert until_next_s != float("inf"), "everything waits, and for nothing"
        clock.jump(max(0.0, until_next_s))


class Household:
    """One household: its folder, its identity and, while it runs, its node."""

    def __init__(self, world: World, name: str, folder: Path, identity: Identity) -> None:
        self.world = world
        self.name = name
        self.home = folder
        self.identity = identity
        self.clock = WorldClock(common=world.clock)
        self._node: Node | None = None
        self._scope = trio.CancelScope()
        self._gone = trio.Event()

    @property
    def folder(self) -> Path:
        """Where the community's database lies."""
        return self.home / "communities" / "c"

    @property
    def node(self) -> Node:
        """The running node."""
        assert self._node is not None, f"{self.name} does not run"
        return self._node

    @property
    def runs(self) -> bool:
        """Whether the node is up."""
        return self._node is not None

    @property
    def id(self) -> HouseholdId:
        """Of the running node's household."""
        return self.node.community.self_id

    @property
    def wire(self) -> Network:
        """The node's place on the network, to misuse."""
        return self.node.catchup._network

    @property
    def members(self) -> Members:
        """The membership as this node knows it."""
        return self.node.inbox.members

    def network(self, host_seed: Seed, network_key: bytes) -> OpenNetwork:
        """This household's place on the switchboard."""
        return open_memory(self.world.switchboard, host_seed, self.name)

    def options(self) -> NodeOptions:
        """What the node is opened with."""
        seed = self.world.random.randrange(2**32)
        return NodeOptions(network=self.network, clock=self.clock, seed=seed)

    async def start(self) -> None:
        """Open the node."""
        self._scope, self._gone = trio.CancelScope(), trio.Event()
        await self.world.nursery.start(self._live)

    async def _live(self, task_status: Any) -> None:
        try:
            with self._scope:
                async with open_node(self.folder, self.identity, self.options()) as node:
                    self._node = node
                    task_status.started()
                    await trio.sleep_forever()
        finally:
            self._node = None
            self._gone.set()

    async def stop(self) -> None:
        """Close the node in order."""
        self._scope.cancel()
        await self._gone.wait()

    async def crash(self) -> None:
        """Lose the power: only what was durable at this moment is there afterwards."""
        image = self.home / "crashed.db"
        image.unlink(missing_ok=True)
        await self.node.database.copy_to(image)
        self.world.switchboard.crash(self.name)
        await self.stop()
        for file in self.folder.iterdir():
            file.unlink()
        image.rename(self.folder / DATABASE_FILE)

    # -- what a household does

    async def publish(self, *titles: str, days: float = 30) -> list[StoredListing]:
        """Publish gifts with these titles; all must be accepted."""
        results = await self.node.market.publish([self.listing(title, days) for title in titles])
        problems = [result for result in results if isinstance(result, LocalError)]
        assert not problems, problems
        return [result for result in results if isinstance(result, StoredListing)]

    def listing(self, title: str, days: float = 30) -> Listing:
        """A gift that shows for some days from now."""
        until_ms = self.clock.now_ms() + int(days * limits.DAY_MS)
        return Listing(kind=ListingKind.GIVE, title=title, visible_until_ms=until_ms)

    async def edit(self, key: ThingKey, title: str) -> None:
        """Give an own listing another title."""
        mine = {stored.key: stored for stored in await self.node.market.mine()}
        await self.node.market.edit(key, replace(mine[key].listing, title=title))

    async def all_shown(self) -> list[StoredListing]:
        """Every listing that shows here, taken ones included."""
        return await self.search(SearchQuery(limit=10_000, include_taken=True))

    async def titles(self, words: str = "") -> list[str]:
        """Titles of all listings that a search finds here, in alphabetical order."""
        query = SearchQuery(words=words, limit=10_000, include_taken=True)
        return sorted(stored.listing.title for stored in await self.search(query))

    async def search(self, query: SearchQuery) -> list[StoredListing]:
        """Search at this node."""
        return (await self.node.market.search(query)).results

    async def invite(self, uses: int = 16, days: int = 7) -> InviteText:
        """An invite as it arrives at whoever reads its text."""
        made = await self.node.community.invite(uses, days * limits.DAY_MS)
        return read_invite_text(write_invite(made))

    async def standing(self) -> list[Envelope]:
        """Every record in this node's file that has not expired, in order of creation."""
        now_ms = self.world.clock.now_ms()
        rows = await self.node.database.read(
            lambda connection: connection.execute(
                "SELECT raw FROM record WHERE expires_at_ms > ? ORDER BY created_at_ms, id",
                (now_ms,),
            ).fetchall()
        )
        return [decode(raw) for (raw,) in rows]

    async def state_hash(self) -> str:
        """A hash over who belongs, both sets of records, and what a search shows.

        The sets are read from the file, and must be what reconciliation holds in memory.
        """
        store, now_ms = self.node.catchup._store, self.world.clock.now_ms()
        async with store._changing:  # in the midst of a change the sets have yet to follow
            records, expired = await self.standing(), await self._expired(now_ms)
            in_memory = {(i.created_at_ms, bytes(i.id)): True for i in store.items(True)}
            in_memory |= {(i.created_at_ms, bytes(i.id)): False for i in store.items(False)}
        in_file = {(r.created_at_ms, bytes(r.id)): is_membership(r.kind) for r in records}
        differing = {item for item, _ in in_memory.items() ^ in_file.items()} - expired
        assert not differing, f"{self.name}: file and sets differ in {len(differing)} records"
        shown = [
            (bytes(s.household), bytes(s.key), s.revision, s.listing.title, int(s.state))
            for s in await self.all_shown()
        ]
        belongs = sorted(
            (bytes(m.household), m.status.value, sorted(m.devices.items()))
            for m in self.members.households.values()
        )
        parts: Iterable[object] = (
            belongs,
            sorted(map(bytes, self.members.removed)),
            [bytes(record.id) for record in records],
            sorted(shown),
        )
        return hashlib.blake2b(repr(list(parts)).encode(), digest_size=16).hexdigest()

    async def _expired(self, now_ms: int) -> set[tuple[int, bytes]]:
        """Items that are on disk, and over."""
        rows = await self.node.database.read(
            lambda connection: connection.execute(
                "SELECT created_at_ms, id FROM record WHERE expires_at_ms <= ?", (now_ms,)
            ).fetchall()
        )
        return {(at, bytes(id)) for at, id in rows}


class World:
    """Households, the wires between them, and the time they share."""

    def __init__(
        self,
        seed: int,
        folder: Path,
        nursery: trio.Nursery,
    ) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.folder = folder
        self.clock = WorldClock()
        self.switchboard = Switchboard(seed)
        self.households: dict[str, Household] = {}
        self.nursery = nursery

    def household(self, name: str) -> Household:
        """A household with a home and an identity, in no community yet."""
        identity, _ = Identity.create(self.folder / name)
        made = self.households[name] = Household(self, name, self.folder / name, identity)
        return made

    async def found(self, name: str, **limits_of_charter: Any) -> Household:
        """A household founds the community, and runs."""
        founder = self.household(name)
        charter = Charter(
            name="Lindenstraße", rules="Be kind.", salt=os.urandom(16), **limits_of_charter
        )
        await found_community(
            founder.folder, founder.identity, charter, Profile(name=name), founder.clock
        )
        await founder.start()
        return founder

    async def enrol(self, household: Household, invite: InviteText) -> None:
        """A household joins by an invite; its node is not started."""
        await join_community(
            household.folder,
            household.identity,
            invite,
            Profile(name=household.name),
            household.clock,
            lambda seed: household.network(seed, invite.network_key),
            no_discovery,
        )

    async def join(self, name: str, invite: InviteText) -> Household:
        """A new household joins by an invite, and runs."""
        household = self.household(name)
        await self.enrol(household, invite)
        await household.start()
        return household

    async def community(self, names: Sequence[str], **limits_of_charter: Any) -> list[Household]:
        """The first founds it, the others join by its invite; all are confirmed and agree."""
        founder = await self.found(names[0], **limits_of_charter)
        if len(names) > 1:
            invite = await founder.invite(uses=len(names) - 1)
            for name in names[1:]:
                await self.join(name, invite)
        await self.until(
            lambda: all(
                len([m for m in household.members.households.values() if m.confirmed]) == len(names)
                for household in self.running
            )
        )
        if len(names) > 1:
            await self._until_cards_are_known(len(names))
        await self.settle()
        return list(self.households.values())

    async def _until_cards_are_known(self, count: int) -> None:
        """Let time pass until everybody can write to everybody."""
        with trio.fail_after(GUARD_S):
            for household in self.running:
                while True:
                    standing = await household.standing()
                    if sum(record.kind == Kind.MAIL_CARD for record in standing) >= count:
                        break
                    await trio.sleep(_POLL_S / 10)

    @property
    def running(self) -> list[Household]:
        """The households whose nodes are up."""
        return [household for household in self.households.values() if household.runs]

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Let time pass until something is so."""
        with trio.fail_after(GUARD_S):
            while not is_so():  # noqa: ASYNC110 - time passes at no cost
                await trio.sleep(_POLL_S / 10)

    async def settle(self, among: Sequence[Household] | None = None) -> str:
        """Let time pass until these nodes (all that run) agree about everything; the hash."""
        hashes: dict[str, str] = {}
        try:
            with trio.fail_after(GUARD_S):
                while True:
                    chosen = self.running if among is None else among
                    hashes = {h.name: await h.state_hash() for h in chosen}
                    if len(set(hashes.values())) == 1:
                        return next(iter(hashes.values()))
                    await trio.sleep(_POLL_S)
        except trio.TooSlowError:
            raise AssertionError(f"seed {self.seed} does not converge: {hashes}") from None

    def part(self, some: Sequence[Household], others: Sequence[Household]) -> None:
        """Cut the wires between two groups."""
        self.switchboard.cut([h.name for h in some], [h.name for h in others])

    async def pass_time(self, seconds: float) -> None:
        """Let simulated time pass, with all that happens in it."""
        await trio.sleep(seconds)

    def pass_days(self, days: float) -> None:
        """Move everybody's calendar; nothing happens meanwhile."""
        self.clock.ahead_ms += int(days * limits.DAY_MS)


@asynccontextmanager
async def open_world(seed: int, folder: Path) -> AsyncIterator[World]:
    """A world without households; whatever runs in it ends with the context."""
    async with trio_asyncio.open_loop() as loop, trio.open_nursery() as time_nursery:
        time_nursery.start_soon(run_time, loop)
        async with trio.open_nursery() as nursery:
            yield World(seed, folder, nursery)
            nursery.cancel_scope.cancel()
        time_nursery.cancel_scope.cancel()
