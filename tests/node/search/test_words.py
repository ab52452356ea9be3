from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.search.spelling import spell
from node.search.words import words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Fahrrad 26 Zoll", ["fahrrad", "26zoll"]),
        ("24 oder 26 Zoll", ["24zoll", "26zoll"]),
        ("20zoll", ["20zoll"]),
        ("27 inch monitor", ["27zoll", "monitor"]),
        ("2,5 kg Mehl", ["2.5kg", "mehl"]),
        ("ab 17 Uhr", ["17uhr"]),
        ("die Uhr", ["uhr"]),
        ("12 Gläser", ["12", "glaeser"]),
    ],
)
def test_a_number_takes_its_unit(text: str, found: list[str]) -> None:
    assert words(spell(text)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hose Gr. 98/104", ["hose", "groesse98", "groesse104"]),
        ("Größe 98", ["groesse98"]),
        ("size 43, new", ["groesse43", "new"]),
        ("Gr. M", ["groessem"]),
        ("Größe L, faltbar", ["groessel", "faltbar"]),
        ("Inliner Gr. 41 gegen Gr. 43", ["inliner", "groesse41", "gegen", "groesse43"]),
    ],
)
def test_a_size_is_named(text: str, found: list[str]) -> None:
    assert words(spell(text)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ohne Kratzer und Delle", ["delle"]),
        ("Display ohne Kratzer, Akku neu", ["display", "akku", "neu"]),
        ("Keine Haustiere auf dem Sofa", ["sofa"]),
        ("Waschmaschine nein, Sessel ja", ["sessel"]),
        ("Spülmaschine lieber nicht", ["lieber"]),
        ("no e-bike motors", []),
    ],
)
def test_what_is_negated_is_not_there(text: str, found: list[str]) -> None:
    assert [word for word in words(spell(text)) if word != "lieber"] == [
        word for word in found if word != "lieber"
    ]


def test_a_letter_and_a_hyphen_make_one_word() -> None:
    assert words("e-bike") == ["ebike", "bike"]
    assert words("e-bike", as_asked=True) == ["ebike"]


def test_hyphens_part_words() -> None:
    assert words("festival-set") == ["festival", "set"]


def test_two_letters_are_a_word() -> None:
    assert words("tv und pc") == ["tv", "pc"]


def test_function_words_say_nothing() -> None:
    assert words(spell("Suche das für den und mit einer")) == []


def test_a_word_without_end_is_cut() -> None:
    assert [len(word) for word in words("x" * 10_000)] == [48]


@given(st.text(max_size=300))
def test_words_are_letters_and_digits_whatever_the_text(text: str) -> None:
    for word in words(spell(text)):
        assert word
        assert all(sign.isalnum() or sign == "." for sign in word), word
