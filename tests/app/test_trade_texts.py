"""What a trade looks like at a terminal of 80 columns, whatever the other side wrote."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
import pytest

from p2pmarket.cli.devices import device
from p2pmarket.cli.ledger import ledger
from p2pmarket.cli.terminal import aligned, hanging, width
from p2pmarket.cli.trade.commands import trade as trade_group
from p2pmarket.cli.trade.course import course_lines
from p2pmarket.cli.trade.steps import _COMMANDS, next_lines
from p2pmarket.cli.trade.words import slot_text, state_sentence
from p2pmarket.texts import LANGUAGES, use_language
from tests.app.test_case_texts import TERMS, said

HOSTILE = "x" + " " * 70 + "Abgeschlossen. " + "-" * 300 + " Familie Rosenquast, 13:22"


@pytest.fixture(autouse=True, params=LANGUAGES)
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("COLUMNS", "80")
    use_language(request.param)
    yield request.param
    use_language("en")


def trade(*steps: str) -> dict[str, Any]:
    return {
        "id": "abcdefghijklmnop", "listing_id": "qrstuvwxyz234567", "steps": list(steps),
        "state": "promised", "dispute": None, "other": "Hofladen Kranichwiese am Unterdorf",
        "other_id": "b" * 52,
    }  # fmt: skip


def test_the_next_steps_fit_the_terminal() -> None:
    for step in _COMMANDS:
        lines = next_lines(trade(step, "handover"))
        assert all(width(line) <= 80 for line in lines), lines


def test_no_step_names_a_price_or_a_day_that_could_be_sent_as_it_stands(language: str) -> None:
    told = " ".join(next_lines(trade("counter", "propose", "extend", "draw", "settle", "dispute")))
    assert not any(character.isdigit() for character in told.replace("p2pmarket", ""))
    assert "|" not in told
    if language == "de":
        assert {"BETRAG", "TAG", "NAME", "AUSGANG"} <= set(told.split())


def test_nothing_that_others_wrote_begins_where_our_lines_do() -> None:
    terms = {**TERMS, "swap": HOSTILE, "note": HOSTILE}
    lines = course_lines([said("Ben", type="ask", terms=terms, text=HOSTILE)])
    assert len(lines) > 8
    assert all(width(line) <= 80 for line in lines)
    assert all(line.startswith("      ") for line in lines[1:])


def test_a_value_of_many_words_stays_in_its_column() -> None:
    lines = aligned([("Id", "abc"), ("Terms", HOSTILE)])
    assert lines[0] == "Id     abc"
    assert all(line.startswith(" " * 7) for line in lines[2:])
    assert all(width(line) <= 80 for line in lines)


def test_a_program_that_reads_gets_a_line_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS")
    assert hanging(HOSTILE, indent="  ") == [HOSTILE]


def test_who_was_agreed_with_is_told_that_it_can_promise_now(language: str) -> None:
    asked = {
        **trade(), "state": "asked", "kind": "sell", "draw": None, "queue_position": None,
        "runs_out_at": None, "left": 1, "terms": TERMS,
        "timeline": [said("Ben", type="ask"), said("Ben", type="accept")],
    }  # fmt: skip
    word = "einverstanden" if language == "de" else "agree"
    for role in ("publisher", "seeker"):
        assert word in state_sentence({**asked, "role": role})
        haggled = [*asked["timeline"], said("Ben", type="offer")]
        assert word not in state_sentence({**asked, "role": role, "timeline": haggled})


def test_a_time_to_meet_names_the_day_of_the_week(language: str) -> None:
    slot = {"starts_at": "2026-12-02T11:00:00Z", "ends_at": "2026-12-02T11:30:00Z"}
    assert slot_text(slot).startswith("Mi, 2. " if language == "de" else "Wed, 2 ")


def test_an_aside_stands_within_its_sentence() -> None:
    told = " ".join(course_lines([said("Ben", type="handover", with_code=True)]))
    assert ". (" not in told
    assert told.endswith(").")


@pytest.mark.parametrize("group", [trade_group, ledger, device], ids=lambda group: group.name)
def test_the_help_of_a_group_says_in_full_what_its_commands_do(group: click.Group) -> None:
    told = group.get_help(click.Context(group, info_name="p2pmarket"))
    assert "..." not in told.split("\n\n", 2)[2]
    assert all(name in told for name in group.commands)
