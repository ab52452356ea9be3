"""What the interface takes and gives about messages; times are ISO 8601 in UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

SettlementName = Literal["completed", "cancelled"]
DeliveryStateName = Literal["queued", "held", "delivered", "read", "refused", "expired"]


@dataclass(frozen=True, slots=True)
class DeliveryAnswer:
    """How far something written has come. holders: neighbours that keep it for the recipient."""

    state: DeliveryStateName
    holders: int
    at: str


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """One message between two households. outgoing: written by this one.

    read: by whom it was written to, as far as this node knows. delivery: of outgoing ones.
    """

    id: str
    outgoing: bool
    text: str
    at: str
    read: bool
    delivery: DeliveryAnswer | None
    listing: str | None
    title: str


@dataclass(frozen=True, slots=True)
class MessageRequest:
    """A message to write. household: its name or the beginning of its id; without it the message
    goes to whoever published the listing. wait_seconds: how long to wait for it to get on.
    """

    text: str
    household: str | None = None
    listing: str | None = None
    wait_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class MessageAnswer:
    """The message that was written, and to whom."""

    household: str
    household_id: str
    connected: bool
    message: ChatAnswer


@dataclass(frozen=True, slots=True)
class ThreadQuestion:
    """listing: only what is about this one. limit: the latest so many."""

    listing: str | None = None
    limit: int = 1_000


@dataclass(frozen=True, slots=True)
class ThreadAnswer:
    """What was written with one household, the oldest first. more: there are earlier ones."""

    household: str
    household_id: str
    blocked: bool
    unread: int
    more: bool
    results: list[ChatAnswer]


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """listing: only what is about this one; without it, everything with that household."""

    listing: str | None = None


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """How many messages were unread before."""

    marked: int


@dataclass(frozen=True, slots=True)
class ThreadSummary:
    """One thread of the inbox. at, last_text, last_outgoing: of its latest message. community:
    where all are asked; "" where one was named.
    """

    household: str
    household_id: str
    blocked: bool
    listing: str | None
    title: str
    unread: int
    at: str
    last_text: str
    last_outgoing: bool
    community: str = ""
    community_id: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits for this household. what: a key of texts/waiting.py.

    id: of the trade, its beginning is enough. until: by when, if there is an end.
    """

    what: str
    id: str
    title: str
    household: str
    household_id: str
    until: str | None = None
    community: str = ""
    community_id: str = ""


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One dispute that this household has to do with.

    what: shown (by it, to household), not-arrived (it has to be shown again), to-rule, under-way
    (missing: messages), ruled, or over (the two need no ruling any more). Of shown, missing
    counts letters. at: when that was.
    """

    what: Literal["shown", "not-arrived", "to-rule", "under-way", "ruled", "over"]
    trade: str
    household: str
    household_id: str
    title: str
    at: str
    missing: int
    outcome: SettlementName | None = None
    community: str = ""
    community_id: str = ""


@dataclass(frozen=True, slots=True)
class InboxAnswer:
    """Threads, those with unread messages first, and what else waits for this household.

    connected: whether any neighbour is, so that new messages can arrive.
    """

    results: list[ThreadSummary]
    waiting: list[Waiting]
    unread: int
    connected: bool
    cases: list[CaseLine]


@dataclass(frozen=True, slots=True)
class MailStatus:
    """unread: messages. queued: own letters that nobody has got yet, mail of trades included.

    held, held_bytes: sealed letters kept here for others. depositors_full: households of which
    no more is kept. flooding: households whose messages wait until earlier ones are read.
    """

    unread: int
    queued: int
    held: int
    held_bytes: int
    depositors: int
    depositors_full: int
    flooding: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ChoicesRequest:
    """What to change; fields left out stay. address: "" for none."""

    read_receipts: bool | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class ChoicesAnswer:
    """What this computer keeps to itself. read_receipts: whether writers are told when their
    messages were read. address: told to a household once this one has promised it something.
    """

    read_receipts: bool
    address: str
