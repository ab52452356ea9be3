"""Hole punching: two hosts behind routers dial each other at the same moment (DCUtR).

libp2p specs, relay/DCUtR, over TCP. Whoever was dialled through a relay begins; each tells the
other the address that it expects to come from, and both dial from a port of their own choice
when half a round trip is over. It works where the routers keep that port, and costs nothing
where they do not: the circuit stays.
"""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import trio
from libp2p.abc import INetStream
from libp2p.custom_types import TProtocol
from libp2p.relay.circuit_v2.pb.dcutr_pb2 import HolePunch
from multiaddr import Multiaddr

from node.network.libp2p.addresses import (
    format_address,
    host_key_of_id,
    is_circuit,
    is_public,
    parse_address,
)
from node.network.libp2p.byte_stream import ByteStream
from node.network.libp2p.delimited import receive, send
from node.network.libp2p.dial_back import tcp_address
from node.network.libp2p.misconduct import Misconduct
from node.network.port import HostKey, NetworkError, StreamClosed

DCUTR = TProtocol("/libp2p/dcutr")
_EXCHANGE_S = 15.0
_PUNCH_S = 5.0
_PAUSE_S = 0.1
_TRY_AGAIN_S = 600.0
_ANSWER_AGAIN_S = 5.0
"""A peer names the address that is dialled: not again and again."""
_SOON_AGAIN_S = 10.0
_TRIES = 3
"""The other side may not know its address yet, or be too busy to dial at the moment."""
_MAX_ADDRESSES = 8

Keep = Callable[[trio.SocketStream, HostKey, str, bool], Awaitable[None]]


class HolePuncher:
    """Tries to replace circuits by connections of one's own."""

    def __init__(
        self,
        outside: Callable[[], str | None],
        open_stream: Callable[[HostKey], Awaitable[INetStream]],
        relayed: Callable[[], Sequence[HostKey]],
        keep: Keep,
        counts: Counter[str],
    ) -> None:
        """outside: this host's IPv4 address as neighbours outside see it, None if unknown.

        open_stream: of DCUTR, to a host that is connected; NetworkError. relayed: the hosts
        that reach us through a relay only, and with which we begin. keep: secures a TCP
        connection to a host (its address; whether we are its dialler) and puts it in the
        circuit's place; NetworkError.
        """
        self._outside = outside
        self._open_stream = open_stream
        self._relayed = relayed
        self._keep = keep
        self._counts = counts
        self._tried: dict[HostKey, tuple[int, float]] = {}
        self._answered_at: dict[HostKey, float] = {}
        self._changed = trio.Event()
        self._nursery: trio.Nursery | None = None

    def forget(self) -> None:
        """This host is somewhere else now, maybe behind another router: try anew."""
        self._tried.clear()

    def wake(self) -> None:
        """Somebody has come or gone, or our address has become known."""
        self._changed.set()

    async def run(self) -> None:
        """Try with each host that was brought here by a relay, until cancelled."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            while True:
                self._changed = trio.Event()
                relayed = self._relayed()
                self._tried = {host: n for host, n in self._tried.items() if host in relayed}
                for peer in relayed:
                    tries, due_at = self._tried.get(peer, (0, 0.0))
                    if self._outside() is None or trio.current_time() < due_at:
                        continue
                    with suppress(NetworkError):
                        await self._begin(peer)
                    pause_s = _SOON_AGAIN_S if tries + 1 < _TRIES else _TRY_AGAIN_S
                    self._tried[peer] = tries + 1, trio.current_time() + pause_s
                with trio.move_on_after(_SOON_AGAIN_S):
                    await self._changed.wait()

    async def answer(self, net_stream: INetStream) -> None:
        """Serve one request of a host that we reached through a relay. Raises NetworkError."""
        stream = ByteStream(net_stream)
        peer = host_key_of_id(net_stream.muxed_conn.peer_id)
        addresses = net_stream.muxed_conn.get_transport_addresses()
        now = trio.current_time()
        answered_at = self._answered_at.get(peer, -_ANSWER_AGAIN_S)
        is_relayed = any(is_circuit(str(each)) for each in addresses)
        if not is_relayed or now - answered_at < _ANSWER_AGAIN_S:
            return
        self._answered_at = {
            host: at for host, at in self._answered_at.items() if now - at < _ANSWER_AGAIN_S
        }
        self._answered_at[peer] = now
        port = _free_port()
        try:
            with trio.fail_after(_EXCHANGE_S):
                theirs = _target(await receive(stream, HolePunch))
                await self._tell(stream, port)
                if (await receive(stream, HolePunch)).type != HolePunch.SYNC:
                    raise Misconduct("relay-message")
        except trio.TooSlowError as error:
            raise StreamClosed("no answer in time") from error
        if theirs is not None and self._nursery is not None:
            # Not here: this ends with the circuit, which is to be replaced.
            self._nursery.start_soon(self._punch, port, theirs, peer, True)

    async def _begin(self, peer: HostKey) -> None:
        port = _free_port()
        stream = ByteStream(await self._open_stream(peer))
        try:
            with trio.fail_after(_EXCHANGE_S):
                await self._tell(stream, port)
                sent_at = trio.current_time()
                theirs = _target(await receive(stream, HolePunch))
                round_trip_s = trio.current_time() - sent_at
                await send(stream, HolePunch(type=HolePunch.SYNC))
        except trio.TooSlowError as error:
            raise StreamClosed("no answer in time") from error
        finally:
            await stream.aclose()
        if theirs is not None:
            await trio.sleep(round_trip_s / 2)
            await self._punch(port, theirs, peer, False)

    async def _tell(self, stream: ByteStream, port: int) -> None:
        outside = self._outside()
        message = HolePunch(type=HolePunch.CONNECT)
        if outside is not None:
            message.ObsAddrs.append(Multiaddr(format_address(outside, port)).to_bytes())
        await send(stream, message)

    async def _punch(self, port: int, theirs: str, peer: HostKey, is_dialler: bool) -> None:
        if self._outside() is None:
            return  # the other side has no address of ours to dial
        try:
            with trio.fail_after(_PUNCH_S):
                tcp = await _connected(port, theirs)
            await self._keep(tcp, peer, theirs, is_dialler)
        except (NetworkError, trio.TooSlowError):
            self._counts["hole-punch:failed"] += 1
        else:
            self._counts["hole-punch:well"] += 1


def _target(message: HolePunch) -> str | None:
    """Where the other side expects to come from: one public address, or None."""
    if message.type != HolePunch.CONNECT:
        raise Misconduct("relay-message")
    for encoded in message.ObsAddrs[:_MAX_ADDRESSES]:
        address = tcp_address(encoded)
        if address is None or parse_address(address).protocol != "ip4":
            continue
        if is_public(address):
            return address
    return None


def _free_port() -> int:
    with socket.socket() as local:
        local.bind(("", 0))
        return int(local.getsockname()[1])


async def _connected(port: int, theirs: str) -> trio.SocketStream:
    """Dial from the port, again and again: the other side's router says no until it dials."""
    target = parse_address(theirs)
    while True:
        local = trio.socket.socket(trio.socket.AF_INET, trio.socket.SOCK_STREAM)
        try:
            local.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_REUSEADDR, 1)
            await local.bind(("", port))
            await local.connect((target.host, target.port))
        except BaseException as error:
            local.close()
            if not isinstance(error, OSError):
                raise
        else:
            return trio.SocketStream(local)
        await trio.sleep(_PAUSE_S)
