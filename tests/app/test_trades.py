"""Trades over the interface and at the terminal, between nodes that run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from p2pmarket.api.app import ENDPOINTS
from p2pmarket.api.client import Client
from tests.app.test_api import COMMUNITY, Walk

TRADES = COMMUNITY + "/trades"
TRADE = TRADES + "/{trade}"
CASES = COMMUNITY + "/cases"
DRAW = COMMUNITY + "/listings/{listing}/draw"


@pytest.fixture(scope="module")
def three(new_household: Callable[[], Any]) -> Iterator[tuple[Any, Any, Any]]:
    """Three households of one community, with running nodes."""
    anna, ben, carla = new_household(), new_household(), new_household()
    for household, name in ((anna, "Anna"), (ben, "Ben"), (carla, "Carla")):
        household.init(name)
        household.up()
    anna.json("community", "create", "--name", "Lindenau", "--rules", "")
    invite = anna.json("invite", "--uses", "2")["invite"]
    for household in (ben, carla):
        household.json("join", "--yes", stdin=invite)
    anna.until(lambda: {m["status"] for m in anna.json("members")["results"]} == CONFIRMED)
    yield anna, ben, carla
    for household in (anna, ben, carla):
        household.stop()


CONFIRMED = {"founder", "confirmed"}


def offered(anna: Any, ben: Any, title: str, *options: str) -> str:
    """Publish at one household; return the id once the other finds it."""
    anna.json("publish", "--title", title, *options)
    ben.until(lambda: bool(ben.finds(title)))
    return str(ben.finds(title)[0]["id"])


def reaches(side: Any, trade: str, *states: str) -> None:
    """Wait until a trade stands so at a household."""
    client = Client(side.folder)
    found = "/v1/communities/-/trades?over=true"
    side.until(
        lambda: any(t["id"] == trade and t["state"] in states for t in client.get(found)["results"])
    )


def test_every_endpoint_of_trades_answers_as_it_is_described(three: tuple[Any, Any, Any]) -> None:
    anna, ben, carla = three
    at_anna, at_ben, at_carla = (Walk(Client(side.folder)) for side in three)
    drill = offered(anna, ben, "Bohrmaschine", "--kind", "lend", "--lend-days", "9")
    asking = {"listing": drill, "terms": {"due": "2030-01-05T10:00:00Z"}, "text": "Bitte"}
    loan = at_ben("POST", TRADES, asking)["id"]
    reaches(anna, loan, "asked")
    at_anna("POST", TRADE + "/offer", {"terms": {"due": "2030-01-04T10:00:00Z"}}, trade=loan)
    reaches(ben, loan, "offered")
    at_ben("POST", TRADE + "/acceptance", trade=loan)
    reaches(anna, loan, "asked")
    at_anna("POST", TRADE + "/promise", {}, trade=loan)
    reaches(ben, loan, "promised")
    slot = {"starts_at": "2030-01-01T10:00:00Z", "ends_at": "2030-01-01T11:00:00Z"}
    at_anna("POST", TRADE + "/slots", {"slots": [slot]}, trade=loan)
    ben.until(lambda: bool(at_ben("GET", TRADE, trade=loan)["other_slots"]))
    at_ben("POST", TRADE + "/appointment", {"number": 1}, trade=loan)
    reaches(anna, loan, "appointed")
    at_anna("POST", TRADE + "/address", {"text": "Hof 3"}, trade=loan)
    code = at_ben("GET", TRADE, trade=loan)["handover_code"]
    assert at_anna("POST", TRADE + "/handover", {"code": code}, trade=loan)["state"] == "lent"
    reaches(ben, loan, "lent")
    at_ben("POST", TRADE + "/extension", {"due": "2030-01-09T10:00:00Z"}, trade=loan)
    code = at_ben("GET", TRADE, trade=loan)["return_code"]
    at_anna("POST", TRADE + "/return", {"code": code}, trade=loan)
    reaches(ben, loan, "receipted")

    cot = offered(anna, ben, "Kinderbett", "--kind", "give")
    gift = at_ben("POST", TRADES, {"listing": cot})["id"]
    reaches(anna, gift, "asked")
    drawn = at_anna("POST", DRAW, {"closes": "2030-01-01T10:00:00Z"}, listing=cot)
    assert drawn["entrants"] == 1
    at_anna("POST", TRADE + "/refusal", {"text": "Doch nicht"}, trade=gift)
    reaches(ben, gift, "closed")
    (told,) = ben.json("inbox")["waiting"]
    assert (told["what"], told["title"], told["id"]) == ("trade-declined", "Kinderbett", gift)
    assert "Kinderbett" in ben.run("status").out
    assert "Kinderbett" in ben.run("inbox").out
    assert ben.json("inbox")["waiting"] == []
    at_ben("POST", TRADE + "/reading", trade=gift)

    wardrobe = offered(anna, ben, "Schrank", "--kind", "give")
    disputed = at_ben("POST", TRADES, {"listing": wardrobe})["id"]
    reaches(anna, disputed, "asked")
    at_anna("POST", TRADE + "/promise", {}, trade=disputed)
    reaches(ben, disputed, "promised")
    at_ben("POST", TRADE + "/dispute", {"steward": "Carla", "text": "Tür fehlt"}, trade=disputed)
    reaches(anna, disputed, "disputed")
    at_anna("POST", TRADE + "/steward", trade=disputed)
    reaches(ben, disputed, "with-steward")
    at_ben("POST", TRADE + "/settlement", {"outcome": "completed"}, trade=disputed)
    at_ben("POST", TRADE + "/case", {"text": "So war es"}, trade=disputed)
    carla.until(lambda: bool(at_carla("GET", CASES)["results"]))
    assert [line["what"] for line in ben.json("inbox")["cases"]] == ["shown"]
    assert [line["what"] for line in carla.json("inbox")["cases"]] == ["to-rule"]
    assert "Tür fehlt" in carla.run("--lang", "de", "trade", "cases").out
    assert f"p2pmarket trade rule {disputed[:10]}" in carla.run("trade", "cases").out
    assert "Du hast „Schrank“ Carla gezeigt" in ben.run("--lang", "de", "inbox").out
    ruling = {"outcome": "cancelled", "text": "Bitte zurück"}
    at_carla("POST", CASES + "/{trade}/ruling", ruling, trade=disputed)
    reaches(ben, disputed, "receipted")
    (case,) = at_carla("GET", CASES)["results"]
    assert case["ruling"]["outcome"] == "cancelled"
    assert not case["can_rule"]
    at_carla("DELETE", CASES + "/{trade}", trade=disputed)
    assert at_carla("GET", CASES)["results"] == []

    lamp = offered(anna, ben, "Stehlampe", "--kind", "give")
    left = at_ben("POST", TRADES, {"listing": lamp})["id"]
    at_ben("POST", TRADE + "/cancellation", {"text": ""}, trade=left)
    listed = at_ben("GET", TRADES, query="?over=true")["results"]
    assert {t["id"] for t in listed} >= {loan, gift, disputed, left}

    asked = at_anna.asked | at_ben.asked | at_carla.asked
    # An appointment that is over takes time: tests/node/trades lets it pass.
    slow = {("POST", TRADE + "/no-show"), ("POST", TRADE + "/admission")}
    assert of_trades() - asked == slow


def of_trades() -> set[tuple[str, str]]:
    """The endpoints that are walked here."""
    found = {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}
    return {(m, p) for m, p in found if p.startswith((TRADES, CASES)) or p == DRAW}


def test_a_sale_at_the_terminal_says_what_to_do_next(
    three: tuple[Any, Any, Any], tmp_path: Path
) -> None:
    anna, ben, _ = three
    bike = offered(anna, ben, "Lastenrad", "--kind", "sell", "--price", "300", "--negotiable")
    asked = ben.run("--lang", "de", "trade", "propose", bike[:8], "--price", "250")
    assert asked.code == 0, asked.err
    assert "250,00 €" in asked.out
    trade = ben.json("trade", "list")["results"][0]["id"]
    reaches(anna, trade, "asked")
    shown = anna.run("--lang", "de", "trade", "show", trade[:10]).out
    assert f"p2pmarket trade promise {trade[:10]}" in shown
    assert "Ben" in shown
    assert " the " not in shown
    assert anna.run("trade", "promise", trade, "--yes").code == 0
    reaches(ben, trade, "promised")
    assert anna.run("trade", "slots", trade, "1.12.2029 17-18 Uhr").code == 0
    assert anna.run("trade", "slots", trade, "irgendwann").code == 2
    ben.until(lambda: ben.run("trade", "slots", trade, "--choose", "1").code == 0)
    calendar = tmp_path / "termin.ics"
    assert ben.run("trade", "show", trade, "--ics", str(calendar)).code == 0
    assert "BEGIN:VEVENT" in calendar.read_text("utf-8")
    wrong = ben.run("trade", "handover", trade, "--code", "-", stdin="AAAA-BBBB-CCCC-DDDD")
    assert wrong.code == 1
    code = Client(anna.folder).get(f"/v1/communities/-/trades/{trade}")["handover_code"]
    assert ben.run("trade", "handover", trade, "--code", "-", stdin=code).code == 0
    reaches(anna, trade, "receipted")
    assert ben.run("trade", "cancel", trade, "--yes").code == 1
    assert ben.run("trade", "show", "zzzzzzzz").code == 4


def test_who_asks_and_who_promises_is_told_where_terms_are_not_the_listings(
    three: tuple[Any, Any, Any],
) -> None:
    anna, ben, _ = three
    saw = offered(anna, ben, "Stichsäge", "--kind", "lend", "--lend-days", "9")
    longer = "9 days at most"
    asked = ben.run("trade", "propose", saw[:8], "--due", "2039-01-05")
    assert (asked.code, longer in asked.out) == (0, True)
    trade = ben.json("trade", "list")["results"][0]["id"]
    reaches(anna, trade, "asked")
    assert longer in anna.run("trade", "promise", trade, "--yes").out
    games = offered(anna, ben, "Brettspiele", "--kind", "swap", "--swap-for", "Tomaten")
    assert "--swap" in ben.run("trade", "propose", games[:8]).out
    ladder = offered(anna, ben, "Leiter", "--kind", "swap")
    assert "--swap" not in ben.run("trade", "propose", ladder[:8], "--swap", "Honig").out
