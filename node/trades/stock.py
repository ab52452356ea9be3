"""How much of a listing is left: what it offers, less what is promised or gone.

Nothing is counted anywhere: it follows from the trades each time, so that a promise and the
stock can never disagree.
"""

from __future__ import annotations

from collections.abc import Iterable

from protocol.ledger.receipt import Outcome
from protocol.listing import Listing
from protocol.mark import State as Mark
from protocol.trade.trade import Trade
from protocol.trade.transitions import State

_BEFORE_PROMISE = frozenset(
    {
        State.START, State.ASKED, State.OFFERED,
        State.DRAWING, State.ENTERED, State.DRAWN, State.REVEALED,
    }
)  # fmt: skip


def waits(trade: Trade) -> bool:
    """Tell whether somebody still hopes for a promise."""
    return trade.state in _BEFORE_PROMISE


def is_gone(trade: Trade) -> bool:
    """Tell whether the thing has changed hands for good."""
    return trade.outcome is Outcome.COMPLETED and not trade.terms.is_loan


def holds_stock(trade: Trade) -> bool:
    """Tell whether its quantity is promised or gone: nobody else can have it."""
    if trade.promise is None or trade.state is State.CLOSED:
        return False
    return trade.outcome is None or is_gone(trade)


def left(listing: Listing, trades: Iterable[Trade]) -> int:
    """Return how many pieces can still be promised; never below 0."""
    taken = sum(trade.terms.quantity for trade in trades if holds_stock(trade))
    return max(0, listing.quantity - taken)


def mark_of(listing: Listing, trades: Iterable[Trade]) -> Mark:
    """Return what neighbours should see: open, reserved, or taken for good."""
    about = list(trades)
    if left(listing, about):
        return Mark.OPEN
    gone = sum(trade.terms.quantity for trade in about if is_gone(trade))
    return Mark.TAKEN if gone >= listing.quantity else Mark.RESERVED


def queue(trades: Iterable[Trade]) -> list[Trade]:
    """Return those that wait for a promise, in the order in which they asked."""
    return [trade for trade in trades if waits(trade)]
