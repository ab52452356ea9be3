"""How many inbound connections may be on their way to the gate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class HalfOpenLimit:
    """Counts connections in the upgrade, in total and for each remote IP address."""

    def __init__(self, total: int, per_ip: int) -> None:
        self._total = total
        self._per_ip = per_ip
        self._open: Counter[str] = Counter()

    @contextmanager
    def slot(self, ip: str) -> Iterator[bool]:
        """Hold a place for the ``with`` block. Yields False if there is none."""
        if self._open.total() >= self._total or self._open[ip] >= self._per_ip:
            yield False
            return
        self._open[ip] += 1
        try:
            yield True
        finally:
            self._open[ip] -= 1
            if not self._open[ip]:
                del self._open[ip]
