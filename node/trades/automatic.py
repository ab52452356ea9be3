"""What a node says in a trade without being asked: a function of the trades alone.

So a crash at any point is harmless: what was not said yet is found due again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from node.trades import stock
from protocol.envelope import Envelope
from protocol.errors import RemoteError
from protocol.ids import HouseholdId
from protocol.ledger.receipt import Outcome, sign_receipt
from protocol.limits import DAY_MS
from protocol.listing import Listing, read_listing
from protocol.mark import State as Mark
from protocol.signing import KeyPair
from protocol.trade.agreement import Decline, Promise, Queue, Sign, Why, Words
from protocol.trade.bodies import Body
from protocol.trade.dispute import RulingCopy
from protocol.trade.draw import Enter, Reveal, commitment_to
from protocol.trade.guards import lapses_at_ms
from protocol.trade.limits import MAX_CHAIN
from protocol.trade.meeting import Address
from protocol.trade.room import has_room
from protocol.trade.terms import fit
from protocol.trade.trade import Trade
from protocol.trade.transitions import Role, State
from protocol.trade.types import Type

Step = tuple[Type, Body]
_WAITS_MS = {Role.PUBLISHER: 0, Role.SEEKER: DAY_MS}
"""The publisher lets a trade lapse; where it is gone itself, the seeker does, a day later."""
_MAX_TOLD = MAX_CHAIN // 2
"""Places in the queue move as others come and go: room stays for a promise and what follows."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a node knows beside the trade. listing: as it stands now, None if it is over.

    elsewhere: what of it is claimed where it is offered as well.
    about: all trades about the listing in the order in which they were asked for, this one
    included. address: what this household tells whom it has promised something, or "".
    ruling: a steward's, that has come in. draw_secret: the own secret in a draw, by its id.
    promise: writes one with the own codes.
    """

    own: HouseholdId
    device: KeyPair
    now_ms: int
    listing: Envelope | None
    mark: Mark
    elsewhere: stock.Pieces
    about: Sequence[Trade]
    address: str
    ruling: bytes | None
    draw_secret: Callable[[bytes], bytes]
    promise: Callable[[Trade], Promise]


def due(trade: Trade, role: Role, known: Circumstances) -> Step | None:
    """Return the next thing to say in a trade by oneself, or None."""
    step = _due(trade, role, known)
    return step if step is not None and has_room(step[0], len(trade.chains[role])) else None


def _due(trade: Trade, role: Role, known: Circumstances) -> Step | None:
    signature = _signature_due(trade, role, known)
    if signature is not None:
        return signature
    if trade.state is State.WITH_STEWARD and known.ruling is not None:
        return Type.RULING, RulingCopy(known.ruling)
    lapses_ms = lapses_at_ms(trade)
    if lapses_ms is not None and known.now_ms >= lapses_ms + _WAITS_MS[role]:
        return Type.LAPSE, Words()
    if role is Role.PUBLISHER:
        return _publisher_due(trade, known)
    return _seeker_due(trade, known)


def _seeker_due(trade: Trade, known: Circumstances) -> Step | None:
    """Who asks takes part in a draw; nothing has to be done for it."""
    if trade.drawing is None:
        return None
    draw = trade.drawing.draw.draw
    secret = known.draw_secret(draw)
    if trade.state is State.DRAWING:
        return Type.ENTER, Enter(commitment_to(secret, draw))
    if trade.state is State.DRAWN:
        return Type.REVEAL, Reveal(secret)
    return None


def _signature_due(trade: Trade, role: Role, known: Circumstances) -> Step | None:
    over = trade.state in (State.COMPLETED, State.CANCELLED, State.NO_SHOW)
    turn = over if role is Role.PUBLISHER else trade.state is State.SIGNED
    receipt = trade.receipt()
    if not turn or receipt is None:
        return None
    if receipt.outcome is Outcome.NO_SHOW and receipt.at_fault == known.own:
        return None  # a person must admit that, or dispute it
    return Type.SIGN, Sign(sign_receipt(receipt, known.device))


def _publisher_due(trade: Trade, known: Circumstances) -> Step | None:
    if stock.waits(trade):
        return _answer_to_asking(trade, known)
    binding = trade.state in (State.PROMISED, State.APPOINTED)
    if binding and known.address and Role.PUBLISHER not in trade.addresses:
        return Type.ADDRESS, Address(known.address)
    return None


def _answer_to_asking(trade: Trade, known: Circumstances) -> Step | None:
    why = _why_not(trade, known)
    if why is not None:
        return Type.DECLINE, Decline(why)
    if trade.state not in (State.ASKED, State.OFFERED) or known.listing is None:
        return None
    if stock.left(known.listing, known.about, known.elsewhere) >= trade.terms.quantity:
        won = trade.drawing is not None and trade.drawing.won
        return (Type.PROMISE, known.promise(trade)) if won and trade.state is State.ASKED else None
    waiting = [waiting.id for waiting in stock.queue(known.about, trade.ask.listing)]
    position = waiting.index(trade.id) + 1
    chain = trade.chains[Role.PUBLISHER]
    if trade.position_in_queue != position and len(chain) < _MAX_TOLD:
        return Type.QUEUE, Queue(position)
    return None


def _why_not(trade: Trade, known: Circumstances) -> Why | None:
    """Return why what was asked for cannot be had at all; None if it can."""
    listing = None if known.listing is None else _readable(known.listing)
    if listing is None or known.listing is None or listing.visible_until_ms <= known.now_ms:
        return Why.OVER if not _drawing(trade) else None
    if stock.mark_of(known.listing, known.about, known.elsewhere) is Mark.TAKEN:
        return Why.GIVEN_AWAY
    first = not trade.chains[Role.PUBLISHER]
    if first and trade.ask.revision != known.listing.id:
        return Why.CHANGED
    if first and (
        trade.ask.listing_kind is not listing.kind or fit(trade.terms, listing) is not None
    ):
        return Why.UNFIT
    if first and known.mark is Mark.TAKEN:
        return Why.GIVEN_AWAY
    return None


def _drawing(trade: Trade) -> bool:
    return trade.state not in (State.ASKED, State.OFFERED)


def _readable(record: Envelope) -> Listing | None:
    try:
        return read_listing(record.body)
    except RemoteError:
        return None
