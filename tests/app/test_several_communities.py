"""One household in several communities: what it finds, and what names no community."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from p2pmarket.api.client import Client


@pytest.fixture(scope="module")
def anna(new_household: Callable[[], Any]) -> Any:
    """Anna, in “Lindenau”, which she founded, and in Ben's “Verein”, with listings in both."""
    anna, ben = new_household(), new_household()
    anna.init("Anna", "--place", "Hof@51.20,11.90")
    ben.init("Ben")
    for household in (anna, ben):
        household.up()
    request = {"name": "Lindenau", "rules": "", "categories": ["outdoor", "tools"]}
    Client(anna.folder).post("/v1/communities", request)
    ben.json("community", "create", "--name", "Verein", "--rules", "", "--currency", "CHF")
    anna.json("join", "--yes", stdin=ben.json("invite")["invite"])
    ben.json("join", "--yes", stdin=anna.json("invite", "--community", "Lindenau")["invite"])
    for title, kind, community, price in (
        ("Zelt für vier", "sell", "Lindenau", "80"),
        ("Familienzelt", "sell", "Verein", "40"),
        ("Kinderbett", "give", "Verein", ""),
        ("Fahrrad", "sell", "Lindenau", "60"),
        ("Gaskocher, passt ins Zelt", "sell", "Lindenau", "10"),
    ):
        shown = ("--price", price) if price else ()
        ben.json("publish", "--title", title, "--kind", kind, "--community", community, *shown)
        anna.until(lambda title=title: title in titles(anna, "--sort", "newest"))
    anna.until(lambda: anna.json("search")["sync"]["state"] == "synced")
    return anna


def titles(household: Any, *arguments: str) -> list[str]:
    return [listing["title"] for listing in household.json("search", *arguments)["results"]]


def test_a_search_finds_in_all_communities_and_says_in_which(anna: Any) -> None:
    found = anna.json("search", "Zelt")
    assert [(hit["title"], hit["community"]) for hit in found["results"]] == [
        ("Gaskocher, passt ins Zelt", "Lindenau"),
        ("Zelt für vier", "Lindenau"),
        ("Familienzelt", "Verein"),  # newer, but not quite the word
    ]
    assert [part["community"] for part in found["communities"]] == ["Lindenau", "Verein"]
    text = anna.run("search", "Zelt").out
    assert "community" in text.splitlines()[0]
    assert "“Lindenau”: Synced with 1 of 1 neighbour" in text
    assert "“Verein”: Synced with 1 of 1 neighbour" in text


def test_naming_a_community_narrows_the_search(anna: Any) -> None:
    assert titles(anna, "Zelt", "--community", "Verein") == ["Familienzelt"]
    text = anna.run("search", "Zelt", "--community", "Verein").out
    assert "community" not in text
    assert "Lindenau" not in text


def test_the_feed_of_all_is_newest_first_as_that_of_one(anna: Any) -> None:
    assert titles(anna) == [
        "Gaskocher, passt ins Zelt",
        "Fahrrad",
        "Kinderbett",
        "Familienzelt",
        "Zelt für vier",
    ]


def test_what_is_sorted_by_price_is_sorted_across_communities(anna: Any) -> None:
    assert titles(anna, "--sort", "price")[:3] == [
        "Kinderbett",
        "Gaskocher, passt ins Zelt",
        "Familienzelt",
    ]


def test_pages_follow_each_other_whatever_arrives_in_between(anna: Any) -> None:
    whole = titles(anna)
    first = anna.json("search", "--limit", "2")
    assert first["more"]
    anna.json("publish", "--title", "Neu", "--kind", "give", "--community", "Verein")
    second = anna.json("search", "--limit", "2", "--after", first["next"])
    third = anna.json("search", "--limit", "2", "--after", second["next"])
    pages = [hit["title"] for page in (first, second, third) for hit in page["results"]]
    assert pages == whole
    assert third["next"] is None
    anna.json("withdraw", anna.finds("Neu")[0]["id"])
    outcome = anna.run("search", "--after", "nonsense", "--json")
    assert outcome.body["error"]["code"] == "page-unreadable"


def test_a_community_that_cannot_be_asked_this_is_left_out_and_says_why(anna: Any) -> None:
    found = anna.json("search", "--category", "furniture")
    assert [part["community"] for part in found["communities"]] == ["Verein"]
    assert [part["error"]["code"] for part in found["left_out"]] == ["category-unknown"]
    text = anna.run("search", "--category", "furniture").out
    assert "Without “Lindenau”: This community has no category “furniture”." in text
    outcome = anna.run("search", "--category", "unsinn", "--json")
    assert outcome.body["error"]["code"] == "category-unknown"
    assert anna.run("search", "--by", "Niemand").code == 4


def test_an_id_tells_which_community_is_meant(anna: Any) -> None:
    for title, community in (("Fahrrad", "Lindenau"), ("Kinderbett", "Verein")):
        (hit,) = anna.json("search", title)["results"]
        shown = anna.json("show", hit["id"][:8])["results"][0]
        assert (shown["title"], shown["community"]) == (title, community)
    assert anna.run("show", "zzzzzz").code == 4
    assert anna.run("thread", "Niemand").code == 4
    published = anna.json(
        "publish", "--title", "Lampe", "--kind", "give", "--community", "Lindenau"
    )
    lamp = published["results"][0]["id"]
    assert anna.json("edit", lamp, "--title", "Leuchte")["results"][0]["title"] == "Leuchte"
    assert [mine["community"] for mine in anna.json("mine")["results"]] == ["Lindenau"]
    anna.json("withdraw", lamp)


def test_what_could_be_meant_in_several_communities_is_asked_for(anna: Any) -> None:
    outcome = anna.run("publish", "--title", "Lampe", "--kind", "give", "--json")
    assert outcome.body["error"]["code"] == "community-not-named"
    assert anna.run("thread", "Ben", "--json").body["error"]["code"] == "community-not-named"


def test_inbox_trades_and_members_are_those_of_all_communities_each_named(anna: Any) -> None:
    anna.json("message", "Ben", "Hallo Linde", "--community", "Lindenau")
    anna.json("message", "Ben", "Hallo Verein", "--community", "Verein")
    inbox = anna.json("inbox")
    assert {(one["community"], one["last_text"]) for one in inbox["results"]} == {
        ("Lindenau", "Hallo Linde"),
        ("Verein", "Hallo Verein"),
    }
    assert [part["community"] for part in inbox["communities"]] == ["Lindenau", "Verein"]
    assert "community" in anna.run("inbox").out.splitlines()[0]
    (narrow,) = anna.json("inbox", "--community", "Verein")["results"]
    assert narrow["last_text"] == "Hallo Verein"
    for title in ("Fahrrad", "Kinderbett"):
        (hit,) = anna.json("search", title)["results"]
        anna.json("trade", "propose", hit["id"])
    trades = anna.json("trade", "list")["results"]
    assert {(one["title"], one["community"]) for one in trades} == {
        ("Kinderbett", "Verein"),
        ("Fahrrad", "Lindenau"),
    }
    assert "community" in anna.run("trade", "list").out.splitlines()[0]
    assert "community" not in anna.run("trade", "list", "--community", "Verein").out
    members = anna.json("members")["results"]
    assert sorted((one["community"], one["name"]) for one in members) == [
        ("Lindenau", "Anna"),
        ("Lindenau", "Ben"),
        ("Verein", "Anna"),
        ("Verein", "Ben"),
    ]
    text = anna.run("members").out
    assert text.index("“Lindenau”:") < text.index("“Verein”:")
    assert text.count("2 households.") == 2
    assert "“Lindenau”:" not in anna.run("members", "--community", "Lindenau").out
    assert "“Verein”:" in anna.run("members", "--tree").out


def test_a_removal_is_taken_back_by_an_id_alone(anna: Any) -> None:
    members = anna.json("members", "--community", "Lindenau")["results"]
    gone = next(one["id"] for one in members if one["name"] == "Ben")
    anna.json("remove", gone, "--why", "Nur so", "--yes")
    assert [one["name"] for one in anna.json("members")["removed"]] == ["Ben"]
    undone = anna.json("remove", gone[:10], "--undo")
    assert [one["name"] for one in undone["returning"]] == ["Ben"]
    anna.until(lambda: len(anna.json("members", "--community", "Lindenau")["results"]) == 2)


def test_a_label_goes_to_the_community_in_which_its_subject_is(anna: Any) -> None:
    bed = next(h for h in anna.json("search", "Kinderbett")["results"])["id"]
    anna.json("label", bed[:8], "warn", "--reason", "Wackelt.")
    labelled = anna.json("labels", "list", "--community", "Verein")["mine"]
    assert [(one["subject"]["title"], one["reason"]) for one in labelled] == [
        ("Kinderbett", "Wackelt.")
    ]
    assert anna.json("labels", "list", "--community", "Lindenau")["mine"] == []
    anna.json("label", bed[:8], "--withdraw")
    assert anna.run("label", "Nirgends", "warn", "--reason", "x").code == 4
