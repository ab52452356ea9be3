from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.search.misspelling import distance, ends


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("fahrad", "fahrrad"),
        ("kafemaschin", "kaffeemaschin"),
        ("gittar", "gitarr"),
        ("smartfon", "smartphon"),
        ("tsich", "tisch"),
        ("rasenmeher", "rasenmaher"),
        ("soaf", "sofa"),
        ("schrnak", "schrank"),
    ],
)
def test_a_slip_is_near(typed: str, meant: str) -> None:
    assert distance(typed, meant) is not None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("hose", "dose"),
        ("vase", "vater"),
        ("ofen", "oben"),
        ("lampe", "rampe"),
        ("gartenbank", "gartenzaun"),
        ("", "tisch"),
        ("tv", "tx"),
    ],
)
def test_another_word_is_not(typed: str, meant: str) -> None:
    assert distance(typed, meant) is None


@given(
    st.text(alphabet="abcdefgh", min_size=2, max_size=8),
    st.integers(0, 14),
    st.sampled_from("xyz"),
    st.integers(0, 2),
)
def test_one_edit_leaves_the_beginning_or_the_end_whole(
    word: str, at: int, letter: str, sort: int
) -> None:
    at = at % len(word)
    edited = (
        word[:at] + letter + word[at + 1 :],
        word[:at] + letter + word[at:],
        word[:at] + word[at + 1 :],
    )[sort]
    first, last = ends(edited)
    assert word.startswith(first) or word.endswith(last)
