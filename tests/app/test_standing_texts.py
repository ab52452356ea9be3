"""How the own household stands, in words: at the beginning, as a steward, removed, gone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from p2pmarket.cli.doctor import clock_finding
from p2pmarket.cli.member_tree import own_standing_text, standing_text
from p2pmarket.cli.publishing import _not_yet
from p2pmarket.cli.welcome import _lines
from p2pmarket.texts import use_language
from p2pmarket.texts.waiting import waiting_line


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("en")


def welcomed(status: str, steward: bool = False) -> str:
    found = {
        "community": "Lindenau", "my_status": status, "steward": steward, "refusals": [],
        "steps": [{"what": "profile", "done": False}], "shown_listings": 5,
    }  # fmt: skip
    return "\n".join(_lines(found))


def test_a_steward_is_called_one_in_its_own_texts_as_in_the_list_of_members() -> None:
    assert own_standing_text("confirmed", True) == "steward"
    assert own_standing_text("founder", True) == "founder"
    assert own_standing_text("confirmed", False) == "member"
    assert standing_text({"status": "confirmed", "seat": 2}) == "steward"
    assert "you are: steward" in welcomed("confirmed", steward=True)


@pytest.mark.parametrize(
    ("status", "next_step"),
    [("removed", "Ask one of its stewards"), ("left", "ask a member for an invite")],
)
def test_who_does_not_belong_is_not_asked_to_introduce_itself(status: str, next_step: str) -> None:
    shown = welcomed(status)
    assert next_step in shown
    assert "Next" not in shown
    assert "profile" not in shown


def test_who_is_removed_is_told_why_and_whom_to_ask() -> None:
    line = waiting_line(
        {"what": "removed", "title": "Cheated.\x1b[2J", "id": "abcd", "household": "Ben",
         "household_id": "abcd", "until": None}
    )  # fmt: skip
    assert "“Cheated." in line
    assert "\x1b" not in line
    assert "Ben. Talk to them" in line
    assert "p2pmarket appeal abcd" in line


def test_who_publishes_one_more_than_shows_is_told_that_it_does_not_show() -> None:
    audience = {"slots": 2, "slots_each": 2}
    assert _not_yet(audience).startswith("This does not show yet: your neighbours see 2 listings")
    use_language("de")
    assert _not_yet(audience).startswith("Diese ist noch nicht sichtbar: Deine Nachbarn sehen")


def test_a_clock_that_nobody_can_compare_is_not_said_to_agree() -> None:
    for state, offset, well, text in (
        ("alone", 0, True, "nobody is there to compare it with"),
        ("synced", 0, True, "differs from your neighbours' by 0 seconds"),
        ("synced", -100_000, False, "Set this computer's clock"),
    ):
        found = clock_finding({"sync": {"state": state}, "clock_offset_seconds": offset})
        assert found.well is well
        assert text in found.text


@pytest.mark.parametrize(("status", "invites"), [("founder", True), ("provisional", False)])
def test_who_has_met_nobody_is_told_to_invite_if_it_may(status: str, invites: bool) -> None:
    found = {
        "community": "Lindenau", "my_status": status, "steward": False, "refusals": [],
        "steps": [{"what": "met", "done": False}, {"what": "profile", "done": False}],
    }  # fmt: skip
    last = _lines(found)[-1]
    assert ("p2pmarket invite" in last) == invites
    assert ("p2pmarket profile" in last) != invites
