"""Trades that were folded lately, so that what has not moved is not read and folded again.

A trade follows from its messages alone, and their ids name them: what is kept here under
the same ids is the same trade, whichever file it was read from, and whether or not a transaction
was undone since.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from threading import Lock

from protocol.trade.trade import Trade

_MOST_MESSAGES = 16_384
"""Of all trades kept, together: some 50 MB if each says as much as it can, usually far less."""

Ids = tuple[bytes, ...]


class Folded:
    """Used from several threads. Who gets a trade only reads it."""

    def __init__(self, most_messages: int = _MOST_MESSAGES) -> None:
        self._most = most_messages
        self._kept: dict[bytes, tuple[Ids, Trade]] = {}
        self._messages = 0
        self._lock = Lock()
        self._random = Random(0)

    def get(self, trade: bytes, ids: Sequence[bytes]) -> Trade | None:
        """Return a trade if it is kept with exactly these messages, in this order."""
        kept = self._kept.get(trade)
        return kept[1] if kept is not None and kept[0] == tuple(ids) else None

    def put(self, trade: Trade, ids: Sequence[bytes]) -> None:
        """Keep a trade, in place of what it was before."""
        with self._lock:
            self._drop(trade.id)
            self._kept[trade.id] = (tuple(ids), trade)
            self._messages += len(ids)
            while self._messages > self._most:
                # At random: whoever goes through more than fit, in turn, still finds some.
                self._drop(self._random.choice(list(self._kept)))

    def _drop(self, trade: bytes) -> None:
        kept = self._kept.pop(trade, None)
        if kept is not None:
            self._messages -= len(kept[0])
