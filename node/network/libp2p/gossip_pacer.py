"""Sends our own gossip no faster than peers take it.

A router's queues are finite and drop silently: in libp2p 0.8.1 a burst of 200 messages
delivered 32 (docs/adr/0003, trap 9). So publications wait here and the publisher feels it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

from node.network.libp2p.settings import GossipLimits


class GossipPacer:
    """A bounded queue in front of the router. It outlives the router's restarts."""

    def __init__(self, limits: GossipLimits) -> None:
        self._interval_s = 1.0 / limits.publish_per_s
        self._burst_s = limits.publish_burst * self._interval_s
        self._put, self._waiting = trio.open_memory_channel[bytes](limits.publish_queue)

    async def publish(self, data: bytes) -> None:
        """Queue one message, waiting while the queue is full."""
        await self._put.send(data)

    async def run(self, send: Callable[[bytes], Awaitable[None]]) -> None:
        """Hand messages to the router until cancelled; send waits for the peers' queues."""
        due = trio.current_time()
        while True:
            data = await self._waiting.receive()
            due = max(due, trio.current_time() - self._burst_s) + self._interval_s
            await trio.sleep_until(due)
            await send(data)
