"""Messages between households whose nodes are processes of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="module")
def street(new_household: Callable[[], Any]) -> tuple[Any, Any, Any]:
    """Anna, who founded it, Ben and Carla, all confirmed, their nodes running."""
    anna, ben, carla = new_household(), new_household(), new_household()
    for household, name in ((anna, "Anna"), (ben, "Ben"), (carla, "Carla")):
        household.init(name)
        household.up()
    anna.json("community", "create", "--name", "Hof", "--rules", "")
    invite = anna.json("invite", "--uses", "2")["invite"]
    for household in (ben, carla):
        household.json("join", "--yes", stdin=invite)
    for household in (anna, ben, carla):
        household.until(lambda household=household: confirmed(household) == 3)
    return anna, ben, carla


def confirmed(household: Any) -> int:
    found = household.json("members")["results"]
    return sum(member["status"] in ("founder", "confirmed") for member in found)


def mail(household: Any) -> dict[str, Any]:
    (community,) = household.json("status")["communities"]
    held: dict[str, Any] = community["mail"]
    return held


def test_a_message_waits_at_a_neighbour_while_both_are_off_in_turn(
    street: tuple[Any, Any, Any],
) -> None:
    anna, ben, carla = street
    anna.json("message", "Carla", "Schon da?")  # so that her keys are known from here on
    anna.until(lambda: last(anna, "Carla")["delivery"]["state"] == "delivered")
    carla.stop()
    anna.until(lambda: not is_connected(anna, "Carla"))
    sent = anna.json("message", "Carla", "Die Leiter steht im Flur.")
    anna.until(lambda: last(anna, "Carla")["delivery"]["state"] == "held")
    assert last(anna, "Carla")["delivery"]["holders"] == 1
    assert mail(ben)["held"] == 1
    anna.stop()
    carla.up()
    carla.until(lambda: carla.json("inbox")["unread"] == 2)
    assert last(carla, "Anna")["text"] == "Die Leiter steht im Flur."
    anna.up()  # what Carla noted for her waited at Ben's too
    anna.until(lambda: last(anna, "Carla")["delivery"]["state"] == "delivered")
    ben.until(lambda: mail(ben)["held"] == 0)
    assert last(anna, "Carla")["id"] == sent["message"]["id"]


def is_connected(household: Any, name: str) -> bool:
    found = household.json("members")["results"]
    return any(member["name"] == name and member["connected"] for member in found)


def last(household: Any, other: str) -> dict[str, Any]:
    found: dict[str, Any] = household.json("thread", other)["results"][-1]
    return found


def test_reading_is_told_only_to_whom_it_is_allowed(street: tuple[Any, Any, Any]) -> None:
    anna, ben, _ = street
    anna.json("message", "Ben", "Eins")
    ben.until(lambda: ben.json("inbox")["unread"] == 1)
    assert ben.json("thread", "Anna")["unread"] == 1
    assert ben.json("inbox")["unread"] == 0
    ben.json("profile", "--read-receipts")
    anna.json("message", "Ben", "Zwei")
    ben.until(lambda: ben.json("inbox")["unread"] == 1)
    ben.json("thread", "Anna")
    anna.until(lambda: last(anna, "Ben")["read"])
    assert [chat["read"] for chat in anna.json("thread", "Ben")["results"]] == [False, True]


def test_the_usual_address_stays_on_this_computer(street: tuple[Any, Any, Any]) -> None:
    anna, ben, _ = street
    assert anna.json("profile", "--address", "Hof 3")["address"] == "Hof 3"
    shown = ben.run("household", "Anna").out + ben.run("members", "--json").out
    assert "Hof 3" not in shown
    outcome = anna.run("profile", "--address", "x" * 301)
    assert outcome.code == 1
    assert "301" in outcome.err


def test_the_argument_beside_a_listing_is_its_text_or_whom_one_answers(
    street: tuple[Any, Any, Any],
) -> None:
    anna, _, carla = street
    anna.json("publish", "--title", "Leiter", "--kind", "lend", "--lend-days", "3")
    carla.until(lambda: bool(carla.finds("Leiter")))
    ladder = carla.finds("Leiter")[0]["id"]
    asked = carla.json("message", "--listing", ladder, "Ist sie frei?")
    assert (asked["household"], asked["message"]["text"]) == ("Anna", "Ist sie frei?")
    named = carla.json("message", "--listing", ladder, "anna", stdin="Bis wann?")
    assert (named["household"], named["message"]["text"]) == ("Anna", "Bis wann?")
    answer = anna.json("message", "--listing", ladder, "Carla", stdin="Ja.")
    assert (answer["household"], answer["message"]["title"]) == ("Carla", "Leiter")
    about = carla.json("thread", "Anna", "--listing", ladder[:6])["results"]
    assert [chat["text"] for chat in about][:2] == ["Ist sie frei?", "Bis wann?"]
    assert carla.run("thread", "Anna", "--listing", "zzzz").code == 4
