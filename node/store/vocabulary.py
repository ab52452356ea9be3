"""Looking words up in the vocabulary of the listings."""

from collections.abc import Iterable
from typing import Any

from node.search.compounds import (
    Fit,
    back,
    compound_fit,
    is_other_number,
    modified,
    other_number,
    underived,
)
from node.search.grammar import FOREIGN_ADJECTIVES
from node.search.inflection import stem
from node.search.spelling import fold
from node.store.term import Family

_MAX_FAMILY = 3000
_MAX_STRANGERS = 60
_MAX_TRIED = 150
_MAX_MODIFIED = 64
_FEW = 24
"""So many tokens are cheaper one by one (FTS5 reads them lazily) than as a prefix."""
_MIN_ROOT = 3
_MIN_PART = 3
_MIN_HEAD = 5
_LAST = chr(0x10FFFF)


class Vocabulary:
    """The words that listings use; `cursor` is only read from."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def family(self, root: str) -> Family | None:
        """The words with this reversed stem, and the compounds with it as head."""
        if len(root) < _MIN_ROOT:
            return Family(root, (root,)) if self.has_stem(root) else None
        members: dict[str, None] = {}
        strangers: dict[str, None] = {}
        for _, found in self.ending(root):
            kin = self._is_kin(root, found)
            (members if kin else strangers)[found] = None
        return _family(root, members, strangers)

    def other_number(self, word: str) -> Family | None:
        """Plurals with an umlaut where the word has none, and the other way round."""
        stem_of_other = other_number(back(word)[::-1])
        if stem_of_other is None or len(stem_of_other) < _MIN_ROOT:
            return None
        root = stem_of_other[::-1]
        members: dict[str, None] = {}
        strangers: dict[str, None] = {}
        for word_found, found in self.ending(root):
            tail = word_found[len(found) - len(root) :]
            kin = is_other_number(word, tail) and self._is_kin(root, found)
            (members if kin else strangers)[found] = None
        for found in members:
            strangers.pop(found, None)
        return _family(root, members, strangers)

    def modified(self, word: str) -> list[str]:
        """The shortest compounds that begin with the word."""
        if len(word) < _MIN_PART:
            return []
        compounds: list[str] = []
        for found in self.beginning(stem(fold(word)), _MAX_TRIED):
            if any(self._is_word(rest, found) for rest in modified(word, found)):
                compounds.append(found)
                if len(compounds) == _MAX_MODIFIED:
                    break
        return compounds

    def has_stem(self, reverse: str) -> bool:
        """Whether some word has this stem, given reversed."""
        self._cursor.execute("SELECT 1 FROM word WHERE back = ? LIMIT 1", (reverse,))
        return self._cursor.fetchone() is not None

    def beginning(self, folded: str, limit: int = _MAX_FAMILY) -> list[str]:
        """The words that begin so, but for their dots; the shortest first."""
        if not folded:
            return []
        self._cursor.execute(
            "SELECT word FROM word WHERE front >= ? AND front < ? ORDER BY length(word) LIMIT ?",
            (folded, folded + _LAST, limit),
        )
        return [row[0] for row in self._cursor.fetchall()]

    def ending(self, reverse: str, limit: int = _MAX_FAMILY) -> list[tuple[str, str]]:
        """Words whose reversed stem begins so, with it."""
        if not reverse:
            return []
        self._cursor.execute(
            "SELECT word, back FROM word WHERE back >= ? AND back < ? LIMIT ?",
            (reverse, reverse + _LAST, limit),
        )
        rows: list[tuple[str, str]] = self._cursor.fetchall()
        return rows

    def _is_kin(self, root: str, found: str) -> bool:
        """Whether a reversed stem that begins with a root is it, or a compound with it."""
        before = found[len(root) :][::-1]
        if not before:
            return True
        if found[::-1] in FOREIGN_ADJECTIVES:
            return False
        fit = compound_fit(before, root[::-1])
        if fit is Fit.IF_KNOWN:
            return self._ends_in_word(before)
        if fit is Fit.UNLESS_DERIVED:
            return not any(self._ends_in_word(rest) for rest in underived(before))
        return fit is Fit.YES

    def _ends_in_word(self, text: str) -> bool:
        """Whether a text is or ends in a word, of three letters at least."""
        return any(self.has_stem(back(text[at:])) for at in range(len(text) - _MIN_PART + 1))

    def _is_word(self, rest: str, besides: str) -> bool:
        """Whether the rest of a compound is a word elsewhere: by itself, or long, as a head."""
        reverse = stem(rest)[::-1]
        if len(rest) < _MIN_HEAD:
            return self.has_stem(reverse)
        return any(word != besides for word, _ in self.ending(reverse, 2))


def _family(root: str, members: Iterable[str], strangers: Iterable[str]) -> Family | None:
    excluded = tuple(strangers)
    kept = [member for member in members if not member.startswith(excluded)]
    if not kept:
        return None
    if len(kept) <= _FEW or len(excluded) > _MAX_STRANGERS:
        return Family(root, tuple(kept))
    return Family(root, None, excluded)
