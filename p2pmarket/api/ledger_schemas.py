"""What the interface takes and gives about receipts, reviews, trust and credit.

Months are written 2026-11, times ISO 8601 in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from p2pmarket.api.notice_schemas import NoticeAnswer
from p2pmarket.api.schemas import CreditTerms, ListingKindName, MemberStatusName, Sync

TradeOutcomeName = Literal["completed", "cancelled", "no-show"]
OwnReceiptState = Literal["unconfirmed", "private", "linked", "waiting"]
FlawName = Literal[
    "gap", "fork", "broken", "signature", "unreadable", "foreign-device", "other-community",
    "not-a-party", "receipt-signature", "no-receipt", "adoption", "unknown-signer",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class HouseholdName:
    """A household by id and name; the name is "" where it is not known."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ReceiptAnswer:
    """What a receipt says. at_fault: who cancelled, or did not come. credit: in whole units, from
    taker to giver.
    """

    id: str
    trade: str
    publisher: HouseholdName
    seeker: HouseholdName
    kind: ListingKindName
    month: str
    outcome: TradeOutcomeName
    at_fault: HouseholdName | None
    credit: int | None
    giver: HouseholdName
    taker: HouseholdName
    public: bool


@dataclass(frozen=True, slots=True)
class OwnReceiptAnswer:
    """A receipt of one's own. state: unconfirmed (one side has not signed; counts for nothing),
    private (between the two; counts for nothing), linked (public, for all to see), waiting
    (public, not linked yet). other: the other side.
    """

    receipt: ReceiptAnswer
    other: HouseholdName
    state: OwnReceiptState
    signed_by_us: bool
    signed_by_them: bool
    concluded_at: str


@dataclass(frozen=True, slots=True)
class ChainAnswer:
    """What one device of a household has linked. number: of the device, from 1. head: the id of
    the last entry.
    """

    device: str
    number: int | None
    entries: int
    head: str


@dataclass(frozen=True, slots=True)
class FlawAnswer:
    """One thing that is wrong. entry: its number in the chain from 1, or null.

    blames: whether the household must answer for it.
    """

    flaw: FlawName
    device: str
    entry: int | None
    blames: bool


@dataclass(frozen=True, slots=True)
class LedgerAnswer:
    """A household's ledger, checked from its signed records. private: entries that only hold a
    place for a private receipt. reviews: how many it wrote that count. own: all own receipts,
    where the ledger is one's own. reviews_waiting: own reviews that do not show yet.
    """

    household: HouseholdName
    mine: bool
    sound: bool
    chains: list[ChainAnswer]
    flaws: list[FlawAnswer]
    receipts: list[ReceiptAnswer]
    private: int
    reviews: int
    continued: int
    own: list[OwnReceiptAnswer]
    reviews_waiting: int
    sync: Sync


@dataclass(frozen=True, slots=True)
class BalanceAnswer:
    """What a household has given less what it has taken, from receipts alone. left: how much it
    may still take. results: the receipts that make it up, the latest first. waiting: those that
    do not count yet, because whoever took has not given enough for them, the first that will
    count first. uncovered: how much this household has taken of that.
    """

    household: HouseholdName
    mine: bool
    terms: CreditTerms
    balance: int
    left: int
    uncovered: int
    results: list[ReceiptAnswer]
    waiting: list[ReceiptAnswer]


@dataclass(frozen=True, slots=True)
class HouseholdBalance:
    """The balance of one household. uncovered: what it has taken beyond, which waits."""

    household: HouseholdName
    mine: bool
    balance: int
    uncovered: int


@dataclass(frozen=True, slots=True)
class BalancesAnswer:
    """The balances of all who gave or took for credit; together they are nothing."""

    terms: CreditTerms
    results: list[HouseholdBalance]


@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """A review to write. trade: the beginning of its id. text: at most 300 bytes of UTF-8."""

    trade: str
    recommends: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class ReviewWritten:
    """about: the other side. shows_by: it shows then at the latest. households: who will see it."""

    about: HouseholdName
    shows_by: str
    households: int


@dataclass(frozen=True, slots=True)
class ReviewAnswer:
    """One review as it shows. changed: it is not the one that its author had committed to."""

    author: HouseholdName
    recommends: bool
    text: str
    at: str
    month: str
    outcome: TradeOutcomeName
    changed: bool


@dataclass(frozen=True, slots=True)
class TallyAnswer:
    """receipts: how many count, at most three of each pair. households: with how many others."""

    receipts: int
    households: int


@dataclass(frozen=True, slots=True)
class VouchStep:
    """A household on the path of invitations. invited: by the one before it, or (false) it
    invited that one; null for the first.
    """

    household: HouseholdName
    invited: bool | None


@dataclass(frozen=True, slots=True)
class TrustAnswer:
    """What can be known of a household from here: facts, and no score.

    brought: how many of those with whom it completed trades it brought into the community.
    common: those with whom both of you completed trades. vouch_path: invitations from this
    household to that one. own: what this household has had with it, private receipts included.
    uncovered: what it has taken for credit beyond its balance, which waits.
    """

    completed: TallyAnswer
    cancelled: TallyAnswer
    no_shows: TallyAnswer
    brought: int
    common: list[HouseholdName]
    vouch_path: list[VouchStep]
    own: list[OwnReceiptAnswer]
    reviews: list[ReviewAnswer]
    ledger_sound: bool
    flaws: int
    balance: int | None
    uncovered: int | None
    credit: CreditTerms | None


@dataclass(frozen=True, slots=True)
class HouseholdAnswer:
    """One household: what it says of itself, and what is known of it.

    vouched_by: confirmed households that speak for it. notices: what is said of it in public that
    counts here, and why its listings do not show here.
    """

    id: str
    name: str
    about: str
    status: MemberStatusName
    place: str | None
    invited_by: HouseholdName | None
    vouched_by: list[HouseholdName]
    joined_at: str
    connected: bool
    blocked: bool
    me: bool
    trust: TrustAnswer
    sync: Sync
    notices: list[NoticeAnswer] = field(default_factory=list)
