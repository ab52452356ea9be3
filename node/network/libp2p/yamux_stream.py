"""One stream of a Yamux connection."""

from __future__ import annotations

from collections import deque
from typing import Protocol

import trio

from node.network.port import StreamClosed

WINDOW_BYTES = 256 << 10
"""Yamux's initial window. Ours never grows: a stream holds at most this much unread."""

_CHUNK_BYTES = 16 << 10


class Connection(Protocol):
    """What a stream needs of its connection."""

    async def wait_for_room(self) -> None:
        """Return when a data frame may be sent. StreamClosed."""

    def send_data(self, stream_id: int, chunk: bytes) -> None:
        """Queue one data frame. Right after wait_for_room."""

    def grant(self, stream_id: int, increment: int) -> None:
        """Allow the peer to send that much more on the stream."""

    def end(self, stream_id: int, *, is_reset: bool) -> None:
        """Tell the peer that we have ended the stream, and forget it."""


class YamuxStream:
    """Bytes both ways. Never holds more unread than the window it granted."""

    def __init__(self, connection: Connection, stream_id: int) -> None:
        self.stream_id = stream_id
        self._connection = connection
        self._send_window = WINDOW_BYTES
        self._receive_window = WINDOW_BYTES
        self._unread: deque[bytes] = deque()
        self._is_eof = False
        self._lost: str | None = None
        self._readable = trio.lowlevel.ParkingLot()
        self._writable = trio.lowlevel.ParkingLot()

    async def receive_some(self) -> bytes:
        """Return the next bytes, ``b""`` when the peer ended its side. StreamClosed."""
        while not self._unread:
            if self._is_eof:
                return b""
            if self._lost is not None:
                raise StreamClosed(self._lost)
            await self._readable.park()
        chunk = b"".join(self._unread)
        self._unread.clear()
        granted = WINDOW_BYTES - self._receive_window
        if granted >= WINDOW_BYTES // 2 and not self._is_eof and self._lost is None:
            self._receive_window += granted
            self._connection.grant(self.stream_id, granted)
        return chunk

    async def send_all(self, plain: bytes) -> None:
        """Send all bytes, as fast as the peer grants window. StreamClosed."""
        position = 0
        while position < len(plain):
            await self._connection.wait_for_room()
            if self._lost is not None:
                raise StreamClosed(self._lost)
            if self._send_window == 0:
                await self._writable.park()
                continue
            size = min(self._send_window, _CHUNK_BYTES, len(plain) - position)
            self._send_window -= size
            self._connection.send_data(self.stream_id, plain[position : position + size])
            position += size

    def close(self) -> None:
        """End both directions: the peer reads to the end of what was sent."""
        self._finish(is_reset=False)

    def reset(self) -> None:
        """End both directions at once."""
        self._finish(is_reset=True)

    def _finish(self, *, is_reset: bool) -> None:
        if self._lost is None:
            self.lose("closed here")
            self._unread.clear()
            self._connection.end(self.stream_id, is_reset=is_reset)

    # What the peer does, told by the connection.

    def accept_data(self, chunk: bytes) -> bool:
        """False if the peer sends more than it was granted, or after its end."""
        if len(chunk) > self._receive_window or self._is_eof:
            return False
        self._receive_window -= len(chunk)
        self._unread.append(chunk)
        self._readable.unpark_all()
        return True

    def may_receive(self, length: int) -> bool:
        """Whether data of this length stays within the window."""
        return length <= self._receive_window and not self._is_eof

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
