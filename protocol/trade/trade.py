"""A trade as it stands: what follows from the messages of both sides (spec 09 §fold).

It is computed from the messages each time and never stored, so that there is nothing that
could disagree with them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from protocol.errors import RemoteError
from protocol.ids import CommunityId, DeviceKey, HouseholdId
from protocol.ledger.receipt import CoSigned, Outcome, Receipt, month_of
from protocol.listing import ListingKind
from protocol.trade.agreement import Ask, Promise
from protocol.trade.dispute import Dispute, Ruling
from protocol.trade.draw import Close, Draw, Enter, Result, Reveal
from protocol.trade.limits import NO_SHOW_AFTER_MS, TO_SAY_SO_MS
from protocol.trade.meeting import Slot
from protocol.trade.message import NOTHING, Message, MessageId, Position, TradeId
from protocol.trade.terms import Terms
from protocol.trade.transitions import Role, State


@dataclass(slots=True, eq=False)
class Drawing:
    """What is known here of the draw that this trade is part of. won: None until the result."""

    draw: Draw
    enter: Enter | None = None
    close: Close | None = None
    reveal: Reveal | None = None
    result: Result | None = None
    won: bool | None = None


@dataclass(slots=True, eq=False)
class Trade:
    """One trade. Made by ``fold``; whoever else holds it only reads.

    terms: those on the table, later those promised, with the due day as extended. order: all
    merged messages; applied: those of them that had an effect; void: those that had none.
    concluded: the message that brought the outcome. offered_slots: by who named them, since
    the last appointment. at_ms: the latest time that a merged message names: what follows
    counts as written no earlier, whatever it says. lent: whether a loan has changed hands.
    """

    opening: Message
    ask: Ask
    terms: Terms
    state: State = State.START
    at_ms: int = 0
    promise: Promise | None = None
    promise_message: Message | None = None
    offered_slots: dict[Role, tuple[Slot, ...]] = field(default_factory=dict)
    appointment: Slot | None = None
    addresses: dict[Role, str] = field(default_factory=dict)
    proposed_due: dict[Role, int] = field(default_factory=dict)
    position_in_queue: int | None = None
    drawing: Drawing | None = None
    lent: bool = False
    steward: HouseholdId | None = None
    disputed_by: Role | None = None
    disputed_at_ms: int | None = None
    settle: dict[Role, Outcome] = field(default_factory=dict)
    ruling: Ruling | None = None
    outcome: Outcome | None = None
    at_fault: HouseholdId | None = None
    concluded: Message | None = None
    concluded_at_ms: int | None = None
    signed: dict[Role, tuple[DeviceKey, bytes]] = field(default_factory=dict)
    order: list[Message] = field(default_factory=list)
    applied: list[Message] = field(default_factory=list)
    void: list[Message] = field(default_factory=list)
    chains: dict[Role, list[Message]] = field(
        default_factory=lambda: {Role.PUBLISHER: [], Role.SEEKER: []}
    )

    @property
    def id(self) -> TradeId:
        """The id of the message that opened it."""
        return TradeId(self.opening.id)

    @property
    def community(self) -> CommunityId:
        """The community in which it takes place."""
        return self.opening.community

    @property
    def publisher(self) -> HouseholdId:
        """Whose listing it is about."""
        return self.ask.publisher

    @property
    def seeker(self) -> HouseholdId:
        """Who asked."""
        return self.opening.author

    @property
    def giver(self) -> Role:
        """Who gives, lends or helps: the publisher, unless the listing is a wish."""
        wanted = self.ask.listing_kind is ListingKind.WANTED
        return Role.SEEKER if wanted else Role.PUBLISHER

    def role_of(self, household: HouseholdId) -> Role | None:
        """Return which side a household is; None for anybody else."""
        if household == self.publisher:
            return Role.PUBLISHER
        return Role.SEEKER if household == self.seeker else None

    def household(self, role: Role) -> HouseholdId:
        """Return the household of one side."""
        return self.publisher if role is Role.PUBLISHER else self.seeker

    def device(self, role: Role) -> DeviceKey | None:
        """Return the device that wrote last for one side; None before it has written."""
        chain = self.chains[role]
        return chain[-1].device if chain else None

    @property
    def dispute(self) -> Message | None:
        """The DISPUTE that named the steward, the latest of several."""
        return next((m for m in reversed(self.applied) if isinstance(m.body, Dispute)), None)

    @property
    def terms_hash(self) -> bytes:
        """The hash by which messages name the terms on the table."""
        return self.terms.salted_hash(self.ask.salt)

    def code_hash(self, role: Role, is_return: bool) -> bytes | None:
        """Return the hash of the code that one side shows in person."""
        said = self.ask if role is Role.SEEKER else self.promise
        if said is None:
            return None
        return said.return_hash if is_return else said.handover_hash

    @property
    def runs_out_ms(self) -> int | None:
        """When the promise may lapse: at its end, or a day after a later appointment."""
        if self.promise is None:
            return None
        if self.appointment is None:
            return self.promise.until_ms
        return max(self.promise.until_ms, self.appointment.ends_at_ms + TO_SAY_SO_MS)

    @property
    def no_show_from_ms(self) -> int | None:
        """When it can be said that the other side did not come."""
        slot = self.appointment
        return None if slot is None else slot.ends_at_ms + NO_SHOW_AFTER_MS

    def next_position(self, role: Role) -> Position:
        """Return where the next message of one side goes."""
        own, other = self.chains[role], self.chains[role.other]
        return Position(
            self.id,
            len(own),
            own[-1].id if own else NOTHING,
            other[-1].id if other else NOTHING,
        )

    def heads(self) -> tuple[MessageId, MessageId]:
        """Return the last merged message of the publisher's chain and of the seeker's."""
        publisher, seeker = self.chains[Role.PUBLISHER], self.chains[Role.SEEKER]
        return (
            publisher[-1].id if publisher else NOTHING,
            seeker[-1].id if seeker else NOTHING,
        )

    def receipt(self) -> Receipt | None:
        """Return what both are to sign; None while nothing has been concluded.

        A cancellation before any promise leaves no receipt.
        """
        if self.outcome is None or self.concluded_at_ms is None or self.promise is None:
            return None
        completed = self.outcome is Outcome.COMPLETED
        try:
            return Receipt(
                community=self.community,
                trade=self.id,
                publisher=self.publisher,
                seeker=self.seeker,
                listing_kind=self.ask.listing_kind,
                month=month_of(self.concluded_at_ms),
                outcome=self.outcome,
                terms_hash=self.promise.terms_hash,
                credit=self.terms.credit if completed and self.promise.public else None,
                at_fault=self.at_fault,
                public=self.promise.public,
            )
        except RemoteError:
            return None

    def co_signed(self) -> CoSigned | None:
        """Return the receipt with the signatures there are."""
        receipt = self.receipt()
        if receipt is None:
            return None
        publisher = self.signed.get(Role.PUBLISHER, (None, None))
        return CoSigned(receipt, *publisher, *self.signed.get(Role.SEEKER, (None, None)))
