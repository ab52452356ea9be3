"""A negotiated libp2p stream as trio's byte stream, so that a connection can run over it."""

from __future__ import annotations

import trio
from libp2p.abc import INetStream
from libp2p.io.exceptions import IOException
from libp2p.network.stream.exceptions import StreamEOF

from node.network.libp2p.byte_reader import ByteReader


class ByteStream(trio.abc.Stream):
    """Bytes both ways; trio's exceptions. What ``reader`` has buffered is read first."""

    def __init__(self, stream: INetStream) -> None:
        """stream: negotiated, on a connection of ours."""
        self._stream = stream
        self.reader = ByteReader(self._receive)

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Queue all of it. BrokenResourceError if the stream or its connection is gone."""
        try:
            await self._stream.write(bytes(data))
        except IOException as error:
            raise trio.BrokenResourceError(str(error.__cause__ or error)) from error

    async def wait_send_all_might_not_block(self) -> None:
        """Part of trio's interface: the muxer bounds what waits."""
        await trio.lowlevel.checkpoint()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Return what has come, ``b""`` at the end; never more than the muxer's window."""
        return await self.reader.read_some()

    async def aclose(self) -> None:
        """End both directions: the peer reads to the end of what was sent."""
        with trio.CancelScope(shield=True):
            await self._stream.close()

    async def _receive(self) -> bytes:
        try:
            return bytes(await self._stream.read())
        except StreamEOF:
            return b""
        except IOException as error:
            raise trio.BrokenResourceError(str(error.__cause__ or error)) from error
