"""Trades read once within a transaction, however often they are asked for.

A listing that a hundred households ask for concerns all hundred trades at each step.
"""

from __future__ import annotations

from node.store.database import Connection
from node.trades import book
from protocol.ids import ThingKey
from protocol.trade.message import TradeId
from protocol.trade.trade import Trade


class Shelf:
    """For one transaction. After writing in a trade, :meth:`put` it back."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._trades: dict[TradeId, Trade | None] = {}
        self._about: dict[ThingKey, list[TradeId]] = {}

    def trade(self, id: TradeId) -> Trade | None:
        """Return a trade as it stands; None if its opening is not here."""
        if id not in self._trades:
            self._trades[id] = book.load(self.connection, id)
        return self._trades[id]

    def about(self, listing: ThingKey) -> list[Trade]:
        """Return the trades about a listing, as :func:`book.ids_about` orders them."""
        if listing not in self._about:
            self._about[listing] = book.ids_about(self.connection, listing)
        trades = (self.trade(id) for id in self._about[listing])
        return [trade for trade in trades if trade is not None]

    def put(self, trade: Trade) -> None:
        """Note how a trade stands now."""
        self._trades[trade.id] = trade
