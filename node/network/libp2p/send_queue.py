"""Frames waiting to be written to one connection, in order, in bounded memory."""

from __future__ import annotations

from collections import deque

import trio

MAX_WAITING_BYTES = 128 << 10
"""Above it senders of data wait; small enough that gossip never queues long behind bulk."""

MAX_CONTROL_BYTES = 64 << 10
"""Answers a peer may make us owe it (pings, resets, window updates) beyond the data."""

_BATCH_BYTES = 64 << 10


class SendQueue:
    """One writer takes batches; whoever has data to send waits here for room.

    A frame is either queued whole or not at all, so that a cancelled sender never leaves
    half of one on the wire.
    """

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._is_closed = False
        self._room = trio.lowlevel.ParkingLot()
        self._work = trio.lowlevel.ParkingLot()

    async def wait_for_room(self) -> None:
        """Return when a data frame may be put, or at once when the queue is closed."""
        while not self._is_closed and self._waiting_bytes >= MAX_WAITING_BYTES:
            await self._room.park()

    def put(self, frame: bytes) -> bool:
        """Queue a frame at once. False if the peer makes us owe it too much."""
        if self._is_closed:
            return True
        if self._waiting_bytes >= MAX_WAITING_BYTES + MAX_CONTROL_BYTES:
            return False
        self._frames.append(frame)
        self._waiting_bytes += len(frame)
        self._work.unpark_all()
        return True

    async def take_batch(self) -> bytes:
        """Wait for frames and return as many as fit one batch, joined."""
        while not self._frames:
            await self._work.park()
        taken: list[bytes] = []
        size = 0
        while self._frames and (not taken or size + len(self._frames[0]) <= _BATCH_BYTES):
            frame = self._frames.popleft()
            taken.append(frame)
            size += len(frame)
        self._waiting_bytes -= size
        self._room.unpark_all()
        return b"".join(taken)

    def close(self) -> None:
        """Drop what waits and wake everybody."""
        self._is_closed = True
        self._frames.clear()
        self._room.unpark_all()
