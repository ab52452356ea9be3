# mypy: allow-subclassing-any
"""libp2p's swarm and upgrader, with what 0.8.1 gets wrong put right (docs/adr/0003)."""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable
from functools import partial

import trio
from libp2p.abc import IMuxedConn, INetConn, ISecureConn
from libp2p.connection_types import ConnectionType
from libp2p.network.auto_connector import AutoConnector
from libp2p.network.config import ConnectionConfig, RetryConfig
from libp2p.network.connection.swarm_connection import SwarmConn
from libp2p.network.swarm import Swarm
from libp2p.peer.id import ID
from libp2p.peer.peerstore import PeerStore
from libp2p.protocol_muxer.exceptions import MultiselectError
from libp2p.rcmgr import Direction
from libp2p.transport.exceptions import MuxerUpgradeFailure
from libp2p.transport.upgrader import TransportUpgrader
from multiaddr import Multiaddr

from node.network.libp2p.addresses import ANYBODY, host_key_of_id, id_of
from node.network.libp2p.half_open import HalfOpenLimit
from node.network.libp2p.misconduct import Misconduct
from node.network.libp2p.private_network import PrivateConnection
from node.network.libp2p.settings import HostSettings
from node.network.libp2p.tcp import PrivateTcp
from node.network.port import Connection, DialFailed, HostKey, Listener, NetworkError, Refused

# Both sides may dial at the same moment, and then both connections stay. A connection
# older than this is no such case: a second one that we dialed to the same peer is not kept.
_SIMULTANEOUS_DIAL_S = 15.0
_SETTLED_S = 5.0
"""From this age on both sides serve a connection, and answer a ping."""
_PROBE_S = 3.0
_log = logging.getLogger(__name__)


class Upgrader(TransportUpgrader):
    """From a private connection to a gated, multiplexed one."""

    async def upgrade_security(
        self, raw_conn: PrivateConnection, is_initiator: bool, peer_id: ID | None = None
    ) -> ISecureConn:
        """The gate's transport; with ANYBODY, whoever answers is accepted."""
        if peer_id == ANYBODY:
            return await self.security_multistream.secure_outbound(raw_conn, None)
        return await super().upgrade_security(raw_conn, is_initiator, peer_id)

    async def upgrade_connection(self, conn: ISecureConn, peer_id: ID) -> IMuxedConn:
        """The muxer of the options, where libp2p would put its own Yamux."""
        try:
            muxer = await self.muxer_multistream.select_transport(conn)
        except MultiselectError as error:
            raise MuxerUpgradeFailure("failed to negotiate the muxer") from error
        return muxer(conn, conn.get_remote_peer())


class NoAutoConnector(AutoConnector):
    """Whom to dial, and when, is the owner's to know."""

    async def run_background_task(self, nursery: trio.Nursery) -> None:
        """Nothing periodically."""

    async def maybe_connect(self) -> None:
        """Nothing when a peer leaves."""

    def record_disconnect(self, peer_id: ID) -> None:
        """Nothing to remember, for ever at that."""


class CommunitySwarm(Swarm):
    """Gated connections to members, and who is told of them."""

    def __init__(
        self,
        own_id: ID,
        peerstore: PeerStore,
        upgrader: Upgrader,
        transport: PrivateTcp,
        settings: HostSettings,
        listener: Listener,
    ) -> None:
        super().__init__(
            own_id,
            peerstore,
            upgrader,
            transports=[transport],
            retry_config=RetryConfig(max_retries=0),
            connection_config=ConnectionConfig(
                max_connections=settings.max_connections,
                min_connections=0,
                low_watermark=0,
                high_watermark=settings.max_connections,
                max_connections_per_peer=settings.max_connections_per_peer,
                inbound_upgrade_timeout=math.inf,  # ours holds the whole upgrade
                outbound_upgrade_timeout=math.inf,  # so does the dialer's
                grace_period=0.0,
            ),
        )
        # libp2p's own bound also counts, and keeps, those that are not through the gate.
        self._inbound_limiter = trio.CapacityLimiter(math.inf)
        self.auto_connector = NoAutoConnector(self)
        self._half_open = HalfOpenLimit(settings.max_half_open, settings.max_half_open_per_ip)
        self._upgrade_deadline_s = settings.upgrade_deadline_s
        self._listener = listener
        self._told: dict[ID, Connection] = {}
        self.on_change: list[Callable[[], None]] = []
        """Called when a connection has come or gone."""

    # Who is connected, and who hears of it.

    def peers(self) -> list[Connection]:
        """The first connection of each peer."""
        return list(self._told.values())

    def is_connected(self, peer: HostKey) -> bool:
        """Whether a peer has passed the gate and is there."""
        return id_of(peer) in self._told

    def direct(self) -> list[Connection]:
        """The connections without a relay in between; at most one of each peer."""
        found = (
            next(filter(_is_direct, self.get_connections(peer_id)), None) for peer_id in self._told
        )
        return [_told_of(connection) for connection in found if connection is not None]

    def relayed(self) -> list[HostKey]:
        """The peers that reach us through a relay only.

        Of two that have dialled each other, only the one with the smaller key has the other here.
        """
        own = host_key_of_id(self.get_peer_id())
        found = []
        for told in self._told.values():
            connections = self.get_connections(id_of(told.peer))
            ways = {each.direction for each in connections}
            is_first = ways == {Direction.INBOUND} or (len(ways) == 2 and own < told.peer)
            if is_first and not any(map(_is_direct, connections)):
                found.append(told.peer)
        return found

    def is_direct(self, peer: HostKey) -> bool:
        """Whether a peer is connected without a relay in between."""
        return any(map(_is_direct, self.get_connections(id_of(peer))))

    async def notify_connected(self, conn: INetConn) -> None:
        """Tell the listener before anything is started that may speak to the peer."""
        peer_id = conn.muxed_conn.peer_id
        if peer_id not in self._told and not conn.is_closed:
            told = self._told[peer_id] = _told_of(conn)
            self.tell(self._listener.on_connected, told.peer, told.address, told.outbound)
        conn.muxed_conn.announced.set()
        self._tell_change()
        await super().notify_connected(conn)

    def remove_conn(self, swarm_conn: SwarmConn) -> None:
        """libp2p calls this when a connection closes, however it came to that."""
        super().remove_conn(swarm_conn)
        peer_id = swarm_conn.muxed_conn.peer_id
        if not self.connections.get(peer_id) and peer_id in self._told:
            told = self._told.pop(peer_id)
            self.tell(self._listener.on_disconnected, told.peer)
        self._tell_change()

    def _tell_change(self) -> None:
        for told in self.on_change:
            self.tell(told)

    def tell_misconduct(self, peer_id: ID | None, reason: str) -> None:
        """Have something counted; peer_id: None for somebody before the gate."""
        peer = None if peer_id is None else host_key_of_id(peer_id)
        self.tell(self._listener.on_misconduct, peer, reason)

    def tell(self, told: Callable[..., None], *what: object) -> None:
        """Call the listener. A bug of the owner's must not cost it the network."""
        try:
            told(*what)
        except Exception:
            _log.exception("the listener raised")

    def drop(self, peer_id: ID, misconduct: str | None = None) -> None:
        """End every connection to a peer without waiting."""
        for connection in self.get_connections(peer_id):
            connection.muxed_conn.drop(misconduct)
            self.remove_conn(connection)

    @property
    def _most_inbound(self) -> int:
        """From how many connections on none is taken from outside."""
        most: int = self.connection_config.max_connections
        return most - most // 5

    def _trim_connections(self, peer_id: ID) -> None:
        """The newest of a peer's connections are the likeliest to live."""
        most = self.connection_config.max_connections_per_peer
        for connection in self.connections[peer_id][:-most]:
            connection.muxed_conn.drop()

    # Outbound.

    async def dial(self, address: str, expected: HostKey | None, deadline_s: float) -> HostKey:
        """Connect and pass both gates. DialFailed, or Refused."""
        peer_id = ANYBODY if expected is None else id_of(expected)
        return await self._dial(partial(self.dial_addr, Multiaddr(address), peer_id), deadline_s)

    async def dial_over(
        self,
        open_circuit: Callable[[], Awaitable[PrivateConnection]],
        expected: HostKey,
        deadline_s: float,
    ) -> HostKey:
        """The same over a circuit instead of a connection of our own."""

        async def connect() -> INetConn:
            if len(self.get_connections()) >= self.connection_config.max_connections:
                raise DialFailed("too many connections")
            raw = await open_circuit()
            try:
                return await self.upgrade_outbound_raw_conn(raw, id_of(expected))
            except BaseException:
                await raw.close()
                raise

        return await self._dial(connect, deadline_s)

    async def _dial(self, connect: Callable[[], Awaitable[INetConn]], deadline_s: float) -> HostKey:
        try:
            with trio.fail_after(deadline_s):
                connection = await connect()
        except trio.TooSlowError as error:
            raise DialFailed("no answer in time") from error
        except Exception as error:
            raise _ours(error) from error
        remote: ID = connection.muxed_conn.peer_id
        others = [each for each in self.get_connections(remote) if each is not connection]
        now = trio.current_time()
        if any(now - each.muxed_conn.opened_at > _SIMULTANEOUS_DIAL_S for each in others):
            connection.muxed_conn.drop()
        return host_key_of_id(remote)

    async def replace(self, raw: PrivateConnection, expected: HostKey) -> None:
        """Put a connection of our own in the place of the circuits to a peer. NetworkError.

        The circuits go when the gates have passed, so that services begin anew on the new one.
        """
        peer_id = id_of(expected)
        try:
            with trio.fail_after(self._upgrade_deadline_s):
                secured = await self.upgrader.upgrade_security(raw, raw.is_initiator, peer_id)
                if secured.get_remote_peer() != peer_id:
                    raise DialFailed("another host answers at this address")
                muxed = await self.upgrader.upgrade_connection(secured, peer_id)
                if self.is_direct(expected):
                    raise DialFailed("connected meanwhile")
                self.drop(peer_id)
                await self.add_conn(muxed, "outbound" if raw.is_initiator else "inbound")
        except BaseException as error:
            with trio.CancelScope(shield=True):
                await raw.close()
            if isinstance(error, trio.TooSlowError):
                raise DialFailed("no answer in time") from error
            if isinstance(error, Exception):
                raise _ours(error) from error
            raise

    async def probe(self, peer_id: ID | None = None, min_age_s: float = 0.0) -> None:
        """Part from those that give no sign of life at once: all, or one peer's connections."""

        async def look_after(connection: INetConn) -> None:
            if not await connection.muxed_conn.probe(_PROBE_S):
                self.remove_conn(connection)

        opened_by = trio.current_time() - min_age_s
        async with trio.open_nursery() as nursery:
            for connection in self.get_connections(peer_id):
                if connection.muxed_conn.opened_at <= opened_by:
                    nursery.start_soon(look_after, connection)

    # Inbound.

    async def add_conn(self, muxed_conn: IMuxedConn, direction: str = "unknown") -> SwarmConn:
        """Serve a connection that has passed the gates.

        A peer that dials though it is connected has most likely lost that connection, which
        so far shows at its side only. Services begin anew on this one if that is so.
        """
        if direction == "inbound":
            await self.probe(muxed_conn.peer_id, _SETTLED_S)
        return await super().add_conn(muxed_conn, direction)

    async def take_inbound(self, raw: PrivateConnection, address: Multiaddr) -> None:
        """Keep a circuit that was brought here until it ends."""
        await self._do_handle_inbound_connection(raw, address, None)

    async def _do_handle_inbound_connection(
        self, read_write_closer: PrivateConnection, maddr: Multiaddr, failure_event: object
    ) -> None:
        """Upgrade a connection and keep its socket until it ends.

        libp2p's keeps the socket, a slot and a task until shutdown (docs/adr/0003, trap 3).
        Never raises: that would end the swarm.
        """
        raw = read_write_closer
        try:
            muxed = await self._upgrade_inbound(raw, maddr)
            if muxed is not None:
                await muxed.event_closed.wait()
        except Exception:
            _log.exception("an inbound connection failed")
        finally:
            with trio.CancelScope(shield=True):
                await raw.close()

    async def _upgrade_inbound(self, raw: PrivateConnection, maddr: Multiaddr) -> IMuxedConn | None:
        remote = raw.get_remote_address()
        with self._half_open.slot(raw.address if remote is None else remote[0]) as has_place:
            if not has_place or len(self.get_connections()) >= self._most_inbound:
                self.tell_misconduct(None, "no-place")
                return None
            try:
                with trio.fail_after(self._upgrade_deadline_s):
                    return await self.upgrade_inbound_raw_conn(raw, maddr)
            except trio.TooSlowError:
                self.tell_misconduct(None, "upgrade-deadline")
            except Misconduct as misconduct:
                self.tell_misconduct(None, misconduct.reason)
            except Exception as error:
                _log.debug("an inbound connection did not pass: %r", error)
            return None


def _is_direct(connection: INetConn) -> bool:
    return connection.get_connection_type() is ConnectionType.DIRECT


def _told_of(connection: INetConn) -> Connection:
    muxed = connection.muxed_conn
    address = str(connection.get_transport_addresses()[0])
    return Connection(
        host_key_of_id(muxed.peer_id), address, connection.direction is Direction.OUTBOUND
    )


def _ours(error: BaseException) -> NetworkError:
    """The exception of the port that libp2p wrapped in one or more of its own."""
    while not isinstance(error, NetworkError) and error.__cause__ is not None:
        error = error.__cause__
    return error if isinstance(error, Refused | DialFailed) else DialFailed(str(error))
