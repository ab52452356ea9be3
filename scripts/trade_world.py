"""Two parties to a trade: what vectors and tests of trades are made of.

Each side has its own messages and those of the other that have reached it, and writes from what
it has. Keys and salts are counted up, so that all is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vector_world import DAY_MS, HOUR_MS, START_MS, Household, World

from protocol import wire
from protocol.ids import RecordId, ThingKey
from protocol.ledger.receipt import Outcome, sign_receipt
from protocol.listing import ListingKind
from protocol.money import Price
from protocol.signing import KeyPair, Purpose
from protocol.trade.agreement import (
    Accept,
    Ask,
    Decline,
    Offer,
    Promise,
    Queue,
    Sign,
    Why,
    Words,
)
from protocol.trade.bodies import Body
from protocol.trade.codes import derive_code, hash_of
from protocol.trade.dispute import Dispute, RulingCopy, Settle, Steward, rule
from protocol.trade.draw import Close, Draw, Enter, Result, Reveal, commitment_to
from protocol.trade.machine import fold, step
from protocol.trade.meeting import Address, Appoint, Confirm, Due, Slot, Slots
from protocol.trade.message import NOTHING, OPENING, Message, sign_message
from protocol.trade.terms import Terms
from protocol.trade.trade import Trade
from protocol.trade.transitions import Role, State
from protocol.trade.types import Type
from protocol.wire import Value

PUBLISHER, SEEKER = Role.PUBLISHER, Role.SEEKER
HOUSEHOLDS = {PUBLISHER: Household(1), SEEKER: Household(2)}
STEWARD, STRANGER = Household(3), Household(4)
COMMUNITY = World().community

ASKED_MS = START_MS + 10 * DAY_MS
"""When trades are opened here; what is written later says so hour by hour."""
UNTIL_MS = ASKED_MS + 14 * DAY_MS
MEETING = Slot(ASKED_MS + 2 * DAY_MS, ASKED_MS + 2 * DAY_MS + HOUR_MS)
NO_SHOW_MS = MEETING.ends_at_ms + 10 * 60_000
LATER_MEETING = Slot(ASKED_MS + 3 * DAY_MS, ASKED_MS + 3 * DAY_MS + HOUR_MS)
DUE_MS = ASKED_MS + 20 * DAY_MS
LAPSED_MS = UNTIL_MS + DAY_MS
LONG_AFTER_MS = ASKED_MS + 80 * DAY_MS

LISTING, SALT = ThingKey(bytes(range(0x40, 0x50))), bytes(range(0x50, 0x60))
REVISION = RecordId(bytes(range(0x60, 0x80)))
DRAW_ID, DRAW_SECRET, ENTRY_SECRET = bytes([0xD0] * 16), bytes([0xD1] * 16), bytes([0xD2] * 16)
OTHER_SECRET = bytes([0xD3] * 16)
DRAW = Draw(DRAW_ID, commitment_to(DRAW_SECRET, DRAW_ID), ASKED_MS + DAY_MS)
ENTER = Enter(commitment_to(ENTRY_SECRET, DRAW_ID))
CLOSE = Close(tuple(sorted((ENTER.commitment, commitment_to(OTHER_SECRET, DRAW_ID)))))

TERMS = {
    ListingKind.SELL: Terms(price=Price(4_000, "EUR")),
    ListingKind.LEND: Terms(due_at_ms=DUE_MS, deposit=Price(2_000, "EUR")),
    ListingKind.SWAP: Terms(swap="Two jars of honey"),
    ListingKind.GIVE: Terms(),
    ListingKind.SERVICE: Terms(credit=3),
    ListingKind.WANTED: Terms(quantity=2, price=Price(500, "EUR"), note="From the garden"),
    ListingKind.KIT: Terms(quantity=3, variants=("98", "blue")),
}
HAGGLED = Terms(price=Price(3_500, "EUR"))


def code(role: Role, is_return: bool = False) -> bytes:
    """The code that one side shows in person."""
    secret = HOUSEHOLDS[role].number.to_bytes(32, "big")
    return derive_code(secret, SALT, "return" if is_return else "handover")


def ask(kind: ListingKind = ListingKind.SELL, **fields: object) -> Ask:
    """What the seeker opens with."""
    usual = Ask(
        listing=LISTING,
        revision=REVISION,
        listing_kind=kind,
        publisher=HOUSEHOLDS[PUBLISHER].id,
        salt=SALT,
        handover_hash=hash_of(code(SEEKER)),
        return_hash=hash_of(code(SEEKER, is_return=True)),
        public=True,
        terms=TERMS[kind],
    )
    return replace(usual, **fields)  # type: ignore[arg-type]


def promise(trade: Trade, **fields: object) -> Promise:
    """The publisher's promise of the terms on the table."""
    usual = Promise(
        terms_hash=trade.terms_hash,
        public=trade.ask.public,
        until_ms=UNTIL_MS,
        handover_hash=hash_of(code(PUBLISHER)),
        return_hash=hash_of(code(PUBLISHER, is_return=True)),
    )
    return replace(usual, **fields)  # type: ignore[arg-type]


def result(trade: Trade, secret: bytes = DRAW_SECRET) -> Result:
    """The result of a draw, with the secrets that were told."""
    close = CLOSE if trade.drawing is None or trade.drawing.close is None else trade.drawing.close
    told = {commitment_to(OTHER_SECRET, DRAW_ID): OTHER_SECRET}
    if trade.state is State.REVEALED:
        told[ENTER.commitment] = ENTRY_SECRET
    return Result(secret, tuple(told.get(commitment) for commitment in close.commitments))


def ruling(trade: Trade, outcome: Outcome = Outcome.COMPLETED, by: Household = STEWARD) -> bytes:
    """What a steward signs."""
    dispute = NOTHING if trade.dispute is None else trade.dispute.id
    return rule(COMMUNITY, trade.id, dispute, by.id, outcome, "As I see it.", by.device()).raw


def body_of(trade: Trade, role: Role, type: Type) -> Body:
    """A body of this type that fits the trade as it stands."""
    slots = trade.offered_slots.get(role.other, (MEETING,))
    receipt = trade.receipt()
    match type:
        case Type.ASK:
            return trade.ask
        case Type.OFFER:
            return Offer(HAGGLED if trade.terms != HAGGLED else TERMS[ListingKind.SELL])
        case Type.ACCEPT:
            return Accept(trade.terms_hash)
        case Type.PROMISE:
            return promise(trade)
        case Type.DECLINE:
            return Decline(Why.GIVEN_AWAY)
        case Type.SLOTS:
            return Slots((MEETING, LATER_MEETING))
        case Type.APPOINT:
            return Appoint(slots[0])
        case Type.ADDRESS:
            return Address("Lindenstraße 5, second bell")
        case Type.HANDOVER | Type.RETURN:
            return Confirm()
        case Type.EXTEND:
            return Due((trade.terms.due_at_ms or DUE_MS) + DAY_MS)
        case Type.AGREE:
            return Due(trade.proposed_due.get(role.other, DUE_MS))
        case Type.CANCEL | Type.NO_SHOW | Type.LAPSE:
            return Words()
        case Type.DISPUTE:
            return Dispute(STEWARD.id, "It is not as agreed.")
        case Type.STEWARD:
            return Steward(STEWARD.id if trade.steward is None else trade.steward)
        case Type.RULING:
            return RulingCopy(ruling(trade))
        case Type.SETTLE:
            return Settle(trade.settle.get(role.other, Outcome.COMPLETED))
        case Type.QUEUE:
            return Queue(1 if trade.position_in_queue is None else trade.position_in_queue + 1)
        case Type.DRAW:
            return DRAW
        case Type.ENTER:
            return ENTER
        case Type.CLOSE:
            return CLOSE
        case Type.REVEAL:
            return Reveal(ENTRY_SECRET)
        case Type.RESULT:
            return result(trade)
        case Type.SIGN:
            signer = HOUSEHOLDS[role].device()
            return Sign(bytes(64) if receipt is None else sign_receipt(receipt, signer))


class Play:
    """A trade as each of the two has it. Messages reach the other side when they are passed."""

    def __init__(self, kind: ListingKind = ListingKind.SELL, **fields: object) -> None:
        """Open the trade. fields: whatever of the ASK differs from the usual."""
        self.now_ms = ASKED_MS
        seeker = HOUSEHOLDS[SEEKER]
        opening = sign_message(
            COMMUNITY, seeker.id, OPENING, ASKED_MS, Type.ASK, ask(kind, **fields), seeker.device()
        )
        self.has: dict[Role, list[Message]] = {PUBLISHER: [opening], SEEKER: [opening]}
        self.written = [opening]

    def at(self, role: Role) -> Trade:
        """The trade as it stands at one side."""
        trade = fold(self.has[role])
        assert trade is not None
        return trade

    def draft(
        self, role: Role, type: Type, body: Body | None = None, at_ms: int | None = None
    ) -> Message:
        """Sign what one side would write now, and keep it nowhere."""
        trade = self.at(role)
        if at_ms is None:
            self.now_ms += HOUR_MS
        chosen = body_of(trade, role, type) if body is None else body
        household = HOUSEHOLDS[role]
        return sign_message(
            COMMUNITY,
            household.id,
            trade.next_position(role),
            self.now_ms if at_ms is None else at_ms,
            type,
            chosen,
            household.device(),
        )

    def write(
        self, role: Role, type: Type, body: Body | None = None, at_ms: int | None = None
    ) -> Message:
        """Write a message that stays with its author until it is passed on."""
        message = self.draft(role, type, body, at_ms)
        self.has[role].append(message)
        self.written.append(message)
        return message

    def say(
        self, role: Role, type: Type, body: Body | None = None, at_ms: int | None = None
    ) -> Message:
        """Write a message that reaches the other side at once, with all that was held back."""
        message = self.write(role, type, body, at_ms)
        self.meet(role)
        return message

    def allows(
        self, role: Role, type: Type, body: Body | None = None, at_ms: int | None = None
    ) -> State | None:
        """The state that would follow; None if the message would be void."""
        return step(self.at(role), self.draft(role, type, body, at_ms), role)

    def meet(self, *roles: Role) -> None:
        """All that these sides have reaches the other; of both if none is named."""
        for role in roles or (PUBLISHER, SEEKER):
            known = {message.id for message in self.has[role.other]}
            self.has[role.other] += [m for m in self.has[role] if m.id not in known]


Values = list[Value]


def values_of(message: Message) -> Values:
    """The 12 fields of a message."""
    value = wire.unpack(message.raw, 8_192)
    assert isinstance(value, tuple)
    return list(value)


def signed(values: Sequence[Value], signer: KeyPair) -> bytes:
    """The first 11 fields of a message, signed, and checked by nobody."""
    unsigned = tuple(values[:11])
    return wire.pack((*unsigned, signer.sign(Purpose.TRADE, wire.pack(unsigned))))


Line = tuple[Role, Type] | tuple[Role, Type, Body | None] | tuple[Role, Type, Body | None, int]


def played(lines: Sequence[Line], kind: ListingKind = ListingKind.SELL, **fields: object) -> Play:
    """A trade in which these lines were said one after the other."""
    play = Play(kind, **fields)
    for line in lines:
        play.say(*line)
    return play
