"""What one device of a household asks the one that decides to write (spec 09 §devices)."""

from __future__ import annotations

from dataclasses import dataclass

from protocol import wire
from protocol.ids import ID_BYTES
from protocol.trade.bodies import Body, read_body
from protocol.trade.letter import MAX_LETTER_BYTES
from protocol.trade.message import MessageId, TradeId
from protocol.trade.types import Type
from protocol.wire import Fields

VERSION = 1
_WRITE = 1


@dataclass(frozen=True, slots=True)
class Request:
    """Please write this in that trade. What only the deciding device knows (the hashes of its
    codes, the head of its chain) it fills in itself.
    """

    trade: TradeId
    type: Type
    body: Body

    def pack(self) -> bytes:
        """Return the letter's content."""
        return wire.pack((VERSION, _WRITE, self.trade, int(self.type), self.body.as_value()))


def read_request(content: bytes) -> Request:
    """Read a letter's content. Raises RemoteError ``body-invalid`` or ``wire-…``."""
    fields = Fields(wire.unpack(content, MAX_LETTER_BYTES), 5, "request")
    fields.integer("version", VERSION, VERSION)
    fields.integer("what", _WRITE, _WRITE)
    trade = TradeId(MessageId(fields.octets("trade", ID_BYTES)))
    type = Type(fields.integer("type", 1, max(Type)))
    return Request(trade, type, read_body(type, fields.optional("body")))
