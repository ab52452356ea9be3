# mypy: allow-subclassing-any
"""A libp2p host: libp2p's BasicHost, Swarm and Pubsub, put together for one community."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial

import trio
from libp2p.abc import INetStream
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.custom_types import TProtocol
from libp2p.exceptions import BaseLibp2pError
from libp2p.host.basic_host import BasicHost
from libp2p.network.swarm import Swarm
from libp2p.peer.id import ID
from libp2p.peer.peerstore import PeerStore
from libp2p.stream_muxer.yamux.yamux import PROTOCOL_ID as YAMUX
from libp2p.tools.anyio_service import background_trio_service
from multiaddr import Multiaddr

from node.network.libp2p.addresses import (
    CircuitAddress,
    TcpAddress,
    id_of,
    is_circuit,
    parse_address,
    parse_circuit,
)
from node.network.libp2p.circuit_wire import HOP, STOP
from node.network.libp2p.circuits import Circuits
from node.network.libp2p.dial_back import AUTONAT, DialBack, Opinion, ask
from node.network.libp2p.frames import FramedStream
from node.network.libp2p.gate_transport import SECURITY_PROTOCOL, GateTransport
from node.network.libp2p.gossipsub import CommunityGossipSub
from node.network.libp2p.hole_punch import DCUTR, HolePuncher
from node.network.libp2p.misconduct import ALTERED, Misconduct
from node.network.libp2p.outside_view import OutsideView
from node.network.libp2p.private_network import PrivateConnection
from node.network.libp2p.pubsub import CommunityPubsub
from node.network.libp2p.reservations import Reservations
from node.network.libp2p.settings import HostSettings
from node.network.libp2p.swarm import CommunitySwarm, Upgrader
from node.network.libp2p.tcp import OPENING, PrivateTcp
from node.network.libp2p.volunteer import Volunteer
from node.network.libp2p.yamux import BoundedYamux
from node.network.nursery import open_background_nursery
from node.network.port import (
    Connection,
    DialFailed,
    Gate,
    HostKey,
    Listener,
    NetworkError,
    Stream,
    StreamHandler,
)

_NEGOTIATION_DEADLINE_S = 10
_CLOSE_DEADLINE_S = 5.0
_log = logging.getLogger(__name__)


class CommunityHost(BasicHost):
    """Streams: opening them, and answering the peers' with handlers that may fail."""

    def __init__(self, swarm: Swarm) -> None:
        super().__init__(
            swarm,
            negotiate_timeout=_NEGOTIATION_DEADLINE_S,
            announce_addrs=[],
            disable_identify_address_discovery=True,
        )
        # Among them identify, which tells and believes addresses.
        self.multiselect.handlers.clear()

    def _schedule_identify(self, peer_id: ID, *, reason: str) -> None:
        """The gate says who it is; a peer's protocols are known by asking for one."""

    async def _swarm_stream_handler(self, net_stream: INetStream) -> None:
        """Negotiate and call the handler, which ends with its connection (trap 15).

        Whatever the peer sends or the handler raises ends here (trap 2).
        """
        connection = net_stream.muxed_conn
        with connection.lifetime():
            try:
                await super()._swarm_stream_handler(net_stream)
            except Misconduct as misconduct:
                connection.drop(misconduct.reason)
            except (NetworkError, BaseLibp2pError, UnicodeDecodeError) as error:
                _log.debug("a stream of a peer's ended: %r", error)
            except Exception:
                _log.exception("a stream handler raised")
            finally:
                with trio.CancelScope(shield=True):
                    await net_stream.close()


class Host:
    """What the port asks of a network, until the host that does it falls."""

    def __init__(
        self,
        settings: HostSettings,
        gate: Gate,
        listener: Listener,
        handlers: Mapping[str, StreamHandler],
        sockets: Sequence[trio.SocketListener],
        addresses: Callable[[], Sequence[str]],
        counts: Counter[str],
        on_change: Callable[[], None],
    ) -> None:
        """handlers: by protocol id. sockets: bound, and closed by the caller.

        addresses: where this host can be dialled without a relay. counts: by reason, for ever.
        on_change: called when a connection has come or gone.
        """
        keys = create_new_key_pair(settings.host_seed)
        own_id = ID.from_pubkey(keys.public_key)
        peerstore = PeerStore()
        peerstore.add_key_pair(own_id, keys)
        muxer = partial(BoundedYamux, limits=settings.muxer, tell_misconduct=self._misconduct)
        self._upgrader = upgrader = Upgrader(
            {TProtocol(SECURITY_PROTOCOL): GateTransport(keys, gate)},
            {TProtocol(YAMUX): muxer},
            _NEGOTIATION_DEADLINE_S,
        )
        self._tcp = PrivateTcp(
            settings.network_key, sockets, partial(self._misconduct, None, "out-of-files")
        )
        self._swarm = CommunitySwarm(own_id, peerstore, upgrader, self._tcp, settings, listener)
        self._host = CommunityHost(self._swarm)
        self._router = CommunityGossipSub(settings.gossip)
        self._topic = settings.topic
        self._pubsub = CommunityPubsub(
            self._host,
            self._router,
            settings.topic,
            settings.gossip,
            listener.on_gossip,
            self._swarm.drop,
        )
        for protocol, handler in handlers.items():
            self.serve(protocol, handler)
        self._counts = counts
        self.volunteer: Volunteer | None = None
        self._new_volunteer = partial(
            Volunteer,
            settings.relay,
            partial(self._open_direct, TProtocol(STOP)),
            self._swarm.is_direct,
            listener.party_of,
            addresses,
            counts,
        )
        self._circuits = Circuits(
            settings.network_key,
            partial(self._open_direct, TProtocol(HOP)),
            lambda relay: self.reservations.holds(relay),
            self._swarm.take_inbound,
            counts,
        )
        self._network_key = settings.network_key
        self._own = HostKey(bytes(keys.public_key.to_bytes()))
        self.reservations = Reservations(
            self._own,
            self._circuits,
            self._swarm.direct,
            lambda: not self.outside_view.is_reachable_by_ipv4,
            counts,
        )
        self.outside_view = OutsideView(
            self._ask_to_dial_back, self._swarm.direct, addresses, self._outside_has_changed
        )
        self._hole_puncher = HolePuncher(
            lambda: self.outside_view.seen_at,
            lambda peer: self._negotiated(peer, DCUTR),
            self._swarm.relayed,
            self._keep_punched,
            counts,
        )
        dial_back = DialBack(self._dial_back, listener.party_of, counts)
        self._swarm.on_change += [
            self.outside_view.wake,
            self.reservations.wake,
            self._hole_puncher.wake,
            on_change,
        ]
        self._host.set_stream_handler(DCUTR, self._hole_puncher.answer)
        self._host.set_stream_handler(STOP, self._circuits.answer)
        self._host.set_stream_handler(AUTONAT, dial_back.answer)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The host, for an ``async with`` block. An ExceptionGroup if any part of it falls."""
        async with (
            self._host.run([]),
            background_trio_service(self._router),
            background_trio_service(self._pubsub),
        ):
            try:
                await self._pubsub.wait_until_ready()
                await self._pubsub.subscribe(self._topic)
                await self._swarm.listen(*self._tcp.listen_addresses)
                async with open_background_nursery() as nursery:
                    nursery.start_soon(self.outside_view.run)
                    nursery.start_soon(self.reservations.run)
                    nursery.start_soon(self._hole_puncher.run)
                    yield
            finally:
                # Left to itself, libp2p goes on accepting, and closes connections one after
                # the other, or not at all.
                deadline = trio.current_time() + _CLOSE_DEADLINE_S
                with trio.CancelScope(deadline=deadline, shield=True):
                    for listening in self._swarm.listeners.values():
                        await listening.close()
                    async with trio.open_nursery() as nursery:
                        for connection in self._swarm.get_connections():
                            self._swarm.drop(connection.muxed_conn.peer_id)
                            nursery.start_soon(connection.close)
                    await self._host.close()

    def serve(self, protocol: str, handler: StreamHandler) -> None:
        """See the port."""

        async def answer(stream: INetStream) -> None:
            await handler(FramedStream(stream))

        self._host.set_stream_handler(TProtocol(protocol), answer)

    def connections(self) -> Sequence[Connection]:
        """See the port."""
        return self._swarm.peers()

    async def dial(self, address: str, deadline_s: float) -> HostKey:
        """See the port."""
        target: CircuitAddress | TcpAddress
        try:
            target = parse_circuit(address) if is_circuit(address) else parse_address(address)
        except ValueError as error:
            raise DialFailed(str(error)) from error
        if target.peer is not None and self._swarm.is_connected(target.peer):
            return target.peer
        if isinstance(target, CircuitAddress):
            return await self._swarm.dial_over(
                partial(self._open_circuit, target, address, deadline_s), target.peer, deadline_s
            )
        return await self._swarm.dial(address, target.peer, deadline_s)

    async def _open_circuit(
        self, target: CircuitAddress, address: str, deadline_s: float
    ) -> PrivateConnection:
        if not self._swarm.is_direct(target.relay):
            if target.relay_address is None:
                raise DialFailed("not connected to the relay")
            await self._swarm.dial(target.relay_address, target.relay, deadline_s)
        return await self._circuits.open(target, address)

    async def _open_direct(self, protocol: TProtocol, peer: HostKey) -> INetStream:
        """A stream that does not lead through a relay itself. NetworkError."""
        if not self._swarm.is_direct(peer):
            raise NetworkError("not connected without a relay")
        return await self._negotiated(peer, protocol)

    async def _ask_to_dial_back(self, peer: HostKey, addresses: Sequence[str]) -> Opinion | None:
        return await ask(await self._open_direct(AUTONAT, peer), self._own, addresses)

    def _outside_has_changed(self) -> None:
        self.reservations.wake()
        self._hole_puncher.wake()

    async def _keep_punched(
        self, tcp: trio.SocketStream, peer: HostKey, address: str, is_dialler: bool
    ) -> None:
        raw = PrivateConnection(tcp, self._network_key, is_dialler, address, OPENING)
        await self._swarm.replace(raw, peer)

    async def _dial_back(self, address: str, peer: HostKey) -> None:
        try:
            raw = await self._tcp.dial(Multiaddr(address))
            try:
                await self._upgrader.upgrade_security(raw, True, id_of(peer))
            finally:
                await raw.close()
        except Exception as error:
            # libp2p raises whatever its parts raise, and so does the other side's gate.
            raise DialFailed(str(error)) from error

    def moved(self, is_elsewhere: bool) -> None:
        """This machine has another address; is_elsewhere: maybe behind another router."""
        if is_elsewhere:
            self.outside_view.forget()
            self._hole_puncher.forget()

    async def probe(self) -> None:
        """Part from the peers of which there is no sign of life at once."""
        await self._swarm.probe()

    def volunteer_now(self, wanted: bool) -> None:
        """Begin or end to carry others' circuits."""
        if wanted and self.volunteer is None:
            self.volunteer = self._new_volunteer()
            self._host.set_stream_handler(HOP, self.volunteer.answer)
        elif not wanted and self.volunteer is not None:
            self._host.remove_stream_handler(HOP)
            for host in self.volunteer.stop():
                self._swarm.drop(id_of(host))
            self.volunteer = None

    async def open_stream(self, peer: HostKey, protocol: str, deadline_s: float) -> Stream:
        """See the port."""
        if not self._swarm.is_connected(peer):
            raise NetworkError("not connected")
        try:
            with trio.fail_after(deadline_s):
                return FramedStream(await self._negotiated(peer, TProtocol(protocol)))
        except trio.TooSlowError as error:
            raise NetworkError("the peer did not answer in time") from error

    async def _negotiated(self, peer: HostKey, protocol: TProtocol) -> INetStream:
        try:
            return await self._host.new_stream(id_of(peer), [protocol])
        except (BaseLibp2pError, UnicodeDecodeError) as error:
            raise NetworkError(str(error)) from error

    async def gossip(self, data: bytes) -> None:
        """Publish one message when the peers' queues have room."""
        await self._pubsub.gossip(data)

    async def disconnect(self, peer: HostKey) -> None:
        """See the port."""
        connections = self._swarm.get_connections(id_of(peer))
        self._swarm.drop(id_of(peer))
        for connection in connections:
            await connection.muxed_conn.event_closed.wait()

    def _misconduct(self, peer_id: ID | None, reason: str) -> None:
        self._swarm.tell_misconduct(None if reason == ALTERED else peer_id, reason)
