"""However much was said in a trade, each side can still confirm, sign and end it."""

from __future__ import annotations

import pytest
from trade_world import ASKED_MS, PUBLISHER, SEEKER, Play

from protocol.trade.limits import CLOSING_FROM, ENDING_FROM, MAX_CHAIN
from protocol.trade.machine import possible
from protocol.trade.room import has_room
from protocol.trade.transitions import TRANSITIONS, Guard, Role, State
from protocol.trade.types import Type

Stand = tuple[State, bool, bool]
"""A state, whether the thing was lent out, and whether there was a dispute."""
STANDS = [(state, lent, at_odds) for state in State for lent in (False, True)
          for at_odds in (False, True)]  # fmt: skip


def steps(stand: Stand) -> list[tuple[Role, Type, Stand]]:
    """What may follow, whatever is said: guards count that look at what was before only."""
    state, lent, at_odds = stand
    found = []
    for (at, type, role), rows in TRANSITIONS.items():
        for row in rows:
            closed_to = (
                (Guard.UNDISPUTED in row.guards and at_odds)
                or (Guard.NOT_LENT in row.guards and lent)
                or (Guard.WAS_LENT in row.guards and not lent)
            )
            if at is state and not closed_to:
                after = (row.then, lent or row.then is State.LENT, at_odds or type is Type.DISPUTE)
                found.append((role, type, after))
    return found


@pytest.mark.covers("TRD-42")
@pytest.mark.parametrize("role", Role)
def test_the_last_places_are_enough_for_any_way_to_the_end(role: Role) -> None:
    places = dict.fromkeys(STANDS, 0)
    for _ in range(len(STANDS)):
        for stand in STANDS:
            for by, type, after in steps(stand):
                if by is not role:
                    places[stand] = max(places[stand], places[after])
                elif has_room(type, CLOSING_FROM):
                    places[stand] = max(places[stand], places[after] + 1)
    assert max(places.values()) <= MAX_CHAIN - CLOSING_FROM


def test_each_side_can_leave_every_state_with_what_the_last_place_allows() -> None:
    last = {type for type in Type if has_room(type, MAX_CHAIN - 1)}
    for state in set(State) - {State.START, State.CLOSED, State.RECEIPTED}:
        for role in Role:
            own = {type for at, type, by in TRANSITIONS if at is state and by is role}
            waits = state in (State.COMPLETED, State.CANCELLED, State.NO_SHOW, State.SIGNED)
            at_loan = state is State.LENT
            assert own & last or (waits and not at_loan), (state, role)


@pytest.mark.covers("TRD-42")
def test_who_has_said_much_can_only_end_it() -> None:
    play = Play()
    for _ in range(ENDING_FROM - 1):
        play.say(SEEKER, Type.OFFER, None, ASKED_MS + 1)
    trade = play.at(SEEKER)
    assert len(trade.chains[SEEKER]) == ENDING_FROM
    assert possible(trade, SEEKER) == {Type.CANCEL}
    assert Type.OFFER in possible(trade, PUBLISHER)
    play.say(PUBLISHER, Type.PROMISE)
    assert possible(play.at(SEEKER), SEEKER) == {
        Type.CANCEL, Type.HANDOVER, Type.LAPSE, Type.DISPUTE,
    }  # fmt: skip


def test_beyond_the_last_place_there_is_none() -> None:
    assert not any(has_room(type, MAX_CHAIN) for type in Type)
    assert all(has_room(type, ENDING_FROM - 1) for type in Type)
    assert not has_room(Type.DISPUTE, CLOSING_FROM)
    assert has_room(Type.DISPUTE, CLOSING_FROM - 1)
