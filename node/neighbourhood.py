"""Staying connected: whom to dial, at which addresses, and how long to wait after failing.

Addresses come from the members' own records, from the LAN, from the invite and from where a
connection succeeded before. A household's address record is renewed here too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from random import Random

import trio

from node.address_book import FIRST_DELAY_S, LONGEST_DELAY_S, AddressBook, Candidate
from node.anchors import Anchors
from node.author import Author
from node.clock import Clock
from node.conduct import Conduct
from node.dialling import reach
from node.inbox import Inbox
from node.network.port import DialFailed, HostKey, Network, NetworkError, Refused
from node.store.database import Database
from node.store.neighbours import forget_host, known_addresses, remember_address
from node.store.records import RecordStore
from protocol import addresses as bodies
from protocol.addresses import Addresses, read_addresses
from protocol.envelope import Envelope
from protocol.errors import LocalError, RemoteError
from protocol.ids import HouseholdId
from protocol.kinds import Kind
from protocol.membership.members import Members

_ROUND_S = 5.0
_DIAL_DEADLINE_S = 10.0
_HOST_DEADLINE_S = 15.0
"""For all addresses of one host: those that never answer must not keep others waiting."""
_MAX_STRAY = 64
_DIALS_AT_ONCE = 4
_SOONEST_S = 0.1
_STRAYS_AT_ONCE = 2
"""Beside them: neither kind keeps the other waiting."""
_FAREWELL_S = 1.0
_JUST_S = 900.0
_GONE = frozenset({"removed", "left", "revoked"})


class Neighbourhood:
    """Dials until enough neighbours are connected, for ever and patiently."""

    def __init__(
        self,
        network: Network,
        database: Database,
        store: RecordStore,
        inbox: Inbox,
        author: Author,
        clock: Clock,
        conduct: Conduct,
        random: Random,
        device_slot: int,
        clock_agrees: Callable[[], bool],
        anchors: Anchors,
    ) -> None:
        """clock_agrees: whether some neighbour's clock is close to ours."""
        self._network = network
        self._database = database
        self._store = store
        self._inbox = inbox
        self._author = author
        self._clock = clock
        self._conduct = conduct
        self._random = random
        self._device_slot = device_slot
        self._clock_agrees = clock_agrees
        self._anchors = anchors
        self._book = AddressBook()
        self._strays: dict[str, Candidate] = {}
        self._dialling: dict[HostKey | str, trio.CancelScope] = {}
        """Hosts, and strays by address, with what ends the attempt."""
        self._alone_since_s = -math.inf
        self._wake = trio.Event()
        self._moved = trio.Event()
        self.told_removed = False
        """Whether a neighbour's gate has said that this household was removed."""
        self.told_revoked = False
        """Whether one has said that the household gave up this device."""
        self.told_left = trio.Event()
        """Set once a neighbour has said that it knows that this household has left."""
        inbox.on_stored.append(self._follow)
        inbox.on_members.append(self._close_to_strangers)
        self._leaving: list[HostKey] = []
        self._crowded = trio.Event()

    async def load(self) -> None:
        """Recall good neighbours and addresses from the file, and the members' records."""
        await self._anchors.load()
        for host, addresses in (await known_addresses(self._database)).items():
            for address in addresses:
                self._learn(HostKey(host), address)
        for household in self._inbox.members.households:
            self._follow(await self._store.standing_of(household, Kind.ADDRESSES), None)

    def found(self, addresses: Sequence[str]) -> None:
        """Somebody on the LAN, or in an invite, answers here; who it is shows at the gate."""
        own = self._network.addresses()
        for address in addresses:
            if len(self._strays) < _MAX_STRAY and address not in own:
                stray = self._strays.setdefault(address, Candidate({address: None}))
                stray.due_s = min(stray.due_s, trio.current_time())
        self._wake.set()

    async def seek(self, addresses: Sequence[str]) -> HostKey | None:
        """Dial at a person's word; return who answered. Where nobody does, try again later."""
        self.found(addresses)
        for address in addresses:
            try:
                return await self._network.dial(address, _DIAL_DEADLINE_S)
            except Refused as refusal:
                self._note_refusal(refusal)
            except NetworkError:
                self._conduct.count("dial-failed")
        return None

    def connected(self, peer: HostKey, address: str, outbound: bool) -> None:
        """Note a connection: the address worked, and waiting starts anew from short."""
        self.told_removed = self.told_revoked = False  # who said so spoke for nobody else
        self._book.at(peer).delay_s = FIRST_DELAY_S
        if outbound:
            self._learn(peer, address)
        self._anchors.met(peer)
        self._crowded.set()

    async def note_equal(self, peer: HostKey) -> None:
        """Remember a neighbour as a good one. Raises LocalError if the disk is full."""
        await self._anchors.note_equal(peer)

    async def remember(self, peer: HostKey, address: str) -> None:
        """Keep an address that worked across restarts. Raises LocalError if the disk is full."""
        await remember_address(self._database, peer, address, self._clock.now_ms())

    def disconnected(self, peer: HostKey) -> None:
        """Dial again soon: most losses are short."""
        self._anchors.parted(peer)
        self._alone_since_s = trio.current_time()
        candidate = self._book.get(peer)
        if candidate is not None:
            candidate.due_s = trio.current_time() + self._random.uniform(0.1, 0.5)
            self._wake.set()

    def moved(self) -> None:
        """This machine has another address: what failed before may work now."""
        for each in (*(candidate for _, candidate in self._book), *self._strays.values()):
            each.forgive()
        for scope in self._dialling.values():
            scope.cancel()
        self._moved.set()
        self._wake.set()

    def known(self) -> int:
        """Return how many hosts could be dialled."""
        return len(self._book)

    async def run(self) -> None:
        """Dial and renew the own address record, until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._announce)
            nursery.start_soon(self._keep_bounds)
            while True:
                self._wake = trio.Event()
                self._dial_who_is_due(nursery)
                while self._leaving:
                    nursery.start_soon(self._part_from, self._leaving.pop())
                with trio.move_on_after(self._next_due()):
                    await self._wake.wait()

    async def _keep_bounds(self) -> None:
        """Give up what is too much, after each new connection, until cancelled."""
        while True:
            await self._crowded.wait()
            self._crowded = trio.Event()
            for peer in self._anchors.surplus():
                self._conduct.count("surplus-given-up")
                await self._network.disconnect(peer)

    def _dialable(self) -> list[tuple[HostKey, Candidate]]:
        """Hosts that are not connected, and of which an address is known."""
        connected = self._connected()
        return [
            (host, candidate)
            for host, candidate in self._book
            if host not in connected and candidate.addresses
        ]

    def _is_just_alone(self) -> bool:
        """Whether the last connection was lost not long ago."""
        return trio.current_time() - self._alone_since_s < _JUST_S and not self._connected()

    def _connected(self) -> set[HostKey]:
        return {connection.peer for connection in self._network.connections()}

    def _wanted(self) -> tuple[dict[HostKey, Candidate], int]:
        """Return who is worth dialling as things stand, and how many may be at once.

        Without room for more, only one of a branch to which no own connection leads yet: it
        takes the place of one in a branch to which several do.
        """
        dialable, room = dict(self._dialable()), self._anchors.room()
        if room > 0:
            return dialable, room
        hosts = self._anchors.of_new_branches({h: c.claims for h, c in dialable.items()})
        return {host: dialable[host] for host in hosts}, 1

    def _wanted_strays(self) -> dict[str, Candidate]:
        """Addresses of whom nobody knows: also without room, while one branch surrounds us."""
        return self._strays if self._anchors.room() > 0 or self._anchors.is_narrow() else {}

    def _next_due(self) -> float:
        """Return how many seconds there is nothing to begin."""
        waiting = []
        if self._anchors.room() > 0 and self._free() > 0:
            waiting += [c.due_s for h, c in self._wanted()[0].items() if h not in self._dialling]
        if self._free_for_strays() > 0:
            strays = self._wanted_strays()
            waiting += [stray.due_s for a, stray in strays.items() if a not in self._dialling]
        now = trio.current_time()
        return max(0.05, min([_ROUND_S, *(due_s - now for due_s in waiting)]))

    def _free(self) -> int:
        hosts = sum(isinstance(each, bytes) for each in self._dialling)
        return min(_DIALS_AT_ONCE, max(1, self._anchors.room())) - hosts

    def _free_for_strays(self) -> int:
        return _STRAYS_AT_ONCE - sum(isinstance(each, str) for each in self._dialling)

    def _dial_who_is_due(self, nursery: trio.Nursery) -> None:
        """Begin as many dials as may be under way at once."""
        now = trio.current_time()
        strays = [
            (address, stray)
            for address, stray in self._wanted_strays().items()
            if stray.due_s <= now and address not in self._dialling
        ]
        for address, stray in strays[: self._free_for_strays()]:
            self._dialling[address] = trio.CancelScope()
            nursery.start_soon(self._dial_stray, address, stray)
        wanted, most = self._wanted()
        due = {
            host: candidate.claims
            for host, candidate in wanted.items()
            if candidate.due_s <= now and host not in self._dialling
        }
        under_way = {host: c.claims for host, c in self._book if host in self._dialling}
        for host in self._anchors.order(due, min(most, self._free()), under_way):
            self._dialling[host] = trio.CancelScope()
            nursery.start_soon(self._dial, host, wanted[host])

    async def _dial(self, host: HostKey, candidate: Candidate) -> None:
        is_reached = False
        with self._dialling[host] as scope:
            with trio.move_on_after(_HOST_DEADLINE_S):
                is_reached = await self._reach(host, candidate)
        del self._dialling[host]
        if is_reached:
            # Should it be gone by now, whatever the reason: not again in the same moment.
            candidate.due_s = max(candidate.due_s, trio.current_time() + _SOONEST_S)
        elif not scope.cancelled_caught:
            candidate.postpone(self._random, self._is_just_alone())
        self._wake.set()

    async def _reach(self, host: HostKey, candidate: Candidate) -> bool:
        async def dial(address: str) -> None:
            if await self._network.dial(address, _DIAL_DEADLINE_S) != host:
                # An address may name no peer id, and anybody may have it in a record.
                raise DialFailed("another host answers there")

        try:
            return await reach(candidate, dial, lambda: self._conduct.count("dial-failed"))
        except Refused as refusal:
            self._note_refusal(refusal)
            if refusal.by_us and refusal.reason in _GONE:
                await self._forget(host)
            return False

    async def _dial_stray(self, address: str, stray: Candidate) -> None:
        with self._dialling[address]:
            try:
                host = await self._network.dial(address, _DIAL_DEADLINE_S)
            except Refused as refusal:
                self._note_refusal(refusal)
                self._strays.pop(address, None)
            except NetworkError:
                self._conduct.count("dial-failed")
                stray.postpone(self._random, self._is_just_alone())
                if stray.delay_s >= LONGEST_DELAY_S:
                    self._strays.pop(address, None)
            else:
                self._strays.pop(address, None)
                self._learn(host, address)
        del self._dialling[address]
        self._wake.set()

    def _note_refusal(self, refusal: Refused) -> None:
        self._conduct.count(f"refused:{refusal.reason}")
        if not refusal.by_us:
            self.told_removed |= refusal.reason == "removed"
            self.told_revoked |= refusal.reason == "revoked"
            if refusal.reason == "left":
                self.told_left.set()

    def _learn(self, host: HostKey, address: str, named_by: HouseholdId | None = None) -> None:
        if host != self._network.host_key:
            self._book.learn(host, address, named_by, self._inbox.members, self._connected())

    def _follow(self, records: Sequence[Envelope], origin: HostKey | None) -> None:
        for record in records:
            if record.kind != Kind.ADDRESSES:
                continue
            try:
                told = read_addresses(record.body)
            except RemoteError:
                continue
            if not self._inbox.members.is_host_of(told.host, record.household):
                continue  # only a household's own hosts: nobody sends others elsewhere
            for address in told.addresses:
                self._learn(HostKey(told.host), address, record.household)
            self._wake.set()

    def _close_to_strangers(self, members: Members) -> None:
        """Removal closes connections as the record spreads."""
        self._moved.set()
        for connection in self._network.connections():
            if members.by_host(connection.peer) is None:
                self._leaving.append(connection.peer)
                self._wake.set()

    async def _part_from(self, host: HostKey) -> None:
        """Close to a host that belongs no more, unless that was only how it looked.

        Meanwhile it hears of its removal; and the records by which a joiner has just passed
        the gate may still be on their way into the store.
        """
        await trio.sleep(_FAREWELL_S)
        if self._inbox.members.by_host(host) is None:
            await self._forget(host)
            await self._network.disconnect(host)

    async def _forget(self, host: HostKey) -> None:
        self._book.forget(host)
        self._anchors.forget(host)
        try:
            await forget_host(self._database, host)
        except LocalError:
            self._conduct.count("store-failed")

    # -- the own address record

    async def _announce(self) -> None:
        while True:
            self._moved = trio.Event()
            try:
                await self._announce_once()
            except LocalError:
                self._conduct.count("addresses-not-announced")
            with trio.move_on_after(_ROUND_S):
                await self._moved.wait()

    async def _announce_once(self) -> None:
        if not self._clock_agrees():
            # Dated far ahead it would stand in the way of every later one; and nobody listens.
            return
        slot = self._device_slot
        body = Addresses(
            self._network.host_key,
            tuple(self._network.addresses())[: bodies.MAX_ADDRESSES],
        ).pack()
        if self._inbox.members.by_host(self._network.host_key) is None:
            return
        held = (await self._author.standing(Kind.ADDRESSES)).get(slot)
        fresh_until = 0 if held is None else held.created_at_ms + bodies.REFRESH_MS
        if held is None or held.body != body or self._clock.now_ms() >= fresh_until:
            await self._author.replace(Kind.ADDRESSES, slot, body)
