"""What the post hands to those it serves, and what it tells of letters on their way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from node.store.database import Connection
from protocol.ids import DeviceKey, HouseholdId
from protocol.mail.letter import Topic


@dataclass(frozen=True, slots=True)
class Incoming:
    """One letter that arrived. device: which sealed it; certified by the sender's household.

    is_copy: sent to somebody else by another device of this household.
    """

    message_id: bytes
    sender: HouseholdId
    device: DeviceKey
    recipient: HouseholdId
    sent_at_ms: int
    topic: Topic
    content: bytes
    is_copy: bool


class NotYet(Exception):
    """Raised by whoever takes a letter in: nothing has happened, the sender tries again.

    full: because there is too much of the sender's already.
    """

    def __init__(self, full: bool = False) -> None:
        super().__init__("full" if full else "later")
        self.full = full


TakeIn = Callable[[Connection, Incoming], None]


class DeliveryState(Enum):
    """How far a letter has come. The best of the recipient's devices counts."""

    QUEUED = "queued"
    HELD = "held"
    DELIVERED = "delivered"
    READ = "read"
    REFUSED = "refused"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Delivery:
    """holders: neighbours that keep it. at_ms: when the state was reached, or the sending."""

    state: DeliveryState
    holders: int
    at_ms: int
