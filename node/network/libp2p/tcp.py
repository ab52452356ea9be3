# mypy: allow-subclassing-any
"""libp2p's TCP transport, with every connection on the private network.

Dialing is libp2p's. Listening is ours: libp2p 0.8.1 binds with SO_REUSEPORT, so that a
second node takes half of the connections of the first instead of being told that the port
is in use, and accepts in a system task, in which one exception ends the whole process.
"""

from __future__ import annotations

import errno
import math
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import trio
from libp2p.abc import IListener
from libp2p.protocol_muxer.multiselect import MULTISELECT_PROTOCOL_ID
from libp2p.transport.exceptions import OpenConnectionError
from libp2p.transport.tcp.tcp import TCP
from libp2p.utils import encode_delim
from multiaddr import Multiaddr

from node.network.libp2p.addresses import (
    ANYBODY,
    TcpAddress,
    format_address,
    is_public,
    parse_address,
)
from node.network.libp2p.private_network import PrivateConnection, remote_of
from protocol.errors import LocalError

OPENING: bytes = encode_delim(MULTISELECT_PROTOCOL_ID.encode())
"""What either side sends first, before it has heard anything."""

_BACKLOG = 128
_NEAR_DEADLINE_S = 3.0
"""For an address of a home network, which is most often another home's and silent: an address
that works must not wait for it."""
_OUT_OF_FILES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_OUT_OF_FILES_PAUSE_S = 0.5
_NO_SUCH_VERSION = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT})
"""What binding to every IPv6 address gives where IPv6 is not there, or switched off."""
_ANY_IPV6 = "::"

_FAMILIES = {"dns4": socket.AF_INET, "dns6": socket.AF_INET6}

Accept = Callable[[PrivateConnection], Awaitable[None]]


class PrivateTcp(TCP):
    """Dials and accepts private connections. The sockets it listens on are opened before."""

    def __init__(
        self,
        network_key: bytes,
        sockets: Sequence[trio.SocketListener],
        tell_out_of_files: Callable[[], None],
    ) -> None:
        super().__init__()
        self._key = network_key
        self._sockets = {Multiaddr(bound_address(each)): each for each in sockets}
        self._tell_out_of_files = tell_out_of_files

    @property
    def listen_addresses(self) -> Sequence[Multiaddr]:
        """For ``Swarm.listen``: where the sockets are bound."""
        return tuple(self._sockets)

    async def dial(self, maddr: Multiaddr) -> PrivateConnection:
        """Open a connection. libp2p's OpenConnectionError if nobody answers.

        Names are the system's to resolve: libp2p asks name servers only, which know neither
        the hosts file nor the names that a household's router gives out.
        """
        address = str(maddr).removesuffix(f"/p2p/{ANYBODY}")
        failure = OpenConnectionError(f"{address}: no such name")
        for each in await _resolved(parse_address(address)):
            try:
                with trio.fail_after(math.inf if is_public(each) else _NEAR_DEADLINE_S):
                    raw = await super().dial(Multiaddr(each))
            except OpenConnectionError as error:
                failure = error
                continue
            except trio.TooSlowError:
                failure = OpenConnectionError(f"{each}: not in this network")
                continue
            return PrivateConnection(raw.stream.stream, self._key, True, address, OPENING)
        raise failure

    def create_listener(self, handler_function: Accept) -> PortListener:
        """See libp2p."""
        return PortListener(self, handler_function)

    async def accept(self, address: Multiaddr, handler: Accept, nursery: trio.Nursery) -> None:
        """Serve one of the sockets until cancelled."""
        listening = self._sockets[address]
        while True:
            try:
                tcp = await listening.accept()
            except OSError as error:
                if error.errno not in _OUT_OF_FILES:
                    raise
                self._tell_out_of_files()
                await trio.sleep(_OUT_OF_FILES_PAUSE_S)
                continue
            nursery.start_soon(self._serve, tcp, handler)

    async def _serve(self, tcp: trio.SocketStream, handler: Accept) -> None:
        remote = remote_of(tcp)
        if remote is None:  # gone already
            await trio.aclose_forcefully(tcp)
            return
        address = format_address(*remote)
        await handler(PrivateConnection(tcp, self._key, False, address, OPENING))


class PortListener(IListener):
    """A listening socket of a transport, as libp2p wants to see it."""

    background_nursery: trio.Nursery
    """The swarm's own, set by the swarm before it calls listen."""

    def __init__(self, transport: PrivateTcp, handler: Accept) -> None:
        self._transport = transport
        self._handler = handler
        self._addresses: tuple[Multiaddr, ...] = ()
        self._scope = trio.CancelScope()

    async def listen(self, maddr: Multiaddr) -> None:
        """Accept connections from now on; whoever opened the socket closes it."""
        self._addresses = (maddr,)
        self.background_nursery.start_soon(self._accept, maddr)

    def get_addrs(self) -> tuple[Multiaddr, ...]:
        """Where it listens."""
        return self._addresses

    async def close(self) -> None:
        """Accept no more, and let go of what was accepted."""
        self._addresses = ()
        self._scope.cancel()

    async def _accept(self, maddr: Multiaddr) -> None:
        with self._scope:
            async with trio.open_nursery() as nursery:
                await self._transport.accept(maddr, self._handler, nursery)


async def _resolved(target: TcpAddress) -> list[str]:
    """The multiaddrs of a name, of the wanted IP version."""
    family = _FAMILIES.get(target.protocol, socket.AF_UNSPEC)
    try:
        found = await trio.socket.getaddrinfo(target.host, target.port, family, socket.SOCK_STREAM)
    except OSError as error:
        raise OpenConnectionError(f"{target.host}: {error.strerror}") from error
    return [format_address(*each[4][:2]) for each in found]


async def open_sockets(addresses: Sequence[str]) -> list[trio.SocketListener]:
    """Bind every multiaddr. A port 0 becomes that of the one before, if it can.

    Every IPv6 address is left out where there is no IPv6, if there is another to listen at.
    Raises LocalError: ``port-in-use``, ``listen-address-malformed`` or
    ``listen-address-unavailable`` (not an address of this machine, or not permitted).
    """
    sockets: list[trio.SocketListener] = []
    try:
        for address in addresses:
            sockets += await _open(address, sockets)
    except BaseException:
        await close_sockets(sockets)
        raise
    return sockets


async def _open(address: str, others: Sequence[trio.SocketListener]) -> list[trio.SocketListener]:
    try:
        target = parse_address(address)
    except ValueError as error:
        raise LocalError("listen-address-malformed", address=address) from error
    if target.port == 0 and others:
        with suppress(OSError):
            return await _bound(target.host, parse_address(bound_address(others[-1])).port)
    try:
        return await _bound(target.host, target.port)
    except OSError as error:
        if others and target.host == _ANY_IPV6 and error.errno in _NO_SUCH_VERSION:
            return []
        if error.errno == errno.EADDRINUSE:
            raise LocalError("port-in-use", address=address) from error
        why = error.strerror or str(error)
        raise LocalError("listen-address-unavailable", address=address, why=why) from error


async def _bound(host: str, port: int) -> list[trio.SocketListener]:
    return list(await trio.open_tcp_listeners(port, host=host, backlog=_BACKLOG))


async def close_sockets(sockets: Sequence[trio.SocketListener]) -> None:
    """Close them, cancelled or not."""
    with trio.CancelScope(shield=True):
        for each in sockets:
            await each.aclose()


def bound_address(listening: trio.SocketListener) -> str:
    """The multiaddr at which a socket listens."""
    return format_address(*listening.socket.getsockname()[:2])
