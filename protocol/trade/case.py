"""What a party lays before a steward, and what comes back (spec 09 §disputes).

A steward sees what one of the two hands over, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol import wire
from protocol.errors import RemoteError
from protocol.ids import ID_BYTES
from protocol.text import is_text
from protocol.trade.letter import MAX_LETTER_BYTES, MAX_MESSAGES
from protocol.trade.limits import MAX_MESSAGE_BYTES, MAX_TEXT
from protocol.trade.message import MessageId, TradeId
from protocol.trade.types import require
from protocol.wire import Fields

VERSION = 1
_CASE, _RULING = 1, 2


@dataclass(frozen=True, slots=True)
class Case:
    """raws: the messages that the party hands over, of both sides. text: its own words."""

    trade: TradeId
    raws: tuple[bytes, ...]
    text: str

    def __post_init__(self) -> None:
        require(is_text(self.text, MAX_TEXT, lines=True), "text")

    def pack(self) -> bytes:
        """Return the letter's content."""
        return wire.pack((VERSION, _CASE, self.trade, self.raws, self.text))


@dataclass(frozen=True, slots=True)
class RulingLetter:
    """The steward's signed ruling, to either party."""

    trade: TradeId
    ruling: bytes

    def pack(self) -> bytes:
        """Return the letter's content."""
        return wire.pack((VERSION, _RULING, self.trade, (self.ruling,), ""))


def read_case_letter(content: bytes) -> Case | RulingLetter:
    """Read a letter's content. Raises RemoteError ``body-invalid`` or ``wire-…``."""
    fields = Fields(wire.unpack(content, MAX_LETTER_BYTES), 5, "case")
    fields.integer("version", VERSION, VERSION)
    what = fields.integer("what", _CASE, _RULING)
    trade = TradeId(MessageId(fields.octets("trade", ID_BYTES)))
    raws: list[bytes] = []
    for raw in fields.array("raws", MAX_MESSAGES):
        if type(raw) is not bytes or len(raw) > MAX_MESSAGE_BYTES:
            raise RemoteError("body-invalid", field="raws")
        raws.append(raw)
    text = fields.text("text")
    if what == _CASE:
        return Case(trade, tuple(raws), text)
    require(len(raws) == 1 and not text, "raws")
    return RulingLetter(trade, raws[0])
