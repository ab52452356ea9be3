"""For each row of the table: a trade in which it is the next step, or misses by one guard."""

from __future__ import annotations

from dataclasses import dataclass

from trade_world import (
    CLOSE,
    DAY_MS,
    DRAW_ID,
    DUE_MS,
    ENTRY_SECRET,
    HOUSEHOLDS,
    MEETING,
    NO_SHOW_MS,
    OTHER_SECRET,
    PUBLISHER,
    SEEKER,
    STRANGER,
    UNTIL_MS,
    Line,
    Play,
    body_of,
    code,
    promise,
    ruling,
)

from protocol.ledger.receipt import Outcome
from protocol.listing import ListingKind
from protocol.trade.agreement import Accept, Sign
from protocol.trade.bodies import Body
from protocol.trade.dispute import Dispute, RulingCopy, Settle, Steward
from protocol.trade.draw import Close, Result, Reveal, commitment_to
from protocol.trade.meeting import Appoint, Confirm, Due, Slot
from protocol.trade.message import Message
from protocol.trade.transitions import TRANSITIONS, Guard, Role, State
from protocol.trade.types import Type

G, S, T = Guard, State, Type
FORTNIGHT_MS, MONTH_MS = 14 * DAY_MS, 30 * DAY_MS
NEVER_NAMED = Slot(MEETING.starts_at_ms + 1, MEETING.ends_at_ms)


@dataclass(frozen=True)
class Case:
    """One row, and the guard that shall not hold; None: all shall."""

    state: State
    type: Type
    role: Role
    number: int
    broken: Guard | None

    @property
    def guards(self) -> tuple[Guard, ...]:
        return TRANSITIONS[self.state, self.type, self.role][self.number].guards

    def holds(self, guard: Guard) -> bool:
        return guard in self.guards and guard is not self.broken

    @property
    def is_loan(self) -> bool:
        """Whether the trade is to be a loan."""
        returns = self.state in (S.LENT, S.RETURNED_BY_PUBLISHER, S.RETURNED_BY_SEEKER)
        if self.broken is G.LOAN:
            return False
        return returns or G.LOAN in self.guards or self.is_lent

    @property
    def is_lent(self) -> bool:
        """Whether, in a dispute, the thing is to be lent out already."""
        return self.holds(G.WAS_LENT) or self.broken is G.NOT_LENT

    def __str__(self) -> str:
        row = f"{self.state.value}-{self.type.name.lower()}-{self.role.value}-{self.number}"
        return row if self.broken is None else f"{row}-not-{self.broken.name.lower()}"


def cases() -> list[Case]:
    """Every row as it fires, and once for each of its guards."""
    return [
        Case(state, type, role, number, broken)
        for (state, type, role), rows in TRANSITIONS.items()
        if state is not S.START
        for number, row in enumerate(rows)
        for broken in (None, *row.guards)
    ]


def way_to(
    state: State, loan: bool = False, lent: bool = False, by: Role = PUBLISHER
) -> list[Line]:
    """What is said to get to a state. by: who disputes; the other is asked to agree."""
    bound: list[Line] = [(PUBLISHER, T.PROMISE)]
    met: list[Line] = [*bound, (PUBLISHER, T.SLOTS), (SEEKER, T.APPOINT)]
    both: list[Line] = [*bound, (PUBLISHER, T.HANDOVER), (SEEKER, T.HANDOVER)]
    drawing: list[Line] = [
        (PUBLISHER, T.DRAW), (SEEKER, T.ENTER), (PUBLISHER, T.CLOSE), (SEEKER, T.REVEAL),
    ]  # fmt: skip
    disputed: list[Line] = [*(both if lent else bound), (by, T.DISPUTE)]
    cancelled: list[Line] = [*bound, (PUBLISHER, T.CANCEL)]
    ways: dict[State, list[Line]] = {
        S.ASKED: [],
        S.OFFERED: [(PUBLISHER, T.OFFER)],
        S.DRAWING: drawing[:1],
        S.ENTERED: drawing[:2],
        S.DRAWN: drawing[:3],
        S.REVEALED: drawing,
        S.PROMISED: bound,
        S.APPOINTED: met,
        S.HANDED_BY_PUBLISHER: [*met, (PUBLISHER, T.HANDOVER)],
        S.HANDED_BY_SEEKER: [*met, (SEEKER, T.HANDOVER)],
        S.LENT: both,
        S.RETURNED_BY_PUBLISHER: [*both, (PUBLISHER, T.RETURN)],
        S.RETURNED_BY_SEEKER: [*both, (SEEKER, T.RETURN)],
        S.DISPUTED: disputed,
        S.WITH_STEWARD: [*disputed, (by.other, T.STEWARD)],
        S.CLOSED: [(PUBLISHER, T.DECLINE)],
        S.COMPLETED: both,
        S.CANCELLED: cancelled,
        S.NO_SHOW: [*met, (PUBLISHER, T.NO_SHOW, None, NO_SHOW_MS)],
        S.SIGNED: [*both, (PUBLISHER, T.SIGN)],
        S.RECEIPTED: [*both, (PUBLISHER, T.SIGN), (SEEKER, T.SIGN)],
    }
    return ways[state]


def settled() -> list[Line]:
    """Cancelled, as both would have it."""
    out = Settle(Outcome.CANCELLED)
    return [*way_to(S.DISPUTED), (PUBLISHER, T.SETTLE, out), (SEEKER, T.SETTLE, out)]


def play(case: Case) -> tuple[Play, Message]:
    """The trade, and the message that takes the step, or just does not."""
    if case.holds(G.UNAWARE):
        return _unaware(case)
    lines = way_to(case.state, case.is_loan, case.is_lent, by=case.role.other)
    if case.broken is G.UNDISPUTED:
        lines = settled()
    elif case.type is T.DISPUTE and case.state is S.SIGNED and case.broken is not G.NOT_COMPLETED:
        lines = way_to(S.CANCELLED)
    if case.state is S.SIGNED and (PUBLISHER, T.SIGN) not in lines:
        lines = [*lines, (PUBLISHER, T.SIGN)]
    kind = ListingKind.LEND if case.is_loan else ListingKind.SELL
    acted = Play(kind, public=case.broken is not G.PUBLIC_AGREED)
    for line in (*lines, *_beforehand(case)):
        acted.say(*line)
    assert acted.at(case.role).state is case.state, "the way leads there"
    return acted, acted.write(case.role, case.type, _body(case, acted), _at_ms(case, acted))


def _beforehand(case: Case) -> list[Line]:
    """What the other side must have said for the guards to hold."""
    other = case.role.other
    if case.type is T.APPOINT:
        return [(other, T.SLOTS)]
    if case.type is T.AGREE:
        return [(other, T.EXTEND)]
    if case.type is T.SETTLE and case.guards:
        agreed = Outcome.COMPLETED if G.BOTH_COMPLETED in case.guards else Outcome.CANCELLED
        opposite = Outcome.CANCELLED if agreed is Outcome.COMPLETED else Outcome.COMPLETED
        return [(other, T.SETTLE, Settle(agreed if case.broken is None else opposite))]
    return []


def _at_ms(case: Case, acted: Play) -> int | None:
    """When the message says it was written: at the first moment that counts, or just before."""
    trade = acted.at(case.role)
    first = {
        G.AFTER_APPOINTMENT: NO_SHOW_MS,
        G.AFTER_PROMISE: UNTIL_MS,
        G.LONG_AFTER_PROMISE: UNTIL_MS + FORTNIGHT_MS,
        G.LONG_AFTER_DUE: DUE_MS + FORTNIGHT_MS,
        G.LONG_AFTER_DISPUTE: (trade.disputed_at_ms or 0) + MONTH_MS,
    }
    for guard, at_ms in first.items():
        if guard in case.guards:
            return at_ms - 1 if guard is case.broken else at_ms
    if G.FUTURE_SLOT in case.guards:
        return MEETING.starts_at_ms - (case.broken is not G.FUTURE_SLOT)
    if G.IN_TIME in case.guards:
        return UNTIL_MS - (case.broken is not G.IN_TIME)
    return None


def _body(case: Case, acted: Play) -> Body:
    """What the message says."""
    trade = acted.at(case.role)
    usual = body_of(trade, case.role, case.type)
    match case.broken:
        case G.SAME_TERMS if case.type is T.ACCEPT:
            return Accept(bytes(32))
        case G.SAME_TERMS:
            return promise(trade, terms_hash=bytes(32))
        case G.PUBLIC_AGREED:
            return promise(trade, public=True)
        case G.NAMED_SLOT:
            return Appoint(NEVER_NAMED)
        case G.FUTURE_SLOT:
            return Appoint(MEETING)
        case G.NO_CODE | G.RIGHT_CODE:
            return Confirm(bytes(10))
        case G.LATER_DUE:
            return Due(DUE_MS)
        case G.PROPOSED_DUE:
            return Due(DUE_MS + 5 * DAY_MS)
        case G.THIRD_PARTY:
            return Dispute(HOUSEHOLDS[case.role].id)
        case G.NAMED_STEWARD:
            return Steward(STRANGER.id)
        case G.RULED_COMPLETED:
            return RulingCopy(ruling(trade, Outcome.COMPLETED, STRANGER))
        case G.RULED_CANCELLED:
            return RulingCopy(ruling(trade, Outcome.CANCELLED, STRANGER))
        case G.OWN_COMMITMENT:
            return Close((commitment_to(OTHER_SECRET, DRAW_ID),))
        case G.FITS_COMMITMENT:
            return Reveal(OTHER_SECRET)
        case G.FAIR_RESULT:
            return Result(ENTRY_SECRET, tuple(None for _ in CLOSE.commitments))
        case G.SIGNATURE:
            return Sign(bytes(64))
        case G.BOTH_COMPLETED:
            return Settle(Outcome.COMPLETED)
        case G.BOTH_CANCELLED:
            return Settle(Outcome.CANCELLED)
    if G.RIGHT_CODE in case.guards:
        return Confirm(code(case.role.other, case.type is T.RETURN))
    if G.RULED_CANCELLED in case.guards:
        return RulingCopy(ruling(trade, Outcome.CANCELLED))
    if case.type is T.SETTLE and not case.guards:
        return Settle(Outcome.CANCELLED)
    return usual


def _unaware(case: Case) -> tuple[Play, Message]:
    """The seeker takes back its asking while the promise is on its way."""
    acted = Play()
    acted.write(PUBLISHER, T.PROMISE)
    if case.state is S.HANDED_BY_PUBLISHER:
        acted.write(PUBLISHER, T.HANDOVER)
    elif case.state is S.APPOINTED:
        acted.write(SEEKER, T.SLOTS)
        acted.meet(SEEKER)
        acted.write(PUBLISHER, T.APPOINT)
    assert acted.at(PUBLISHER).state is case.state
    return acted, acted.write(SEEKER, T.CANCEL)
