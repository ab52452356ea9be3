"""Where one thing is offered in several places: what is promised of it elsewhere.

A node knows one community. What is promised outside it is told by whoever runs several nodes
(`NodeOptions.elsewhere`), and asked in the transaction that makes a promise.
"""

from __future__ import annotations

from typing import Protocol

from node.trades.stock import NOTHING, Pieces
from protocol.ids import ThingKey


class Elsewhere(Protocol):
    """Answers at once and from any thread: it is asked inside transactions."""

    def claimed(self, listing: ThingKey) -> Pieces:
        """Return what of an own listing is promised or gone elsewhere."""
        ...

    def reserve(self, listing: ThingKey, left: int, asked: int) -> None:
        """Keep pieces from the other places, before the promise of them is on disk.

        left: pieces that this community still has. Raises LocalError ``not-enough-left`` or
        ``stock-elsewhere-unknown``. What comes of it is counted again afterwards.
        """
        ...


class Nowhere:
    """For a node beside which there is no other."""

    def claimed(self, listing: ThingKey) -> Pieces:
        """Return nothing."""
        return NOTHING

    def reserve(self, listing: ThingKey, left: int, asked: int) -> None:
        """Do nothing."""
