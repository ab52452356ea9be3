"""A libp2p host: listens, dials, keeps one registry of gated connections.

libp2p's Swarm was not taken: it keeps inbound slots until shutdown, blocks a peer for a
minute after one failed dial and never dials in under 250 ms (docs/adr/0003, traps 3 and 8;
docs/adr/0003). Noise, the negotiation, keys, ids and messages are libp2p's.
"""

from __future__ import annotations

import errno
import logging
from collections import ChainMap
from collections.abc import Callable, MutableMapping, Sequence

import trio

from node.network.libp2p.addresses import format_address, parse_address
from node.network.libp2p.connection import PeerConnection
from node.network.libp2p.gossip import Gossip
from node.network.libp2p.gossip_wire import PROTOCOLS as GOSSIP_PROTOCOLS
from node.network.libp2p.half_open import HalfOpenLimit
from node.network.libp2p.misconduct import Misconduct
from node.network.libp2p.private_network import PrivateConnection
from node.network.libp2p.secure_channel import Identity, SecureChannel, upgrade
from node.network.libp2p.settings import HostSettings
from node.network.port import (
    Connection,
    DialFailed,
    Gate,
    HostKey,
    Listener,
    NetworkError,
    Refused,
    Stream,
    StreamHandler,
)

# Both sides may dial at the same moment, and then both connections stay. A connection
# older than this is no such case: a second one to the same peer is not kept.
_SIMULTANEOUS_DIAL_S = 15.0
_OUT_OF_FILES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_OUT_OF_FILES_PAUSE_S = 0.5
_log = logging.getLogger(__name__)


class Host:
    """Run it as a task. Everything it started and every connection ends with it."""

    def __init__(
        self,
        settings: HostSettings,
        identity: Identity,
        gate: Gate,
        listener: Listener,
        handlers: MutableMapping[str, StreamHandler],
    ) -> None:
        """handlers: by protocol id, besides gossip's own."""
        self._settings = settings
        self._identity = identity
        self._gate = gate
        self._listener = listener
        self._half_open = HalfOpenLimit(settings.max_half_open, settings.max_half_open_per_ip)
        self._connections: dict[HostKey, list[PeerConnection]] = {}
        self._nursery: trio.Nursery | None = None
        self.gossip = Gossip(
            settings.host_seed,
            settings.topic,
            settings.gossip,
            listener.on_gossip,
            self.open_stream,
            self._drop,
        )
        gossip_handlers: dict[str, StreamHandler] = dict.fromkeys(
            GOSSIP_PROTOCOLS, self.gossip.listen
        )
        self._handlers = ChainMap(gossip_handlers, handlers)

    async def run(self, sockets: Sequence[trio.SocketListener]) -> None:
        """Serve until cancelled. Raises what no part of it knows how to survive."""
        try:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                nursery.start_soon(self.gossip.run)
                for socket in sockets:
                    nursery.start_soon(self._accept, socket, nursery)
        finally:
            self._nursery = None

    def connections(self) -> list[Connection]:
        """One for each peer, the oldest that is open."""
        return [Connection(c.peer, c.address, c.outbound) for c, *_ in self._connections.values()]

    async def open_stream(
        self, peer: HostKey, protocols: Sequence[str], deadline_s: float
    ) -> Stream:
        """Open a stream of the first protocol that the peer has. NetworkError."""
        if peer not in self._connections:
            raise NetworkError("not connected")
        # The newest is the likeliest to live, if the peer lost the others unnoticed.
        return await self._connections[peer][-1].open_stream(protocols, deadline_s)

    async def disconnect(self, peer: HostKey) -> None:
        """Close every connection to a peer."""
        for connection in list(self._connections.get(peer, ())):
            connection.drop()
            await connection.closed.wait()

    async def dial(self, address: str, deadline_s: float) -> HostKey:
        """Connect and pass both gates. DialFailed, or Refused."""
        try:
            target = parse_address(address)
        except ValueError as error:
            raise DialFailed(str(error)) from error
        if target.peer is not None and target.peer in self._connections:
            return target.peer
        try:
            with trio.fail_after(deadline_s):
                tcp = await trio.open_tcp_stream(target.host, target.port)
                channel = await self._upgrade(tcp, is_dialer=True, expected=target.peer)
        except trio.TooSlowError as error:
            raise DialFailed("no answer in time") from error
        except (DialFailed, Refused):
            raise
        except (NetworkError, OSError) as error:
            raise DialFailed(str(error)) from error
        await self._keep_dialed(channel, address)
        return channel.remote

    async def _keep_dialed(self, channel: SecureChannel, address: str) -> None:
        if self._nursery is None:
            await channel.close()
            raise DialFailed("the host has stopped")
        others = self._connections.get(channel.remote, ())
        if any(trio.current_time() - c.opened_at > _SIMULTANEOUS_DIAL_S for c in others):
            await channel.close()
            return
        connection = self._register(channel, address, outbound=True)
        self._nursery.start_soon(self._serve, connection)

    # Inbound.

    async def _accept(self, socket: trio.SocketListener, nursery: trio.Nursery) -> None:
        while True:
            try:
                tcp = await socket.accept()
            except OSError as error:
                if error.errno not in _OUT_OF_FILES:
                    raise
                self._tell_misconduct(None, "out-of-files")
                await trio.sleep(_OUT_OF_FILES_PAUSE_S)
                continue
            nursery.start_soon(self._serve_inbound, tcp)

    async def _serve_inbound(self, tcp: trio.SocketStream) -> None:
        try:
            ip, port, *_ = tcp.socket.getpeername()
        except OSError:  # gone already
            await trio.aclose_forcefully(tcp)
            return
        with self._half_open.slot(ip) as has_place:
            if not has_place or self._is_full():
                await trio.aclose_forcefully(tcp)
                self._tell_misconduct(None, "no-place")
                return
            try:
                with trio.fail_after(self._settings.upgrade_deadline_s):
                    channel = await self._upgrade(tcp, is_dialer=False, expected=None)
            except trio.TooSlowError:
                self._tell_misconduct(None, "upgrade-deadline")
                return
            except Misconduct as error:
                self._tell_misconduct(None, error.reason)
                return
            except NetworkError as error:
                _log.debug("an inbound connection did not pass: %r", error)
                return
        await self._serve(self._register(channel, format_address(ip, port), outbound=False))

    def _is_full(self) -> bool:
        total = sum(len(each) for each in self._connections.values())
        return total >= self._settings.max_connections

    async def _upgrade(
        self, tcp: trio.SocketStream, *, is_dialer: bool, expected: HostKey | None
    ) -> SecureChannel:
        raw = PrivateConnection(tcp, self._settings.network_key, is_dialer)
        is_upgraded = False
        try:
            channel = await upgrade(raw, self._identity, self._gate, expected)
            is_upgraded = True
            return channel
        finally:
            if not is_upgraded:
                with trio.CancelScope(shield=True):
                    await raw.close()

    # The registry.

    def _register(self, channel: SecureChannel, address: str, *, outbound: bool) -> PeerConnection:
        connection = PeerConnection(
            channel, address, outbound, self._settings.muxer, self._handlers
        )
        of_peer = self._connections.setdefault(connection.peer, [])
        of_peer.append(connection)
        if len(of_peer) == 1:
            self.gossip.add_peer(connection.peer)
            self._tell(self._listener.on_connected, connection.peer, address, outbound)
        elif len(of_peer) > self._settings.max_connections_per_peer:
            of_peer[0].drop()
        return connection

    async def _serve(self, connection: PeerConnection) -> None:
        try:
            await connection.run()
        except Misconduct as misconduct:
            self._tell_misconduct(connection.peer, misconduct.reason)
        except Exception:
            _log.exception("a connection failed")
        finally:
            self._unregister(connection)

    def _unregister(self, connection: PeerConnection) -> None:
        of_peer = self._connections[connection.peer]
        of_peer.remove(connection)
        if not of_peer:
            del self._connections[connection.peer]
            self.gossip.remove_peer(connection.peer)
            self._tell(self._listener.on_disconnected, connection.peer)
        connection.closed.set()

    def _drop(self, peer: HostKey, misconduct: str) -> None:
        for connection in self._connections.get(peer, ()):
            connection.drop(misconduct)

    def _tell_misconduct(self, peer: HostKey | None, reason: str) -> None:
        self._tell(self._listener.on_misconduct, peer, reason)

    def _tell(self, told: Callable[..., None], *what: object) -> None:
        try:
            told(*what)
        except Exception:
            # The owner's bug must not cost it the network.
            _log.exception("the listener raised")
