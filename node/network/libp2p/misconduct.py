"""What a peer does wrong below the records: counted, and paid for with the connection."""

from __future__ import annotations

from node.network.port import NetworkError

ALTERED = "circuit-altered"
"""Bytes were changed on the way through a relay: by it, or by the other end. Nobody pays."""


class Misconduct(NetworkError):
    """The other side broke the rules; ``reason`` is counted and the connection closed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
