"""Reading a query word against the vocabulary of the listings.

`Terms` turns a word of the query into the tokens of the index that answer it, from the surest
reading to the loosest: forms of the word and compounds with it; the same letters without dots;
the halves of a compound; the beginning of a word; a misspelling. A looser reading is tried only
where the surer ones find no listing at all.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from node.search.analysis import FILED, PASSING, category_token
from node.search.compounds import Fit, back, form_fit, halves, head_fit, joined, modified
from node.search.inflection import stem
from node.search.lexicon import CATEGORY_WORDS, KIND_WORDS, SYNONYMS
from node.search.misspelling import distance, ends
from node.search.spelling import fold

_MAX_CANDIDATES = 4000
_MAX_TOKENS = 400
_MAX_MEANT = 3
_MIN_BEGINNING = 4
_LAST = chr(0x10FFFF)


@dataclass(frozen=True, slots=True)
class Term:
    """The tokens that answer one word of a query.

    exact: the word as typed. strong: its forms, and compounds with it as their head.
    modified: compounds that begin with it. filed: category or kind tokens it names.
    both: instead of the rest, terms that must all be answered (a compound's halves).
    """

    exact: tuple[str, ...] = ()
    strong: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()
    filed: tuple[str, ...] = ()
    both: tuple["Term", ...] = ()

    def sure(self) -> str:
        """The FTS5 expression for listings that are about it; empty if there can be none."""
        if self.both:
            return all_of(term.sure() for term in self.both)
        return any_of([*self.strong, *self.filed])

    def passing(self) -> str:
        """The FTS5 expression for listings that may only mention it."""
        if self.both or self.filed:
            return ""
        return any_of([*self.modified, *[PASSING + token for token in self.strong]])


def any_of(tokens: Iterable[str]) -> str:
    """An FTS5 OR of tokens; empty for none."""
    listed = [f'"{token}"' for token in tokens]
    return f"({' OR '.join(listed)})" if listed else ""


def all_of(expressions: Iterable[str]) -> str:
    """An FTS5 AND of expressions; empty if one of them is."""
    listed = list(expressions)
    return f"({' AND '.join(listed)})" if listed and all(listed) else ""


def either(*expressions: str) -> str:
    """An FTS5 OR of expressions, the empty ones left out."""
    listed = [expression for expression in expressions if expression]
    return f"({' OR '.join(listed)})" if listed else ""


class Terms:
    """Reads the words of one query; `cursor` is only read from."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def read(self, query_words: list[str]) -> list[Term] | None:
        """One term for each word or compound typed apart; None if a word is answered by nothing."""
        terms: list[Term] = []
        at = 0
        while at < len(query_words):
            word = query_words[at]
            if at + 1 < len(query_words):
                compound = self._typed_apart(word, query_words[at + 1])
                if compound is not None:
                    terms.append(compound)
                    at += 2
                    continue
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
        self._cursor.execute(
            "SELECT 1 FROM listing_text WHERE listing_text MATCH ? LIMIT 1", (expression,)
        )
        return self._cursor.fetchone() is not None

    def _term(self, word: str, alone: bool) -> Term | None:
        if not word.isalpha():
            term = Term(exact=(word,), strong=(word,))
            return term if self._answered(term) else None
        filed = _filed(word, alone)
        for least in (Fit.INFLECTED, Fit.SAME_LETTERS, Fit.SAME_STEM):
            term = replace(self._forms(word, least), filed=filed)
            if self._answered(term):
                return term
        for reading in (self._halves, self._beginning, self._meant):
            loose = reading(word)
            if loose is not None:
                return loose
        return None

    def _answered(self, term: Term) -> bool:
        return self.is_live(either(term.sure(), term.passing()))

    def _forms(self, word: str, least: Fit) -> Term:
        """Forms of the word and its synonyms, compounds with them as head or modifier."""
        strong: dict[str, None] = {}
        for synonym in (word, *_synonyms(word)):
            for found in self._by_head(synonym):
                fit = form_fit(synonym, found) or (head_fit(synonym, found))
                if fit >= least:
                    strong[found] = None
        derived = [found for found in strong if found != word]
        modifying = [found for found in self._by_front(word) if self._modifies(word, found)]
        return Term(
            exact=(word,),
            strong=tuple(sorted((word, *derived), key=len)[:_MAX_TOKENS]),
            modified=tuple(m for m in modifying if m not in strong)[:_MAX_TOKENS],
        )

    def _by_head(self, word: str) -> list[str]:
        return self._range("back", back(word))

    def _by_front(self, word: str) -> list[str]:
        return self._range("front", stem(fold(word)))

    def _range(self, column: str, beginning: str) -> list[str]:
        if len(beginning) < 2:
            return []
        self._cursor.execute(
            f"SELECT word FROM word WHERE {column} >= ? AND {column} < ? LIMIT ?",  # noqa: S608
            (beginning, beginning + _LAST, _MAX_CANDIDATES),
        )
        return [row[0] for row in self._cursor.fetchall()]

    def _modifies(self, word: str, found: str) -> bool:
        return any(self._is_word(rest, found) for rest in modified(word, found))

    def _is_word(self, rest: str, besides: str) -> bool:
        """Whether the rest of a compound is a word elsewhere, by itself or as a head."""
        reverse = stem(rest)[::-1]
        self._cursor.execute(
            "SELECT word FROM word WHERE back >= ? AND back < ? LIMIT 2", (reverse, reverse + _LAST)
        )
        return any(row[0] != besides for row in self._cursor.fetchall())

    def _typed_apart(self, first: str, second: str) -> Term | None:
        """The compound of two adjacent words, if some listing is about it."""
        if not (first.isalpha() and second.isalpha()):
            return None
        strong: dict[str, None] = {}
        for compound in joined(first, second):
            for found in self._by_head(compound):
                if (form_fit(compound, found) or head_fit(compound, found)) >= Fit.SAME_LETTERS:
                    strong[found] = None
        term = Term(exact=tuple(joined(first, second)), strong=tuple(strong)[:_MAX_TOKENS])
        return term if self.is_live(term.sure()) else None

    def _halves(self, word: str) -> Term | None:
        """A compound that no listing has, read as both its halves: Velokindersitz."""
        for first, second in halves(word):
            whole = [self._whole(first), self._whole(second)]
            if all(term.strong for term in whole):
                both = Term(exact=(word,), both=tuple(whole))
                if self.is_live(both.sure()):
                    return both
        return None

    def _whole(self, word: str) -> Term:
        self._cursor.execute("SELECT word FROM word WHERE back = ?", (back(word),))
        found = [row[0] for row in self._cursor.fetchall()]
        return Term(strong=tuple(f for f in found if form_fit(word, f) >= Fit.INFLECTED))

    def _beginning(self, word: str) -> Term | None:
        """A word still being typed."""
        if len(word) < _MIN_BEGINNING:
            return None
        found = self._range("front", fold(word))[:_MAX_TOKENS]
        term = Term(exact=(word,), strong=tuple(found))
        return term if self.is_live(term.sure()) else None

    def _meant(self, word: str) -> Term | None:
        """The nearest words of the vocabulary that are about some listing."""
        typed = stem(fold(word))
        first, last = ends(typed)
        near: dict[str, float] = {}
        candidates = [*self._range("front", first), *self._range("back", last[::-1])]
        for found in candidates:
            root = back(found)[::-1]
            for tail in (root, *_tails(root, len(typed))):
                apart = distance(typed, tail)
                if apart is not None and apart < near.get(tail, 9.0):
                    near[tail] = apart
        for label in _label_stems():
            apart = distance(typed, label)
            if apart is not None:
                near[label] = apart
        for apart in sorted(set(near.values())):
            terms = [self._forms(tail, Fit.SAME_STEM) for tail, d in near.items() if d == apart]
            live = [term for term in terms[:20] if self.is_live(term.sure())][:_MAX_MEANT]
            if live:
                return Term(
                    exact=tuple(t for term in live for t in term.exact),
                    strong=tuple(dict.fromkeys(t for term in live for t in term.strong)),
                )
        return None


def _tails(root: str, letters: int) -> list[str]:
    """The heads of about so many letters that a longer word may have."""
    return [root[-n:] for n in (letters - 1, letters, letters + 1) if 4 <= n <= len(root) - 3]


def _filed(word: str, alone: bool) -> tuple[str, ...]:
    root = stem(fold(word))
    found = [category_token(name) for name, stems in _category_stems().items() if root in stems]
    if not alone:
        found += [FILED + str(kind) for kind, stems in _kind_stems().items() if root in stems]
    return tuple(found)


def _synonyms(word: str) -> tuple[str, ...]:
    root = stem(fold(word))
    for group in _synonym_stems():
        if root in group:
            return tuple(other for key, other in group.items() if key != root)
    return ()


@lru_cache(maxsize=1)
def _category_stems() -> dict[str, frozenset[str]]:
    return {k: frozenset(stem(fold(w)) for w in v) for k, v in CATEGORY_WORDS.items()}


@lru_cache(maxsize=1)
def _kind_stems() -> dict[int, frozenset[str]]:
    return {k: frozenset(stem(fold(w)) for w in v) for k, v in KIND_WORDS.items()}


@lru_cache(maxsize=1)
def _synonym_stems() -> list[dict[str, str]]:
    return [{stem(fold(word)): word for word in group} for group in SYNONYMS]


@lru_cache(maxsize=1)
def _label_stems() -> frozenset[str]:
    return frozenset(stem(fold(w)) for words in CATEGORY_WORDS.values() for w in words)
