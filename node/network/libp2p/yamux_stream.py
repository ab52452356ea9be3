# mypy: allow-subclassing-any
"""One stream of a Yamux connection, as libp2p's muxed stream."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import trio
from libp2p.abc import IMuxedStream
from libp2p.stream_muxer.exceptions import MuxedStreamEOF, MuxedStreamError, MuxedStreamReset

from node.network.libp2p.private_network import MAX_LINE_BYTES

if TYPE_CHECKING:
    from node.network.libp2p.yamux import BoundedYamux

WINDOW_BYTES = 256 << 10
"""Yamux's initial window. Ours never grows: a stream holds at most this much unread."""

_CHUNK_BYTES = 16 << 10


class YamuxStream(IMuxedStream):
    """Bytes both ways. Never holds more unread than the window it granted."""

    def __init__(self, connection: BoundedYamux, stream_id: int) -> None:
        self.stream_id = stream_id
        self.muxed_conn = connection
        self._send_window = WINDOW_BYTES
        self._receive_window = WINDOW_BYTES
        self._unread: deque[bytes] = deque()
        self._is_eof = False
        self._lost: str | None = None
        self._writing = trio.Lock()
        self._readable = trio.lowlevel.ParkingLot()
        self._writable = trio.lowlevel.ParkingLot()

    async def read(self, n: int | None = None) -> bytes:
        """Return what has come, at most n bytes of it; wait if there is nothing.

        Raises MuxedStreamEOF when the peer ended its side, MuxedStreamReset when the stream
        or its connection is gone, MuxedStreamError if n is longer than any negotiation's line.
        """
        if n is not None and n > MAX_LINE_BYTES:
            raise MuxedStreamError("line too long")
        while not self._unread:
            if self._is_eof:
                raise MuxedStreamEOF("the peer ended its side")
            if self._lost is not None:
                raise MuxedStreamReset(self._lost)
            await self._readable.park()
        chunk = b"".join(self._unread)
        self._unread.clear()
        if n is not None and len(chunk) > n:
            self._unread.append(chunk[n:])
            chunk = chunk[:n]
        self._grant()
        return chunk

    async def write(self, data: bytes) -> None:
        """Send all of it before the next caller's, as fast as the peer grants window.

        Raises MuxedStreamReset when the stream or its connection is gone.
        """
        async with self._writing:
            position = 0
            while position < len(data):
                await self.muxed_conn.wait_for_room()
                if self._lost is not None:
                    raise MuxedStreamReset(self._lost)
                if self._send_window == 0:
                    await self._writable.park()
                    continue
                size = min(self._send_window, _CHUNK_BYTES, len(data) - position)
                self._send_window -= size
                self.muxed_conn.send_data(self.stream_id, data[position : position + size])
                position += size

    async def close(self) -> None:
        """End both directions: the peer reads to the end of what was sent."""
        self._finish(is_reset=False)

    async def reset(self) -> None:
        """End both directions at once."""
        self._finish(is_reset=True)

    def set_deadline(self, ttl: int) -> None:
        """Callers set deadlines of their own."""

    def get_remote_address(self) -> tuple[str, int] | None:
        """The connection's."""
        return self.muxed_conn.get_remote_address()

    async def __aenter__(self) -> YamuxStream:
        """Part of libp2p's interface."""
        return self

    def _grant(self) -> None:
        """Give back the window that was read, in few large pieces."""
        granted = WINDOW_BYTES - self._receive_window - sum(map(len, self._unread))
        if granted >= WINDOW_BYTES // 2 and not self._is_eof and self._lost is None:
            self._receive_window += granted
            self.muxed_conn.grant(self.stream_id, granted)

    def _finish(self, *, is_reset: bool) -> None:
        if self._lost is None:
            self.lose("closed here")
            self._unread.clear()
            self.muxed_conn.end(self.stream_id, is_reset=is_reset)

    # What the peer does, told by the connection.

    def may_receive(self, length: int) -> bool:
        """Whether data of this length stays within the window, and before the end."""
        return length <= self._receive_window and not self._is_eof

    def accept_data(self, chunk: bytes) -> None:
        """Keep data of which may_receive was asked."""
        self._receive_window -= len(chunk)
        self._unread.append(chunk)
        self._readable.unpark_all()

    def accept_window(self, increment: int) -> bool:
        """False if the window leaves 32 bits."""
        self._send_window += increment
        self._writable.unpark_all()
        return self._send_window < 1 << 32

    def accept_end(self) -> None:
        """The peer will send no more."""
        self._is_eof = True
        self._readable.unpark_all()

    def lose(self, why: str) -> None:
        """Reset by the peer, closed here, or the connection is gone."""
        if self._lost is None:
            self._lost = why
        self._readable.unpark_all()
        self._writable.unpark_all()
