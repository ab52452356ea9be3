"""A rate limit with a burst allowance."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class TokenBucket:
    """Allows ``burst`` events at once and ``rate_per_s`` in the long run."""

    rate_per_s: float
    burst: float
    _tokens: float = field(init=False)
    _filled_at: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._tokens = self.burst

    def take(self, now: float, tokens: float = 1.0) -> bool:
        """Spend tokens. False if there are too few; nothing is spent then.

        now: seconds on any clock, the same one on every call. One that is set back earns
        nothing then, and does not stop.
        """
        if self._filled_at is not None:
            earned = max(0.0, now - self._filled_at) * self.rate_per_s
            self._tokens = min(self.burst, self._tokens + earned)
        self._filled_at = now
        if self._tokens < tokens:
            return False
        self._tokens -= tokens
        return True
