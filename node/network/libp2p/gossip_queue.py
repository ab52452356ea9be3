# mypy: allow-subclassing-any
"""What waits to be gossiped to one peer, and what has been gossiped lately."""

from __future__ import annotations

from collections import OrderedDict

import trio
from libp2p.pubsub.pb import rpc_pb2
from libp2p.pubsub.rpc_queue import RpcQueue

_MAX_RPCS = 4096


class BoundedRpcQueue(RpcQueue):
    """libp2p's queue holds 32 RPCs of any size (docs/adr/0003, trap 9); this one counts bytes."""

    def __init__(self, max_bytes: int, replaced: RpcQueue) -> None:
        """replaced: the queue that libp2p has made; what waits in it moves here."""
        super().__init__(max_size=_MAX_RPCS)
        self.dropped = 0
        self._max_bytes = max_bytes
        self._waiting_bytes = 0
        self._is_stalled = False
        self._room = trio.lowlevel.ParkingLot()
        while (rpc := replaced._queue.pop()) is not None:
            self.push(rpc)
        if replaced.closed:
            self.close()

    def push(self, rpc: rpc_pb2.RPC, priority: bool = False) -> bool:
        """Queue an RPC. False, and counted, if it does not fit."""
        size = rpc.ByteSize()
        if self._waiting_bytes + size > self._max_bytes or not super().push(rpc, priority):
            self.dropped += 1
            return False
        self._waiting_bytes += size
        return True

    async def pop(self) -> rpc_pb2.RPC | None:
        """Wait for an RPC. None once closed and empty."""
        rpc: rpc_pb2.RPC | None = await super().pop()
        if rpc is not None:
            self._waiting_bytes -= rpc.ByteSize()
            self._is_stalled = False
            self._room.unpark_all()
        return rpc

    async def wait_for_room(self, deadline_s: float) -> None:
        """Return when less than half of the queue is taken, or the deadline has passed.

        A peer that let the deadline pass is not waited for again until it takes something.
        """
        if self._is_stalled:
            return
        with trio.move_on_after(deadline_s) as scope:
            while not self.closed and self._waiting_bytes > self._max_bytes // 2:
                await self._room.park()
        self._is_stalled = scope.cancelled_caught

    def close(self) -> None:
        """Nobody will take any more."""
        super().close()
        self._room.unpark_all()


class SeenMessages:
    """Message ids of the last two minutes.

    Stands for libp2p's cache, which has no bound, keeps a thread of its own that outlives
    the router, and forgets nothing that it is asked about often enough.
    """

    def __init__(self, keep_s: float = 120.0, at_most: int = 50_000) -> None:
        self._keep_s = keep_s
        self._at_most = at_most
        self._seen: OrderedDict[bytes, float] = OrderedDict()

    def has(self, message_id: bytes) -> bool:
        """Whether it was added lately."""
        self._forget()
        return message_id in self._seen

    def add(self, message_id: bytes) -> bool:
        """Remember an id. False if it is there already."""
        self._forget()
        if message_id in self._seen:
            return False
        if len(self._seen) >= self._at_most:
            self._seen.popitem(last=False)
        self._seen[message_id] = trio.current_time() + self._keep_s
        return True

    def _forget(self) -> None:
        now = trio.current_time()
        while self._seen and next(iter(self._seen.values())) <= now:
            self._seen.popitem(last=False)
