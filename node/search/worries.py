"""Worry words: whether a listing contains one, compared as search compares words (GOV-17).

Forms of a word count as the word, a compound as either of its parts (a Jagdwaffe is a Waffe, a
Hundekorb is for a Hund), and what a listing says it is not does not count: "keine Waffen" and
"alkoholfrei" have none. What search finds by a first part it ranks last, and asks the vocabulary
whether the rest is a word; here it has to look like one, so that the same text is always judged
alike, and few innocent words are held.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from node.search.compounds import Fit, compound_fit, is_other_number, modified, spelled_stem
from node.search.grammar import DERIVATIONS, listed
from node.search.inflection import stem
from node.search.spelling import fold, spell
from node.search.words import words

_FITS = (Fit.YES, Fit.UNLESS_DERIVED)
_SHORTEST_MODIFIER = 4
"""Letters. Too many words begin with three: a Rathaus has no Rat, a Gast is no Gas."""
_LOOKALIKES = tuple(listed("hundert autoren autorin autorschaft automat autonom autogramm"))
"""They begin like a compound and are none."""
_HEAD = re.compile(
    r"(?:sch[lmnrw]?|sp[lr]?|str?|[bgkp][lr]|[dt]r|f[lr]|[gk]n|zw|qu|pf[lr]?|ch|[b-df-hj-np-tvwxz])"
    r"[aeiouy]|a|o|u(?!ng)|e(?![lmnrs]|tt)"
)
"""How a noun begins; an ending begins with er, en, ig, ung or two consonants of the stem."""
_SHORT_HEAD = re.compile(r"klo|[b-df-hj-np-tvwxz][aiou][^aeiou]")
"""Three letters of a noun, Box or Hut; not -ler, -sen."""
_ADJECTIVE = re.compile(
    r"(?:frei|los|arm|reich|voll|fest|dicht|haft|bar)e[mnrs]?|freundlich(?:e[mnrs]?)?"
)
"""Without it, or fit for it: alkoholfreies; uninflected they are among DERIVATIONS."""


class Worries:
    """The worry words of one charter, ready to compare. typed: as the charter has them."""

    def __init__(self, typed: Sequence[str]) -> None:
        self.typed = tuple(typed)
        self._phrases = [(text, set(words(spell(text), as_asked=True))) for text in self.typed]
        wanted = {word for _, phrase in self._phrases for word in phrase}
        self._ends = tuple(map(_root, wanted))
        self._begins = tuple(map(fold, filter(_may_modify, wanted)))

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
        candidates = [
            word
            for word in found
            if _root(word).endswith(self._ends) or fold(word).startswith(self._begins)
        ]
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
    return _may_modify(wanted) and _modifies(wanted, word)


def _may_modify(wanted: str) -> bool:
    return wanted.isalpha() and len(wanted) >= _SHORTEST_MODIFIER


def _modifies(wanted: str, word: str) -> bool:
    """Whether a word looks like a compound with the wanted one as its first part."""
    if fold(word).startswith(_LOOKALIKES):
        return False
    readings = modified(wanted, word, whole=True)
    if any(rest in DERIVATIONS or _ADJECTIVE.fullmatch(rest) for rest in readings):
        return False
    return any(
        _SHORT_HEAD.fullmatch(rest) if len(rest) == 3 else _HEAD.match(rest) for rest in readings
    )
