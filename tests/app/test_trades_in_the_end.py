"""Draws, swaps, credit, and who did not come: at the terminal, between nodes that run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from p2pmarket.api.client import Client

_DAYS_LATER = """\
import time

_now, _now_ns = time.time, time.time_ns
_AHEAD_S = 2 * 86_400
time.time = lambda: _now() + _AHEAD_S
time.time_ns = lambda: _now_ns() + _AHEAD_S * 1_000_000_000
"""
"""Python runs a module of this name before anything else: so the clock shows the day after next."""


@pytest.fixture(scope="module")
def three(new_household: Callable[[], Any]) -> Iterator[tuple[Any, Any, Any]]:
    """Three households of a community that keeps hours."""
    anna, ben, carla = new_household(), new_household(), new_household()
    for household, name in ((anna, "Anna"), (ben, "Ben"), (carla, "Carla")):
        household.init(name)
        household.up()
    credit = ("--credit-unit", "Stunden", "--credit-limit", "5")
    anna.json("community", "create", "--name", "Lindenau", "--rules", "", *credit)
    invite = anna.json("invite", "--uses", "2")["invite"]
    for household in (ben, carla):
        household.json("join", "--yes", stdin=invite)
    anna.until(lambda: {m["status"] for m in members(anna)} == {"founder", "confirmed"})
    yield anna, ben, carla
    for household in (anna, ben, carla):
        household.stop()


def members(household: Any) -> list[dict[str, Any]]:
    found = household.json("members")["results"]
    assert isinstance(found, list)
    return found


def offered(publisher: Any, title: str, kind: str, *others: Any) -> str:
    """Publish; return the id once the others find it."""
    publisher.json("publish", "--title", title, "--kind", kind)
    for other in others:
        other.until(lambda other=other: bool(other.finds(title)))
    return str(publisher.finds(title)[0]["id"])


def trade_at(household: Any, trade: str) -> dict[str, Any]:
    found = Client(household.folder).get(f"/v1/communities/-/trades/{trade}")
    assert isinstance(found, dict)
    return found


def reaches(household: Any, trade: str, *states: str) -> None:
    """Wait until a trade stands so at a household."""
    client = Client(household.folder)
    path = "/v1/communities/-/trades?over=true"
    household.until(
        lambda: any(t["id"] == trade and t["state"] in states for t in client.get(path)["results"])
    )


def proposed(household: Any, listing: str, *terms: str) -> str:
    return str(household.json("trade", "propose", listing, *terms)["results"][0]["id"])


def test_a_draw_tells_everybody_how_it_ended(three: tuple[Any, Any, Any]) -> None:
    anna, ben, carla = three
    cot = offered(anna, "Kinderbett", "give", ben, carla)
    trades = {name: proposed(side, cot) for name, side in (("Ben", ben), ("Carla", carla))}
    for trade in trades.values():
        reaches(anna, trade, "asked")
    soon = (datetime.now(UTC) + timedelta(seconds=8)).isoformat(timespec="seconds")
    drawn = anna.run("trade", "draw", cot, "--closes", soon)
    assert drawn.code == 0, drawn
    assert "2" in drawn.out
    assert anna.run("trade", "draw", cot, "--closes", soon).code == 1
    sides = (("Ben", ben), ("Carla", carla))

    def over() -> bool:
        draws = [trade_at(side, trades[name])["draw"] for name, side in sides]
        return all(draw is not None and draw["won"] is not None for draw in draws)

    anna.until(over)
    (won,) = (name for name, side in sides if trade_at(side, trades[name])["draw"]["won"])
    for name, side in sides:
        shown = side.run("trade", "show", trades[name]).out
        word = "You have won the draw." if name == won else "The draw fell on somebody else."
        assert word in shown
        assert "told the result" in shown
    reaches(anna, trades[won], "promised")
    shown = " ".join(anna.run("--lang", "de", "trade", "show", trades[won]).out.split())
    assert f"{won} hat die Verlosung gewonnen." in shown


def test_a_swap_names_what_is_given_in_return(three: tuple[Any, Any, Any]) -> None:
    anna, ben, _ = three
    wheel = offered(anna, "Spinnrad", "swap", ben)
    honey = offered(ben, "Honig", "swap", anna)
    terms = ("--swap", "Drei Gläser Honig", "--swap-listing", honey[:10])
    trade = proposed(ben, wheel, *terms)
    reaches(anna, trade, "asked")
    (waiting,) = anna.json("status")["communities"][0]["waiting"]
    assert (waiting["what"], waiting["title"]) == ("trade-asked", "Spinnrad")
    assert "Spinnrad" in anna.run("--lang", "de", "status").out
    assert "Drei Gläser Honig" in anna.run("trade", "show", trade).out
    anna.json("trade", "promise", trade, "--yes")
    reaches(ben, trade, "promised")
    ben.until(lambda: anna.finds("Honig") == [] or anna.finds("Honig")[0]["state"] != "open")
    assert not anna.json("status")["communities"][0]["waiting"]
    code = trade_at(anna, trade)["handover_code"]
    assert ben.run("trade", "handover", trade, "--code", "-", stdin=code).code == 0
    reaches(anna, trade, "receipted")


def test_help_is_paid_in_hours(three: tuple[Any, Any, Any]) -> None:
    anna, ben, _ = three
    help_ = offered(anna, "Gartenhilfe", "service", ben)
    trade = proposed(ben, help_, "--credit", "2")
    reaches(anna, trade, "asked")
    assert "2 Stunden" in anna.run("trade", "show", trade).out
    private = anna.run("trade", "promise", trade, "--private", "--yes")
    assert private.code == 1, "a debt that nobody can check is none"
    anna.json("trade", "promise", trade, "--yes")
    reaches(ben, trade, "promised")
    code = trade_at(ben, trade)["handover_code"]
    assert anna.run("trade", "handover", trade, "--code", "-", stdin=code).code == 0
    reaches(ben, trade, "receipted")
    anna.until(lambda: anna.json("ledger", "balance")["balance"] == 2)
    anna.until(lambda: ben.json("ledger", "balance")["balance"] == -2)
    more = offered(anna, "Umzugshilfe", "service", ben)
    large = proposed(ben, more, "--credit", "4")
    reaches(anna, large, "asked")
    assert anna.run("trade", "promise", large, "--yes").code == 1, "the limit is five"


def test_who_did_not_come_admits_it(three: tuple[Any, Any, Any], tmp_path: Path) -> None:
    anna, ben, _ = three
    lamp = offered(anna, "Stehlampe", "give", ben)
    trade = proposed(ben, lamp)
    reaches(anna, trade, "asked")
    anna.json("trade", "promise", trade, "--yes")
    reaches(ben, trade, "promised")
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).strftime("%d.%m.%Y 17-18 Uhr")
    assert anna.run("trade", "slots", trade, tomorrow).code == 0
    ben.until(lambda: ben.run("trade", "slots", trade, "--choose", "1").code == 0)
    reaches(anna, trade, "appointed")
    early = anna.run("trade", "no-show", trade, "--yes")
    assert early.code == 1
    assert "no-show" not in anna.run("trade", "show", trade).out
    (tmp_path / "sitecustomize.py").write_text(_DAYS_LATER, "utf-8")
    for household in (anna, ben):
        household.stop()
        household.environ["PYTHONPATH"] = str(tmp_path)
        household.up()
    waiting = anna.json("status")["communities"][0]["waiting"]
    assert "trade-met" in {one["what"] for one in waiting}
    said = anna.run("--lang", "de", "trade", "no-show", trade, "Niemand hat geklingelt.", "--yes")
    assert said.code == 0, said
    claimed = "Du hast gemeldet, dass Ben nicht gekommen ist; die andere Seite hat sich noch nicht"
    assert claimed in " ".join(said.out.split())
    reaches(ben, trade, "no-show", "signed")
    shown = ben.run("trade", "show", trade).out
    assert "Niemand hat geklingelt." in shown
    assert "no-show" in shown
    reaches(ben, trade, "signed")
    admitted = ben.run("trade", "no-show", trade, "--admit")
    assert admitted.code == 0, admitted
    reaches(anna, trade, "receipted")
    receipt = trade_at(anna, trade)["receipt"]
    assert receipt is not None
    assert "Ben" in anna.run("trade", "show", trade).out


def test_who_cancels_a_promise_is_told_what_neighbours_see_also_without_a_question(
    three: tuple[Any, Any, Any],
) -> None:
    anna, ben, _ = three
    warning = "Your neighbours will see that you cancelled (not what)."
    for title, public in (("Hocker", True), ("Regal", False)):
        trade = proposed(ben, offered(anna, title, "give", ben))
        reaches(anna, trade, "asked")
        early = proposed(ben, offered(anna, f"{title} zwei", "give", ben))
        assert ben.json("trade", "cancel", early)["warnings"] == []
        anna.json("trade", "promise", trade, "--yes", *([] if public else ["--private"]))
        reaches(ben, trade, "promised")
        assert (warning in ben.run("trade", "cancel", trade, "--yes").out) is public
    trade = proposed(ben, offered(anna, "Bank", "give", ben))
    reaches(anna, trade, "asked")
    anna.json("trade", "promise", trade, "--yes")
    reaches(ben, trade, "promised")
    assert ben.json("trade", "cancel", trade, "--yes")["warnings"] == [warning]
