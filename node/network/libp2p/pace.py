"""A rate that waits, shared by everybody who waits for it."""

from __future__ import annotations

import trio


class Pace:
    """Lets ``burst`` through at once and ``rate_per_s`` in the long run, in order of arrival."""

    def __init__(self, rate_per_s: float, burst: float) -> None:
        self._rate = rate_per_s
        self._ahead_s = burst / rate_per_s
        self._free_at = 0.0

    async def wait(self, amount: float) -> None:
        """Return when that much more may go."""
        now = trio.current_time()
        self._free_at = max(self._free_at, now) + amount / self._rate
        if self._free_at - now > self._ahead_s:
            await trio.sleep_until(self._free_at - self._ahead_s)
