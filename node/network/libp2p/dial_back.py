"""AutoNAT: neighbours outside try whether they can dial this host (libp2p specs, autonat v1).

Whoever is asked dials no other IP address than the one that it sees the asker come from, so
that nobody is sent elsewhere. A dial that gets through Noise and the gate has reached the
right host; the connection is not kept.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import trio
from libp2p.abc import INetStream
from libp2p.custom_types import TProtocol
from libp2p.host.autonat.pb.autonat_pb2 import Message
from multiaddr import Multiaddr
from multiaddr.exceptions import BinaryParseError

from node.network.libp2p.addresses import (
    format_address,
    host_key_of_id,
    is_circuit,
    parse_address,
    peer_id_bytes_of,
)
from node.network.libp2p.byte_stream import ByteStream
from node.network.libp2p.delimited import receive, send
from node.network.port import HostKey, NetworkError, StreamClosed
from node.network.token_bucket import TokenBucket

AUTONAT = TProtocol("/libp2p/autonat/1.0.0")
_REQUEST_DEADLINE_S = 10.0
_DIAL_DEADLINE_S = 5.0
_ANSWER_DEADLINE_S = 30.0
_MOST_DIALS = 3
_AT_ONCE = 4
_ASKED_PER_S = 1 / 60
_ASKED_BURST = 6.0
_PARTIES_REMEMBERED = 512


class DialBack:
    """Serves AutoNAT for the neighbours."""

    def __init__(
        self,
        dial: Callable[[str, HostKey], Awaitable[None]],
        party_of: Callable[[HostKey], bytes],
        counts: Counter[str],
    ) -> None:
        """dial: tries to reach a host at an address and hangs up; NetworkError."""
        self._dial = dial
        self._party_of = party_of
        self._counts = counts
        self._asked: OrderedDict[bytes, TokenBucket] = OrderedDict()
        self._limiter = trio.CapacityLimiter(_AT_ONCE)

    async def answer(self, net_stream: INetStream) -> None:
        """Serve one request. Raises NetworkError, which ends its stream."""
        stream = ByteStream(net_stream)
        connection = net_stream.muxed_conn
        peer = host_key_of_id(connection.peer_id)
        try:
            with trio.fail_after(_REQUEST_DEADLINE_S):
                request = await receive(stream, Message)
        except trio.TooSlowError as error:
            raise StreamClosed("no request in time") from error
        observed = connection.get_remote_address()
        is_relayed = any(is_circuit(str(each)) for each in connection.get_transport_addresses())
        if is_relayed or observed is None or not self._may_ask(peer):
            self._counts["dial-back-refused"] += 1
            answer = _response(Message.E_DIAL_REFUSED)
        else:
            async with self._limiter:
                answer = await self._try(request, observed[0], peer)
        with trio.move_on_after(_REQUEST_DEADLINE_S):
            await send(stream, answer)

    async def _try(self, request: Message, observed: str, peer: HostKey) -> Message:
        for address in _wanted(request.dial.peer.addrs, observed):
            try:
                with trio.fail_after(_DIAL_DEADLINE_S):
                    await self._dial(address, peer)
            except (NetworkError, trio.TooSlowError):
                continue
            return _response(Message.OK, Multiaddr(address).to_bytes())
        # Beyond the standard, and harmless to who expects none: the address as seen from here.
        seen = Multiaddr(format_address(observed, 0)).to_bytes()
        return _response(Message.E_DIAL_ERROR, seen)

    def _may_ask(self, peer: HostKey) -> bool:
        party = self._party_of(peer)
        bucket = self._asked.pop(party, None) or TokenBucket(_ASKED_PER_S, _ASKED_BURST)
        self._asked[party] = bucket
        while len(self._asked) > _PARTIES_REMEMBERED:
            self._asked.popitem(last=False)
        return bucket.take(trio.current_time())


@dataclass(frozen=True, slots=True)
class Opinion:
    """reached: the address at which a neighbour got through, False if it did not.

    seen: the IP address that it sees us come from, None if it did not say.
    """

    reached: str | Literal[False]
    seen: str | None


async def ask(net_stream: INetStream, own: HostKey, addresses: Sequence[str]) -> Opinion | None:
    """Ask a neighbour to dial back at the ports of these addresses; None if it would not.

    NetworkError if it does not answer.
    """
    stream = ByteStream(net_stream)
    request = Message(type=Message.DIAL)
    request.dial.peer.id = peer_id_bytes_of(own)
    request.dial.peer.addrs.extend(Multiaddr(each).to_bytes() for each in addresses)
    try:
        with trio.fail_after(_ANSWER_DEADLINE_S):
            await send(stream, request)
            response = (await receive(stream, Message)).dialResponse
    except trio.TooSlowError as error:
        raise StreamClosed("no answer in time") from error
    finally:
        await stream.aclose()
    found = tcp_address(response.addr)
    seen = None if found is None else parse_address(found).host
    if response.status == Message.E_DIAL_ERROR:
        return Opinion(False, seen)
    if response.status != Message.OK or found is None:
        return None
    return Opinion(found, seen) if _port(found) in set(map(_port, addresses)) else None


def _wanted(encoded: Iterable[bytes], observed: str) -> list[str]:
    """What is dialled: the observed IP address with the ports that were named."""
    wanted: dict[str, None] = {}
    for each in encoded:
        address = tcp_address(each)
        if address is not None and len(wanted) < _MOST_DIALS:
            wanted[format_address(observed, _port(address))] = None
    return list(wanted)


def tcp_address(encoded: bytes) -> str | None:
    """A TCP address from the network, without a peer id; None if it is none."""
    try:
        address = str(Multiaddr(encoded)).partition("/p2p/")[0]
        parse_address(address)
    except (ValueError, LookupError, BinaryParseError):
        return None
    return address


def _port(address: str) -> int:
    return parse_address(address).port


def _response(status: Message.ResponseStatus.ValueType, address: bytes = b"") -> Message:
    answer = Message(type=Message.DIAL_RESPONSE)
    answer.dialResponse.status = status
    if address:
        answer.dialResponse.addr = address
    return answer
