"""What waits to be gossiped to one peer."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import trio

_BATCH_BYTES = 32 << 10


class Outbox:
    """RPCs in order, in bounded memory. What does not fit is dropped and counted."""

    def __init__(self, max_bytes: int) -> None:
        self.dropped = 0
        self.is_closed = False
        self._max_bytes = max_bytes
        self._waiting: deque[tuple[bytes, bytes | None]] = deque()
        self._waiting_bytes = 0
        self._is_stalled = False
        self._work = trio.lowlevel.ParkingLot()
        self._room = trio.lowlevel.ParkingLot()

    def put(self, rpc: bytes, message_id: bytes | None) -> None:
        """Queue an RPC; message_id: of the message it forwards, if it forwards one."""
        if self._waiting_bytes + len(rpc) > self._max_bytes:
            self.dropped += 1
            return
        self._waiting.append((rpc, message_id))
        self._waiting_bytes += len(rpc)
        self._work.unpark()

    async def wait_for_room(self, deadline_s: float) -> None:
        """Return when less than half of the queue is taken, or the deadline has passed.

        A peer that let the deadline pass is not waited for again until it takes something.
        """
        if self._is_stalled:
            return
        with trio.move_on_after(deadline_s) as scope:
            while not self.is_closed and self._waiting_bytes > self._max_bytes // 2:
                await self._room.park()
        self._is_stalled = scope.cancelled_caught

    async def take(self, is_news: Callable[[bytes], bool]) -> bytes | None:
        """Wait for RPCs and return as many as fit a batch, None once closed.

        is_news: False for a message that the peer has sent us meanwhile.
        """
        while not self.is_closed:
            batch = bytearray()
            while self._waiting and len(batch) + len(self._waiting[0][0]) <= _BATCH_BYTES:
                rpc, message_id = self._waiting.popleft()
                self._waiting_bytes -= len(rpc)
                if message_id is None or is_news(message_id):
                    batch += rpc
            self._is_stalled = False
            self._room.unpark_all()
            if batch:
                return bytes(batch)
            if not self._waiting:
                await self._work.park()
        return None

    def close(self) -> None:
        """Nobody will take any more."""
        self.is_closed = True
        self._waiting.clear()
        self._work.unpark_all()
        self._room.unpark_all()
