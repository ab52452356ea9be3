"""A report: what a household tells the stewards in confidence (spec 12, a letter of topic 8)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from protocol import wire
from protocol.errors import RemoteError
from protocol.mail.limits import MAX_CONTENT_BYTES
from protocol.moderation.labels import Subject, read_subject
from protocol.text import is_text
from protocol.wire import Fields

VERSION = 1
MAX_TEXT: Final = 800


class Ground(IntEnum):
    """What a report is about."""

    FORBIDDEN = 1
    """Not allowed by the rules or by law."""
    DECEIT = 2
    HARASSMENT = 3
    MISPLACED = 4
    """Spam, a wrong category, twice the same."""
    OTHER = 5


@dataclass(frozen=True, slots=True)
class Report:
    """text: with lines, at most MAX_TEXT code points; needed for OTHER."""

    subject: Subject
    ground: Ground
    text: str

    def __post_init__(self) -> None:
        shortest = 1 if self.ground is Ground.OTHER else 0
        if not is_text(self.text, MAX_TEXT, lines=True, shortest=shortest):
            raise RemoteError("body-invalid", field="text")

    def pack(self) -> bytes:
        """Return the content's canonical bytes."""
        return wire.pack((VERSION, *self.subject.as_values(), int(self.ground), self.text))


def read_report(content: bytes) -> Report:
    """Read the content of a letter of topic REPORT. Raises RemoteError."""
    fields = Fields(wire.unpack(content, MAX_CONTENT_BYTES), 5, "report")
    fields.integer("version", VERSION, VERSION)
    subject = read_subject(fields)
    ground = Ground(fields.integer("ground", 1, max(Ground)))
    return Report(subject, ground, fields.text("text"))
