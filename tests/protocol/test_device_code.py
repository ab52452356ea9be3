"""The text of a device code: what a person does to it is read right or refused in words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vector_areas.devices import NETWORK_KEY, RECORD, SECRET, VALID_UNTIL_MS

from protocol.device_code import PREFIX, DeviceCode, read_device_code, write_device_code
from protocol.errors import LocalError

CODE = DeviceCode(
    NETWORK_KEY, SECRET, VALID_UNTIL_MS, "Familie Bär", ("/ip4/127.0.0.1/tcp/4001",), RECORD
)
TEXT = write_device_code(CODE)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def refused(text: str) -> bool:
    try:
        read_device_code(text)
    except LocalError as error:
        return error.code == "device-code-unreadable"
    return False


def test_it_is_read_as_it_was_written() -> None:
    assert read_device_code(TEXT) == CODE


def test_it_fits_a_qr_code_of_capitals_and_digits() -> None:
    assert set(TEXT) <= set(ALPHABET) | set(PREFIX)
    assert len(TEXT) < 1_000


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2_000), st.sampled_from(" \n\t\u00a0")), max_size=30))
def test_spaces_and_line_breaks_do_not_matter(breaks: list[tuple[int, str]]) -> None:
    text = TEXT
    for at, space in breaks:
        at %= len(text)
        text = text[:at] + space + text[at:]
    assert read_device_code(text.lower()) == CODE


@settings(max_examples=400, deadline=None)
@given(st.integers(len(PREFIX), len(TEXT) - 2), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(at: int, letter: str) -> None:
    typed = TEXT[:at] + letter + TEXT[at + 1 :]
    assert typed == TEXT or refused(typed)


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=200), st.booleans())
def test_any_text_is_refused_in_words(text: str, with_prefix: bool) -> None:
    with pytest.raises(LocalError):
        read_device_code(PREFIX + text if with_prefix else text)
