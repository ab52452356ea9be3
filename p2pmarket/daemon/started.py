"""What a task that ``nursery.start`` waits for reports to.

The stubs that come with libp2p's dependencies hide ``trio.TaskStatus`` from the type checker.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

T = TypeVar("T", contravariant=True)


class Started(Protocol[T]):
    """trio.TaskStatus."""

    def started(self, value: T) -> None: ...
