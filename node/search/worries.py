"""Worry words: whether a listing contains one, compared as search compares words (GOV-17).

Forms of a word count as the word, a compound as its head (a Jagdwaffe is a Waffe), and what a
listing says it is not does not count: "keine Waffen" has none.
"""

from __future__ import annotations

from collections.abc import Sequence

from node.search.compounds import Fit, compound_fit, is_other_number, spelled_stem
from node.search.inflection import stem
from node.search.spelling import fold, spell
from node.search.words import words

_FITS = (Fit.YES, Fit.UNLESS_DERIVED)


class Worries:
    """The worry words of one charter, ready to compare. typed: as the charter has them."""

    def __init__(self, typed: Sequence[str]) -> None:
        self.typed = tuple(typed)
        self._phrases = [(text, set(words(spell(text), as_asked=True))) for text in self.typed]
        self._ends = tuple({_root(word) for _, phrase in self._phrases for word in phrase})

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
        found = set(words(spell(" , ".join(texts))))
        candidates = [word for word in found if _root(word).endswith(self._ends)]
        return [
            text
            for text, phrase in self._phrases
            if phrase and all(any(_answers(c, wanted) for c in candidates) for wanted in phrase)
        ]


def _root(word: str) -> str:
    """The stem without dots, by which words are found; numbers and sizes stand as they are."""
    return stem(fold(word)) if word.isalpha() else word


def _answers(word: str, wanted: str) -> bool:
    """Whether a word of a listing is the one that is wanted, or a compound with it as head."""
    if word == wanted:
        return True
    if not (word.isalpha() and wanted.isalpha()):
        return False
    root = _root(wanted)
    for at in range(len(word) - len(root) + 1):
        head = word[at:]
        if _root(head) == root and (
            spelled_stem(head) == spelled_stem(wanted) or is_other_number(wanted, head)
        ):
            return not at or compound_fit(word[:at], head) in _FITS
    return False
