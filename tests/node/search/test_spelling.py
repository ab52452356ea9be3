from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.search.spelling import dots, fold, spell


@pytest.mark.parametrize(
    ("typed", "spelled"),
    [
        ("Bücher", "buecher"),
        ("BUECHER", "buecher"),
        ("Bu\u0308cher", "buecher"),
        ("Straße", "strasse"),
        ("Café", "cafe"),
        ("Ænima", "aenima"),
        ("Łódź", "lodz"),
        ("Smørrebrød", "smoerrebroed"),
        ("ﬁnden", "finden"),
        ("привет", "привет"),
    ],
)
def test_one_spelling_for_each_keyboard(typed: str, spelled: str) -> None:
    assert spell(typed) == spelled


@pytest.mark.parametrize(
    ("spelled", "folded"),
    [("buecher", "bucher"), ("neue", "neue"), ("bauer", "bauer"), ("quelle", "quelle")],
)
def test_fold_drops_umlauts_and_leaves_other_vowels(spelled: str, folded: str) -> None:
    assert fold(spelled) == folded


@given(st.text())
def test_fold_and_spell_are_idempotent(text: str) -> None:
    spelled = spell(text)
    assert spell(spelled) == spelled
    assert fold(fold(spelled)) == fold(spelled)


@given(st.text(alphabet="aouenr", max_size=12))
def test_dots_say_where_fold_dropped_one(word: str) -> None:
    folded = fold(word)
    assert all(folded[at] in "aou" for at in dots(word))
    assert (folded == word) == (not dots(word))
