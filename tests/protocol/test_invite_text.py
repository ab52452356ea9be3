"""The text of an invite: whatever a person does to it, it is read right or refused in words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vector_world import World

from protocol.errors import LocalError
from protocol.invite import PREFIX, InviteText, read_invite_text, write_invite

WORLD = World()
SECRET = WORLD.invite_secret(WORLD.founder).seed
INVITE = InviteText(
    WORLD.community, bytes(32), SECRET, ("/ip4/127.0.0.1/tcp/4001",), WORLD.invite(WORLD.founder)
)
TEXT = write_invite(INVITE)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def test_it_is_read_as_it_was_written() -> None:
    assert read_invite_text(TEXT) == INVITE
    assert INVITE.terms.uses == 2


def test_it_fits_a_qr_code_of_capitals_and_digits() -> None:
    assert set(TEXT) <= set(ALPHABET) | {"P", "2", "M", "1", "-"}
    assert len(TEXT) < 900


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2_000), st.sampled_from(" \n\t\u00a0")), max_size=30))
def test_spaces_and_line_breaks_do_not_matter(breaks: list[tuple[int, str]]) -> None:
    text = TEXT
    for at, space in breaks:
        at %= len(text)
        text = text[:at] + space + text[at:]
    assert read_invite_text(text.lower()) == INVITE


@settings(max_examples=400, deadline=None)
@given(st.integers(len(PREFIX), len(TEXT) - 1), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(at: int, letter: str) -> None:
    typed = TEXT[:at] + letter + TEXT[at + 1 :]
    if typed != TEXT and at < len(TEXT) - 1:
        with pytest.raises(LocalError) as caught:
            read_invite_text(typed)
        assert caught.value.code == "invite-unreadable"


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(TEXT) - 2), st.integers(1, 40))
def test_swapped_or_missing_characters_are_noticed(at: int, count: int) -> None:
    swapped = TEXT[:at] + TEXT[at + 1] + TEXT[at] + TEXT[at + 2 :]
    for typed in (swapped, TEXT[:at] + TEXT[at + count :]):
        if typed != TEXT:
            with pytest.raises(LocalError):
                read_invite_text(typed)


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=200), st.booleans())
def test_any_text_is_refused_in_words(text: str, with_prefix: bool) -> None:
    with pytest.raises(LocalError):
        read_invite_text(PREFIX + text if with_prefix else text)
