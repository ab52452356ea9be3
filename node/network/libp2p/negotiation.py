"""multistream-select: agreeing on the protocol of a connection or a stream.

libp2p's state machines, on lines of our own: its reader has no bound, so one forged
length could make it wait for gigabytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from libp2p.protocol_muxer.exceptions import MultiselectClientError, MultiselectError
from libp2p.protocol_muxer.multiselect import Multiselect
from libp2p.protocol_muxer.multiselect_client import MultiselectClient

from node.network.libp2p.byte_reader import encode_varint
from node.network.port import NetworkError

HEADER = b"\x13/multistream/1.0.0\n"
"""The first bytes either side sends, before it hears anything."""

_MAX_LINE_BYTES = 256


class NegotiationFailed(NetworkError):
    """The two sides share no protocol, or the other one does not speak multistream."""


class ByteStream(Protocol):
    """What a negotiation runs on."""

    async def read(self, n: int) -> bytes: ...

    async def write(self, plain: bytes) -> None: ...


class _Lines:
    """Length-prefixed lines, as libp2p's MultiselectCommunicator but bounded."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream

    async def write(self, line: str) -> None:
        encoded = line.encode() + b"\n"
        await self._stream.write(encode_varint(len(encoded)) + encoded)

    async def read(self) -> str:
        length = (await self._stream.read(1))[0]
        if length >= 0x80:
            length = length & 0x7F | (await self._stream.read(1))[0] << 7
        if not 0 < length <= _MAX_LINE_BYTES:
            raise NegotiationFailed("line too long")
        line = await self._stream.read(length)
        if line[-1:] != b"\n":
            raise NegotiationFailed("line without an end")
        try:
            return line[:-1].decode("ascii")
        except UnicodeDecodeError as error:
            raise NegotiationFailed("line is not text") from error


async def choose(stream: ByteStream, protocols: Iterable[str]) -> str:
    """Answer the initiator: return the protocol it asked for. NegotiationFailed."""
    offered = dict.fromkeys(protocols)
    try:
        chosen, _ = await Multiselect(offered).negotiate(_Lines(stream))
    except MultiselectError as error:
        raise NegotiationFailed(str(error)) from error
    return str(chosen)


async def ask(stream: ByteStream, protocols: Iterable[str]) -> str:
    """As the initiator: return the first protocol the other side has. NegotiationFailed."""
    try:
        chosen = await MultiselectClient().select_one_of(list(protocols), _Lines(stream))
    except MultiselectClientError as error:
        raise NegotiationFailed(str(error)) from error
    return str(chosen)
