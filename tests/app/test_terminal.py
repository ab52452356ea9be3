"""Hostile text never reaches a terminal raw, and tables fit it."""

from __future__ import annotations

import itertools
import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pmarket.cli import terminal
from p2pmarket.cli.terminal import (
    Column,
    cut,
    others_text,
    paragraph,
    safe,
    safe_json,
    table,
    width,
    wrapped,
)

OBEYED = "\x00\x07\x08\x1b\r\x7f\x9b\u200e\u202e\u2066\u2028\ufeff\U000e0041\udc80\ue000"
ANY_TEXT = st.text(st.characters(), max_size=60)


def harmless(text: str, lines: bool = False) -> bool:
    joiners = "\u00ad\u200c\u200d"
    kept = (c for c in text if not (c == "\n" and lines) and c not in joiners)
    return all(unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for c in kept)


@pytest.mark.parametrize("character", OBEYED, ids=lambda c: f"U+{ord(c):04X}")
def test_a_character_that_a_terminal_obeys_is_made_visible(character: str) -> None:
    shown = safe(f"a{character}b")
    assert harmless(shown)
    assert shown != "ab"


@pytest.mark.parametrize("character", "\u115f\u1160\u2800\u3164\uffa0", ids=ascii)
def test_a_letter_without_a_shape_is_made_visible(character: str) -> None:
    assert safe(character) == f"<U+{ord(character):04X}>"


def test_an_escape_sequence_stays_readable() -> None:
    assert safe("\x1b[2J\x1b]0;title\x07") == "␛[2J␛]0;title␇"


def test_plain_words_umlauts_and_emoji_stay_as_they_are() -> None:
    assert safe("Größe 98, süß 👩‍👧") == "Größe 98, süß 👩‍👧"


def test_line_feeds_stay_only_where_lines_are_wanted() -> None:
    assert safe("a\nb") == "a␊b"
    assert safe("a\nb", lines=True) == "a\nb"


@given(ANY_TEXT)
def test_no_text_is_dangerous_once_it_is_safe(text: str) -> None:
    assert harmless(safe(text))
    assert harmless(safe(text, lines=True), lines=True)
    assert safe(safe(text)) == safe(text)


@given(st.dictionaries(ANY_TEXT, ANY_TEXT, max_size=4))
def test_json_holds_the_same_text_and_nothing_that_a_terminal_obeys(body: dict[str, str]) -> None:
    written = safe_json(body)
    assert json.loads(written) == body
    assert harmless(written, lines=True)


@given(ANY_TEXT.map(safe), st.integers(1, 30))
def test_a_cut_text_is_no_wider_than_asked(text: str, columns: int) -> None:
    assert width(cut(text, columns)) <= columns


def test_wide_characters_take_two_columns_and_accents_none() -> None:
    assert width("椅子") == 4
    assert width("e\u0301") == 1


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_table_fits_the_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    rows = [["abcdefghij", "Ein sehr langer Titel " * 5, "Familie mit langem Namen " * 2]]
    lines = table([Column("id"), Column("title", shrink_to=12), Column("by", shrink_to=12)], rows)
    assert max(map(width, lines)) <= columns


def test_a_program_that_reads_a_table_gets_it_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    title = "Ein sehr langer Titel " * 5
    assert title.strip() in table([Column("title", shrink_to=12)], [[title.strip()]])[1]


def test_numbers_stand_at_the_right() -> None:
    lines = table([Column("price", right=True), Column("x")], [["5", "a"], ["120", "b"]])
    assert lines == ["price  x", "    5  a", "  120  b"]


def test_a_description_is_wrapped_and_keeps_its_own_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    lines = paragraph("kurz\n\n" + "Wort " * 30, indent="  ")
    assert lines[:2] == ["  kurz", ""]
    assert all(width(line) <= 40 for line in lines)


def test_a_line_is_wrapped_for_a_person_and_whole_for_a_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = "/ip4/127.0.0.1/tcp/41027/p2p/12D3KooWC9PML8MwyCMMbX6DdU8zbSMbZoqamjimavmJHgZhM43T"
    line = f"Antwortet unter {address}, " + "Wort " * 10
    monkeypatch.setenv("COLUMNS", "60")
    lines = wrapped(line, indent="  ")
    assert f"  {address}," in lines
    monkeypatch.delenv("COLUMNS")
    assert wrapped(line) == [line]


def test_colours_need_a_terminal_and_no_objection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert terminal.colours_wanted(True)
    assert not terminal.colours_wanted(False)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not terminal.colours_wanted(True)


@given(ANY_TEXT | st.text("漢a \u00a0\u0301\n", max_size=300))
def test_no_line_of_what_others_write_begins_where_ours_do(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "40")
        lines = others_text(text, "  ")
    assert all(line == "" or line.startswith("  ") for line in lines)
    assert all(width(line) <= 40 for line in lines)
    assert all(above or below for above, below in itertools.pairwise(lines))


def test_a_long_word_of_others_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    lines = others_text("A" * 38 + "Ana,\u00a023\u00a0November:\u00a0agreed", "  ")
    assert lines == ["  " + "A" * 38, "  Ana,\u00a023\u00a0November:\u00a0agreed"]
