"""Windows between neighbouring communities: what an author opts in is shown there, and follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from p2pmarket.api.client import Client
from protocol.errors import LocalError
from protocol.limits import MAX_WINDOWS


@dataclass(frozen=True, slots=True)
class Street:
    """Anna, who founded “Lindenau”; Ben, who founded “Verein”; Mia and Cem, who belong to both."""

    anna: Any
    ben: Any
    mia: Any
    cem: Any
    lindenau: str
    verein: str


@pytest.fixture(scope="module")
def street(new_household: Callable[[], Any]) -> Street:
    """Two communities whose rules name each other, for tools and garden here, tools there."""
    anna, ben, mia, cem = (new_household() for _ in range(4))
    for household, name in ((anna, "Anna"), (ben, "Ben"), (mia, "Mia"), (cem, "Cem")):
        household.init(name)
        household.up()
    lindenau = anna.json("community", "create", "--name", "Lindenau", "--rules", "")["id"]
    verein = ben.json("community", "create", "--name", "Verein", "--rules", "")["id"]
    for founder in (anna, ben):
        invite = founder.json("invite", "--uses", "2")["invite"]
        for household in (mia, cem):
            household.json("join", "--yes", stdin=invite)
    for household in (mia, cem):
        household.until(lambda household=household: statuses(household) == {"confirmed"})
    propose(anna, f"{verein}=Gartenverein", "tools", "Garten")
    propose(ben, f"{lindenau}=Lindenau", "tools")
    for household in (mia, cem):
        for name in ("Lindenau", "Verein"):
            agree(household, name, 2)
    return Street(anna, ben, mia, cem, lindenau, verein)


def statuses(household: Any) -> set[str]:
    return {community["my_status"] for community in household.json("status")["communities"]}


def propose(steward: Any, window: str, *categories: str) -> dict[str, Any]:
    typed = [part for name in categories for part in ("--window-category", name)]
    found = steward.json("charter", "propose", "--window", window, *typed, "--yes")
    assert isinstance(found, dict)
    return found


def agree(household: Any, community: str, version: int) -> None:
    """Wait until a version is in force, and consent to it."""

    def in_force() -> bool:
        shown = household.json("charter", "show", "--community", community)
        return bool(shown["in_force"]["number"] == version)

    household.until(in_force)
    household.json("charter", "consent", "--community", community, "--yes")


def shown(household: Any) -> list[str]:
    return sorted(listing["title"] for listing in household.finds())


def offer(author: Any, title: str, *more: str) -> str:
    typed = ("--title", title, "--kind", "give", "--category", "tools", *more)
    return str(author.json("publish", *typed)["results"][0]["id"])


def refused(household: Any, *arguments: str) -> tuple[str, dict[str, Any]]:
    outcome = household.run(*arguments, "--json")
    assert outcome.code, outcome
    error = outcome.body["error"]
    return error["code"], error["fields"]


def windows(household: Any, *options: str) -> list[dict[str, Any]]:
    found = household.json("window", "list", *options)["results"]
    assert isinstance(found, list)
    return found


@pytest.fixture(scope="module")
def ladder(street: Street) -> str:
    """Ben's ladder, which may be shown in Lindenau; Mia shows it there. His hammer may not be."""
    ladder = offer(street.ben, "Leiter", "--show-in", "Lindenau")
    offer(street.ben, "Hammer")
    street.mia.until(lambda: {"Hammer", "Leiter"} <= set(shown(street.mia)))
    street.mia.json("window", "open", "Verein", "--into", "Lindenau", "--yes")
    street.anna.until(lambda: bool(shown(street.anna)))
    return ladder


def test_before_anybody_opens_a_window_it_says_what_both_rules_name(street: Street) -> None:
    here, there = windows(street.mia)
    assert (here["into"], here["name"], here["community"]) == (
        "Lindenau", "Gartenverein", street.verein,
    )  # fmt: skip
    assert here["categories"] == ["tools", "garden"]
    assert (here["their_categories"], here["open"]) == (["tools"], ["tools"])
    assert (there["into"], there["name"], there["carries"]) == ("Verein", "Lindenau", False)
    (annas,) = windows(street.anna)
    assert (annas["their_categories"], annas["open"]) == (None, [])
    text = street.anna.run("charter", "show").out
    assert "Windows to neighbours: “Gartenverein” (Tools, Garden)" in text
    assert "you do not belong to it" in text
    assert street.lindenau in text
    assert street.lindenau in street.anna.run("status").out


def test_an_author_is_told_before_who_will_see_it_and_nothing_is_opened_silently(
    street: Street,
) -> None:
    ben = street.ben
    typed = ("publish", "--title", "Sofa", "--kind", "give")
    code, fields = refused(ben, *typed, "--category", "Möbel", "--show-in", "Lindenau")
    assert (code, fields["category"], fields["allowed"]) == (
        "window-category", "furniture", "tools",
    )  # fmt: skip
    assert refused(ben, *typed, "--show-in", "Lindenau")[0] == "window-category"
    code, fields = refused(ben, *typed, "--category", "tools", "--show-in", "Südstadt")
    assert (code, fields["allowed"]) == ("window-unknown", "Lindenau")
    assert not ben.finds("Sofa")
    outcome = ben.run(
        "publish", "--title", "Säge", "--kind", "give", "--category", "tools", "--show-in",
        street.lindenau[:8],
    )  # fmt: skip
    assert "Everybody in “Lindenau” can read it as well" in outcome.out, outcome
    assert outcome.out.index("Everybody") < outcome.out.index("Published")
    assert ben.finds("Säge")[0]["shown_to"] == ["Lindenau"]
    ben.json("withdraw", ben.finds("Säge")[0]["id"])


def test_without_a_person_who_agrees_no_window_is_opened(street: Street) -> None:
    outcome = street.mia.run("window", "open", "Verein", "--into", "Lindenau")
    assert outcome.code == 2
    assert "will see that you belong to “Gartenverein”" in outcome.out
    assert not any(window["carries"] for window in windows(street.mia))
    assert refused(street.mia, "window", "open", "Lindenau", "--into", "Lindenau", "--yes") == (
        "window-to-itself", {},
    )  # fmt: skip
    assert refused(street.anna, "window", "open", "Verein", "--into", "Lindenau", "--yes")[0] == (
        "community-not-found"
    )


@pytest.mark.covers("WIN-3")
def test_only_what_its_author_opted_in_is_shown_and_without_the_author(
    street: Street, ladder: str
) -> None:
    (found,) = street.anna.finds()
    assert (found["title"], found["household"], found["carried_by"]) == ("Leiter", "Mia", "Mia")
    assert found["origin"]["name"] == "Gartenverein"
    assert found["origin"]["community"] == street.verein
    assert (found["origin"]["listing"], found["shown_to"], found["mine"]) == (None, [], False)
    table = street.anna.run("search").out
    assert "  * Leiter" in table
    assert "* from “Gartenverein”; the household named only shows it here" in table
    text = street.anna.run("show", found["id"])
    assert "Gartenverein, shown by Mia" in text.out
    assert f"p2pmarket message --listing {found['id'][:8]}" in text.out
    anywhere = str(street.anna.json("show", found["id"])) + str(street.anna.json("members"))
    ben = street.ben.json("status")["communities"][0]["household_id"]
    for secret in ("Ben", ben, ladder):
        assert secret not in anywhere


@pytest.mark.covers("WIN-9")
def test_what_is_shown_for_another_is_asked_for_by_letter_to_who_shows_it(
    street: Street, ladder: str
) -> None:
    anna, mia = street.anna, street.mia
    id = anna.finds()[0]["id"]
    code, fields = refused(anna, "trade", "propose", id)
    assert code == "ask-the-carrier"
    assert (fields["household"], fields["community"], fields["id"]) == (
        "Mia", "Gartenverein", id[:8],
    )  # fmt: skip
    bag = offer(anna, "Beutel")
    swap = ("trade", "propose", bag, "--swap-listing", id)
    mia.until(lambda: mia.run("show", bag).code == 0)
    assert refused(mia, *swap)[0] == "listing-carried"
    anna.json("withdraw", bag)
    anna.json("message", "--listing", id[:8], "Ist sie noch da?")
    inbox = ("inbox", "--community", "Lindenau")
    mia.until(lambda: mia.json(*inbox)["unread"] == 1)
    (thread,) = mia.json(*inbox)["results"]
    assert (thread["household"], thread["title"]) == ("Anna", "Leiter")
    text = " ".join(mia.run("thread", "Anna").out.split())
    assert f"for “Ben” in “Gartenverein”; pass it on: p2pmarket message --listing {ladder[:8]}" in (
        text
    )
    origin = mia.json("show", id)["results"][0]["origin"]
    assert (origin["listing"], origin["author"]) == (ladder, "Ben")
    assert "There it is from “Ben”" in mia.run("show", id).out


def test_who_shows_it_cannot_change_it(street: Street, ladder: str) -> None:
    mia, id = street.mia, street.anna.finds()[0]["id"]
    for command in (
        ("edit", id, "--title", "Meine Leiter"),
        ("mark", "taken", id),
        ("renew", id),
        ("withdraw", id),
        ("cross-post", id, "--to", "Verein"),
    ):
        assert refused(mia, *command) == ("listing-carried", {"title": "Leiter"}), command
    text = mia.run("mine").out
    assert "You have published nothing yet" in text
    assert "1 listing that you show for somebody in a neighbouring community:" in text
    table = street.ben.run("mine").out
    assert "  + Leiter" in table
    assert "+ members may show it in a neighbouring community too: “Lindenau”" in table
    rows = Client(mia.folder).get("/v1/communities/Lindenau/export")["rows"]
    assert rows == []  # what is another's is not taken along


@pytest.mark.covers("WIN-6")
def test_what_its_author_changes_reserves_or_withdraws_is_followed(
    street: Street, ladder: str
) -> None:
    anna, ben = street.anna, street.ben
    ben.json("edit", ladder, "--title", "Lange Leiter")
    anna.until(lambda: shown(anna) == ["Lange Leiter"])
    assert ben.json("show", ladder)["results"][0]["shown_to"] == ["Lindenau"]
    ben.json("mark", "reserved", ladder)
    anna.until(lambda: not anna.finds("--taken"))
    ben.json("mark", "open", ladder)
    anna.until(lambda: shown(anna) == ["Lange Leiter"])
    saw = offer(ben, "Säge", "--show-in", "Lindenau")
    anna.until(lambda: shown(anna) == ["Lange Leiter", "Säge"])
    ben.json("withdraw", saw)
    anna.until(lambda: shown(anna) == ["Lange Leiter"])


def test_an_author_lets_it_be_shown_later_and_takes_that_back(street: Street, ladder: str) -> None:
    anna, ben = street.anna, street.ben
    hammer = next(x["id"] for x in ben.json("mine")["results"] if x["title"] == "Hammer")
    outcome = ben.run("edit", hammer, "--show-in", "Lindenau")
    assert outcome.out.index("Everybody in “Lindenau”") < outcome.out.index("Changed.")
    anna.until(lambda: "Hammer" in shown(anna))
    assert refused(ben, "edit", hammer, "--category", "garden")[0] == "window-category"
    ben.json("edit", hammer, "--no-show-in", "Lindenau")
    anna.until(lambda: "Hammer" not in shown(anna))
    assert refused(ben, "edit", hammer, "--no-show-in", "Südstadt")[0] == "window-unknown"


def test_a_file_says_where_a_listing_may_be_shown_and_a_file_that_does_not_changes_nothing(
    street: Street, ladder: str
) -> None:
    anna, ben = street.anna, street.ben
    row = '{"id": "B1", "title": "Bohrer", "kind": "give", "category": "tools", '

    def publish(rest: str) -> dict[str, Any]:
        found = ben.json("publish", "--from", "-", stdin=row + rest + "}\n")
        assert isinstance(found, dict)
        return found

    made = publish('"shown_to": ["Lindenau"]')
    assert (made["unknown_fields"], made["results"][0]["shown_to"]) == ([], ["Lindenau"])
    anna.until(lambda: "Bohrer" in shown(anna))
    assert publish('"tags": []')["unchanged"] == 1
    changed = publish('"description": "Mit Koffer"')
    assert (changed["changed"], changed["results"][0]["shown_to"]) == (1, ["Lindenau"])
    outcome = ben.run("publish", "--from", "-", stdin=row + '"shown_to": ["Südstadt"]}\n')
    assert "no window to “Südstadt”" in outcome.out + outcome.err
    rows = Client(ben.folder).get("/v1/communities/Verein/export")["rows"]
    assert [one.get("shown_to") for one in rows if one["title"] == "Bohrer"] == [["Lindenau"]]
    assert publish('"shown_to": []')["results"][0]["shown_to"] == []
    anna.until(lambda: "Bohrer" not in shown(anna))


def test_a_second_household_that_belongs_to_both_does_not_show_it_twice(
    street: Street, ladder: str
) -> None:
    street.cem.json("window", "open", street.verein[:6], "--into", "Lindenau", "--yes")
    broom = offer(street.ben, "Besen", "--show-in", "Lindenau")
    # For a moment both may, until the one that comes later has seen the other's.
    street.anna.until(lambda: shown(street.anna) == ["Besen", "Lange Leiter"])
    street.ben.json("withdraw", broom)
    street.anna.until(lambda: "Besen" not in shown(street.anna))
    street.cem.json("window", "close", "Gartenverein", "--into", "Lindenau")
    assert refused(street.cem, "window", "close", "Verein", "--into", "Lindenau")[0] == (
        "nothing-carried"
    )
    street.anna.until(lambda: shown(street.anna) == ["Lange Leiter"])


@pytest.mark.covers("WIN-8")
def test_a_window_that_the_rules_close_shows_nothing_until_they_open_it_again(
    street: Street, ladder: str
) -> None:
    anna, mia = street.anna, street.mia
    id = anna.finds()[0]["id"]
    mia.stop()  # what she shows stands on, and yet nobody sees it
    outcome = anna.run("charter", "propose", "--no-window", "Gartenverein")
    assert "The window to “Gartenverein”" in outcome.out
    assert "ends: nothing from there is shown here any more" in outcome.out
    anna.json("charter", "propose", "--no-window", "Gartenverein", "--yes")
    anna.until(lambda: not anna.finds())
    (hidden,) = anna.json("show", id)["results"]
    assert [notice["cause"] for notice in hidden["notices"]] == ["no-window"]
    assert "the rules here name no window to it" in anna.run("show", id).out
    mia.up()
    anna.until(lambda: anna.run("show", id).code == 4)  # and now it is withdrawn
    assert refused(anna, "charter", "propose", "--no-window", "Gartenverein")[0] == "no-windows"
    (here,) = windows(mia, "--community", "Lindenau")
    assert (here["categories"], here["carries"], here["name"]) == ([], True, "Verein")
    again = propose(anna, f"{street.verein}=Gartenverein", "tools")
    (change,) = again["version"]["differences"] or [{"windows": []}]
    assert change["windows"] == []  # it is in force: nothing differs from it
    agree(mia, "Lindenau", 4)
    anna.until(lambda: shown(anna) == ["Lange Leiter"])


def test_what_the_rules_no_longer_name_an_edit_leaves_out(street: Street, ladder: str) -> None:
    anna, ben = street.anna, street.ben
    ben.json("charter", "propose", "--no-window", "Lindenau", "--yes")
    anna.until(lambda: not anna.finds())
    assert ben.json("renew", ladder)["results"][0]["shown_to"] == []
    code, _fields = refused(ben, "edit", ladder, "--show-in", "Lindenau")
    assert code == "no-windows"
    propose(ben, f"{street.lindenau}=Lindenau", "tools")
    agree(street.mia, "Verein", 4)
    street.cem.until(lambda: len(windows(street.cem, "--community", "Lindenau")[0]["open"]) == 1)
    opening = ("window", "open", "Verein", "--into", "Lindenau", "--yes")
    assert refused(street.cem, *opening)[0] == "consent-needed"
    ben.json("edit", ladder, "--show-in", "Lindenau")
    anna.until(lambda: shown(anna) == ["Lange Leiter"])


def test_closing_takes_back_what_is_shown(street: Street, ladder: str) -> None:
    anna, mia = street.anna, street.mia
    text = mia.run("window", "close", "Verein", "--into", "Lindenau").out
    assert "You show nothing from “Gartenverein” in “Lindenau” any more." in text
    assert "1 listing disappears there." in text
    anna.until(lambda: not anna.finds())
    assert not any(window["carries"] for window in windows(mia))
    assert street.ben.json("show", ladder)["results"][0]["shown_to"] == ["Lindenau"]


def test_who_leaves_the_one_community_shows_nothing_of_it_in_the_other(
    street: Street, ladder: str
) -> None:
    anna, cem = street.anna, street.cem
    for name in ("Lindenau", "Verein"):
        agree(cem, name, 4)
    cem.json("window", "open", "Verein", "--into", "Lindenau", "--yes")
    anna.until(lambda: shown(anna) == ["Lange Leiter"])
    cem.json("leave", "Verein", "--yes", "--no-export")
    anna.until(lambda: not anna.finds())


def test_rules_name_no_window_that_could_not_be_one(street: Street) -> None:
    anna = street.anna
    for window, code in (
        ("Südstadt", "window-needs-id"),
        (street.lindenau, "window-to-itself"),
        ("a" * 52, "window-needs-name"),
    ):
        typed = ("charter", "propose", "--window", window, "--window-category", "tools")
        assert refused(anna, *typed)[0] == code
    unknown = ("--window", street.verein, "--window-category", "Unfug")
    assert refused(anna, "charter", "propose", *unknown)[0] == "category-unknown"
    assert anna.run("charter", "propose", "--window", street.verein).code == 2
    second = ("--window", f"{'b' * 52}=Gartenverein", "--window-category", "tools")
    assert refused(anna, "charter", "propose", *second)[0] == "window-name-taken"
    wishes = [
        {"community": letter * 52, "name": letter.upper(), "categories": ["tools"]}
        for letter in "abcdefghijkl"[: MAX_WINDOWS + 1]
    ]
    for field in ("windows", "add_windows"):
        request = {field: wishes, "preview": True}
        with pytest.raises(LocalError, match="too-many-windows"):
            Client(anna.folder).post("/v1/communities/-/charter/versions", request)
