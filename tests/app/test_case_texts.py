"""What the inbox and `trade cases` say of disputes, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import pytest

from p2pmarket.api.mail_schemas import CaseLine
from p2pmarket.cli.trade.cases import _case_lines
from p2pmarket.texts import LANGUAGES, use_language
from p2pmarket.texts.cases import case_line

WHATS = get_args(get_type_hints(CaseLine)["what"])
TERMS = {
    "quantity": 1, "price_minor": 100, "currency": "EUR", "credit": None, "credit_unit": None,
    "swap": "", "swap_listing": None, "due_at": None, "deposit_minor": None,
    "deposit_currency": None, "variants": [], "note": "",
}  # fmt: skip


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("en")


def line(what: str, **changes: Any) -> str:
    usual = {
        "what": what, "trade": "abcdefghijklmnop", "household": "Ben", "household_id": "b" * 52,
        "title": "Fahrrad", "at": "2026-11-23T10:00:00Z", "missing": 0, "outcome": "completed",
    }  # fmt: skip
    return case_line({**usual, **changes})


def said(name: str, **changes: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "at": "2026-11-23T10:00:00Z", "mine": False, "household": name, "type": "cancel",
        "void": False, "delivery": None, "text": "", "terms": None, "slots": [], "due_at": None,
        "until": None, "public": None, "position": None, "steward": None, "steward_id": None,
        "outcome": None, "why": None, "with_code": None, "shown_by": None,
    }  # fmt: skip
    return {**usual, **changes}


def case(**changes: Any) -> dict[str, Any]:
    handed = {
        "household": "Ben", "household_id": "b" * 52, "text": "So war es.", "missing": 2,
        "handed_at": "2026-11-23T09:00:00Z", "received_at": "2026-11-23T10:00:00Z",
    }  # fmt: skip
    usual: dict[str, Any] = {
        "trade": "abcdefghijklmnop", "kind": "sell", "publisher": "Anna",
        "publisher_id": "a" * 52, "seeker": "Ben", "seeker_id": "b" * 52,
        "handed_over": [handed], "missing": 2, "state": "asked", "can_rule": False,
        "ruling": None, "forgotten_at": "2027-02-21T10:00:00Z", "terms": TERMS,
        "timeline": [said("Ben")], "apart": [said("Anna", shown_by="Ben")],
    }  # fmt: skip
    return {**usual, **changes}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("what", WHATS)
def test_each_dispute_of_the_inbox_is_one_sentence(what: str, language: str) -> None:
    use_language(language)
    told = line(what, missing=1)
    assert "Ben" in told
    assert "{" not in told


def test_the_inbox_says_how_much_is_still_under_way() -> None:
    use_language("de")
    assert "Noch 3 Nachrichten sind unterwegs." in line("under-way", missing=3)
    assert "Noch 1 Brief davon ist unterwegs." in line("shown", missing=1)
    assert "unterwegs" not in line("shown")


def test_an_incomplete_case_says_so_and_offers_no_ruling() -> None:
    told = "\n".join(_case_lines(case()))
    assert "2 messages are still under way." in told
    assert "not part of that" in told
    assert "(only Ben shows you this)" in told
    assert "trade rule" not in told
    assert "trade cases --forget abcdefghij" in told


def test_a_case_that_waits_names_the_command_and_one_that_is_ruled_the_ruling() -> None:
    ruling = {"outcome": "cancelled", "text": "Bitte zurück.", "at": "2026-11-23T11:00:00Z"}
    waits = "\n".join(_case_lines(case(can_rule=True)))
    ruled = "\n".join(_case_lines(case(ruling=ruling)))
    assert "p2pmarket trade rule abcdefghij" in waits
    assert "You have ruled" in ruled
    assert "Bitte zurück." in ruled
