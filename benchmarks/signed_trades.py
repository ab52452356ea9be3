"""Whole sales as signed messages, and the receipts they end in; nothing is stored or sent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.households import Household
from node.clock import SystemClock
from protocol import limits
from protocol.envelope import Draft, Envelope, seal
from protocol.ids import THING_KEY_BYTES, DeviceKey, HouseholdId, RecordId, ThingKey
from protocol.kinds import Kind
from protocol.ledger.entry import NO_ENTRY, Entry
from protocol.ledger.receipt import CoSigned, Outcome, Receipt, month_of, sign_receipt
from protocol.listing import ListingKind
from protocol.money import Price
from protocol.signing import KeyPair
from protocol.trade.agreement import Accept, Ask, Offer, Promise, Sign
from protocol.trade.bodies import Body
from protocol.trade.limits import SALT_BYTES
from protocol.trade.machine import fold
from protocol.trade.meeting import Appoint, Confirm, Slot, Slots
from protocol.trade.message import NOTHING, OPENING, Message, Position, sign_message
from protocol.trade.terms import Terms
from protocol.trade.trade import Trade
from protocol.trade.transitions import Role
from protocol.trade.types import Type

MESSAGES = 10
"""Of one sale: eight steps of people, and both signatures."""
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Parties:
    """Two households of one community."""

    publisher: Household
    seeker: Household

    def sale(self, at_ms: int) -> list[Message]:
        """Return the messages of a sale from asking to the receipt."""
        messages = [self._sign(None, Role.SEEKER, at_ms, Type.ASK, self._ask())]
        agreed = Terms(price=Price(85_00, "EUR"))
        slot = Slot(at_ms + _HOUR_MS, at_ms + 2 * _HOUR_MS)
        steps: tuple[tuple[Role, Type, Body | None], ...] = (
            (Role.PUBLISHER, Type.OFFER, Offer(agreed)),
            (Role.SEEKER, Type.ACCEPT, None),
            (Role.PUBLISHER, Type.PROMISE, None),
            (Role.PUBLISHER, Type.SLOTS, Slots((slot,))),
            (Role.SEEKER, Type.APPOINT, Appoint(slot)),
            (Role.PUBLISHER, Type.HANDOVER, Confirm()),
            (Role.SEEKER, Type.HANDOVER, Confirm()),
            (Role.PUBLISHER, Type.SIGN, None),
            (Role.SEEKER, Type.SIGN, None),
        )
        for role, type, body in steps:
            trade = fold(messages)
            assert trade is not None
            said = body or self._body(trade, role, type, at_ms)
            messages.append(self._sign(trade, role, at_ms, type, said))
        assert len(messages) == MESSAGES
        return messages

    def wordy(self, at_ms: int, count: int) -> list[Message]:
        """Return a trade in which the seeker asks, and then only proposes other terms."""
        opening = self._sign(None, Role.SEEKER, at_ms, Type.ASK, self._ask())
        messages = [opening]
        author, signer = HouseholdId(self.seeker.id), _key(self.seeker)
        for seq in range(1, count):
            body = Offer(Terms(price=Price(seq, "EUR"), note="x" * 500), "y" * 500)
            place = Position(opening.trade, seq, messages[-1].id, NOTHING)
            community = self.seeker.community
            messages.append(sign_message(community, author, place, at_ms, Type.OFFER, body, signer))
        return messages

    def receipt(self, number: int, at_ms: int) -> CoSigned:
        """Return a public receipt that both have signed."""
        receipt = Receipt(
            community=self.publisher.community,
            trade=number.to_bytes(32, "big"),
            publisher=self.publisher.id,
            seeker=self.seeker.id,
            listing_kind=ListingKind.SELL,
            month=month_of(at_ms),
            outcome=Outcome.COMPLETED,
            terms_hash=os.urandom(32),
            credit=None,
            at_fault=None,
            public=True,
        )
        keys = [_key(household) for household in (self.publisher, self.seeker)]
        first, second = (sign_receipt(receipt, key) for key in keys)
        devices = [DeviceKey(key.public) for key in keys]
        return CoSigned(receipt, devices[0], first, devices[1], second)

    def chain(self, count: int) -> Iterator[Envelope]:
        """Return the publisher's ledger with so many receipts, as records."""
        previous = NO_ENTRY
        now_ms = SystemClock().now_ms() - limits.DAY_MS
        for number in range(count):
            entry = Entry(number, previous, self.receipt(number, now_ms))
            draft = Draft(
                self.publisher.community,
                Kind.LEDGER,
                self.publisher.id,
                number,
                ThingKey(os.urandom(THING_KEY_BYTES)),
                now_ms + number,
                0,
                now_ms + number,
                now_ms + number + limits.DURABLE_LIFETIME_MS,
                False,
                entry.pack(),
            )
            record = seal(draft, _key(self.publisher))
            previous = record.id
            yield record

    def _ask(self) -> Ask:
        return Ask(
            listing=ThingKey(os.urandom(THING_KEY_BYTES)),
            revision=RecordId(os.urandom(32)),
            listing_kind=ListingKind.SELL,
            publisher=self.publisher.id,
            salt=os.urandom(SALT_BYTES),
            handover_hash=bytes(32),
            return_hash=bytes(32),
            public=True,
            terms=Terms(price=Price(70_00, "EUR")),
            text="Würden Sie es auch für 70 abgeben?",
        )

    def _body(self, trade: Trade, role: Role, type: Type, at_ms: int) -> Body:
        if type is Type.ACCEPT:
            return Accept(trade.terms_hash)
        if type is Type.PROMISE:
            until_ms = at_ms + limits.DAY_MS
            return Promise(
                terms_hash=trade.terms_hash,
                public=True,
                until_ms=until_ms,
                handover_hash=bytes(32),
                return_hash=bytes(32),
            )
        receipt = trade.receipt()
        assert receipt is not None
        return Sign(sign_receipt(receipt, _key(self._household(role))))

    def _sign(self, trade: Trade | None, role: Role, at_ms: int, type: Type, body: Body) -> Message:
        household = self._household(role)
        author, signer = HouseholdId(household.id), _key(household)
        position = OPENING if trade is None else trade.next_position(role)
        return sign_message(household.community, author, position, at_ms, type, body, signer)

    def _household(self, role: Role) -> Household:
        return self.publisher if role is Role.PUBLISHER else self.seeker


def _key(household: Household) -> KeyPair:
    return KeyPair(household.enrolment.signing_seed)
