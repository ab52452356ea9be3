"""A fair draw: what is drawn follows from all secrets, and who is cheated sees it."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trade_world import (
    CLOSE,
    DRAW,
    DRAW_ID,
    DRAW_SECRET,
    ENTER,
    ENTRY_SECRET,
    OTHER_SECRET,
    PUBLISHER,
    SEEKER,
    Play,
    played,
)

from protocol.errors import RemoteError
from protocol.listing import ListingKind
from protocol.trade.draw import Close, Draw, Enter, Result, commitment_to, winner
from protocol.trade.transitions import State
from protocol.trade.types import Type

T = Type
SECRETS = st.lists(st.binary(min_size=16, max_size=16), min_size=1, max_size=8, unique=True)


def drawn(draw: Draw, secret: bytes, secrets: list[bytes]) -> bytes | None:
    """The secret of the winner."""
    by_commitment = {commitment_to(each, draw.draw): each for each in secrets}
    close = Close(tuple(sorted(by_commitment)))
    told = tuple(by_commitment[commitment] for commitment in close.commitments)
    first = winner(draw, close, Result(secret, told))
    return None if first is None else told[first]


@settings(deadline=None)
@given(SECRETS, st.binary(min_size=16, max_size=16))
def test_somebody_wins_whoever_is_asked_and_in_whatever_order(
    secrets: list[bytes], own: bytes
) -> None:
    draw = Draw(DRAW_ID, commitment_to(own, DRAW_ID), 1)
    first = drawn(draw, own, secrets)
    assert first in secrets
    for order in list(permutations(secrets))[:6]:
        assert drawn(draw, own, list(order)) == first


def test_every_entrant_can_win_and_no_secret_decides_alone() -> None:
    secrets = [bytes([number] * 16) for number in range(1, 5)]
    own = [number.to_bytes(16, "big") for number in range(100)]
    by_own = {drawn(Draw(DRAW_ID, commitment_to(each, DRAW_ID), 1), each, secrets) for each in own}
    assert by_own == set(secrets)
    by_first = {drawn(DRAW, DRAW_SECRET, [each, *secrets[1:]]) in secrets[1:] for each in own}
    assert by_first == {True, False}, "whose secret changes may win, or lose, by it"


def test_nobody_wins_where_nobody_told_a_secret() -> None:
    assert winner(DRAW, CLOSE, Result(DRAW_SECRET, (None, None))) is None
    assert winner(DRAW, Close(()), Result(DRAW_SECRET, ())) is None


def with_entry() -> Play:
    return played([(PUBLISHER, T.DRAW), (SEEKER, T.ENTER)], ListingKind.GIVE)


def with_secret() -> Play:
    play = with_entry()
    play.say(PUBLISHER, T.CLOSE)
    play.say(SEEKER, T.REVEAL)
    return play


def told(own: bytes | None, other: bytes | None) -> tuple[bytes | None, ...]:
    secrets = {ENTER.commitment: own}
    return tuple(secrets.get(commitment, other) for commitment in CLOSE.commitments)


@pytest.mark.covers("TRD-23")
@pytest.mark.parametrize(
    ("result", "cheat"),
    [
        (Result(DRAW_SECRET, told(None, OTHER_SECRET)), "the secret that was told is left out"),
        (Result(DRAW_SECRET, told(OTHER_SECRET, OTHER_SECRET)), "another secret instead of it"),
        (Result(DRAW_SECRET, told(ENTRY_SECRET, ENTRY_SECRET)), "an invented one of another"),
        (Result(ENTRY_SECRET, told(ENTRY_SECRET, OTHER_SECRET)), "not the publisher's own"),
        (Result(DRAW_SECRET, told(ENTRY_SECRET, OTHER_SECRET)[:1]), "somebody is missing"),
        (Result(DRAW_SECRET, (*told(ENTRY_SECRET, OTHER_SECRET), None)), "somebody is new"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_result_that_does_not_fit_is_void_where_it_arrives(result: Result, cheat: str) -> None:
    play = with_secret()
    message = play.say(PUBLISHER, T.RESULT, result)
    trade = play.at(SEEKER)
    assert trade.void == [message], cheat
    assert trade.state is State.REVEALED


@pytest.mark.parametrize(
    "close",
    [
        Close((commitment_to(OTHER_SECRET, DRAW_ID),)),
        Close(CLOSE.commitments[::-1]),
        Close((CLOSE.commitments[0], *CLOSE.commitments)),
        Close((commitment_to(ENTRY_SECRET, bytes(16)),)),
    ],
)
def test_a_list_without_the_own_entry_or_out_of_order_is_void(close: Close) -> None:
    play = with_entry()
    message = play.say(PUBLISHER, T.CLOSE, close)
    assert play.at(SEEKER).void == [message]


def test_a_second_list_changes_nothing() -> None:
    play = with_secret()
    other = play.say(PUBLISHER, T.CLOSE, Close((ENTER.commitment,)))
    assert play.at(SEEKER).void == [other]
    play.say(PUBLISHER, T.RESULT)
    drawing = play.at(SEEKER).drawing
    assert drawing is not None
    assert drawing.close == CLOSE
    assert drawing.won is not None


def test_a_secret_that_came_too_late_shows_as_left_out() -> None:
    play = with_entry()
    play.say(PUBLISHER, T.CLOSE)
    play.write(PUBLISHER, T.RESULT)
    late = play.write(SEEKER, T.REVEAL)
    play.meet()
    trade = play.at(SEEKER)
    assert trade.void == [late]
    assert trade.drawing is not None
    assert trade.drawing.won is False


def test_a_commitment_serves_one_draw_only() -> None:
    assert commitment_to(ENTRY_SECRET, DRAW_ID) != commitment_to(ENTRY_SECRET, bytes(16))
    elsewhere = Draw(bytes(16), DRAW.commitment, DRAW.closes_at_ms)
    with pytest.raises(RemoteError):
        winner(elsewhere, CLOSE, Result(DRAW_SECRET, told(ENTRY_SECRET, OTHER_SECRET)))


def test_what_was_told_in_one_draw_does_not_count_in_the_next() -> None:
    play = with_secret()
    play.say(PUBLISHER, T.RESULT)
    play.say(PUBLISHER, T.DRAW)
    play.say(SEEKER, T.ENTER, Enter(ENTER.commitment))
    play.say(PUBLISHER, T.CLOSE)
    play.say(PUBLISHER, T.RESULT, Result(DRAW_SECRET, told(None, OTHER_SECRET)))
    assert play.at(SEEKER).state is State.ASKED
    assert play.at(SEEKER).void == []


@pytest.mark.parametrize("lines", [1, 2, 3, 4])
def test_each_side_can_leave_a_draw_at_any_time(lines: int) -> None:
    course = [(PUBLISHER, T.DRAW), (SEEKER, T.ENTER), (PUBLISHER, T.CLOSE), (SEEKER, T.REVEAL)]
    for role, type in ((PUBLISHER, T.DECLINE), (SEEKER, T.CANCEL)):
        play = played([*course[:lines], (role, type)], ListingKind.GIVE)
        assert play.at(role.other).state is State.CLOSED
