"""What a household says of one it traded with, tied to the receipt (spec 10 §reviews).

Two-sided: first each side mails a commitment, so that neither writes in answer to the other.
The salt keeps a commitment from being guessed, and is revealed with the review.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from protocol import limits, wire
from protocol.errors import RemoteError
from protocol.ids import ID_BYTES, HouseholdId
from protocol.text import is_text
from protocol.wire import Fields, Value

REVEAL_AFTER_MS = 14 * limits.DAY_MS
"""A review is shown this long after the trade's end, whether or not the other wrote one."""
SALT_BYTES = 16
_LETTER_VERSION: Final = 1
_MAX_LETTER_BYTES: Final = 128
_PERSON = b"p2pm-review"


@dataclass(frozen=True, slots=True)
class Review:
    """One household's word on another. Raises RemoteError ``body-invalid``.

    receipt: the digest of the public receipt it is tied to. about: the other party.
    text: may be empty; at most MAX_REVIEW_BYTES bytes of UTF-8. salt: 16 random bytes.
    """

    receipt: bytes
    about: HouseholdId
    recommends: bool
    text: str
    salt: bytes

    def __post_init__(self) -> None:
        if not is_text(self.text, limits.MAX_REVIEW_BYTES, lines=True):
            raise RemoteError("body-invalid", field="text")
        if len(self.text.encode()) > limits.MAX_REVIEW_BYTES:
            raise RemoteError("body-invalid", field="text")
        if (len(self.receipt), len(self.about)) != (ID_BYTES, ID_BYTES):
            raise RemoteError("body-invalid", field="receipt")
        if len(self.salt) != SALT_BYTES:
            raise RemoteError("body-invalid", field="salt")

    def commitment(self) -> bytes:
        """Return the 32 bytes by which an author is bound before the review is shown."""
        packed = wire.pack(self.as_values())
        return hashlib.blake2b(packed, digest_size=ID_BYTES, person=_PERSON).digest()

    def as_values(self) -> tuple[Value, ...]:
        """Return the fields in their order on the wire."""
        return (self.receipt, self.about, self.recommends, self.text, self.salt)

    @classmethod
    def read(cls, fields: Fields) -> Review:
        """Read the next five fields. Raises RemoteError ``body-invalid``."""
        return cls(
            fields.octets("receipt", ID_BYTES),
            HouseholdId(fields.octets("about", ID_BYTES)),
            fields.boolean("recommends"),
            fields.text("text"),
            fields.octets("salt", SALT_BYTES),
        )


@dataclass(frozen=True, slots=True)
class Commitment:
    """A letter of topic REVIEW: its sender has written a review, and can no longer change it."""

    receipt: bytes
    commitment: bytes

    def pack(self) -> bytes:
        """Return the letter's content."""
        return wire.pack((_LETTER_VERSION, self.receipt, self.commitment))


def read_commitment(content: bytes) -> Commitment:
    """Read a letter's content. Raises RemoteError ``body-invalid`` or ``wire-…``."""
    fields = Fields(wire.unpack(content, _MAX_LETTER_BYTES), 3, "commitment")
    fields.integer("version", _LETTER_VERSION, _LETTER_VERSION)
    return Commitment(fields.octets("receipt", ID_BYTES), fields.octets("commitment", ID_BYTES))
