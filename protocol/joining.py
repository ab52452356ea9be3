"""What a household that wants to join and the members who decide write to each other (spec 11).

Contents of letters of topic JOINING: its answers to the questions of the charter, and a
member's word that it will not stand for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol import limits, wire
from protocol.errors import RemoteError
from protocol.ids import ID_BYTES
from protocol.text import is_text
from protocol.wire import Fields

VERSION = 1
MAX_ANSWER = 300
"""Code points: what fits a few lines; for more there are chats."""
_MAX_BYTES = 8_192
_ANSWERS, _DECLINED = 1, 2


@dataclass(frozen=True, slots=True)
class Answers:
    """What a household answers. Raises RemoteError.

    charter: digest of the version whose questions these answers are to, and whose rules were
    read and agreed to. answers: at most MAX_QUESTIONS, in the order of the questions.
    """

    charter: bytes
    answers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.charter) != ID_BYTES:
            raise RemoteError("body-invalid", field="charter")
        if len(self.answers) > limits.MAX_QUESTIONS or not all(
            is_text(answer, MAX_ANSWER, lines=True) for answer in self.answers
        ):
            raise RemoteError("body-invalid", field="answers")

    def pack(self) -> bytes:
        """Return the content's canonical bytes."""
        return wire.pack((VERSION, _ANSWERS, self.charter, self.answers))


@dataclass(frozen=True, slots=True)
class Declined:
    """A member will not confirm the household. reason: may be empty. Raises RemoteError."""

    reason: str

    def __post_init__(self) -> None:
        if not is_text(self.reason, MAX_ANSWER, lines=True):
            raise RemoteError("body-invalid", field="reason")

    def pack(self) -> bytes:
        """Return the content's canonical bytes."""
        return wire.pack((VERSION, _DECLINED, self.reason))


def read_joining(content: bytes) -> Answers | Declined:
    """Read the content of a letter of topic JOINING. Raises RemoteError."""
    value = wire.unpack(content, _MAX_BYTES)
    is_declined = type(value) is tuple and len(value) == 3
    fields = Fields(value, 3 if is_declined else 4, "joining")
    fields.integer("version", VERSION, VERSION)
    if is_declined:
        fields.integer("says", _DECLINED, _DECLINED)
        return Declined(fields.text("reason"))
    fields.integer("says", _ANSWERS, _ANSWERS)
    return Answers(
        fields.octets("charter", ID_BYTES), fields.texts("answers", limits.MAX_QUESTIONS)
    )
