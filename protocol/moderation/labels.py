"""Labels, block lists and appeals: the bodies of kinds 41 to 43 (spec 12).

Nobody deletes for others: each of these is somebody's word, and who follows it decides.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from protocol import limits, wire
from protocol.errors import RemoteError
from protocol.ids import ID_BYTES, THING_KEY_BYTES, HouseholdId, ThingKey
from protocol.listing import Listing
from protocol.text import is_text
from protocol.wire import Fields, Value

BODY_VERSION = 1
LABELS_VERSION = 2
"""Of version 1 a label does not say which text was looked at; it is still read."""
TEXT_DIGEST_BYTES: Final = 16
MAX_LABELS: Final = 32
MAX_BLOCKED: Final = 64
MAX_APPEALS: Final = 8
MAX_APPEAL: Final = 800


@dataclass(frozen=True, slots=True)
class Subject:
    """What is spoken of: a household's listing, or the whole household (listing None)."""

    household: HouseholdId
    listing: ThingKey | None

    def as_values(self) -> tuple[Value, ...]:
        """Return its two fields in their order on the wire."""
        return (self.household, self.listing)


class Verdict(IntEnum):
    """What a label says of its subject."""

    FINE = 1
    """It was looked at: a worry word in it means nothing."""
    WARN = 2
    """Show it with the reason."""
    HIDE = 3
    """Do not show it, unless asked for by name."""


@dataclass(frozen=True, slots=True)
class Label:
    """One verdict, with a reason that all can read: 1 … MAX_REASON code points.

    text: digest of the listing's text that was looked at (:func:`text_digest`): FINE counts only
    while the listing says that. None: whatever it says.
    """

    subject: Subject
    verdict: Verdict
    reason: str
    text: bytes | None = None

    def __post_init__(self) -> None:
        if not is_text(self.reason, limits.MAX_REASON, shortest=1):
            raise RemoteError("body-invalid", field="reason")
        if self.text is not None and (
            len(self.text) != TEXT_DIGEST_BYTES
            or self.verdict is not Verdict.FINE
            or self.subject.listing is None
        ):
            raise RemoteError("body-invalid", field="text")


def text_digest(listing: Listing) -> bytes:
    """Return 16 bytes that name what a listing says in words (MOD-10)."""
    said = wire.pack(
        (
            listing.title,
            listing.description,
            listing.tags,
            listing.swap_for,
            tuple((variant.name, variant.choices) for variant in listing.variants),
            None if listing.place is None else listing.place.name,
        )
    )
    return hashlib.blake2b(said, digest_size=TEXT_DIGEST_BYTES, person=b"p2pm-text").digest()


@dataclass(frozen=True, slots=True)
class Labels:
    """The body of kind 41: the first label of a subject counts."""

    labels: tuple[Label, ...]

    def pack(self) -> bytes:
        """Return the body's canonical bytes."""
        labels = tuple(
            (*label.subject.as_values(), int(label.verdict), label.reason, label.text)
            for label in self.labels
        )
        return wire.pack((LABELS_VERSION, labels))


def read_labels(body: bytes) -> Labels:
    """Read a record of kind 41. Raises RemoteError ``body-invalid`` or ``wire-…``."""
    fields = Fields(wire.unpack(body, limits.MAX_RECORD_BYTES), 2, "labels")
    names_text = fields.integer("version", 1, LABELS_VERSION) == LABELS_VERSION
    labels: list[Label] = []
    for value in fields.array("labels", MAX_LABELS):
        one = Fields(value, 5 if names_text else 4, "label")
        subject = read_subject(one)
        verdict = Verdict(one.integer("verdict", 1, max(Verdict)))
        reason = one.text("reason")
        text = one.optional("text") if names_text else None
        if text is not None and type(text) is not bytes:
            raise RemoteError("body-invalid", field="text")
        labels.append(Label(subject, verdict, reason, text))
    return Labels(tuple(labels))


@dataclass(frozen=True, slots=True)
class Blocked:
    """One household that the author does not deal with, and why."""

    household: HouseholdId
    reason: str

    def __post_init__(self) -> None:
        if not is_text(self.reason, limits.MAX_REASON):
            raise RemoteError("body-invalid", field="reason")


@dataclass(frozen=True, slots=True)
class BlockList:
    """The body of kind 42: households whose listings those who follow the list do not see."""

    blocked: tuple[Blocked, ...]

    def pack(self) -> bytes:
        """Return the body's canonical bytes."""
        blocked = tuple((one.household, one.reason) for one in self.blocked)
        return wire.pack((BODY_VERSION, blocked))


def read_block_list(body: bytes) -> BlockList:
    """Read a record of kind 42. Raises RemoteError ``body-invalid`` or ``wire-…``."""
    fields = Fields(wire.unpack(body, limits.MAX_RECORD_BYTES), 2, "block_list")
    fields.integer("version", BODY_VERSION, BODY_VERSION)
    blocked: list[Blocked] = []
    for value in fields.array("blocked", MAX_BLOCKED):
        one = Fields(value, 2, "blocked")
        household = HouseholdId(one.octets("household", ID_BYTES))
        blocked.append(Blocked(household, one.text("reason")))
    return BlockList(tuple(blocked))


@dataclass(frozen=True, slots=True)
class Appeal:
    """Why a label or a removal should be taken back, by its subject or somebody for it.

    text: with lines, 1 … MAX_APPEAL code points.
    """

    subject: Subject
    text: str

    def __post_init__(self) -> None:
        if not is_text(self.text, MAX_APPEAL, lines=True, shortest=1):
            raise RemoteError("body-invalid", field="text")


@dataclass(frozen=True, slots=True)
class Appeals:
    """The body of kind 43."""

    appeals: tuple[Appeal, ...]

    def pack(self) -> bytes:
        """Return the body's canonical bytes."""
        appeals = tuple((*one.subject.as_values(), one.text) for one in self.appeals)
        return wire.pack((BODY_VERSION, appeals))


def read_appeals(body: bytes) -> Appeals:
    """Read a record of kind 43. Raises RemoteError ``body-invalid`` or ``wire-…``."""
    fields = Fields(wire.unpack(body, limits.MAX_RECORD_BYTES), 2, "appeals")
    fields.integer("version", BODY_VERSION, BODY_VERSION)
    appeals: list[Appeal] = []
    for value in fields.array("appeals", MAX_APPEALS):
        one = Fields(value, 3, "appeal")
        appeals.append(Appeal(read_subject(one), one.text("text")))
    return Appeals(tuple(appeals))


def read_subject(fields: Fields) -> Subject:
    """Read the next two fields as a subject. Raises RemoteError ``body-invalid``."""
    household = HouseholdId(fields.octets("household", ID_BYTES))
    listing = fields.optional("listing")
    if listing is None:
        return Subject(household, None)
    if type(listing) is not bytes or len(listing) != THING_KEY_BYTES:
        raise RemoteError("body-invalid", field="listing")
    return Subject(household, ThingKey(listing))
