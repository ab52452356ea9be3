"""A trade message: one signed link in its author's chain (spec 09 §chain).

Each party writes one chain. A message names its author's last one (``previous``) and the last
one of the other side that its author had seen (``seen``).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, NewType

from protocol import limits, wire
from protocol.errors import RemoteError
from protocol.ids import ID_BYTES, CommunityId, DeviceKey, HouseholdId
from protocol.signing import SIGNATURE_BYTES, KeyPair, Purpose, verify
from protocol.trade.bodies import Body, read_body
from protocol.trade.limits import MAX_CHAIN, MAX_MESSAGE_BYTES
from protocol.trade.types import Type
from protocol.wire import Fields, Value

VERSION = 1
_ARITY: Final = 12

MessageId = NewType("MessageId", bytes)
"""BLAKE2b-256 over every byte of a trade message, its signature included."""

TradeId = NewType("TradeId", MessageId)
"""The id of the ASK that opened the trade."""

NOTHING = MessageId(bytes(ID_BYTES))
"""Stands for a message where there is none: before the first one of a chain."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message whose form and signature hold. Whose device signed, membership tells.

    named_trade: as written; zeros in the ASK that opens. seq: 0 … MAX_CHAIN − 1.
    at_ms: when the author says it wrote it. raw: the exact bytes.
    """

    community: CommunityId
    named_trade: TradeId
    seq: int
    previous: MessageId
    seen: MessageId
    author: HouseholdId
    device: DeviceKey
    at_ms: int
    type: Type
    body: Body
    raw: bytes
    id: MessageId

    @property
    def trade(self) -> TradeId:
        """The trade that it belongs to; the one that opens it gives it its id."""
        return TradeId(self.id) if self.named_trade == NOTHING else self.named_trade


@dataclass(frozen=True, slots=True)
class Position:
    """Where a new message goes: after what in its own chain, and having seen what."""

    trade: TradeId
    seq: int
    previous: MessageId
    seen: MessageId


OPENING = Position(TradeId(NOTHING), 0, NOTHING, NOTHING)


def sign_message(
    community: CommunityId,
    author: HouseholdId,
    position: Position,
    at_ms: int,
    type: Type,
    body: Body,
    signer: KeyPair,
) -> Message:
    """Write and sign a message. Raises RemoteError if it would be refused: one check for both."""
    unsigned = (
        VERSION,
        community,
        position.trade,
        position.seq,
        position.previous,
        position.seen,
        author,
        signer.public,
        at_ms,
        int(type),
        body.as_value(),
    )
    signature = signer.sign(Purpose.TRADE, wire.pack(unsigned))
    return read_message(wire.pack((*unsigned, signature)))


def read_message(raw: bytes) -> Message:
    """Read a message and check its signature.

    raw: at most MAX_MESSAGE_BYTES bytes. Raises RemoteError ``wire-…``, ``body-invalid`` or
    ``signature``.
    """
    value = wire.unpack(raw, MAX_MESSAGE_BYTES)
    message, signature = _read(raw, value)
    assert isinstance(value, tuple)
    if not verify(message.device, Purpose.TRADE, wire.pack(value[:-1]), signature):
        raise RemoteError("signature")
    return message


def reread_unverified(raw: bytes) -> Message:
    """Read a message that ``read_message`` has accepted before; its signature is not looked at.

    Only for bytes that were kept where nobody else writes. Raises RemoteError as above.
    """
    return _read(raw, wire.unpack(raw, MAX_MESSAGE_BYTES))[0]


def _read(raw: bytes, value: Value) -> tuple[Message, bytes]:
    """Return the message and its signature, which nobody has checked yet."""
    fields = Fields(value, _ARITY, "trade-message")
    fields.integer("version", VERSION, VERSION)
    community = CommunityId(fields.octets("community", ID_BYTES))
    trade = TradeId(MessageId(fields.octets("trade", ID_BYTES)))
    seq = fields.integer("seq", 0, MAX_CHAIN - 1)
    previous = MessageId(fields.octets("previous", ID_BYTES))
    seen = MessageId(fields.octets("seen", ID_BYTES))
    author = HouseholdId(fields.octets("author", ID_BYTES))
    device = DeviceKey(fields.octets("device", ID_BYTES))
    at_ms = fields.integer("at_ms", 1, limits.MAX_TIME_MS)
    type = Type(fields.integer("type", 1, max(Type)))
    body = read_body(type, fields.optional("body"))
    signature = fields.octets("signature", SIGNATURE_BYTES)
    opens = type is Type.ASK
    if opens != (trade == NOTHING) or (opens and (seq, previous, seen) != (0, NOTHING, NOTHING)):
        raise RemoteError("body-invalid", field="trade")
    if (seq == 0) != (previous == NOTHING):
        raise RemoteError("body-invalid", field="previous")
    id = MessageId(hashlib.blake2b(raw, digest_size=ID_BYTES).digest())
    message = Message(
        community, trade, seq, previous, seen, author, device, at_ms, type, body, raw, id
    )
    return message, signature
