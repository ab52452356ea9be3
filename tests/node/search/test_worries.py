"""Worry words are compared as search compares words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.search.worries import Worries


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("Waffe", "alte WAFFEN, gut erhalten"),
        ("Waffe", "Jagdwaffe vom Opa"),
        ("knife", "Two knives"),
        ("Bücher", "ein altes Buch"),
        ("Buch", "BUECHER"),
        ("Schlüssel", "Schluessel"),
        ("Auto Schlüssel", "Der Schlüssel für mein Auto"),
        ("18", "ab 18"),
        ("Hund", "Hundekorb, kaum gebraucht"),
        ("Hund", "HUNDELEINE"),
        ("Hunde", "Hundebox"),
        ("Katze", "Katzenklo mit Deckel"),
        ("Waffe", "Waffenschrank"),
        ("Waffen", "Waffenschrank"),
        ("Auto", "Autoradio"),
        ("Zigarette", "Zigarettenetui"),
        ("Bier", "Bierdeckel"),
        ("Bücher", "Bücherregal"),
        ("knife", "knifeblock"),
    ],
)
def test_a_form_of_the_word_counts(word: str, text: str) -> None:
    assert Worries(["Zebra", word]).within("Titel", text) == [word]


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("Waffe", "keine Waffen"),
        ("Waffe", "Waffel"),
        ("Waffe", "Waffeleisen"),
        ("Hund", "hundert Bücher, hunderte Hefte, hundertprozentig"),
        ("Messe", "Messerblock"),
        ("Auto", "Autorinnen und Automaten"),
        ("Alkohol", "alkoholfreies Bier, alkoholfrei"),
        ("Gas", "Gasthaus für Gäste"),
        ("Tisch", "Tischler"),
        ("Kind", "kindlich, Kindheit"),
        ("Auto Schlüssel", "Der Schlüssel für das Haus"),
        ("die", "die Lampe"),
        ("!!!", "Super!!!"),
        ("Rad", "Grad"),
    ],
)
def test_what_is_another_word_or_denied_does_not(word: str, text: str) -> None:
    assert Worries([word]).within("Titel", text) == []


@given(st.lists(st.text(max_size=12), max_size=5), st.text(max_size=80))
def test_whatever_the_words_and_the_texts_there_is_an_answer(words: list[str], text: str) -> None:
    assert set(Worries(words).within(text, text)) <= set(words)


def test_worries_with_the_same_words_are_equal() -> None:
    assert Worries(["a"]) == Worries(["a"])
    assert Worries(["a"]) != Worries(["b"])
