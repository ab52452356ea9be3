"""Worry words: whether a listing contains one, compared as search compares words (GOV-17).

Forms of a word count as the word, a compound as its head (a Jagdwaffe is a Waffe), and what a
listing says it is not does not count: "keine Waffen" has none.
"""

from __future__ import annotations

from collections.abc import Sequence

from node.search.compounds import Fit, compound_fit, spelled_stem
from node.search.spelling import spell
from node.search.words import words

_FITS = (Fit.YES, Fit.UNLESS_DERIVED)


class Worries:
    """The worry words of one charter, ready to compare. typed: as the charter has them."""

    def __init__(self, typed: Sequence[str]) -> None:
        self.typed = tuple(typed)
        self._phrases = [(text, _stems(text, as_asked=True)) for text in self.typed]
        self._ends = tuple({stem for _, stems in self._phrases for stem in stems})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Worries) and self.typed == other.typed

    def __hash__(self) -> int:
        return hash(self.typed)

    def within(self, *texts: str) -> list[str]:
        """Return the worry words that occur in these texts, as the charter has them.

        One of several words occurs where all of them do. Total: any text is accepted.
        """
        if not self._ends:
            return []
        candidates = [s for s in _stems(" , ".join(texts)) if s.endswith(self._ends)]
        return [
            text
            for text, stems in self._phrases
            if stems and all(any(_answers(s, stem) for s in candidates) for stem in stems)
        ]


def _stems(text: str, as_asked: bool = False) -> set[str]:
    found = words(spell(text), as_asked=as_asked)
    return {spelled_stem(word) if word.isalpha() else word for word in found}


def _answers(stem: str, wanted: str) -> bool:
    """Whether a word of a listing is one that is wanted, or a compound with it as head."""
    if stem == wanted:
        return True
    return stem.endswith(wanted) and compound_fit(stem[: -len(wanted)], wanted) in _FITS
