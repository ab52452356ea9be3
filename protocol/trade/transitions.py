"""What may follow what in a trade: a table, and nothing else (spec 09 §transitions).

The diagrams in the specification are drawn from it. A message finds its rows by (state, type,
role of its author); the first row whose guards all hold says which state follows. Where no row
does, the message is void: kept, and without effect.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from protocol.trade.types import Type


class Role(Enum):
    """Whose message it is: the household of the listing, or the one that asked."""

    PUBLISHER = "publisher"
    SEEKER = "seeker"

    @property
    def other(self) -> Role:
        """The other side."""
        return Role.SEEKER if self is Role.PUBLISHER else Role.PUBLISHER


class State(Enum):
    """Where a trade stands."""

    START = "start"
    ASKED = "asked"
    OFFERED = "offered"
    DRAWING = "drawing"
    ENTERED = "entered"
    DRAWN = "drawn"
    REVEALED = "revealed"
    PROMISED = "promised"
    APPOINTED = "appointed"
    HANDED_BY_PUBLISHER = "handed-by-publisher"
    HANDED_BY_SEEKER = "handed-by-seeker"
    LENT = "lent"
    RETURNED_BY_PUBLISHER = "returned-by-publisher"
    RETURNED_BY_SEEKER = "returned-by-seeker"
    DISPUTED = "disputed"
    WITH_STEWARD = "with-steward"
    CLOSED = "closed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    NO_SHOW = "no-show"
    SIGNED = "signed"
    RECEIPTED = "receipted"


class Guard(Enum):
    """Conditions on the message and on what was agreed so far; see ``guards.py``."""

    SAME_TERMS = "names the terms on the table"
    PUBLIC_AGREED = "is public only if the seeker agreed"
    IN_TIME = "runs out later than now, and within 90 days"
    UNAWARE = "written before its author saw the promise"
    NAMED_SLOT = "one of the times that the other side named"
    FUTURE_SLOT = "begins later than now"
    AFTER_APPOINTMENT = "10 minutes after the appointment has ended"
    AFTER_PROMISE = "after the promise has run out"
    LONG_AFTER_PROMISE = "14 days after the promise has run out"
    LONG_AFTER_DUE = "14 days after the thing was due"
    LONG_AFTER_DISPUTE = "30 days after the dispute was raised"
    NO_CODE = "without a code"
    RIGHT_CODE = "with the code that the other side showed"
    LOAN = "a loan"
    WAS_LENT = "the thing has been lent out"
    NOT_LENT = "the thing has not been lent out"
    LATER_DUE = "a later day than agreed"
    PROPOSED_DUE = "the day that the other side proposed"
    THIRD_PARTY = "names a household that is neither of the two"
    NAMED_STEWARD = "accepts the household that the other side named"
    RULED_COMPLETED = "the steward's ruling: completed"
    RULED_CANCELLED = "the steward's ruling: cancelled"
    BOTH_COMPLETED = "the other side would have it completed too"
    BOTH_CANCELLED = "the other side would have it cancelled too"
    NOT_COMPLETED = "the receipt would not say completed"
    UNDISPUTED = "there was no dispute before"
    OWN_COMMITMENT = "the closed list holds the seeker's commitment"
    FITS_COMMITMENT = "the secret fits the seeker's commitment"
    FAIR_RESULT = "drawing again gives the same"
    SIGNATURE = "the signature of the receipt holds"


class Row(NamedTuple):
    """One possible step. guards: all must hold."""

    guards: tuple[Guard, ...]
    then: State


Step = tuple[State, Type, Role]
_S, _G = State, Guard
_PUBLISHER, _SEEKER = (Role.PUBLISHER,), (Role.SEEKER,)
_EITHER = (Role.PUBLISHER, Role.SEEKER)
_DRAWS = (_S.DRAWING, _S.ENTERED, _S.DRAWN, _S.REVEALED)
_HAGGLING = (_S.ASKED, _S.OFFERED)
_BINDING = (_S.PROMISED, _S.APPOINTED)
_HANDED = (_S.HANDED_BY_PUBLISHER, _S.HANDED_BY_SEEKER)
_RETURNED = (_S.RETURNED_BY_PUBLISHER, _S.RETURNED_BY_SEEKER)
_AT_ODDS = (_S.DISPUTED, _S.WITH_STEWARD)
_OVER = (_S.COMPLETED, _S.CANCELLED, _S.NO_SHOW)

TRANSITIONS: dict[Step, tuple[Row, ...]] = {}


def _row(
    states: tuple[State, ...],
    type: Type,
    roles: tuple[Role, ...],
    then: State | None,
    *guards: Guard,
) -> None:
    """Add a row for each state and role; then None: the state stays."""
    for state in states:
        for role in roles:
            step = (state, type, role)
            rows = TRANSITIONS.get(step, ())
            TRANSITIONS[step] = (*rows, Row(guards, state if then is None else then))


# Asking and haggling: whoever spoke last has its terms on the table; only the publisher promises,
# and only terms that the seeker has named or accepted.
_row((_S.START,), Type.ASK, _SEEKER, _S.ASKED)
_row(_HAGGLING, Type.OFFER, _PUBLISHER, _S.OFFERED)
_row(_HAGGLING, Type.OFFER, _SEEKER, _S.ASKED)
_row((_S.OFFERED,), Type.ACCEPT, _SEEKER, _S.ASKED, _G.SAME_TERMS)
_row(
    (_S.ASKED,), Type.PROMISE, _PUBLISHER, _S.PROMISED,
    _G.SAME_TERMS, _G.PUBLIC_AGREED, _G.IN_TIME,
)  # fmt: skip
_row((*_HAGGLING, *_DRAWS), Type.DECLINE, _PUBLISHER, _S.CLOSED)
_row((*_HAGGLING, *_DRAWS), Type.CANCEL, _SEEKER, _S.CLOSED)
_row(_HAGGLING, Type.QUEUE, _PUBLISHER, None)

# A fair draw among several who ask.
_row((_S.ASKED,), Type.DRAW, _PUBLISHER, _S.DRAWING)
_row((_S.DRAWING,), Type.ENTER, _SEEKER, _S.ENTERED)
_row((_S.DRAWING,), Type.CLOSE, _PUBLISHER, _S.ASKED)
_row((_S.ENTERED,), Type.CLOSE, _PUBLISHER, _S.DRAWN, _G.OWN_COMMITMENT)
_row((_S.DRAWN,), Type.REVEAL, _SEEKER, _S.REVEALED, _G.FITS_COMMITMENT)
_row((_S.DRAWN, _S.REVEALED), Type.RESULT, _PUBLISHER, _S.ASKED, _G.FAIR_RESULT)

# After the promise: when and where.
_row(_BINDING, Type.SLOTS, _EITHER, None)
_row(_BINDING, Type.APPOINT, _EITHER, _S.APPOINTED, _G.NAMED_SLOT, _G.FUTURE_SLOT)
_row(_BINDING, Type.ADDRESS, _EITHER, None)
_row(_BINDING, Type.CANCEL, _SEEKER, _S.CLOSED, _G.UNAWARE)
_row(_BINDING, Type.CANCEL, _EITHER, _S.CANCELLED)
_row((_S.APPOINTED,), Type.NO_SHOW, _EITHER, _S.NO_SHOW, _G.AFTER_APPOINTMENT)
_row(_BINDING, Type.LAPSE, _EITHER, _S.CANCELLED, _G.AFTER_PROMISE)

# Handover: confirmed by both, or by one that presents the other's code. Who has not confirmed can
# still say that it did not happen.
for _role, _mine, _theirs in (
    (_PUBLISHER, _S.HANDED_BY_PUBLISHER, _S.HANDED_BY_SEEKER),
    (_SEEKER, _S.HANDED_BY_SEEKER, _S.HANDED_BY_PUBLISHER),
):
    _row((*_BINDING, _mine), Type.HANDOVER, _role, _S.LENT, _G.RIGHT_CODE, _G.LOAN)
    _row((*_BINDING, _mine), Type.HANDOVER, _role, _S.COMPLETED, _G.RIGHT_CODE)
    _row(_BINDING, Type.HANDOVER, _role, _mine, _G.NO_CODE)
    _row((_theirs,), Type.HANDOVER, _role, _S.LENT, _G.LOAN)
    _row((_theirs,), Type.HANDOVER, _role, _S.COMPLETED)
    if _role is _SEEKER:
        _row((_theirs,), Type.CANCEL, _role, _S.CLOSED, _G.UNAWARE)
    _row((_theirs,), Type.CANCEL, _role, _S.CANCELLED)
    _row((_theirs,), Type.NO_SHOW, _role, _S.NO_SHOW, _G.AFTER_APPOINTMENT)
_row(_HANDED, Type.LAPSE, _EITHER, _S.CLOSED, _G.LONG_AFTER_PROMISE)

# A loan comes back, on the day agreed or on a later one.
_row((_S.LENT,), Type.EXTEND, _EITHER, None, _G.LATER_DUE)
_row((_S.LENT,), Type.AGREE, _EITHER, None, _G.PROPOSED_DUE)
for _role, _mine, _theirs in (
    (_PUBLISHER, _S.RETURNED_BY_PUBLISHER, _S.RETURNED_BY_SEEKER),
    (_SEEKER, _S.RETURNED_BY_SEEKER, _S.RETURNED_BY_PUBLISHER),
):
    _row((_S.LENT, _mine), Type.RETURN, _role, _S.COMPLETED, _G.RIGHT_CODE)
    _row((_S.LENT,), Type.RETURN, _role, _mine, _G.NO_CODE)
    _row((_theirs,), Type.RETURN, _role, _S.COMPLETED)
_row(_RETURNED, Type.LAPSE, _EITHER, _S.CLOSED, _G.LONG_AFTER_DUE)

# Disputes: settled by both, or by a steward whom both accept, or by meeting after all: a code
# that the other showed says that both agree. What a dispute has ended is not disputed again.
_row(
    (*_BINDING, *_HANDED, _S.LENT, *_RETURNED, _S.NO_SHOW, _S.DISPUTED),
    Type.DISPUTE, _EITHER, _S.DISPUTED, _G.THIRD_PARTY,
)  # fmt: skip
_row((_S.CANCELLED,), Type.DISPUTE, _EITHER, _S.DISPUTED, _G.UNDISPUTED, _G.THIRD_PARTY)
_row(
    (_S.SIGNED,), Type.DISPUTE, _SEEKER, _S.DISPUTED,
    _G.NOT_COMPLETED, _G.UNDISPUTED, _G.THIRD_PARTY,
)  # fmt: skip
_row((_S.DISPUTED,), Type.STEWARD, _EITHER, _S.WITH_STEWARD, _G.NAMED_STEWARD)
_row((_S.WITH_STEWARD,), Type.RULING, _EITHER, _S.COMPLETED, _G.RULED_COMPLETED)
_row((_S.WITH_STEWARD,), Type.RULING, _EITHER, _S.CANCELLED, _G.RULED_CANCELLED)
_row(_AT_ODDS, Type.SETTLE, _EITHER, _S.COMPLETED, _G.BOTH_COMPLETED)
_row(_AT_ODDS, Type.SETTLE, _EITHER, _S.CANCELLED, _G.BOTH_CANCELLED)
_row(_AT_ODDS, Type.SETTLE, _EITHER, None)
_row(_AT_ODDS, Type.HANDOVER, _EITHER, _S.LENT, _G.RIGHT_CODE, _G.NOT_LENT, _G.LOAN)
_row(_AT_ODDS, Type.HANDOVER, _EITHER, _S.COMPLETED, _G.RIGHT_CODE, _G.NOT_LENT)
_row(_AT_ODDS, Type.RETURN, _EITHER, _S.COMPLETED, _G.RIGHT_CODE, _G.WAS_LENT)
_row(_AT_ODDS, Type.CANCEL, _EITHER, _S.CANCELLED, _G.NOT_LENT)
_row(_AT_ODDS, Type.LAPSE, _EITHER, _S.CLOSED, _G.LONG_AFTER_DISPUTE)

# The receipt: the publisher's signature names all that came before it, so nothing moves any more;
# then the seeker signs the same.
_row(_OVER, Type.SIGN, _PUBLISHER, _S.SIGNED, _G.SIGNATURE)
_row((_S.SIGNED,), Type.SIGN, _SEEKER, _S.RECEIPTED, _G.SIGNATURE)

FINAL = frozenset({_S.CLOSED, _S.RECEIPTED})
