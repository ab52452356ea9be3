"""Reading the words of a query against the listings there are.

From the surest reading to the loosest: the forms of a word and the compounds with it; the same
letters with other dots; the halves of a compound; the beginning of a word; a misspelling. A
looser reading is tried only where the surer ones find no listing.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from node.search.analysis import category_token, kind_token
from node.search.compounds import Fit, back, compound_fit, dot_variants, halves, joined
from node.search.inflection import stem
from node.search.lexicon import CATEGORY_WORDS, KIND_WORDS, SYNONYMS
from node.search.misspelling import distance, ends
from node.search.spelling import fold
from node.store.term import Family, Term
from node.store.vocabulary import Vocabulary

_MAX_BEGUN = 300
_MAX_MEANT = 3
_MIN_GUESSED = 4
"""Shorter words are taken as typed."""
_LONG = 7
"""A word so long is hardly another when only dots and endings differ, as Küche and Kuchen do."""


class Reader:
    """Reads the words of one query; `cursor` is only read from."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self._vocabulary = Vocabulary(cursor)
        self._live: dict[str, bool] = {}

    def read(self, query_words: list[str]) -> list[Term] | None:
        """One term for each word or compound typed apart; None if a word is answered by nothing."""
        terms: list[Term] = []
        at = 0
        while at < len(query_words):
            word = query_words[at]
            term = (
                self._typed_apart(word, query_words[at + 1]) if at + 1 < len(query_words) else None
            )
            if term is not None:
                at += 1
            else:
                term = self._term(word, alone=len(query_words) == 1)
            if term is None:
                return None
            terms.append(term)
            at += 1
        return terms

    def is_live(self, expression: str) -> bool:
        """Whether any listing matches."""
        if not expression:
            return False
        if expression not in self._live:
            self._cursor.execute(
                "SELECT 1 FROM listing_text WHERE listing_text MATCH ? LIMIT 1", (expression,)
            )
            self._live[expression] = self._cursor.fetchone() is not None
        return self._live[expression]

    def _term(self, word: str, alone: bool) -> Term | None:
        if not word.isalpha():
            term = Term(exact=(word,), numbers=(word,))
            return term if self._is_answered(term) else None
        term = replace(self._forms([word]), filed=_filed(word, alone))
        if self._is_answered(term):
            return term
        if len(word) < _MIN_GUESSED:
            return None
        for reading in (self._dotted, self._halves, self._beginning, self._meant):
            loose = reading(word)
            if loose is not None:
                return loose
        return None

    def _is_answered(self, term: Term) -> bool:
        return any(map(self.is_live, (term.sure(), term.passing(), term.accessory())))

    def _forms(self, meant: Iterable[str]) -> Term:
        """The families of these words and of their synonyms, and what they modify."""
        listed = list(dict.fromkeys(meant))
        families: list[Family | None] = []
        for word in listed:
            families += self._families(word)
            for synonym in _synonyms(word):
                # A short synonym stands for itself: Fahrrad is Rad, but not Motorrad.
                root = back(synonym)
                short = len(synonym) < _MIN_GUESSED
                families += [Family(root, (root,))] if short else self._families(synonym)
        return Term(
            exact=tuple(listed),
            families=tuple(family for family in families if family),
            modified=tuple(c for word in listed for c in self._vocabulary.modified(word)),
        )

    def _families(self, word: str) -> list[Family]:
        found = (self._vocabulary.family(back(word)), self._vocabulary.other_number(word))
        return [family for family in found if family]

    def _typed_apart(self, first: str, second: str) -> Term | None:
        """The compound of two adjacent words, if some listing is about it."""
        if not (first.isalpha() and second.isalpha()):
            return None
        compounds = joined(first, second)
        families = [family for compound in compounds for family in self._families(compound)]
        term = Term(exact=tuple(compounds), families=tuple(families))
        return term if self.is_live(term.sure()) else None

    def _dotted(self, word: str) -> Term | None:
        """The word with other dots: Bucherregal, Bücherregal."""
        variants = [variant for variant in dot_variants(word) if self._is_written(variant)]
        term = self._forms(variants)
        return term if variants and self._is_answered(term) else None

    def _is_written(self, variant: str) -> bool:
        """Whether some word ends like this one, letter for letter unless it is long."""
        endings = self._vocabulary.ending(back(variant))
        return any(len(variant) >= _LONG or word.endswith(variant) for word, _ in endings)

    def _halves(self, word: str) -> Term | None:
        """A compound that no listing has, read as both its halves: Velokindersitz."""
        for parts in halves(word):
            roots = [back(part) for part in parts]
            if all(map(self._vocabulary.has_stem, roots)):
                whole = tuple(Term(families=(Family(root, (root,)),)) for root in roots)
                both = Term(exact=(word,), both=whole)
                if self.is_live(both.sure()):
                    return both
        return None

    def _beginning(self, word: str) -> Term | None:
        """A word still being typed."""
        found = [
            begun
            for begun in self._vocabulary.beginning(fold(word), _MAX_BEGUN)
            if begun.startswith(word) or (len(word) >= _LONG and fold(word) == word)
        ]
        term = Term(exact=(word,), numbers=tuple(found))
        return term if self.is_live(term.sure()) else None

    def _meant(self, word: str) -> Term | None:
        """The nearest words that some listing is about."""
        typed = stem(fold(word))
        first, last = ends(typed)
        ended = [found[::-1] for _, found in self._vocabulary.ending(last[::-1])]
        roots = [back(found)[::-1] for found in self._vocabulary.beginning(first)]
        roots += ended
        roots += [tail for root in ended for tail in _tails(root, len(typed))]
        near = _near(typed, {root: fold(root) for root in roots})
        labels = _near(typed, {label: stem(fold(label)) for label in _labels()})
        for apart in sorted({*near.values(), *labels.values()}):
            terms = [self._rooted(root) for root, edits in near.items() if edits == apart]
            terms += [
                Term(filed=_filed(label, alone=True))
                for label, edits in labels.items()
                if edits == apart
            ]
            live = [term for term in terms if self.is_live(term.sure())][:_MAX_MEANT]
            if live:
                return Term(
                    families=tuple(family for term in live for family in term.families),
                    filed=tuple(filed for term in live for filed in term.filed),
                )
        return None

    def _rooted(self, root: str) -> Term:
        found = (self._vocabulary.family(root[::-1]), self._vocabulary.other_number(root))
        return Term(families=tuple(family for family in found if family))


def _near(typed: str, words: dict[str, str]) -> dict[str, float]:
    """The words whose folded stems are near enough, with their distance in edits.

    A stem that differs by its dots alone has been read before, or refused for good reason.
    """
    apart = {word: distance(typed, folded) for word, folded in words.items() if folded != typed}
    return {word: edits for word, edits in apart.items() if edits is not None}


def _tails(root: str, letters: int) -> list[str]:
    """The heads of about so many letters that a longer word may have."""
    return [
        root[-n:]
        for n in (letters - 1, letters, letters + 1)
        if _MIN_GUESSED <= n < len(root) and compound_fit(root[:-n], root[-n:]) is not Fit.NO
    ]


def _filed(word: str, alone: bool) -> tuple[str, ...]:
    """Tokens of the category a word names, and beside other words of the kind."""
    root = stem(fold(word))
    found = [category_token(name) for name, stems in _category_stems().items() if root in stems]
    if not alone:
        found += [kind_token(kind) for kind, stems in _kind_stems().items() if root in stems]
    return tuple(found)


def _synonyms(word: str) -> tuple[str, ...]:
    return _synonym_stems().get(stem(fold(word)), ())


@lru_cache(maxsize=1)
def _category_stems() -> dict[str, frozenset[str]]:
    return {k: frozenset(stem(fold(w)) for w in v) for k, v in CATEGORY_WORDS.items()}


@lru_cache(maxsize=1)
def _kind_stems() -> dict[int, frozenset[str]]:
    return {k: frozenset(stem(fold(w)) for w in v) for k, v in KIND_WORDS.items()}


@lru_cache(maxsize=1)
def _synonym_stems() -> dict[str, tuple[str, ...]]:
    return {stem(fold(word)): tuple(sorted(group - {word})) for group in SYNONYMS for word in group}


@lru_cache(maxsize=1)
def _labels() -> frozenset[str]:
    return frozenset().union(*CATEGORY_WORDS.values())
