"""What a letter about trades holds: messages, and what its sender has (spec 09 §letters)."""

from __future__ import annotations

from dataclasses import dataclass

from protocol import wire
from protocol.errors import RemoteError
from protocol.ids import ID_BYTES
from protocol.trade.limits import MAX_MESSAGE_BYTES
from protocol.trade.message import MessageId, TradeId
from protocol.wire import Fields

VERSION = 1
MAX_LETTER_BYTES = 24_576
MAX_MESSAGES = 64


@dataclass(frozen=True, slots=True)
class TradeLetter:
    """raws: messages of one trade, in the order of their chains.

    have: the last message of the publisher's and of the seeker's chain that the sender has.
    asks: whether it wants what it lacks: after a restore, or a long silence.
    """

    trade: TradeId
    raws: tuple[bytes, ...]
    have: tuple[MessageId, MessageId]
    asks: bool = False

    def pack(self) -> bytes:
        """Return the letter's content."""
        return wire.pack((VERSION, self.trade, self.raws, self.have, self.asks))


def read_trade_letter(content: bytes) -> TradeLetter:
    """Read a letter's content; the messages in it are not read yet.

    Raises RemoteError ``body-invalid`` or ``wire-…``.
    """
    fields = Fields(wire.unpack(content, MAX_LETTER_BYTES), 5, "trade-letter")
    fields.integer("version", VERSION, VERSION)
    trade = TradeId(MessageId(fields.octets("trade", ID_BYTES)))
    raws: list[bytes] = []
    for raw in fields.array("raws", MAX_MESSAGES):
        if type(raw) is not bytes or len(raw) > MAX_MESSAGE_BYTES:
            raise RemoteError("body-invalid", field="raws")
        raws.append(raw)
    have = Fields(fields.optional("have"), 2, "have")
    heads = (
        MessageId(have.octets("have", ID_BYTES)),
        MessageId(have.octets("have", ID_BYTES)),
    )
    return TradeLetter(trade, tuple(raws), heads, fields.boolean("asks"))


def letters_of(
    trade: TradeId, raws: list[bytes], have: tuple[MessageId, MessageId]
) -> list[TradeLetter]:
    """Cut messages into letters that fit."""
    letters: list[TradeLetter] = []
    current: list[bytes] = []
    # An array of 16 and more has a head of three bytes, and so has each longer message.
    room = MAX_LETTER_BYTES - len(TradeLetter(trade, (), have).pack()) - 2
    for raw in raws:
        full = sum(len(each) + 3 for each in (*current, raw)) > room
        if current and (full or len(current) == MAX_MESSAGES):
            letters.append(TradeLetter(trade, tuple(current), have))
            current = []
        current.append(raw)
    if current:
        letters.append(TradeLetter(trade, tuple(current), have))
    return letters
