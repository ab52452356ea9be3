"""Which requests are being answered, so that no node is closed under one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import trio


class Requests:
    """Knows the tasks that answer requests."""

    def __init__(self) -> None:
        self._asking: set[trio.lowlevel.Task] = set()
        self._waiting: set[trio.lowlevel.Task] = set()
        self._changed = trio.Event()

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Count this task while it answers a request."""
        with self._in(self._asking):
            yield

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Within :meth:`asking`: this task only waits for a node to be closed."""
        with self._in(self._waiting):
            yield

    async def answered(self) -> None:
        """Wait until the requests that are being answered now are over."""
        now = set(self._asking)
        while now & self._asking - self._waiting:
            await self._changed.wait()

    @contextmanager
    def _in(self, tasks: set[trio.lowlevel.Task]) -> Iterator[None]:
        task = trio.lowlevel.current_task()
        tasks.add(task)
        self._tell()
        try:
            yield
        finally:
            tasks.discard(task)
            self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = trio.Event()
