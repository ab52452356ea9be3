"""A trade as a person sees it."""

from __future__ import annotations

from dataclasses import dataclass

from node.mail.incoming import Delivery
from protocol.ids import DeviceKey, HouseholdId
from protocol.ledger.receipt import CoSigned
from protocol.listing import ListingKind
from protocol.trade.message import MessageId
from protocol.trade.trade import Trade
from protocol.trade.transitions import Role
from protocol.trade.types import Type


@dataclass(frozen=True, slots=True)
class TradeView:
    """title: of the listing when it was asked for. other, other_name: the other side.

    possible: what this household can write now (guards aside). handover_code, return_code: the
    own codes, to show in person, while they are of use. deciding: the device of this household
    that writes; decides: whether it is this one, otherwise what is said here is asked of it;
    forwarded: it just was. delivery: how far each own message has come. receipt: what both
    have signed or are to sign; neighbours see its ``receipt`` if that is public, and nothing
    of it otherwise. left, waiting: pieces of the own listing that can still be promised, and
    how many households wait for one. has_ruling: a steward's has come in.
    shown_at_ms: when this device has shown the trade to the steward.
    """

    trade: Trade
    role: Role
    title: str
    kind: ListingKind
    other: HouseholdId
    other_name: str
    possible: frozenset[Type]
    handover_code: str | None
    return_code: str | None
    deciding: DeviceKey
    decides: bool
    delivery: dict[MessageId, Delivery]
    receipt: CoSigned | None
    left: int | None
    waiting: int
    has_ruling: bool
    shown_at_ms: int | None
    forwarded: bool = False
