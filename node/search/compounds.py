"""How a word of the vocabulary answers a word of the query.

In a German compound the last part is the thing, the others say which: an Esstisch is a Tisch,
a Tischdecke is not. So a query word is looked for as a whole word and as the *head* of
compounds; as a *modifier* (Apfel in Apfelsaft) it is weaker evidence. No dictionary is needed:
the other half must look like a word, and the vocabulary of the listings says what is one.
"""

from enum import IntEnum
from functools import lru_cache

from node.search.grammar import DERIVATIONS, VERBAL_PREFIXES, listed
from node.search.inflection import plural_takes_dots, stem, takes_er
from node.search.spelling import dots, fold


class Fit(IntEnum):
    """How well a word of the vocabulary is a form of the query's; higher is better."""

    NONE = 0
    SAME_STEM = 1
    """Equal but for dots that no inflection explains: Kuchen, Küche."""
    SAME_LETTERS = 2
    """Equal but for the dots: Bucherregal, Bücherregal."""
    INFLECTED = 3
    SAME = 4


_SHORT_MODIFIERS = listed("ei ol tv pc uv")
_LINKS = ("", "s", "n", "en", "er", "e", "es", "ns")
_VOWELS = frozenset("aeiouy")
_MIN_PART = 3


@lru_cache(maxsize=1 << 14)
def back(word: str) -> str:
    """The reversed stem of a spelled word: an index on it finds words by their head."""
    return stem(fold(word))[::-1]


def form_fit(asked: str, found: str) -> Fit:
    """Whether two spelled words are forms of one: Rad, Räder."""
    if asked == found:
        return Fit.SAME
    return _fit(fold(asked), dots(asked), fold(found), dots(found))


def _fit(asked: str, asked_dots: tuple[int, ...], found: str, found_dots: tuple[int, ...]) -> Fit:
    root = stem(asked)
    if root != stem(found):
        return Fit.NONE
    if _dots_agree(len(root), asked, asked_dots, found, found_dots):
        return Fit.INFLECTED
    return Fit.SAME_LETTERS if asked == found else Fit.SAME_STEM


def _dots_agree(
    root: int, asked: str, asked_dots: tuple[int, ...], found: str, found_dots: tuple[int, ...]
) -> bool:
    """Whether both have the same dots in the root, or one has more by its plural."""
    ours = {at for at in asked_dots if at < root}
    theirs = {at for at in found_dots if at < root}
    if ours == theirs:
        return True
    if ours < theirs:
        return plural_takes_dots(asked, found)
    return theirs < ours and plural_takes_dots(found, asked)


def head_fit(asked: str, found: str) -> Fit:
    """How `asked` fits the head of the compound `found`; both spelled."""
    folded_asked, folded = fold(asked), fold(found)
    root, whole = stem(folded_asked), stem(folded)
    before = len(whole) - len(root)
    if len(root) < _MIN_PART or not whole.endswith(root):
        return Fit.NONE
    if not _is_modifier(whole[:before], len(root)):
        return Fit.NONE
    head_dots = tuple(at - before for at in dots(found) if at >= before)
    return _fit(folded_asked, dots(asked), folded[before:], head_dots)


def _is_modifier(before: str, head_letters: int) -> bool:
    if before in _SHORT_MODIFIERS:
        return True
    if len(before) < _MIN_PART or before in VERBAL_PREFIXES or not _VOWELS.intersection(before):
        return False
    # Behind i, o, u, a a short "head" is the ending of a foreign word: Monitor, Automat.
    return head_letters > _MIN_PART or before[-1] not in "aiou"


def modified(asked: str, found: str) -> list[str]:
    """What `asked` may modify in the compound `found`: Apfel in Apfelsaft → saft, folded.

    Several readings where linking letters leave them open; the vocabulary says which is a word.
    """
    folded_asked, folded = fold(asked), fold(found)
    asked_dots, found_dots = dots(asked), dots(found)
    readings: list[str] = []
    for root in dict.fromkeys((folded_asked, stem(folded_asked))):
        if len(root) < _MIN_PART or not folded.startswith(root):
            continue
        for link in _LINKS:
            start = len(root) + len(link)
            rest = folded[start:]
            if not folded.startswith(link, len(root)) or not _is_head(rest):
                continue
            if link in ("n", "en") and takes_er(root):
                continue
            if _dots_agree(len(root), folded_asked, asked_dots, folded[:start], found_dots):
                readings.append(rest)
    return readings


def _is_head(rest: str) -> bool:
    return len(rest) >= _MIN_PART and rest not in DERIVATIONS and not _VOWELS.isdisjoint(rest)


def joined(first: str, second: str) -> list[str]:
    """The compounds that two spelled words typed apart may mean: Umzug, Karton → umzugskarton."""
    return [first + link + second for link in ("", "s", "n", "en", "er", "e", "es")]


def halves(word: str) -> list[tuple[str, str]]:
    """Ways to read a spelled word as a compound of two: gartenstuhl → (garten, stuhl), …"""
    return [(word[:at], word[at:]) for at in range(_MIN_PART, len(word) - _MIN_PART + 1)]
