"""What the interface takes and gives about trades; times are ISO 8601 in UTC.

Names of states, steps and messages are for programs; people get sentences made from them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from p2pmarket.api.mail_schemas import DeliveryAnswer, SettlementName, Waiting
from p2pmarket.api.schemas import ListingKindName
from p2pmarket.api.trade.turns import Step, Whose

RoleName = Literal["publisher", "seeker"]
OutcomeName = Literal["completed", "cancelled", "no-show"]
ReceiptState = Literal["unsigned", "unconfirmed", "confirmed"]
TradeStateName = Literal[
    "start", "asked", "offered", "drawing", "entered", "drawn", "revealed", "promised",
    "appointed", "handed-by-publisher", "handed-by-seeker", "lent", "returned-by-publisher",
    "returned-by-seeker", "disputed", "with-steward", "closed", "completed", "cancelled",
    "no-show", "signed", "receipted",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class TermsAnswer:
    """What changes hands for what. price_minor: for all pieces together. credit_unit: what the
    community's own credit counts in.
    """

    quantity: int
    price_minor: int | None
    currency: str | None
    credit: int | None
    credit_unit: str | None
    swap: str
    swap_listing: str | None
    due_at: str | None
    deposit_minor: int | None
    deposit_currency: str | None
    variants: list[str]
    note: str


@dataclass(frozen=True, slots=True)
class SlotAnswer:
    """A time to meet."""

    starts_at: str
    ends_at: str


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One signed message. type: in lower case, e.g. ``no_show``. delivery: of own messages.

    text: what was written along, an address included. void: it had no effect, because it
    crossed with another. outcome: of a ruling, or what a settlement would end in. why: why a
    publisher declined. shown_by: in a case, who alone shows it though both have shown theirs.
    """

    at: str
    mine: bool
    household: str
    type: str
    void: bool
    text: str = ""
    terms: TermsAnswer | None = None
    slots: list[SlotAnswer] = field(default_factory=list)
    due_at: str | None = None
    until: str | None = None
    public: bool | None = None
    position: int | None = None
    steward: str | None = None
    steward_id: str | None = None
    outcome: OutcomeName | None = None
    why: str | None = None
    with_code: bool | None = None
    shown_by: str | None = None
    delivery: DeliveryAnswer | None = None


@dataclass(frozen=True, slots=True)
class ReceiptFace:
    """What neighbours see of a trade, and nothing more. month: yyyy-mm. None: not known yet."""

    publisher: str
    seeker: str
    kind: ListingKindName
    month: str | None
    outcome: OutcomeName | None
    at_fault: str | None
    credit: int | None
    credit_unit: str | None


@dataclass(frozen=True, slots=True)
class TradeReceiptAnswer:
    """The receipt. state: unsigned, unconfirmed (one side has signed), confirmed (both).

    neighbours_see: None where both agreed to keep it between them.
    """

    digest: str
    state: ReceiptState
    signed_by_me: bool
    signed_by_other: bool
    public: bool
    month: str
    outcome: OutcomeName
    at_fault: str | None
    at_fault_me: bool
    neighbours_see: ReceiptFace | None


@dataclass(frozen=True, slots=True)
class DrawAnswer:
    """A fair draw. entrants: how many, once the list is closed. won: None until the result."""

    closes_at: str
    entrants: int | None
    won: bool | None


@dataclass(frozen=True, slots=True)
class DisputeAnswer:
    """steward: who shall look at it. accepted: both agree. has_ruling: it has come in.

    my_settlement, other_settlement: how each would end it. shown_at: when this household has
    shown it the trade.
    """

    mine: bool
    steward: str
    steward_id: str
    accepted: bool
    has_ruling: bool
    ruling_text: str
    my_settlement: SettlementName | None
    other_settlement: SettlementName | None
    shown_at: str | None


@dataclass(frozen=True, slots=True)
class TradeAnswer:
    """One trade as it stands, from this household's side.

    role: publisher, whose listing it is about, or seeker, who asked. whose_turn and steps: who
    has something to do now, and what this household can do, the likeliest first. public: as
    promised, or as the seeker would agree. runs_out_at: when the promise may lapse.
    agreed_public: whether the seeker agrees that the receipt may be public. left, waiting: of
    an own listing. decides: this device does; forwarded: another one of the household was asked
    just now. delivery: of the last own message. lent: the thing is, or was, out on loan.
    """

    id: str
    listing_id: str
    title: str
    kind: ListingKindName
    role: RoleName
    household: str
    other: str
    other_id: str
    giver_me: bool
    state: TradeStateName
    whose_turn: Whose
    steps: list[Step]
    opened_at: str
    terms: TermsAnswer
    agreed_public: bool
    public: bool
    promised_until: str | None
    runs_out_at: str | None
    my_slots: list[SlotAnswer]
    other_slots: list[SlotAnswer]
    appointment: SlotAnswer | None
    my_address: str
    other_address: str
    my_proposed_due: str | None
    other_proposed_due: str | None
    queue_position: int | None
    draw: DrawAnswer | None
    dispute: DisputeAnswer | None
    lent: bool
    outcome: OutcomeName | None
    face: ReceiptFace
    receipt: TradeReceiptAnswer | None
    handover_code: str | None
    return_code: str | None
    left: int | None
    waiting: int
    decides: bool
    forwarded: bool
    delivery: DeliveryAnswer | None
    timeline: list[TimelineEntry]
    community: str = ""
    community_id: str = ""


@dataclass(frozen=True, slots=True)
class TradesAnswer:
    """Trades, newest first, and what should not be forgotten about them."""

    results: list[TradeAnswer]
    reminders: list[Waiting]


@dataclass(frozen=True, slots=True)
class TradesQuestion:
    """over: also those in which nothing can follow."""

    over: bool = False


@dataclass(frozen=True, slots=True)
class TradeQuestion:
    """wait_seconds: how long to wait for the last own message to get on, at most ten."""

    wait_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class TermsChange:
    """What to ask for otherwise; fields left out stay, an empty text removes what stood there.

    Amounts in the main unit of the listing's or the community's currency, for all pieces
    together; credit as a number; due and the like as ISO 8601. swap_listing: id of an own
    listing. variants: one choice for each way in which the listing's things differ.
    """

    quantity: int | None = None
    price: str | None = None
    credit: str | None = None
    swap: str | None = None
    swap_listing: str | None = None
    due: str | None = None
    deposit: str | None = None
    variants: list[str] | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class AskRequest:
    """Ask for a listing. public: whether the receipt may be seen by the neighbours."""

    listing: str
    terms: TermsChange = field(default_factory=TermsChange)
    text: str = ""
    public: bool = True


@dataclass(frozen=True, slots=True)
class OfferRequest:
    """Propose other terms."""

    terms: TermsChange
    text: str = ""


@dataclass(frozen=True, slots=True)
class PromiseRequest:
    """public: False keeps the receipt between the two. until: ISO 8601; else 14 days."""

    public: bool | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class WordsRequest:
    """A few words, or none."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class SlotRequest:
    """A time to meet, ISO 8601."""

    starts_at: str
    ends_at: str


@dataclass(frozen=True, slots=True)
class SlotsRequest:
    """Times that would suit, at most eight."""

    slots: list[SlotRequest]


@dataclass(frozen=True, slots=True)
class AppointmentRequest:
    """Which of the times that the other side named, counted from 1."""

    number: int


@dataclass(frozen=True, slots=True)
class ConfirmRequest:
    """code: the one that the other side showed in person; it confirms for both."""

    code: str | None = None


@dataclass(frozen=True, slots=True)
class ExtensionRequest:
    """Until when a loan shall last, ISO 8601. The day that the other proposed is agreed to."""

    due: str


@dataclass(frozen=True, slots=True)
class DisputeRequest:
    """steward: a household's name or the beginning of its id."""

    steward: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class SettlementRequest:
    """How this household would have the trade end."""

    outcome: SettlementName


@dataclass(frozen=True, slots=True)
class DrawRequest:
    """When nobody can enter any more, ISO 8601."""

    closes: str


@dataclass(frozen=True, slots=True)
class DrawAnnounced:
    """How many households take part."""

    entrants: int
    closes_at: str


@dataclass(frozen=True, slots=True)
class HandedOverAnswer:
    """What one side has shown. missing: messages that it names and that are still under way."""

    household: str
    household_id: str
    text: str
    handed_at: str
    received_at: str
    missing: int


@dataclass(frozen=True, slots=True)
class CaseRuling:
    """How this household has ruled."""

    outcome: SettlementName
    text: str
    at: str


@dataclass(frozen=True, slots=True)
class CaseAnswer:
    """A dispute that was laid before this household, with what was handed over and no more.

    handed_over: by one side, or by both. missing: messages that are under way; the fewest of
    the two. can_rule: both parties have accepted this household, and wait for it. timeline:
    what all that was handed over makes together; apart: messages that are no part of it, as
    something before them is missing or another one stands in their place.
    """

    trade: str
    kind: ListingKindName
    publisher: str
    publisher_id: str
    seeker: str
    seeker_id: str
    handed_over: list[HandedOverAnswer]
    missing: int
    state: TradeStateName
    can_rule: bool
    ruling: CaseRuling | None
    forgotten_at: str
    terms: TermsAnswer
    timeline: list[TimelineEntry]
    apart: list[TimelineEntry]


@dataclass(frozen=True, slots=True)
class CasesAnswer:
    """Disputes before this household, the latest first."""

    results: list[CaseAnswer]


@dataclass(frozen=True, slots=True)
class RulingRequest:
    """How the trade shall end, and why: both read it."""

    outcome: SettlementName
    text: str
