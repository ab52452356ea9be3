"""Exact reads from a source of chunks, without a limit on how many chunks it takes.

libp2p's ``read_exactly`` gives up after 101 partial reads (docs/adr/0003, trap 14).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from node.network.port import FrameTooLarge, StreamClosed

_MAX_VARINT_BYTES = 9


class ByteReader:
    """Buffers at most one chunk more than the read under way asks for."""

    def __init__(self, receive: Callable[[], Awaitable[bytes]]) -> None:
        """receive: returns the next chunk, ``b""`` at the end of the stream."""
        self._receive = receive
        self._buffer = bytearray()

    async def read(self, n: int) -> bytes:
        """Return exactly n bytes. StreamClosed if the stream ends before."""
        await self._fill(n)
        taken = bytes(self._buffer[:n])
        del self._buffer[:n]
        return taken

    async def peek(self, n: int) -> bytes:
        """Return the next n bytes and leave them to be read."""
        await self._fill(n)
        return bytes(self._buffer[:n])

    async def read_some(self) -> bytes:
        """Return whatever comes next, ``b""`` at the end of the stream."""
        if not self._buffer:
            return await self._receive()
        taken = bytes(self._buffer)
        self._buffer.clear()
        return taken

    async def read_varint(self, limit: int) -> int | None:
        """Return an unsigned LEB128 number, or None at a clean end of the stream.

        FrameTooLarge above the limit or if the encoding is not minimal.
        """
        if not self._buffer:
            chunk = await self._receive()
            if not chunk:
                return None
            self._buffer += chunk
        value = 0
        for count in range(_MAX_VARINT_BYTES):
            byte = (await self.read(1))[0]
            value |= (byte & 0x7F) << (7 * count)
            if value > limit or (byte == 0 and count > 0):
                break
            if byte < 0x80:
                return value
        raise FrameTooLarge(f"a length above {limit}, or one that is not minimal")

    async def _fill(self, n: int) -> None:
        while len(self._buffer) < n:
            chunk = await self._receive()
            if not chunk:
                raise StreamClosed("ended in the middle")
            self._buffer += chunk


def encode_varint(value: int) -> bytes:
    """Unsigned LEB128, as libp2p's length prefixes."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
