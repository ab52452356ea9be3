"""What is inside: letters, and the contents that mail itself gives them (spec 08 §letters)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from protocol import limits, wire
from protocol.errors import RemoteError
from protocol.ids import ID_BYTES, THING_KEY_BYTES, CommunityId, HouseholdId, ThingKey
from protocol.mail.limits import MAX_CHAT_TEXT, MAX_CONTENT_BYTES, MAX_NOTED
from protocol.text import is_text
from protocol.wire import Fields

VERSION = 1
MESSAGE_ID_BYTES = 16
_MAX_LETTER_BYTES = MAX_CONTENT_BYTES + 256
_MAX_TOPIC = 2**16 - 1


class Topic(IntEnum):
    """Whose business a letter is."""

    CHAT = 1
    TRADE = 2
    REVIEW = 3
    OWN = 4
    DELIVERY = 5
    CASE = 6
    JOINING = 7
    REPORT = 8


@dataclass(frozen=True, slots=True)
class Letter:
    """One piece of content from a household to a household.

    message_id: 16 random bytes, the same for all devices and all repetitions.
    sent_at_ms: Unix milliseconds by the sender's clock. topic: a Topic, or a later version's.
    """

    community: CommunityId
    message_id: bytes
    sender: HouseholdId
    recipient: HouseholdId
    sent_at_ms: int
    topic: int
    content: bytes

    def pack(self) -> bytes:
        """Return the canonical bytes. Raises ValueError if the content is too long."""
        if len(self.content) > MAX_CONTENT_BYTES:
            raise ValueError(f"a letter of {len(self.content)} bytes")
        return wire.pack(
            (
                VERSION,
                self.community,
                self.message_id,
                self.sender,
                self.recipient,
                self.sent_at_ms,
                int(self.topic),
                self.content,
            )
        )


def read_letter(raw: bytes) -> Letter:
    """Read a letter. Raises RemoteError ``body-invalid`` or ``wire-…``."""
    fields = Fields(wire.unpack(raw, _MAX_LETTER_BYTES), 8, "letter")
    fields.integer("version", VERSION, VERSION)
    community = CommunityId(fields.octets("community", ID_BYTES))
    message_id = fields.octets("message_id", MESSAGE_ID_BYTES)
    sender = HouseholdId(fields.octets("sender", ID_BYTES))
    recipient = HouseholdId(fields.octets("recipient", ID_BYTES))
    sent_at_ms = fields.integer("sent_at_ms", 0, limits.MAX_TIME_MS)
    topic = fields.integer("topic", 1, _MAX_TOPIC)
    content = fields.optional("content")
    if type(content) is not bytes or len(content) > MAX_CONTENT_BYTES:
        raise RemoteError("body-invalid", field="content")
    return Letter(community, message_id, sender, recipient, sent_at_ms, topic, content)


@dataclass(frozen=True, slots=True)
class Chat:
    """What one household writes to another. listing: the key of the listing it is about."""

    text: str
    listing: ThingKey | None

    def __post_init__(self) -> None:
        if not is_text(self.text, MAX_CHAT_TEXT, lines=True, shortest=1):
            raise RemoteError("body-invalid", field="text")

    def pack(self) -> bytes:
        """Return the content's canonical bytes."""
        return wire.pack((VERSION, self.listing, self.text))


def read_chat(content: bytes) -> Chat:
    """Read the content of a letter of topic CHAT. Raises RemoteError."""
    fields = Fields(wire.unpack(content, MAX_CONTENT_BYTES), 3, "chat")
    fields.integer("version", VERSION, VERSION)
    listing = fields.optional("listing")
    if listing is not None and (type(listing) is not bytes or len(listing) != THING_KEY_BYTES):
        raise RemoteError("body-invalid", field="listing")
    return Chat(fields.text("text"), None if listing is None else ThingKey(listing))


@dataclass(frozen=True, slots=True)
class Note:
    """What a device tells another about its mail (topic DELIVERY).

    acks: message ids that arrived. nacks: ids of parcels that it could not decipher.
    reads: message ids that a person has read.
    """

    acks: tuple[bytes, ...] = ()
    nacks: tuple[bytes, ...] = ()
    reads: tuple[bytes, ...] = ()

    def pack(self) -> bytes:
        """Return the content's canonical bytes."""
        return wire.pack((VERSION, self.acks, self.nacks, self.reads))


def read_note(content: bytes) -> Note:
    """Read the content of a letter of topic DELIVERY. Raises RemoteError."""
    fields = Fields(wire.unpack(content, MAX_CONTENT_BYTES), 4, "note")
    fields.integer("version", VERSION, VERSION)
    return Note(
        _ids(fields, "acks", MESSAGE_ID_BYTES),
        _ids(fields, "nacks", ID_BYTES),
        _ids(fields, "reads", MESSAGE_ID_BYTES),
    )


def _ids(fields: Fields, name: str, length: int) -> tuple[bytes, ...]:
    found: list[bytes] = []
    for item in fields.array(name, MAX_NOTED):
        if type(item) is not bytes or len(item) != length:
            raise RemoteError("body-invalid", field=name)
        found.append(item)
    return tuple(found)
