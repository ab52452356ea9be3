from __future__ import annotations

import pytest

from node.search.compounds import (
    Fit,
    compound_fit,
    dot_variants,
    halves,
    joined,
    modified,
    other_number,
)


@pytest.mark.parametrize(
    ("before", "head", "fit"),
    [
        ("fahr", "rad", Fit.YES),
        ("g", "rad", Fit.NO),
        ("um", "zug", Fit.NO),
        ("schlafan", "zug", Fit.UNLESS_DERIVED),
        ("moni", "tor", Fit.IF_KNOWN),
        ("kaffeevollau", "tomat", Fit.IF_KNOWN),
        ("oel", "bild", Fit.YES),
        ("schr", "ank", Fit.NO),
    ],
)
def test_what_stands_before_a_head_must_look_like_a_word(before: str, head: str, fit: Fit) -> None:
    assert compound_fit(before, head) is fit


@pytest.mark.parametrize(
    ("asked", "found", "rest"),
    [
        ("apfel", "apfelsaft", "saft"),
        ("buch", "buecherkiste", "kiste"),
        ("umzug", "umzugskarton", "karton"),
        ("katze", "katzenbaum", "baum"),
        ("gaeste", "gaestezimmer", "zimmer"),
    ],
)
def test_a_modifier_is_read_with_its_linking_letters(asked: str, found: str, rest: str) -> None:
    assert rest in modified(asked, found)


@pytest.mark.parametrize(
    ("asked", "found"),
    [("kleid", "kleidung"), ("kuchen", "kuechentisch"), ("rad", "radio"), ("buch", "buchenholz")],
)
def test_a_beginning_is_not_always_a_modifier(asked: str, found: str) -> None:
    assert "holz" not in modified(asked, found)
    assert "ung" not in modified(asked, found)
    assert "tisch" not in modified(asked, found)
    assert "io" not in modified(asked, found)


@pytest.mark.parametrize(
    ("singular", "plural"),
    [
        ("rad", "raed"),
        ("stuhl", "stuehl"),
        ("baum", "baeum"),
        ("apfel", "aepfel"),
        ("gart", "gaert"),
    ],
)
def test_the_umlaut_of_the_plural_goes_both_ways(singular: str, plural: str) -> None:
    assert other_number(singular) == plural
    assert other_number(plural) == singular


def test_dots_may_be_anywhere_but_the_letters_stay() -> None:
    assert "buecherregal" in dot_variants("bucherregal")
    assert "bucherregal" in dot_variants("buecherregal")
    assert "bucherregal" not in dot_variants("bucherregal")


def test_two_words_join_with_every_link() -> None:
    assert "umzugskarton" in joined("umzug", "karton")
    assert "kinderwagen" in joined("kinder", "wagen")


def test_a_word_parts_into_halves_of_three_letters_at_least() -> None:
    assert halves("gartenbank")[3] == ("garten", "bank")
    assert halves("baum") == []
