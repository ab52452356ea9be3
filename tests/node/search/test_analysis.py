from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from node.search.analysis import analyse, category_token

SELL, KIT = 1, 7


def test_title_and_tags_are_what_a_listing_is_about_the_rest_is_passing() -> None:
    analysed = analyse("Esstisch", ("Eiche",), "Passt zu Stühlen", "Bank", "furniture", SELL)
    assert set(analysed.tokens.split()) == {
        "@furniture",
        "@1",
        "esstisch",
        "<hcsitsse",
        "eiche",
        "<hcie",
        ">tssap",
        ">lheuts",
        ">knab",
    }
    assert analysed.vocabulary == {"esstisch", "eiche", "passt", "stuehlen", "bank"}


def test_a_kit_is_about_what_it_contains() -> None:
    text = "Teller, Gläser, Besteck für 30. Bitte gespült zurück."
    tokens = analyse("Party-Set", (), text, "", "events", KIT).tokens.split()
    assert {"teller", "glaeser", "besteck", ">tleupseg"} <= set(tokens)
    assert "teller" not in analyse("Party-Set", (), text, "", "events", SELL).tokens.split()


def test_a_category_is_one_token() -> None:
    assert category_token("books-media") == "@booksmedia"


@given(st.text(), st.lists(st.text()), st.text(), st.text(), st.text(), st.integers(0, 255))
def test_any_text_is_analysed(
    title: str, tags: list[str], description: str, swap_for: str, category: str, kind: int
) -> None:
    analysed = analyse(title, tags, description, swap_for, category, kind)
    assert "\0" not in analysed.tokens
    assert all(word.isalpha() for word in analysed.vocabulary)
