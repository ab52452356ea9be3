"""Windows between communities: which one a name means, and how two versions of the rules differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from p2pmarket.api.shapes import to_json
from p2pmarket.charter_differences import differences
from p2pmarket.cli.carried_texts import mark_lines, marked, marks_of
from p2pmarket.cli.charter_texts import difference_lines
from p2pmarket.cli.window_texts import agreement_lines, before_opening
from p2pmarket.listing_fields import Context, read_listing_fields
from p2pmarket.listing_windows import required_window, still_named, window_names
from p2pmarket.texts import use_language
from protocol.charter import SALT_BYTES, Charter, Window
from protocol.errors import LocalError
from protocol.ids import CommunityId, text_of
from protocol.limits import DAY_MS

CLUB, SCHOOL, OTHER = (CommunityId(bytes([n]) * 32) for n in (1, 2, 3))
RULES = Charter(
    name="Lindenau",
    rules="",
    salt=bytes(SALT_BYTES),
    windows=(Window(CLUB, "Verein", ("tools", "garden")), Window(SCHOOL, "Schule", ("tools",))),
)
NOW_MS = 1_790_000_000_000


@pytest.fixture(autouse=True)
def wide_and_english_again(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("COLUMNS", "400")
    yield
    use_language("en")


@pytest.mark.parametrize("typed", ["Verein", " vEREIN ", text_of(CLUB), text_of(CLUB)[:4].upper()])
def test_a_window_is_named_by_its_name_or_by_the_beginning_of_its_id(typed: str) -> None:
    assert required_window(typed, RULES).community == CLUB


@pytest.mark.parametrize("typed", ["", "Ver", text_of(CLUB)[:3], text_of(OTHER)])
def test_what_names_no_window_is_refused_with_those_that_there_are(typed: str) -> None:
    with pytest.raises(LocalError) as refused:
        required_window(typed, RULES)
    assert (refused.value.code, refused.value.fields["allowed"]) == (
        "window-unknown", "Verein, Schule",
    )  # fmt: skip


def test_of_two_windows_that_a_name_can_mean_the_id_tells_which_is_meant() -> None:
    club, school = RULES.windows
    same = replace(RULES, windows=(club, replace(school, name="VEREIN")))
    with pytest.raises(LocalError) as refused:
        required_window("Verein", same)
    assert refused.value.code == "window-ambiguous"
    assert required_window(text_of(SCHOOL)[:6], same).community == SCHOOL


def test_an_edit_keeps_where_a_listing_may_be_shown_as_far_as_the_rules_still_say_so() -> None:
    context = Context(RULES, NOW_MS)
    fields: dict[str, object] = {"title": "Axt", "kind": "give", "category": "tools"}
    axe = read_listing_fields({**fields, "shown_to": "Schule; Verein"}, context)
    assert axe.shown_to == (CLUB, SCHOOL)
    assert read_listing_fields({"title": "Beil"}, context, axe).shown_to == (CLUB, SCHOOL)
    less = read_listing_fields({"no_show_in": ["Schule"]}, context, axe)
    assert less.shown_to == (CLUB,)
    assert read_listing_fields({"show_in": ["Schule"]}, context, less) == axe
    later = Context(replace(RULES, windows=RULES.windows[1:]), NOW_MS)
    assert read_listing_fields({"title": "Beil"}, later, axe).shown_to == (SCHOOL,)
    assert still_named(axe.shown_to, later.charter) == (SCHOOL,)
    assert window_names(axe.shown_to, later.charter) == [text_of(CLUB), "Schule"]
    assert axe.visible_until_ms > NOW_MS + DAY_MS


def test_a_category_that_a_window_does_not_name_is_refused_when_it_is_chosen() -> None:
    context = Context(RULES, NOW_MS)
    fields: dict[str, object] = {"title": "Axt", "kind": "give", "shown_to": ["Verein", "Schule"]}
    for category in ("garden", None):
        with pytest.raises(LocalError) as refused:
            read_listing_fields({**fields, "category": category}, context)
        assert refused.value.code == "window-category"
        assert refused.value.fields["category"] == (category or "other")
    axe = read_listing_fields({**fields, "category": "tools"}, context)
    with pytest.raises(LocalError, match="window-category"):
        read_listing_fields({"category": "garden"}, context, axe)


def sentences(before: Charter, after: Charter) -> str:
    return " ".join(difference_lines([to_json(one) for one in differences(before, after)]))


def test_what_two_versions_say_of_windows_is_told_in_sentences() -> None:
    club, school = RULES.windows
    none = replace(RULES, windows=())
    assert "New: a window to “Verein”" in sentences(none, RULES)
    assert "somebody there does: Tools, Garden." in sentences(none, RULES)
    assert sentences(RULES, none).count("ends: nothing from there is shown here any more.") == 2
    renamed = replace(club, name="Garten", categories=("garden", "help"))
    told = sentences(RULES, replace(RULES, windows=(renamed, school)))
    assert f"to “Garten” ({text_of(CLUB)[:10]}) also goes: Help." in told
    assert "no longer goes: Tools." in told
    assert "What was called “Verein”" in told
    assert "Schule" not in told
    turned = replace(club, categories=("garden", "tools"))
    assert "in another order" in sentences(RULES, replace(RULES, windows=(turned, school)))
    assert "in another order" in sentences(RULES, replace(RULES, windows=(school, club)))
    use_language("de")
    assert "Neu: ein Fenster zu „Verein“" in sentences(none, RULES)


@pytest.mark.parametrize(
    ("theirs", "both", "said"),
    [
        (None, [], "cannot be seen from here"),
        ([], [], "has not agreed to it yet"),
        (["food"], [], "but to none of these categories"),
        (["tools"], ["tools"], "agrees to it. Through it goes: Tools."),
    ],
)
def test_it_is_said_whether_the_other_community_agrees(
    theirs: list[str] | None, both: list[str], said: str
) -> None:
    window = {"name": "Verein", "categories": ["tools"], "their_categories": theirs, "open": both}
    assert said in " ".join(agreement_lines(window))
    assert agreement_lines({**window, "categories": []}) == []


@pytest.mark.parametrize(("newcomer", "lines"), [(False, 3), (True, 4)])
def test_a_newcomer_is_told_that_nobody_sees_yet_what_it_shows_for_others(
    newcomer: bool, lines: int
) -> None:
    window = {"name": "Verein", "into": "Lindenau", "open": ["tools"]}
    told = before_opening(window, {"newcomer": newcomer, "slots": 2})
    assert len(told) == lines
    assert "you belong to “Verein”" in told[0]
    assert ("of yours (2), they see none" in told[-1]) == newcomer


def test_marks_tell_apart_what_is_from_which_community() -> None:
    def listing(community: str | None, *shown_to: str) -> dict[str, object]:
        origin = None if community is None else {"community": community, "name": community}
        return {"origin": origin, "mine": community is None, "shown_to": [*shown_to]}

    listings = [listing("b"), listing(None, "c", "d"), listing("a"), listing("b"), listing(None)]
    marks = marks_of(listings)
    assert [marked(one, "x", marks) for one in listings] == ["* x", "+ x", "** x", "* x", "x"]
    assert mark_lines(listings, with_household=True) == [
        "* from “b”; the household named only shows it here",
        "** from “a”; the household named only shows it here",
        "+ members may show it in a neighbouring community too: “c”, “d”",
    ]
