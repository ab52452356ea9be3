"""The messages of circuit relay v2: protobuf, each after its length as a varint.

libp2p specs, relay/circuit-v2. The messages are libp2p's own; its service is not used
(docs/adr/0013).
"""

from __future__ import annotations

from typing import TypeVar

import trio
from google.protobuf.message import DecodeError, Message
from libp2p.custom_types import TProtocol
from libp2p.relay.circuit_v2.pb.circuit_pb2 import HopMessage, Limit, PeerId, Status, StopMessage

from node.network.libp2p.addresses import host_key_of_bytes, peer_id_bytes_of
from node.network.libp2p.byte_reader import encode_varint
from node.network.libp2p.byte_stream import ByteStream
from node.network.libp2p.misconduct import Misconduct
from node.network.port import FrameTooLarge, HostKey, StreamClosed

__all__ = ["HOP", "STOP", "HopMessage", "Limit", "Status", "StopMessage"]

HOP = TProtocol("/libp2p/circuit/relay/0.2.0/hop")
"""Spoken by a volunteer: RESERVE asks it for a place, CONNECT for a circuit to a host."""
STOP = TProtocol("/libp2p/circuit/relay/0.2.0/stop")
"""Spoken by whoever has a place: the volunteer brings it a circuit."""
MAX_MESSAGE_BYTES = 4096

M = TypeVar("M", bound=Message)


async def send(stream: ByteStream, message: Message) -> None:
    """Send one message. StreamClosed if the stream is gone."""
    encoded = message.SerializeToString()
    try:
        await stream.send_all(encode_varint(len(encoded)) + encoded)
    except trio.BrokenResourceError as error:
        raise StreamClosed(str(error)) from error


async def receive(stream: ByteStream, kind: type[M]) -> M:
    """Return the next message; what follows it stays in the stream.

    Misconduct ``relay-message`` if it is too long or no such message, StreamClosed at the end.
    """
    try:
        length = await stream.reader.read_varint(MAX_MESSAGE_BYTES)
        if length is None:
            raise StreamClosed("the other side said nothing")
        encoded = await stream.reader.read(length)
    except trio.BrokenResourceError as error:
        raise StreamClosed(str(error)) from error
    except FrameTooLarge as error:
        raise Misconduct("relay-message") from error
    try:
        return kind.FromString(encoded)
    except DecodeError as error:
        raise Misconduct("relay-message") from error


def peer_of(message: HopMessage | StopMessage) -> HostKey:
    """The host that a CONNECT names. Misconduct ``relay-message`` if it names none."""
    try:
        return host_key_of_bytes(message.peer.id)
    except ValueError as error:
        raise Misconduct("relay-message") from error


def peer(host: HostKey) -> PeerId:
    """The field that names a host."""
    return PeerId(id=peer_id_bytes_of(host))
