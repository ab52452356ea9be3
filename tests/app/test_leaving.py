"""Leaving a community: one's data goes along, neighbours hear of it, coming back works."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def pair(new_household: Callable[[], Any]) -> tuple[Any, Any]:
    """Anna, who founded “Hof”, and Ben, a member of it with a listing and a message."""
    anna, ben = new_household(), new_household()
    anna.init("Anna")
    ben.init("Ben", "--place", "Küche")
    for household in (anna, ben):
        household.up()
    anna.json("community", "create", "--name", "Hof", "--rules", "")
    come_back(anna, ben)
    ben.json("publish", "--title", "Rad", "--kind", "sell", "--price", "30", "--tag", "alt")
    ben.json("message", "Anna", "Hallo,\nist jemand da?")
    anna.until(lambda: len(anna.finds("Rad")) == 1)
    return anna, ben


def come_back(anna: Any, ben: Any) -> None:
    ben.json("join", "--yes", stdin=anna.json("invite")["invite"])
    ben.until(lambda: status(ben) == ["confirmed"])


def status(household: Any) -> list[str]:
    return [community["my_status"] for community in household.json("status")["communities"]]


def test_a_household_takes_its_data_along_and_its_listings_vanish(
    pair: tuple[Any, Any], tmp_path: Path
) -> None:
    anna, ben = pair
    folder = tmp_path / "mine"
    unasked = ben.run("leave", "Hof", "--export", str(folder))
    assert unasked.code == 2
    assert "--yes" in unasked.err
    assert status(ben) == ["confirmed"]
    outcome = ben.run("leave", "Hof", "--yes", "--export", str(folder))
    assert outcome.code == 0, outcome
    assert "1 listing of yours disappears from the nodes of 1 other household" in outcome.out
    assert "1 listing, 0 trades of yours, 0 receipts, 1 message." in outcome.out
    assert not outcome.err
    anna.until(lambda: not anna.finds("Rad"))
    anna.until(lambda: anna.json("members")["results"][1]["status"] == "left")
    found = ben.json("status")
    assert found["communities"] == []
    assert [kept["name"] for kept in found["kept"]] == ["Hof"]
    assert (Path(found["kept"][0]["folder"]) / "market.db").exists()
    (row,) = map(json.loads, (folder / "listings.jsonl").read_text("utf-8").splitlines())
    assert (row["title"], row["price_minor"], row["tags"]) == ("Rad", 3000, ["alt"])
    threads = json.loads((folder / "messages.json").read_text("utf-8"))
    assert threads[0]["results"][0]["text"] == "Hallo,\nist jemand da?"
    assert "ist jemand da?" in (folder / "summary.txt").read_text("utf-8")
    records = json.loads((folder / "household.json").read_text("utf-8"))["records"]
    assert any(b"Rad" in bytes.fromhex(record) for record in records)
    for file in (folder, *folder.iterdir()):
        assert file.stat().st_mode & 0o077 == 0
    ben.stop()
    ben.up()
    assert status(ben) == []


def test_coming_back_with_an_invite_goes_on_with_what_was_kept(
    pair: tuple[Any, Any], tmp_path: Path
) -> None:
    anna, ben = pair
    before = ben.json("device", "list")["results"]
    ben.json("export", str(tmp_path / "data"))
    ben.json("leave", "--yes", "--no-export")
    come_back(anna, ben)
    assert ben.json("status")["kept"] == []
    assert [d["number"] for d in ben.json("device", "list")["results"]] == [
        d["number"] for d in before
    ]
    assert len(ben.json("thread", "Anna")["results"]) == 1
    ben.json("publish", "--from", str(tmp_path / "data" / "listings.jsonl"))
    anna.until(lambda: [hit["title"] for hit in anna.finds("Rad")] == ["Rad"])
    assert anna.json("members")["results"][1]["name"] == "Ben"


def test_with_delete_nothing_stays_and_coming_back_begins_anew(pair: tuple[Any, Any]) -> None:
    anna, ben = pair
    left = ben.json("leave", "--yes", "--no-export", "--delete")
    assert left["told"]
    assert not any((ben.folder / "communities").iterdir())
    come_back(anna, ben)
    assert ben.json("inbox")["results"] == []


@pytest.mark.covers("TRN-70")
def test_who_leaves_while_nobody_is_there_says_goodbye_later(pair: tuple[Any, Any]) -> None:
    anna, ben = pair
    anna.stop()
    ben.until(lambda: ben.json("search")["sync"]["state"] == "offline")
    outcome = ben.run("leave", "--yes", "--no-export")
    assert "No neighbour could be told yet." in outcome.out
    assert status(ben) == ["left"]
    ben.stop()
    ben.up()
    assert status(ben) == ["left"]
    anna.up()
    anna.until(lambda: not anna.finds("Rad"))
    ben.until(lambda: status(ben) == [])
    assert [kept["name"] for kept in ben.json("status")["kept"]] == ["Hof"]


def test_open_trades_are_named_and_hold_one_back(pair: tuple[Any, Any], tmp_path: Path) -> None:
    anna, ben = pair
    anna.json("trade", "propose", anna.finds("Rad")[0]["id"])
    ben.until(lambda: len(ben.json("trade", "list")["results"]) == 1)
    outcome = ben.run("leave", "--yes", "--export", str(tmp_path / "mine"))
    assert outcome.code == 1
    assert "Still open: “Rad” with Anna" in outcome.out
    assert "Trades are still open: Rad." in outcome.err
    assert not (tmp_path / "mine").exists()
    assert status(ben) == ["confirmed"]
    left = ben.json("leave", "--yes", "--force", "--export", str(tmp_path / "mine"))
    assert [trade["title"] for trade in left["left_open"]] == ["Rad"]
    assert left["exported"]["trades"] == 1


def test_the_founder_stays_and_a_folder_that_exists_is_left_alone(
    pair: tuple[Any, Any], tmp_path: Path
) -> None:
    anna, ben = pair
    outcome = anna.run("leave", "--yes", "--json")
    assert outcome.body["error"]["code"] == "founder-stays"
    outcome = ben.run("leave", "--yes", "--export", str(tmp_path), "--json")
    assert outcome.body["error"]["code"] == "export-exists"
    assert ben.run("export", "/dev/null/x", "--json").body["error"]["code"] == "export-not-writable"
    assert status(ben) == ["confirmed"]
    assert ben.run("leave", "Nirgends", "--yes").code == 4
