"""What a peer did that ends its connection."""

from __future__ import annotations

from node.network.port import NetworkError


class Misconduct(NetworkError):
    """The peer broke the rules; ``reason`` is counted and the connection closed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
