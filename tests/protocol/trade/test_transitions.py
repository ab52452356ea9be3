"""Each row of the table takes its step, and none does when one of its guards fails."""

from __future__ import annotations

import pytest
from situations import Case, cases, play, way_to
from trade_world import LONG_AFTER_MS, PUBLISHER, SEEKER, Play, body_of, played

from protocol.listing import ListingKind
from protocol.trade.machine import fold
from protocol.trade.transitions import FINAL, TRANSITIONS, Guard, Role, State
from protocol.trade.types import Type

LOANS = (State.LENT, State.RETURNED_BY_PUBLISHER, State.RETURNED_BY_SEEKER)


def way_and_kind(state: State) -> Play:
    kind = ListingKind.LEND if state in LOANS else ListingKind.SELL
    return played(way_to(state), kind)


@pytest.mark.covers("TRD-16", "TRD-17", "TRD-18")
@pytest.mark.parametrize("case", cases(), ids=str)
def test_a_row_takes_its_step_exactly_if_all_its_guards_hold(case: Case) -> None:
    acted, message = play(case)
    acted.meet()
    for role in Role:
        trade = acted.at(role)
        row = TRANSITIONS[case.state, case.type, case.role][case.number]
        taken = message in trade.applied and trade.state is row.then
        assert taken == (case.broken is None)
        assert (message in trade.applied) != (message in trade.void)


@pytest.mark.parametrize("state", [state for state in State if state is not State.START])
def test_what_no_row_allows_is_void_and_changes_nothing(state: State) -> None:
    for role in Role:
        for type in set(Type) - {Type.ASK}:
            if (state, type, role) in TRANSITIONS:
                continue
            acted = way_and_kind(state)
            before = acted.at(role)
            assert before.state is state
            message = acted.say(role, type, body_of(before, role, type), LONG_AFTER_MS)
            after = acted.at(role.other)
            assert after.void == [message]
            assert (after.state, after.applied, after.terms) == (
                state, before.applied, before.terms,
            )  # fmt: skip


def test_a_trade_begins_with_asking() -> None:
    acted = Play()
    assert acted.at(PUBLISHER).state is State.ASKED
    acted.say(PUBLISHER, Type.DECLINE)
    assert fold(acted.written[1:]) is None


def test_every_state_and_every_guard_is_in_the_table() -> None:
    assert {row.then for rows in TRANSITIONS.values() for row in rows} == set(State) - {State.START}
    guards = {guard for rows in TRANSITIONS.values() for row in rows for guard in row.guards}
    assert guards == set(Guard)
    assert {state for state, _, _ in TRANSITIONS} == set(State) - FINAL
    assert {type for _, type, _ in TRANSITIONS} == set(Type)


OTHERS_CONSENT = frozenset(
    {
        Guard.RIGHT_CODE, Guard.NAMED_SLOT, Guard.PROPOSED_DUE, Guard.NAMED_STEWARD,
        Guard.RULED_COMPLETED, Guard.RULED_CANCELLED, Guard.BOTH_COMPLETED, Guard.BOTH_CANCELLED,
        Guard.OWN_COMMITMENT, Guard.FITS_COMMITMENT, Guard.FAIR_RESULT,
    }
)  # fmt: skip
AT_REST = FINAL | {State.COMPLETED, State.CANCELLED, State.NO_SHOW, State.SIGNED}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("state", [state for state in State if state is not State.START])
def test_nobody_can_hold_the_other_in_a_trade(state: State, role: Role) -> None:
    """With time, and alone, each side ends any trade, or comes to where only a signature lacks."""
    reached, fresh = {state}, [state]
    while fresh:
        here = fresh.pop()
        for (at, _, by), rows in TRANSITIONS.items():
            if at is here and by is role:
                for row in rows:
                    if not OTHERS_CONSENT & set(row.guards) and row.then not in reached:
                        reached.add(row.then)
                        fresh.append(row.then)
    assert reached & AT_REST


def test_the_other_side_is_the_other_one() -> None:
    assert (PUBLISHER.other, SEEKER.other) == (SEEKER, PUBLISHER)
