"""How far a node sees, in plain words of both languages; and reaching a neighbour by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from p2pmarket.cli.doctor import _of_horizon
from p2pmarket.cli.horizon_texts import horizon_line, horizon_lines, late_line
from p2pmarket.texts import LANGUAGES, use_language


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("en")


def horizon(outlook: str, **changes: Any) -> dict[str, Any]:
    usual = {
        "outlook": outlook, "anchors": 1, "branches_reached": 1, "branches_known": 2,
        "only": "Ben", "other_branch_seconds_ago": None, "holding_back": [], "late_records": 0,
        "late_from": None,
    }  # fmt: skip
    return {**usual, **changes}


def test_who_is_surrounded_is_told_by_whom_since_when_and_what_to_do() -> None:
    for ago, since in ((None, "never"), (2 * 86_400, "2 days")):
        (line,) = horizon_lines(horizon("surrounded", other_branch_seconds_ago=ago))
        assert "“Ben”" in line
        assert since in line
        assert "p2pmarket connect" in line
    assert [found.well for found in _of_horizon(horizon("surrounded"))] == [False]


def test_nothing_is_said_in_status_while_nothing_need_be_looked_into() -> None:
    for outlook in ("alone", "few", "several", "one"):
        assert horizon_lines(horizon(outlook)) == []
        assert all(found.well for found in _of_horizon(horizon(outlook)))
    assert _of_horizon(horizon("few")) == []


def test_who_holds_back_is_named_in_status_and_by_the_doctor() -> None:
    held = horizon("several", holding_back=["Cem", ""])
    (line,) = horizon_lines(held)
    assert "“Cem”" in line
    assert [found.well for found in _of_horizon(held)] == [True, False]


def test_what_came_late_is_counted() -> None:
    assert late_line(horizon("several")) == ""
    assert late_line(horizon("several", late_records=1, late_from="Cem")).startswith("1 entry ")
    assert late_line(horizon("several", late_records=7, late_from="Cem")).startswith("7 entries ")


def test_a_name_steers_no_terminal() -> None:
    assert "\x1b" not in horizon_line(horizon("one", only="\x1b[31mBen"))


@pytest.mark.parametrize("outlook", ["several", "one", "surrounded"])
def test_each_outlook_has_a_sentence_in_each_language(outlook: str) -> None:
    said = set()
    for language in LANGUAGES:
        use_language(language)
        said.add(horizon_line(horizon(outlook)))
    assert "" not in said
    assert len(said) == len(LANGUAGES)


def test_a_neighbour_is_reached_by_its_address_or_an_invite(
    founder: Any, neighbour: Any, new_household: Callable[[], Any]
) -> None:
    address = founder.json("status")["communities"][0]["addresses"][0]
    told = {"schema": 1, "connected": True, "household": "Familie Rosenquast"}
    assert neighbour.json("connect", address) == told
    assert neighbour.json("connect", stdin=founder.json("invite")["invite"]) == told
    nowhere = neighbour.run("connect", "/ip4/127.0.0.1/tcp/1")
    assert nowhere.code == 5
    assert "Nobody" in nowhere.out
    assert neighbour.run("connect", "P2PM1-SECRET").code == 2
    other = new_household()
    other.init("Dora")
    other.up()
    other.json("community", "create", "--name", "Verein", "--rules", "")
    refused = neighbour.run("connect", stdin=other.json("invite")["invite"])
    assert refused.code == 1
    assert "another community" in refused.err
    status = neighbour.json("status")["communities"][0]["horizon"]
    # Households of other tests may have joined: another branch, and not few any more.
    assert status["branches_known"] >= 1
    assert (status["outlook"] == "few") is (status["branches_known"] == 1)
