"""Protobuf messages on a stream, each after its length as a varint, as libp2p's protocols do."""

from __future__ import annotations

from typing import TypeVar

import trio
from google.protobuf.message import DecodeError, Message

from node.network.libp2p.byte_reader import encode_varint
from node.network.libp2p.byte_stream import ByteStream
from node.network.libp2p.misconduct import Misconduct
from node.network.port import FrameTooLarge, StreamClosed

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
