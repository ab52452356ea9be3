"""The charter as a file that people change, and what they are asked at a terminal."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def anna(new_household: Callable[[], Any]) -> Any:
    """A household that founded a community and decides alone."""
    household = new_household()
    household.init("Anna")
    household.up()
    household.json("community", "create", "--name", "Linde", "--rules", "Seid nett.")
    return household


def test_a_charter_is_written_changed_and_proposed(anna: Any, tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    assert anna.run("charter", "show", "--file", str(file)).code == 0
    assert anna.run("charter", "show", "--file", str(file)).code == 1  # it is there already
    terms = json.loads(file.read_text("utf-8"))
    terms |= {"photos": 2, "worry_words": ["Waffe"], "credit": {"unit": "Stunden", "limit": 9}}
    terms["rules"] = "Seid nett.\nRuhe nach 22 Uhr."
    file.write_text(json.dumps(terms), "utf-8")
    shown = anna.json("charter", "propose", "--from", str(file), "--days", "30", "--yes")
    assert shown["decision"]["charter_after"] == shown["version"]["number"] == 2
    now = anna.json("charter", "show")["in_force"]
    assert now["terms"] == {**terms, "visible_days": 30}
    assert {d["field"] for d in now["differences"]} == set()
    changed = ("--no-credit", "--question", "Wo?", "--worry-word", "")
    gone = anna.json("charter", "propose", *changed, "--yes")
    assert gone["version"]["terms"]["credit"] is None
    assert gone["version"]["terms"]["questions"] == ["Wo?"]
    assert gone["version"]["terms"]["worry_words"] == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"rules": 1}', "[" * 5_000])
def test_a_file_that_is_no_charter_is_refused(anna: Any, tmp_path: Path, text: str) -> None:
    file = tmp_path / "rules.json"
    file.write_text(text, "utf-8")
    outcome = anna.run("charter", "propose", "--from", str(file))
    assert outcome.code == 1
    assert "is not a charter" in outcome.err


def test_what_is_hostile_in_rules_shows_and_is_not_obeyed(anna: Any) -> None:
    outcome = anna.run("charter", "propose", "--rules", "Nett.\x1b[31m‮")
    assert "\x1b" not in outcome.out + outcome.err
