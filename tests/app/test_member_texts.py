"""The list of members on a narrow terminal: names first, and nothing wider than it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from p2pmarket.cli.listing_texts import listing_table
from p2pmarket.cli.members import _table
from p2pmarket.cli.removing import removal_lines
from p2pmarket.cli.terminal import cut_name, width
from p2pmarket.texts import LANGUAGES, use_language

LONG = "Familie Rosenquast-Hellersdorf und die ganze Wohngemeinschaft"
NAMESAKE = "Familie Rosenquast (abcd2345)"


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    use_language("en")


def member(name: str, **others: Any) -> dict[str, Any]:
    found = {
        "id": "k" * 52, "name": name, "place": "Mühlenviertel am Fluss", "status": "provisional",
        "seat": None, "invited_by": NAMESAKE, "joined_at": "2026-11-23T10:00:00Z", "me": False,
        "blocked": True, "connected": False,
    }  # fmt: skip
    return found | others


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("columns", [80, 100, 120])
def test_names_have_room_and_no_line_is_wider_than_the_terminal(
    language: str, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_language(language)
    monkeypatch.setenv("COLUMNS", str(columns))
    members = [member(LONG), member(NAMESAKE), member("Ben", seat=2, status="confirmed")]
    lines = _table(members)
    assert max(map(width, lines)) <= columns
    assert LONG[:15] in lines[1]
    assert all("(abcd2345)" in line for line in lines[1:])
    assert ("Mühlen" in lines[1]) == (columns >= 100)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_search_tells_namesakes_apart_on_a_narrow_terminal_too(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_language(language)
    monkeypatch.setenv("COLUMNS", "80")
    listing = {
        "id": "l" * 52, "kind": "service", "title": "Fahrradwerkstatt für alle am Samstag",
        "price_minor": 123_456, "currency": "EUR", "household": NAMESAKE, "notices": [],
        "mine": False, "state": "open", "place": "Mühlenviertel am Fluss", "distance_m": 1_200,
        "origin": None, "shown_to": [],
    }  # fmt: skip
    lines = listing_table([listing])
    assert "(abcd2345)" in lines[1]
    assert max(map(width, lines)) <= 80


def test_only_an_id_at_the_end_of_a_name_is_kept_when_it_is_cut() -> None:
    assert cut_name(NAMESAKE, 20) == "Familie… (abcd2345)"
    assert cut_name(NAMESAKE, 40) == NAMESAKE
    assert cut_name("Werkstatt (Hinterhof links)", 12) == "Werkstatt (…"


def test_of_the_founder_nobody_is_told_that_one_more_must_agree() -> None:
    removal: dict[str, Any] = {
        "household": {"id": "k" * 52, "name": "Anna"}, "reason": "Nur so", "in_force": False,
        "wanted_by": [{"id": "b" * 52, "name": "Ben"}], "missing": 1, "possible": True,
    }  # fmt: skip
    assert "1 more steward must agree" in " ".join(removal_lines(removal))
    told = " ".join(" ".join(removal_lines(removal | {"possible": False})).split())
    assert "must agree" not in told
    assert "That cannot be: the household that founded the community stays." in told
