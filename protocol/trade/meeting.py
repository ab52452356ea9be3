"""Messages about when and where to meet, and that it has happened (spec 09 §messages)."""

from __future__ import annotations

from dataclasses import dataclass

from protocol import limits
from protocol.text import is_text
from protocol.trade.limits import CODE_BYTES, MAX_ADDRESS, MAX_SLOTS
from protocol.trade.types import require
from protocol.wire import Value


@dataclass(frozen=True, slots=True)
class Slot:
    """A time to meet. Unix milliseconds."""

    starts_at_ms: int
    ends_at_ms: int

    def __post_init__(self) -> None:
        require(0 < self.starts_at_ms < self.ends_at_ms <= limits.MAX_TIME_MS, "slot")

    def as_value(self) -> Value:
        """Return start and end."""
        return (self.starts_at_ms, self.ends_at_ms)


@dataclass(frozen=True, slots=True)
class Slots:
    """Times that would suit the author."""

    slots: tuple[Slot, ...]

    def __post_init__(self) -> None:
        require(1 <= len(self.slots) <= MAX_SLOTS, "slots")

    def as_value(self) -> Value:
        """Return the body's array."""
        return (tuple(slot.as_value() for slot in self.slots),)


@dataclass(frozen=True, slots=True)
class Appoint:
    """One of the times that the other side named."""

    slot: Slot

    def as_value(self) -> Value:
        """Return the body's array."""
        return (self.slot.as_value(),)


@dataclass(frozen=True, slots=True)
class Address:
    """Where to meet: told after the promise, to this household only."""

    text: str

    def __post_init__(self) -> None:
        require(is_text(self.text, MAX_ADDRESS, lines=True, shortest=1), "address")

    def as_value(self) -> Value:
        """Return the body's array."""
        return (self.text,)


@dataclass(frozen=True, slots=True)
class Confirm:
    """The thing has changed hands, or come back. code: the other side's, shown in person.

    Only the other side knew it: with it the confirmation stands for both.
    """

    code: bytes | None = None

    def __post_init__(self) -> None:
        require(self.code is None or len(self.code) == CODE_BYTES, "code")

    def as_value(self) -> Value:
        """Return the body's array."""
        return (self.code,)


@dataclass(frozen=True, slots=True)
class Due:
    """A later day for a loan to come back: proposed (EXTEND), or agreed to (AGREE)."""

    due_at_ms: int

    def as_value(self) -> Value:
        """Return the body's array."""
        return (self.due_at_ms,)
