"""Reading a query word against the vocabulary of the listings.

A word of the query becomes a `Term`, from the surest reading to the loosest: its forms and the
compounds with it; the same letters with other dots; the halves of a compound; the beginning of a
word; a misspelling. A looser reading is tried only where the surer ones find no listing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from node.search.analysis import ABOUT, PASSING, category_token, kind_token, passing_token
from node.search.compounds import (
    Fit,
    back,
    compound_fit,
    dot_variants,
    halves,
    is_other_number,
    joined,
    modified,
    other_number,
    underived,
)
from node.search.inflection import stem
from node.search.lexicon import (
    CATEGORY_WORDS,
    KIND_WORDS,
    SUBJECT_CATEGORIES,
    SUBJECT_KINDS,
    SYNONYMS,
)
from node.search.misspelling import distance, ends
from node.search.spelling import fold
from node.store.fts import all_of, any_of, beginning, token, without

_MAX_FAMILY = 3000
_MAX_TRIED = 150
_MAX_MODIFIED = 64
_MAX_BEGUN = 300
_FEW = 24
"""So many tokens are cheaper one by one (FTS5 reads them lazily) than as a prefix."""
_MAX_MEANT = 3
_MIN_BEGINNING = 4
_MIN_HEAD = 5
_LAST = chr(0x10FFFF)


@dataclass(frozen=True, slots=True)
class Family:
    """The stems that end in one root, reversed: a word and the compounds with it as head.

    root: their common beginning. members: the stems, if few; else all but `strangers`, which
    only look like it (Grad for Rad), and what begins like those (Schlafanzug for Zug).
    """

    root: str
    members: tuple[str, ...] | None
    strangers: tuple[str, ...] = ()

    def expression(self, mark: str) -> str:
        if self.members is not None:
            return any_of(token(mark + member) for member in self.members)
        excluded = any_of(beginning(mark + stranger) for stranger in self.strangers)
        return without(beginning(mark + self.root), excluded)


@dataclass(frozen=True, slots=True)
class Term:
    """What answers one word of a query.

    exact: the words as meant. families: their forms, and compounds with them as head.
    modified: compounds that begin with them. filed: tokens of the category or kind they name.
    numbers: tokens that are no words. both: terms that must all be answered, instead of the rest.
    """

    exact: tuple[str, ...] = ()
    families: tuple[Family, ...] = ()
    modified: tuple[str, ...] = ()
    filed: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    both: tuple["Term", ...] = field(default=())

    def sure(self) -> str:
        """The expression for listings that are about it."""
        if self.both:
            return all_of(term.sure() for term in self.both)
        families = [family.expression(ABOUT) for family in self.families]
        subject = all_of([any_of(map(token, self.modified)), _subjects()])
        return any_of([*families, subject, *map(token, self.filed), *map(token, self.numbers)])

    def passing(self) -> str:
        """The expression for listings whose description mentions it."""
        if self.both or self.filed:
            return ""
        families = [family.expression(PASSING) for family in self.families]
        return any_of([*families, *[token(passing_token(number)) for number in self.numbers]])

    def accessory(self) -> str:
        """The expression for listings of compounds that begin with it: a Tischdecke for Tisch."""
        return any_of(map(token, self.modified))

    def as_typed(self) -> str:
        """The expression for listings that are about the very word."""
        return any_of(map(token, self.exact))


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
            term = Term(exact=(word,), numbers=(word,))
            return term if self._is_answered(term) else None
        term = replace(self._forms([word]), filed=_filed(word, alone))
        if self._is_answered(term):
            return term
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
            families += [self._family(back(word)), self._other_number(word)]
            for synonym in _synonyms(word):
                # A short synonym stands for itself: Fahrrad is Rad, but not Motorrad.
                families.append(self._family(back(synonym), alone=len(synonym) <= 3))
                families.append(self._other_number(synonym) if len(synonym) > 3 else None)
        return Term(
            exact=tuple(listed),
            families=tuple(family for family in families if family),
            modified=tuple(compound for word in listed for compound in self._modified(word)),
        )

    def _family(self, root: str, alone: bool = False) -> Family | None:
        """The words with this reversed stem and, unless `alone`, the compounds with it as head."""
        if alone:
            return Family(root, (root,))
        members: list[str] = []
        strangers: list[str] = []
        for _, found in self._range("back", root):
            kin = found == root or self._is_compound(found[len(root) :][::-1], len(root))
            (members if kin else strangers).append(found)
        members = [m for m in members if not m.startswith(tuple(strangers))]
        if not members:
            return None
        few = len(members) <= _FEW or len(root) < 3
        kept = tuple(dict.fromkeys(members))[:_FEW] if few else None
        return Family(root, kept, tuple(dict.fromkeys(strangers)))

    def _is_compound(self, before: str, head_letters: int) -> bool:
        """Whether a head so long, with this before it, is the head of a compound."""
        fit = compound_fit(before, head_letters)
        if fit is Fit.IF_KNOWN:
            return self._ends_in_word(before)
        if fit is Fit.UNLESS_DERIVED:
            return not any(self._ends_in_word(rest) for rest in underived(before))
        return fit is Fit.YES

    def _ends_in_word(self, text: str) -> bool:
        """Whether a text is or ends in a word of the vocabulary, of three letters at least."""
        return any(
            self._has_stem(back(text[at:])) for at in range(len(text) - 2) if len(text) - at >= 3
        )

    def _has_stem(self, reverse: str) -> bool:
        self._cursor.execute("SELECT 1 FROM word WHERE back = ? LIMIT 1", (reverse,))
        return self._cursor.fetchone() is not None

    def _other_number(self, word: str) -> Family | None:
        """Plurals with an umlaut where the word has none, and the other way round."""
        root = other_number(back(word)[::-1])
        if root is None or len(root) < 3:
            return None
        reverse = root[::-1]
        members: dict[str, None] = {}
        for found, found_back in self._range("back", reverse):
            before = len(found_back) - len(reverse)
            if before and not self._is_compound(found_back[len(reverse) :][::-1], len(root)):
                continue
            if is_other_number(word, found[before:]):
                members[found_back] = None
        return Family(reverse, tuple(members)[:_MAX_BEGUN]) if members else None

    def _modified(self, word: str) -> list[str]:
        """The shortest compounds that begin with the word."""
        if len(word) < 3:
            return []
        compounds: list[str] = []
        for found in self._begun(stem(fold(word)), _MAX_TRIED):
            if any(self._is_word(rest, found) for rest in modified(word, found)):
                compounds.append(found)
                if len(compounds) == _MAX_MODIFIED:
                    break
        return compounds

    def _begun(self, folded: str, limit: int) -> list[str]:
        """The shortest words that begin so, but for their dots."""
        self._cursor.execute(
            "SELECT word FROM word WHERE front >= ? AND front < ? ORDER BY length(word) LIMIT ?",
            (folded, folded + _LAST, limit),
        )
        return [row[0] for row in self._cursor.fetchall()]

    def _range(self, column: str, prefix: str, limit: int = _MAX_FAMILY) -> list[tuple[str, str]]:
        """Words whose column begins so, with their reversed stems."""
        if not prefix:
            return []
        self._cursor.execute(
            f"SELECT word, back FROM word WHERE {column} >= ? AND {column} < ? LIMIT ?",
            (prefix, prefix + _LAST, limit),
        )
        rows: list[tuple[str, str]] = self._cursor.fetchall()
        return rows

    def _is_word(self, rest: str, besides: str) -> bool:
        """Whether the rest of a compound is a word elsewhere: by itself, or long, as a head."""
        reverse = stem(rest)[::-1]
        if len(rest) < _MIN_HEAD:
            return self._has_stem(reverse)
        return any(word != besides for word, _ in self._range("back", reverse, 2))

    def _typed_apart(self, first: str, second: str) -> Term | None:
        """The compound of two adjacent words, if some listing is about it."""
        if not (first.isalpha() and second.isalpha()):
            return None
        compounds = joined(first, second)
        families = [f for compound in compounds if (f := self._family(back(compound)))]
        families += [f for compound in compounds if (f := self._other_number(compound))]
        term = Term(exact=tuple(compounds), families=tuple(families))
        return term if self.is_live(term.sure()) else None

    def _dotted(self, word: str) -> Term | None:
        """The word with other dots: Bucherregal, Bücherregal."""
        if len(word) < _MIN_BEGINNING:
            return None
        families = [v for v in dot_variants(word) if self._range("back", back(v), 1)]
        term = self._forms(families)
        return term if families and self._is_answered(term) else None

    def _halves(self, word: str) -> Term | None:
        """A compound that no listing has, read as both its halves: Velokindersitz."""
        for first, second in halves(word):
            whole = [self._whole(first), self._whole(second)]
            if all(term.families for term in whole):
                both = Term(exact=(word,), both=tuple(whole))
                if self.is_live(both.sure()):
                    return both
        return None

    def _whole(self, word: str) -> Term:
        root = back(word)
        return Term(families=(Family(root, (root,)),) if self._has_stem(root) else ())

    def _beginning(self, word: str) -> Term | None:
        """A word still being typed."""
        if len(word) < _MIN_BEGINNING:
            return None
        found = self._begun(fold(word), _MAX_BEGUN)
        term = Term(exact=(word,), numbers=tuple(found))
        return term if self.is_live(term.sure()) else None

    def _meant(self, word: str) -> Term | None:
        """The nearest words of the vocabulary that some listing is about."""
        typed = stem(fold(word))
        first, last = ends(typed)
        near: dict[str, float] = {}
        begun = [found[::-1] for _, found in self._range("front", first)]
        ended = [found[::-1] for _, found in self._range("back", last[::-1])]
        tails = [tail for root in ended for tail in _tails(root, len(typed))]
        for root in dict.fromkeys([*begun, *ended, *tails]):
            apart = distance(typed, fold(root))
            if apart is not None:
                near[root] = apart
        labels = {w: d for w in _labels() if (d := distance(typed, stem(fold(w)))) is not None}
        for apart in sorted({*near.values(), *labels.values()}):
            terms = [self._rooted(root) for root, d in near.items() if d == apart]
            terms += [Term(filed=_filed(w, alone=True)) for w, d in labels.items() if d == apart]
            live = [term for term in terms if self.is_live(term.sure())][:_MAX_MEANT]
            if live:
                return Term(
                    families=tuple(family for term in live for family in term.families),
                    filed=tuple(filed for term in live for filed in term.filed),
                )
        return None

    def _rooted(self, root: str) -> Term:
        families = (self._family(root[::-1]), self._other_number(root))
        return Term(families=tuple(family for family in families if family))


def _tails(root: str, letters: int) -> list[str]:
    """The heads of about so many letters that a longer word may have."""
    return [
        root[-n:]
        for n in (letters - 1, letters, letters + 1)
        if 4 <= n < len(root) and compound_fit(root[:-n], n) is not Fit.NO
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
def _subjects() -> str:
    filed = [category_token(category) for category in sorted(SUBJECT_CATEGORIES)]
    return any_of(map(token, [*filed, *map(kind_token, SUBJECT_KINDS)]))


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
