"""Connections through a volunteer: dialled here, or brought here because of a reservation.

The client's side of circuit relay v2 (libp2p specs, relay/circuit-v2). A circuit is one
stream to the volunteer; over it runs a connection like any other: private network, Noise,
gate, muxer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import trio
from libp2p.abc import INetStream
from multiaddr import Multiaddr
from multiaddr.exceptions import BinaryParseError

from node.network.libp2p.addresses import (
    CIRCUIT,
    CircuitAddress,
    host_key_of_id,
    parse_address,
    peer_id_of,
)
from node.network.libp2p.byte_stream import ByteStream
from node.network.libp2p.circuit_wire import HopMessage, Status, StopMessage, peer
from node.network.libp2p.delimited import receive, send
from node.network.libp2p.private_network import PrivateConnection
from node.network.libp2p.tcp import OPENING
from node.network.port import DialFailed, HostKey, NetworkError, StreamClosed

_ANSWER_DEADLINE_S = 10.0
_CIRCUIT_DEADLINE_S = 15.0
"""The volunteer waits for the other side in between."""
_MAX_TOLD_ADDRESSES = 16

Accept = Callable[[PrivateConnection, Multiaddr], Awaitable[None]]


class ReservationRefused(NetworkError):
    """A volunteer has no place for us now, or the peer is none."""


@dataclass(frozen=True, slots=True)
class Place:
    """addresses: where the volunteer says that it can be dialled, without its peer id."""

    addresses: tuple[str, ...]


class Circuits:
    """Asks volunteers for places and circuits, and serves the stop protocol."""

    def __init__(
        self,
        network_key: bytes,
        open_hop: Callable[[HostKey], Awaitable[INetStream]],
        holds_place: Callable[[HostKey], bool],
        accept: Accept,
        counts: Counter[str],
    ) -> None:
        """open_hop: opens a hop stream to a host that is connected without a relay.

        holds_place: whether we hold a reservation there. accept: takes an inbound connection
        until it ends.
        """
        self._network_key = network_key
        self._open_hop = open_hop
        self._holds_place = holds_place
        self._accept = accept
        self._counts = counts

    async def reserve(self, relay: HostKey) -> Place:
        """Ask for a place, or renew it. ReservationRefused, or another NetworkError."""
        with _deadline(_ANSWER_DEADLINE_S):
            stream = ByteStream(await self._open_hop(relay))
            try:
                await send(stream, HopMessage(type=HopMessage.RESERVE))
                answer = await receive(stream, HopMessage)
            finally:
                await stream.aclose()
        if answer.type != HopMessage.STATUS or answer.status != Status.OK:
            raise ReservationRefused(f"status {answer.status}")
        return Place(_told_addresses(answer))

    async def open(self, target: CircuitAddress, address: str) -> PrivateConnection:
        """Return a connection to somebody who holds a place at the relay, not yet secured.

        Raises DialFailed.
        """
        stream: ByteStream | None = None
        try:
            with _deadline(_CIRCUIT_DEADLINE_S):
                stream = ByteStream(await self._open_hop(target.relay))
                await send(stream, HopMessage(type=HopMessage.CONNECT, peer=peer(target.peer)))
                answer = await receive(stream, HopMessage)
            if answer.type != HopMessage.STATUS or answer.status != Status.OK:
                self._counts[f"circuit-refused:{_word(answer.status)}"] += 1
                raise DialFailed(f"the relay refused: {_word(answer.status)}")
        except BaseException as error:
            if stream is not None:
                await trio.aclose_forcefully(stream)
            if isinstance(error, NetworkError) and not isinstance(error, DialFailed):
                self._counts["circuit-failed"] += 1
                raise DialFailed(f"no circuit: {error}") from error
            raise
        return PrivateConnection(stream, self._network_key, True, address, OPENING)

    async def answer(self, net_stream: INetStream) -> None:
        """Serve one stop stream: a volunteer brings a circuit. Raises NetworkError."""
        stream = ByteStream(net_stream)
        relay = host_key_of_id(net_stream.muxed_conn.peer_id)
        with _deadline(_ANSWER_DEADLINE_S):
            offer = await receive(stream, StopMessage)
            status = self._verdict(relay, offer)
            await send(stream, StopMessage(type=StopMessage.STATUS, status=status))
        if status == Status.OK:
            self._counts["circuits-accepted"] += 1
            # Who is at the other end shows in Noise; what the relay says of it counts nothing.
            address = f"/p2p/{peer_id_of(relay)}{CIRCUIT}"
            raw = PrivateConnection(stream, self._network_key, False, address, OPENING)
            await self._accept(raw, Multiaddr(address))

    def _verdict(self, relay: HostKey, offer: StopMessage) -> Status.ValueType:
        if not offer.HasField("type") or offer.type != StopMessage.CONNECT:
            return Status.UNEXPECTED_MESSAGE
        if not self._holds_place(relay):
            self._counts["circuit-unasked"] += 1
            return Status.PERMISSION_DENIED
        return Status.OK


@contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    """trio.fail_after, with an error of the port's."""
    try:
        with trio.fail_after(seconds):
            yield
    except trio.TooSlowError as error:
        raise StreamClosed("no answer in time") from error


def _word(status: Status.ValueType) -> str:
    try:
        return str(Status.Name(status)).lower().replace("_", "-")
    except ValueError:
        return "unknown"


def _told_addresses(answer: HopMessage) -> tuple[str, ...]:
    """The TCP addresses among those that a volunteer names; it names what it likes."""
    told: dict[str, None] = {}
    for encoded in answer.reservation.addrs[:_MAX_TOLD_ADDRESSES]:
        try:
            address = str(Multiaddr(encoded)).partition("/p2p/")[0]
            parse_address(address)
        except (ValueError, LookupError, BinaryParseError):
            continue
        told[address] = None
    return tuple(told)
