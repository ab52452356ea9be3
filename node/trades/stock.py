"""How much of a listing is left: what it offers, less what is promised or gone.

Nothing is counted anywhere: it follows from the trades each time, so that a promise and the
stock can never disagree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from protocol.envelope import Envelope
from protocol.ids import ThingKey
from protocol.ledger.receipt import Outcome
from protocol.listing import read_listing
from protocol.mark import State as Mark
from protocol.trade.trade import Trade
from protocol.trade.transitions import Role, State
from protocol.trade.types import Type

_BEFORE_PROMISE = frozenset(
    {
        State.START, State.ASKED, State.OFFERED,
        State.DRAWING, State.ENTERED, State.DRAWN, State.REVEALED,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pieces:
    """Of one listing: those that nobody else can have, and of these the ones gone for good."""

    claimed: int = 0
    gone: int = 0


NOTHING = Pieces()


def waits(trade: Trade) -> bool:
    """Tell whether somebody still hopes for a promise."""
    return trade.state in _BEFORE_PROMISE


def is_unanswered(trade: Trade) -> bool:
    """Tell whether somebody asks, and the publisher has said nothing but that others wait too."""
    said = trade.chains[Role.PUBLISHER]
    return waits(trade) and all(message.type is Type.QUEUE for message in said)


def is_gone(trade: Trade) -> bool:
    """Tell whether the thing has changed hands for good."""
    return trade.outcome is Outcome.COMPLETED and not trade.terms.is_loan


def claim(trade: Trade, listing: ThingKey) -> int:
    """Return how many pieces of a listing a trade keeps from everybody else.

    Of what is asked for: from the promise on, and for good once it is gone. Of what a seeker
    gives in return: one, from the moment it offers it, since the promise is not its own to make.
    """
    if trade.state is State.CLOSED or (trade.outcome is not None and not is_gone(trade)):
        return 0
    if trade.ask.listing == listing:
        return 0 if trade.promise is None else trade.terms.quantity
    return 1 if trade.terms.swap_listing == listing else 0


def claimed(listing: ThingKey, trades: Iterable[Trade]) -> Pieces:
    """Return what the trades about a listing keep of it."""
    about = list(trades)
    gone = sum(claim(trade, listing) for trade in about if is_gone(trade))
    return Pieces(sum(claim(trade, listing) for trade in about), gone)


def left(record: Envelope, trades: Iterable[Trade], elsewhere: Pieces = NOTHING) -> int:
    """Return how many pieces of a listing can still be promised; never below 0.

    record: the listing's. elsewhere: what is claimed where the same is offered as well. Raises
    RemoteError if nobody can read it.
    """
    here = claimed(record.key, trades)
    return max(0, read_listing(record.body).quantity - here.claimed - elsewhere.claimed)


def mark_of(record: Envelope, trades: Iterable[Trade], elsewhere: Pieces = NOTHING) -> Mark:
    """Return what neighbours should see: open, reserved, or taken for good."""
    about = list(trades)
    if left(record, about, elsewhere):
        return Mark.OPEN
    gone = claimed(record.key, about).gone + elsewhere.gone
    return Mark.TAKEN if gone >= read_listing(record.body).quantity else Mark.RESERVED


def queue(trades: Iterable[Trade], listing: ThingKey) -> list[Trade]:
    """Return those that wait for a promise, in the order in which they asked."""
    return [trade for trade in trades if waits(trade) and trade.ask.listing == listing]
