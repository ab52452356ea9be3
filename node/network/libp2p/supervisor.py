"""The port's Network over a libp2p host that is started again if it falls."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from hashlib import blake2b
from random import Random

import trio
from nacl.signing import SigningKey

from node.network.attachment import changes, read_attachment
from node.network.igd import find_gateway
from node.network.libp2p.addresses import dialable, leaves_machine, peer_id_of, port_to_open
from node.network.libp2p.gossip_pacer import GossipPacer
from node.network.libp2p.host import Host
from node.network.libp2p.quiet_logs import quieten_libp2p
from node.network.libp2p.settings import HostSettings
from node.network.libp2p.tcp import bound_address, close_sockets, open_sockets
from node.network.nursery import open_background_nursery
from node.network.pcp import NONCE_BYTES, find_pcp
from node.network.port import (
    MAX_GOSSIP_BYTES,
    Connection,
    DialFailed,
    Gate,
    HostKey,
    Listener,
    Network,
    NetworkError,
    OpenNetwork,
    Reach,
    Stream,
    StreamHandler,
    Verdict,
)
from node.network.port_mapping import PortMapping
from node.network.token_bucket import TokenBucket
from protocol.errors import LocalError

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 30.0
_MOST_OWN = 4
"""Addresses of this machine, where there are others: a record has room for few."""
_STEADY_AFTER_S = 60.0
_MOVES_PER_S = 1 / 30
_MOVES_BURST = 6.0
_log = logging.getLogger(__name__)


def open_libp2p(settings: HostSettings) -> OpenNetwork:
    """The libp2p adapter with its settings filled in.

    Entering the context raises LocalError if an address cannot be bound.
    """

    @asynccontextmanager
    async def open_network(gate: Gate, listener: Listener) -> AsyncIterator[Network]:
        quieten_libp2p()
        network = Libp2pNetwork(settings, gate, listener)
        async with open_background_nursery() as nursery:
            nursery.start_soon(network.run, await network.listen())
            nursery.start_soon(network.keep_port_open)
            nursery.start_soon(network.follow_moves)
            await network.first_host.wait()
            yield network

    return open_network


class Libp2pNetwork:
    """Stays the same object while hosts under it come and go."""

    def __init__(self, settings: HostSettings, gate: Gate, listener: Listener) -> None:
        self.restarts = 0
        self.first_host = trio.Event()
        self._settings = settings
        self._gate = gate
        self._listener = listener
        self._host_key = HostKey(bytes(SigningKey(settings.host_seed).verify_key))
        self._handlers: dict[str, StreamHandler] = {}
        self._pacer = GossipPacer(settings.gossip)
        self._bound: list[str] = []
        self._host: Host | None = None
        self._volunteers = settings.volunteers
        self._mapping: PortMapping | None = None
        self._counts: Counter[str] = Counter()
        self._ways = read_attachment().ways
        self._moves = TokenBucket(_MOVES_PER_S, _MOVES_BURST)
        self._is_alone = True

    @property
    def host_key(self) -> HostKey:
        """See the port."""
        return self._host_key

    def addresses(self) -> Sequence[str]:
        """See the port."""
        own, host = self._own_addresses(), self._host
        if host is None:
            return own
        suffix = f"/p2p/{peer_id_of(self.host_key)}"
        outside = [address + suffix for address in host.outside_view.addresses()]
        mapped = self._listening()[len(own) :]
        others = [*outside, *mapped, *host.reservations.addresses()]
        return tuple(dict.fromkeys([*own[:_MOST_OWN], *others] if others else own))

    def _listening(self) -> Sequence[str]:
        """Where this machine listens, and what its router says that it forwards to it."""
        mapped = None if self._mapping is None else self._mapping.address
        own = self._own_addresses()
        return own if mapped is None else [*own, f"{mapped}/p2p/{peer_id_of(self.host_key)}"]

    def _own_addresses(self) -> Sequence[str]:
        return dialable(self._bound, self.host_key, self._ways)

    def connections(self) -> Sequence[Connection]:
        """See the port."""
        return [] if self._host is None else self._host.connections()

    async def dial(self, address: str, deadline_s: float = 10.0) -> HostKey:
        """See the port."""
        if self._host is None:
            raise DialFailed("the host is being restarted")
        return await self._host.dial(address, deadline_s)

    async def open_stream(self, peer: HostKey, protocol: str, deadline_s: float = 10.0) -> Stream:
        """See the port."""
        if self._host is None:
            raise NetworkError("the host is being restarted")
        return await self._host.open_stream(peer, protocol, deadline_s)

    def serve(self, protocol: str, handler: StreamHandler) -> None:
        """See the port."""
        self._handlers[protocol] = handler
        if self._host is not None:
            self._host.serve(protocol, handler)

    async def publish(self, data: bytes) -> None:
        """See the port."""
        if len(data) > MAX_GOSSIP_BYTES:
            raise ValueError(f"gossip has at most {MAX_GOSSIP_BYTES} bytes")
        await self._pacer.publish(data)

    async def disconnect(self, peer: HostKey) -> None:
        """See the port."""
        if self._host is not None:
            await self._host.disconnect(peer)

    def volunteer(self, wanted: bool) -> None:
        """See the port."""
        self._volunteers = wanted
        if self._host is not None:
            self._host.volunteer_now(wanted)

    def reach(self) -> Reach:
        """See the port."""
        if self._host is None:
            return Reach(Verdict.UNKNOWN, volunteers=self._volunteers)
        host, volunteer = self._host, self._host.volunteer
        return Reach(
            _verdict(host.outside_view.is_reachable, bool(host.reservations.relays())),
            host.reservations.relays(),
            host.outside_view.addresses(),
            None if self._mapping is None else self._mapping.address,
            volunteers=self._volunteers,
            reservations=0 if volunteer is None else volunteer.reservations,
            circuits=0 if volunteer is None else volunteer.carried,
            has_way_out=bool(read_attachment().ways) or not leaves_machine(self._bound),
        )

    def counters(self) -> Mapping[str, int]:
        """See the port."""
        return self._counts

    async def listen(self) -> Sequence[trio.SocketListener]:
        """Bind the addresses of the settings. Raises LocalError."""
        sockets = await open_sockets(self._settings.listen)
        # With these a new host takes the ports that a zero in the settings was given.
        self._bound = [bound_address(each) for each in sockets]
        port = port_to_open(self._bound)
        if self._settings.map_port and port is not None:
            nonce = blake2b(
                self._settings.host_seed, digest_size=NONCE_BYTES, person=b"p2pmarket/pcp/1"
            ).digest()
            finds = (partial(find_pcp, nonce), find_gateway)
            self._mapping = PortMapping(port, self._counts, Random(), finds)
        return sockets

    async def keep_port_open(self) -> None:
        """Ask the router to, until cancelled, if that is wanted and of use."""
        if self._mapping is not None:
            await self._mapping.run()

    async def follow_moves(self) -> None:
        """Begin anew whatever depends on where this machine is, until cancelled."""
        async for before, now in changes():
            self._ways = now.ways
            if not self._moves.take(trio.current_time()):
                continue  # an interface that flaps: pings find out what still lives
            self._counts["moved"] += 1
            is_elsewhere = not now.leads_out_as(before)
            if is_elsewhere and self._mapping is not None:
                self._mapping.moved()
            if self._host is not None:
                self._host.moved(is_elsewhere)
            self._tell_moved()
            if self._host is not None:
                await self._host.probe()

    def _connections_changed(self) -> None:
        """With everybody gone at once, the router may have a new address outside: ask it.

        Many providers give one every night, and nothing of that shows on this machine.
        """
        was_alone, self._is_alone = self._is_alone, not self.connections()
        has_lost_all = self._is_alone and not was_alone
        if has_lost_all and self._mapping is not None and self._moves.take(trio.current_time()):
            self._mapping.moved()

    def _tell_moved(self) -> None:
        try:
            self._listener.on_moved()
        except Exception:
            _log.exception("the listener raised")

    async def run(self, sockets: Sequence[trio.SocketListener]) -> None:
        """Serve until cancelled, with a new host whenever one falls."""
        pause_s = _FIRST_PAUSE_S
        while True:
            started_at = trio.current_time()
            try:
                await self._run_host(sockets)
            except BaseExceptionGroup as group:
                fall, rest = group.split(Exception)
                if fall is not None:
                    _log.error("the libp2p host fell and is started again", exc_info=fall)
                if rest is not None:  # cancelled meanwhile
                    raise rest from None
            except Exception:
                _log.exception("the libp2p host fell and is started again")
            self.restarts += 1
            if trio.current_time() - started_at > _STEADY_AFTER_S:
                pause_s = _FIRST_PAUSE_S
            await trio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            sockets = await self._bind_again()

    async def _run_host(self, sockets: Sequence[trio.SocketListener]) -> None:
        host = Host(
            self._settings,
            self._gate,
            self._listener,
            self._handlers,
            sockets,
            self._listening,
            self._counts,
            self._connections_changed,
        )
        host.volunteer_now(self._volunteers)
        try:
            async with host.running():
                self._host = host
                self.first_host.set()
                await self._pacer.run(host.gossip)
        finally:
            self._host = None
            await close_sockets(sockets)

    async def _bind_again(self) -> list[trio.SocketListener]:
        """A node without its port can still dial, so a lost one is not the end."""
        try:
            return await open_sockets(self._bound)
        except LocalError:
            _log.exception("a listening port is lost until the next start")
            return []


def _verdict(is_reachable: bool | None, has_relays: bool) -> Verdict:
    if is_reachable:
        return Verdict.PUBLIC
    if has_relays:
        return Verdict.RELAYED
    return Verdict.UNKNOWN if is_reachable is None else Verdict.HOME
