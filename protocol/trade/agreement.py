"""Messages up to the promise, and those that end a trade early (spec 09 §messages)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from protocol.ids import HouseholdId, RecordId, ThingKey
from protocol.ledger.entry import EMPTY, Head
from protocol.listing import ListingKind
from protocol.text import is_text
from protocol.trade.limits import MAX_TEXT
from protocol.trade.terms import Terms
from protocol.trade.types import require
from protocol.wire import Value


class Why(IntEnum):
    """Why a publisher declines."""

    NO = 0
    GIVEN_AWAY = 1
    CHANGED = 2
    OVER = 3
    UNFIT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """The seeker opens. listing: its key; revision: the id of its record that was read.

    handover_hash, return_hash: of the codes that the seeker shows in person.
    public: whether the seeker agrees that the receipt may be public.
    """

    listing: ThingKey
    revision: RecordId
    listing_kind: ListingKind
    publisher: HouseholdId
    salt: bytes
    handover_hash: bytes
    return_hash: bytes
    public: bool
    terms: Terms
    text: str = ""
    head: Head = EMPTY

    def __post_init__(self) -> None:
        require(self.listing_kind is not ListingKind.EVENT, "listing_kind")
        require(is_text(self.text, MAX_TEXT, lines=True), "text")

    def as_value(self) -> Value:
        """Return the body's array."""
        return (
            self.listing, self.revision, int(self.listing_kind), self.publisher, self.salt,
            self.handover_hash, self.return_hash, self.public, self.terms.as_value(), self.text,
            self.head.as_value(),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Offer:
    """Either side proposes other terms."""

    terms: Terms
    text: str = ""

    def __post_init__(self) -> None:
        require(is_text(self.text, MAX_TEXT, lines=True), "text")

    def as_value(self) -> Value:
        """Return the body's array."""
        return (self.terms.as_value(), self.text)


@dataclass(frozen=True, slots=True)
class Accept:
    """The seeker takes the publisher's offer. terms_hash: of exactly these terms."""

    terms_hash: bytes

    def as_value(self) -> Value:
        """Return the body's array."""
        return (self.terms_hash,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """The publisher promises, and reserves. until_ms: when the promise may lapse.

    public: whether the receipt will be; both have agreed then.
    """

    terms_hash: bytes
    public: bool
    until_ms: int
    handover_hash: bytes
    return_hash: bytes
    head: Head = EMPTY

    def as_value(self) -> Value:
        """Return the body's array."""
        return (
            self.terms_hash, self.public, self.until_ms, self.handover_hash, self.return_hash,
            self.head.as_value(),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decline:
    """The publisher says no, for a reason a program knows and perhaps one in words."""

    why: Why
    text: str = ""

    def __post_init__(self) -> None:
        require(is_text(self.text, MAX_TEXT, lines=True), "text")

    def as_value(self) -> Value:
        """Return the body's array."""
        return (int(self.why), self.text)


@dataclass(frozen=True, slots=True)
class Words:
    """Of messages that need nothing but, perhaps, a few words: cancel, no-show, lapse."""

    text: str = ""

    def __post_init__(self) -> None:
        require(is_text(self.text, MAX_TEXT, lines=True), "text")

    def as_value(self) -> Value:
        """Return the body's array."""
        return (self.text,)


@dataclass(frozen=True, slots=True)
class Queue:
    """Somebody else has the promise. position: this seeker's place among those who wait."""

    position: int

    def as_value(self) -> Value:
        """Return the body's array."""
        return (self.position,)


@dataclass(frozen=True, slots=True)
class Sign:
    """The author's signature of the receipt, by the device that signs this message."""

    signature: bytes

    def as_value(self) -> Value:
        """Return the body's array."""
        return (self.signature,)
