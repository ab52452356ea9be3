"""Time, as an argument: the system's clock here, a hand-moved one in tests.

Nodes compare clocks at the gate. A clock that is far from the neighbours' median must not
purge anything: what looks expired may only look so.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Protocol

from protocol.limits import MAX_CLOCK_AHEAD_MS

_REMEMBERED = 32


class Clock(Protocol):
    """now_ms: Unix milliseconds, UTC. lead_ms: the same minus the reading of a steady clock; it
    changes only when the clock is set.
    """

    def now_ms(self) -> int: ...

    def lead_ms(self) -> int: ...


class SystemClock:
    """The computer's own clock."""

    def now_ms(self) -> int:
        """Return Unix milliseconds, UTC."""
        return time.time_ns() // 1_000_000

    def lead_ms(self) -> int:
        """Return how far it is ahead of a clock that nobody sets.

        On Linux that one counts the time that a computer sleeps. Elsewhere waking up looks like
        setting the clock: it is trusted again after the next connection.
        """
        steady = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
        return self.now_ms() - time.clock_gettime_ns(steady) // 1_000_000


class ManualClock:
    """A clock that tests move."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        """Return the time it was set to."""
        return self._now_ms

    def lead_ms(self) -> int:
        """Nobody sets it: moving it is time that passes."""
        return 0

    def advance(self, by_ms: int) -> None:
        """Move forward (or back)."""
        self._now_ms += by_ms


class TrioClock:
    """A wall clock that follows trio's time: simulations move both at once."""

    def __init__(self, start_ms: int, monotonic_s: Callable[[], float]) -> None:
        self._start_ms = start_ms
        self._monotonic_s = monotonic_s
        self._zero_s = monotonic_s()

    def now_ms(self) -> int:
        """Return start_ms plus what trio's clock has advanced since."""
        return self._start_ms + int((self._monotonic_s() - self._zero_s) * 1000)

    def lead_ms(self) -> int:
        """Nobody sets it."""
        return self._start_ms


class Skew:
    """How far the own clock is from the neighbours', by their word at the gate.

    What they said holds on when the own clock is set: the difference moves with it.
    """

    def __init__(self, lead_ms: Callable[[], int] = lambda: 0) -> None:
        """lead_ms: of the own clock."""
        self._lead_ms = lead_ms
        self._offsets_ms: dict[bytes, int] = {}

    def observe(self, household: bytes, offset_ms: int) -> None:
        """Note a neighbour's clock minus ours; the latest word of each counts."""
        self._offsets_ms.pop(household, None)
        self._offsets_ms[household] = offset_ms + self._lead_ms()
        while len(self._offsets_ms) > _REMEMBERED:
            self._offsets_ms.pop(next(iter(self._offsets_ms)))

    @property
    def median_ms(self) -> int:
        """The neighbours' median clock minus ours; 0 while none is known."""
        if not self._offsets_ms:
            return 0
        return int(median(self._offsets_ms.values())) - self._lead_ms()

    @property
    def trustworthy(self) -> bool:
        """Whether the own clock may decide what has expired: some neighbour's is close to it.

        While no neighbour is known nothing is forgotten: a computer without a battery clock
        may start in any year.
        """
        return bool(self._offsets_ms) and abs(self.median_ms) <= MAX_CLOCK_AHEAD_MS

    def times_ms(self, now_ms: int) -> tuple[int, ...]:
        """Return what time it may be: the own clock's, and the neighbours' if they differ."""
        if abs(self.median_ms) <= MAX_CLOCK_AHEAD_MS:
            return (now_ms,)
        return now_ms, max(0, now_ms + self.median_ms)
