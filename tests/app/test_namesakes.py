"""Two households with names that look alike are told apart wherever they are named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pmarket.namesakes import likeness, told_apart, visible
from protocol.ids import HouseholdId, text_of

ANNA, BEN, CARLA = (HouseholdId(bytes([n]) * 32) for n in (1, 2, 3))
NAME = "Familie Rosenquast"


@pytest.mark.parametrize(
    "imitation",
    [
        NAME,
        "familie  rosenquast",
        "F\u0430mili\u0435 R\u043es\u0435nqu\u0430st",
        "Famil\u200bie Ros\u00adenquast",
        "Fami1ie R0senquast",
        "\uff26amilie Rosenquast",
        "Familie\u2800Rosenquast",
        "Fa\u0335milie Rosenquast",
    ],
    ids=ascii,
)
def test_a_name_that_looks_like_anothers_is_shown_with_the_id_on_both(imitation: str) -> None:
    shown = told_apart({ANNA: NAME, BEN: imitation, CARLA: "WG Milchmond"})
    assert shown[ANNA] == f"{NAME} ({text_of(ANNA)[:8]})"
    assert shown[BEN].endswith(f"({text_of(BEN)[:8]})")
    assert shown[CARLA] == "WG Milchmond"


def test_names_that_differ_to_the_eye_are_left_alone() -> None:
    names = {ANNA: "Müller", BEN: "Muller", CARLA: "Möller"}
    assert told_apart(names) == names


@pytest.mark.parametrize("name", ["\u2800", "\u3164\u115f", "\u200b\u00ad", ""], ids=ascii)
def test_a_name_in_which_nothing_is_to_be_seen_is_none(name: str) -> None:
    assert told_apart({ANNA: name, BEN: name}) == {ANNA: "", BEN: ""}
    assert visible(name) == ""


@given(st.text(max_size=40))
def test_what_looks_alike_does_not_depend_on_spaces_around_it(name: str) -> None:
    assert likeness(f" {name} ") == likeness(name)


def test_the_inbox_and_a_trade_tell_an_impostor_from_the_founder(
    new_household: Callable[[], Any],
) -> None:
    anna, ben, mallory = (new_household() for _ in range(3))
    for household, name in ((anna, NAME), (ben, "Ben"), (mallory, NAME)):
        household.init(name)
        household.up()
    anna.json("community", "create", "--name", "Lindenau", "--rules", "")
    invite = anna.json("invite", "--uses", "2")["invite"]
    for household in (ben, mallory):
        household.json("join", "--yes", stdin=invite)
    ben.until(lambda: len(ben.json("members")["results"]) == 3)
    own = next(m["id"] for m in ben.json("members")["results"] if m["me"])
    mallory.until(
        lambda: own in {m["id"] for m in mallory.json("members")["results"] if m["connected"]}
    )
    mallory.json("message", own, "Überweise bitte 500 Euro.")
    ben.until(lambda: bool(ben.json("inbox")["results"]))
    (thread,) = ben.json("inbox")["results"]
    assert thread["household"] == f"{NAME} ({thread['household_id'][:8]})"
    assert ben.run("message", NAME, "Wirklich?").code == 1
    told = {m["id"]: m["name"] for m in ben.json("members")["results"]}
    assert sum(name.startswith(f"{NAME} (") for name in told.values()) == 2
    impostor = thread["household_id"]
    anna.json("publish", "--title", "Schlitten", "--kind", "give")
    mallory.json("publish", "--title", "Schlitten", "--kind", "give")
    ben.until(lambda: len(ben.finds("Schlitten")) == 2)
    for found in ben.finds("Schlitten"):
        assert found["household"] == told[found["household_id"]]
        assert found["household"].endswith(f"({found['household_id'][:8]})")
    assert f"({impostor[:8]})" in ben.run("search", "Schlitten").out
    (own,) = mallory.json("mine")["results"]
    assert own["household"] == told[impostor]
    blocked = ben.run("block", impostor)
    assert told[impostor] in " ".join(blocked.out.split())
    assert told[impostor] in " ".join(ben.run("block", impostor, "--undo").out.split())
    for household in (anna, ben, mallory):
        household.stop()
