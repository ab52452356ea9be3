"""The host's listening sockets."""

from __future__ import annotations

import errno
from collections.abc import Sequence

import trio

from node.network.libp2p.addresses import parse_address
from protocol.errors import LocalError

_BACKLOG = 128


async def open_sockets(addresses: Sequence[str]) -> list[trio.SocketListener]:
    """Bind every multiaddr.

    Raises LocalError: ``port-in-use``, ``listen-address-malformed`` or
    ``listen-address-unavailable`` (not an address of this machine, or not permitted).
    """
    sockets: list[trio.SocketListener] = []
    try:
        for address in addresses:
            sockets += await _open(address)
    except BaseException:
        await close_sockets(sockets)
        raise
    return sockets


async def _open(address: str) -> list[trio.SocketListener]:
    try:
        target = parse_address(address)
    except ValueError as error:
        raise LocalError("listen-address-malformed", address=address) from error
    try:
        return list(await trio.open_tcp_listeners(target.port, host=target.host, backlog=_BACKLOG))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise LocalError("port-in-use", address=address) from error
        why = error.strerror or str(error)
        raise LocalError("listen-address-unavailable", address=address, why=why) from error


async def close_sockets(sockets: Sequence[trio.SocketListener]) -> None:
    """Close them, cancelled or not."""
    with trio.CancelScope(shield=True):
        for socket in sockets:
            await socket.aclose()


def bound(sockets: Sequence[trio.SocketListener]) -> list[tuple[str, int]]:
    """Where they listen, as pairs of IP address and port."""
    return [socket.socket.getsockname()[:2] for socket in sockets]
