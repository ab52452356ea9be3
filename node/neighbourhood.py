"""Staying connected: whom to dial, at which addresses, and how long to wait after failing.

Addresses come from the members' own records, from the LAN, from the invite and from where a
connection succeeded before. A household's address record is renewed here too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

import trio

from node.author import Author
from node.clock import Clock
from node.conduct import Conduct
from node.inbox import Inbox
from node.network.port import DialFailed, HostKey, Network, NetworkError, Refused
from node.store.database import Database
from node.store.neighbours import forget_host, known_addresses, remember_address
from node.store.records import RecordStore
from protocol import addresses as bodies
from protocol.addresses import Addresses, read_addresses
from protocol.envelope import Envelope
from protocol.errors import LocalError, RemoteError
from protocol.kinds import Kind
from protocol.membership.members import Members

MAX_OUTBOUND = 12
_FIRST_DELAY_S = 1.0
_LONGEST_DELAY_S = 300.0
_ROUND_S = 5.0
_DIAL_DEADLINE_S = 10.0
_HOST_DEADLINE_S = 15.0
"""For all addresses of one host: those that never answer must not keep others waiting."""
_MAX_CANDIDATES = 500
_MAX_STRAY = 64
_DIALS_AT_ONCE = 4
_FAREWELL_S = 1.0
_GONE = frozenset({"removed", "left", "revoked"})


@dataclass(slots=True)
class _Candidate:
    """A host that could be dialled. due_s: on trio's clock."""

    addresses: dict[str, None] = field(default_factory=dict)
    delay_s: float = _FIRST_DELAY_S
    due_s: float = 0.0


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
        self._candidates: dict[HostKey, _Candidate] = {}
        self._strays: dict[str, _Candidate] = {}
        self._wake = trio.Event()
        self._moved = trio.Event()
        self.told_removed = False
        """Whether a neighbour's gate has said that this household was removed."""
        self.told_revoked = False
        """Whether one has said that the household gave up this device."""
        inbox.on_stored.append(self._follow)
        inbox.on_members.append(self._close_to_strangers)
        self._leaving: list[HostKey] = []

    async def load(self) -> None:
        """Recall addresses from the file and from the members' records."""
        for host, addresses in (await known_addresses(self._database)).items():
            for address in addresses:
                self._learn(HostKey(host), address)
        for household in self._inbox.members.households:
            self._follow(await self._store.standing_of(household, Kind.ADDRESSES), None)

    def found(self, addresses: Sequence[str]) -> None:
        """Somebody on the LAN, or in an invite, answers here; who it is shows at the gate."""
        for address in addresses:
            if len(self._strays) < _MAX_STRAY and address not in self._network.addresses():
                stray = self._strays.setdefault(address, _Candidate({address: None}))
                stray.due_s = min(stray.due_s, trio.current_time())
        self._wake.set()

    def connected(self, peer: HostKey, address: str, outbound: bool) -> None:
        """Note a connection: the address worked, and waiting starts anew from short."""
        self.told_removed = self.told_revoked = False  # who said so spoke for nobody else
        candidate = self._candidates.setdefault(peer, _Candidate())
        candidate.delay_s = _FIRST_DELAY_S
        if outbound:
            self._learn(peer, address)

    async def remember(self, peer: HostKey, address: str) -> None:
        """Keep an address that worked across restarts. Raises LocalError if the disk is full."""
        await remember_address(self._database, peer, address, self._clock.now_ms())

    def disconnected(self, peer: HostKey) -> None:
        """Dial again soon: most losses are short."""
        candidate = self._candidates.get(peer)
        if candidate is not None:
            candidate.due_s = trio.current_time() + self._random.uniform(0.1, 0.5)
            self._wake.set()

    def known(self) -> int:
        """Return how many hosts could be dialled."""
        return len(self._candidates)

    async def run(self) -> None:
        """Dial and renew the own address record, until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._announce)
            while True:
                self._wake = trio.Event()
                await self._dial_round()
                while self._leaving:
                    nursery.start_soon(self._part_from, self._leaving.pop())
                with trio.move_on_after(self._next_due()):
                    await self._wake.wait()

    def _room(self) -> int:
        return MAX_OUTBOUND - sum(c.outbound for c in self._network.connections())

    def _dialable(self) -> list[tuple[HostKey, _Candidate]]:
        """Hosts that are not connected, and of which an address is known."""
        connected = {connection.peer for connection in self._network.connections()}
        return [
            (host, candidate)
            for host, candidate in self._candidates.items()
            if host not in connected and candidate.addresses
        ]

    def _next_due(self) -> float:
        if self._room() <= 0:
            return _ROUND_S  # nobody is dialled before a connection is lost, which wakes us
        now = trio.current_time()
        waiting = [candidate.due_s - now for _, candidate in self._dialable()]
        waiting += [stray.due_s - now for stray in self._strays.values()]
        return max(0.05, min([_ROUND_S, *waiting]))

    async def _dial_round(self) -> None:
        now, room = trio.current_time(), self._room()
        due = [(host, candidate) for host, candidate in self._dialable() if candidate.due_s <= now]
        self._random.shuffle(due)
        own = self._inbox.members.member(self._author.household)
        own_hosts = frozenset() if own is None else frozenset(own.devices.values())
        due.sort(key=lambda candidate: candidate[0] not in own_hosts)  # one's own devices first
        limiter = trio.CapacityLimiter(_DIALS_AT_ONCE)
        async with trio.open_nursery() as nursery:
            for host, candidate in due[: max(0, room)]:
                nursery.start_soon(self._dial, limiter, host, candidate)
            for address, candidate in list(self._strays.items()):
                if candidate.due_s <= now and room > 0:
                    nursery.start_soon(self._dial_stray, limiter, address, candidate)

    async def _dial(
        self, limiter: trio.CapacityLimiter, host: HostKey, candidate: _Candidate
    ) -> None:
        async with limiter:
            with trio.move_on_after(_HOST_DEADLINE_S):
                for address in list(candidate.addresses):
                    # What fails comes last next time: then there is time for the others.
                    candidate.addresses[address] = candidate.addresses.pop(address, None)
                    try:
                        await self._network.dial(address, _DIAL_DEADLINE_S)
                    except Refused as refusal:
                        self._note_refusal(refusal)
                        if refusal.by_us and refusal.reason in _GONE:
                            await self._forget(host)
                        break
                    except (DialFailed, NetworkError):
                        self._conduct.count("dial-failed")
                    else:
                        rest = [a for a in candidate.addresses if a != address]
                        candidate.addresses = dict.fromkeys([address, *rest])
                        return
        self._postpone(candidate)

    async def _dial_stray(
        self, limiter: trio.CapacityLimiter, address: str, candidate: _Candidate
    ) -> None:
        async with limiter:
            try:
                host = await self._network.dial(address, _DIAL_DEADLINE_S)
            except Refused as refusal:
                self._note_refusal(refusal)
                self._strays.pop(address, None)
            except NetworkError:
                self._conduct.count("dial-failed")
                self._postpone(candidate)
                if candidate.delay_s >= _LONGEST_DELAY_S:
                    self._strays.pop(address, None)
            else:
                self._strays.pop(address, None)
                self._learn(host, address)

    def _note_refusal(self, refusal: Refused) -> None:
        self._conduct.count(f"refused:{refusal.reason}")
        if not refusal.by_us:
            self.told_removed |= refusal.reason == "removed"
            self.told_revoked |= refusal.reason == "revoked"

    def _postpone(self, candidate: _Candidate) -> None:
        candidate.due_s = trio.current_time() + candidate.delay_s * self._random.uniform(0.7, 1.3)
        candidate.delay_s = min(_LONGEST_DELAY_S, candidate.delay_s * 2)

    def _learn(self, host: HostKey, address: str) -> None:
        if host == self._network.host_key:
            return
        if host not in self._candidates and len(self._candidates) >= _MAX_CANDIDATES:
            self._drop_strangers()
            if len(self._candidates) >= _MAX_CANDIDATES:
                return
        candidate = self._candidates.setdefault(host, _Candidate())
        if address not in candidate.addresses:
            candidate.addresses[address] = None
            candidate.due_s = min(candidate.due_s, trio.current_time())
            while len(candidate.addresses) > 2 * bodies.MAX_ADDRESSES:
                candidate.addresses.pop(next(iter(candidate.addresses)))

    def _drop_strangers(self) -> None:
        """Make room: a member may give its devices ever new hosts."""
        connected = {connection.peer for connection in self._network.connections()}
        for host in list(self._candidates):
            if host not in connected and self._inbox.members.by_host(host) is None:
                del self._candidates[host]

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
                self._learn(HostKey(told.host), address)
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
        self._candidates.pop(host, None)
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
