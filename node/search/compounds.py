"""How a word of the vocabulary answers a word of the query.

In a German compound the last part is the thing, the others say which: an Esstisch is a Tisch,
a Tischdecke is not. So a query word is looked for as a whole word and as the *head* of
compounds, by the end of their stems; as a *modifier* (Apfel in Apfelsaft) it is weaker evidence.
No dictionary is needed: the other half must look like a word, and the vocabulary of the
listings says what is one.

All words are spelled (see `spelling.spell`) unless said to be folded.
"""

import re
from enum import Enum, auto
from functools import lru_cache
from itertools import combinations

from node.search.grammar import DERIVATIONS, VERBAL_PREFIXES, listed
from node.search.inflection import plural_takes_dots, stem, takes_er
from node.search.spelling import dots, fold

_SHORT_MODIFIERS = listed("ei oel tv pc uv")
_LINKS = ("", "s", "n", "en", "er", "e", "es", "ns")
_VOWELS = frozenset("aeiouy")
_INNER_PREFIXES = ("ab", "an", "auf", "aus", "ein", "um", "vor", "be")
_MIN_PART = 3
_MAX_FOREIGN = 5
_MAX_DOTS = 4
_LAST_VOWELS = re.compile(r"([aou]e?)(u?)((?:[^aeiouy]|(?<=q)u)*(?:e[lrn])?)$")


def spelled_stem(word: str) -> str:
    """The stem with its dots: buecher → buech, kuchen → kuch."""
    folded = fold(word)
    root = stem(folded)
    if folded == word:
        return root
    dotted = dots(word)
    return "".join(letter + "e" if at in dotted else letter for at, letter in enumerate(root))


@lru_cache(maxsize=1 << 14)
def back(word: str) -> str:
    """The reversed stem: words with one head share the beginning of theirs."""
    return spelled_stem(word)[::-1]


class Fit(Enum):
    """Whether what stands before a head makes a compound with it."""

    YES = auto()
    NO = auto()
    IF_KNOWN = auto()
    """Only if it is or ends in a known word: Auto-rad, not Kaffeevollau-tomaten, Moni-tor."""
    UNLESS_DERIVED = auto()
    """Unless it is a known word and a prefix: Schlaf-an-zug; but Traum-haus."""


def compound_fit(before: str, head: str) -> Fit:
    """How sure it is that `before` is the first part of a compound: Fahr-rad; not G-rad, Um-zug."""
    if before in _SHORT_MODIFIERS:
        return Fit.YES
    if len(before) < _MIN_PART or before in VERBAL_PREFIXES or _VOWELS.isdisjoint(before):
        return Fit.NO
    foreign = before[-1] in "aiou" and (not before.endswith("au") or head.startswith("to"))
    if len(head) <= _MIN_PART and (foreign or len(before) <= _MIN_PART):
        return Fit.IF_KNOWN
    if len(before) > _MAX_FOREIGN and foreign:
        return Fit.IF_KNOWN
    return Fit.UNLESS_DERIVED if underived(before) else Fit.YES


def underived(before: str) -> list[str]:
    """What is left of a first part without a prefix at its end: schlafan → schlaf."""
    return [
        before[: -len(prefix)]
        for prefix in _INNER_PREFIXES
        if before.endswith(prefix) and len(before) - len(prefix) >= _MIN_PART
    ]


def other_number(root: str) -> str | None:
    """A spelled stem with the umlaut of the plural put in or taken out: rad ↔ raed."""
    match = _LAST_VOWELS.search(root)
    if match is None:
        return None
    vowel = match[1]
    changed = vowel[0] if len(vowel) == 2 else vowel + "e"
    return root[: match.start()] + changed + root[match.end(1) :]


def is_other_number(asked: str, found: str) -> bool:
    """Whether two words that differ by an umlaut are singular and plural: Sack, Säcke.

    Not so Kuchen and Küche, whose endings do not go together.
    """
    one, other = fold(asked), fold(found)
    if len(dots(asked)) < len(dots(found)):
        return plural_takes_dots(one, other)
    return plural_takes_dots(other, one)


def dot_variants(word: str) -> list[str]:
    """Other words with the same letters but for the dots, the fewest changes first."""
    folded = fold(word)
    places = [at for at, letter in enumerate(folded) if letter in "aou"][-_MAX_DOTS:]
    variants: list[str] = []
    for count in range(len(places) + 1):
        for chosen in combinations(places, count):
            dotted = "".join(
                letter + "e" if at in chosen else letter for at, letter in enumerate(folded)
            )
            if dotted != word and fold(dotted) == folded:
                variants.append(dotted)
    return variants


def modified(asked: str, found: str, whole: bool = False) -> list[str]:
    """What `asked` may modify in the compound `found`: Apfel in Apfelsaft → saft, folded.

    Several readings where linking letters leave them open; the vocabulary says which is a word.
    whole: `asked` stands there with its ending, as Waffe in Waffenschrank, not in Waffeleisen.
    """
    folded_asked, folded = fold(asked), fold(found)
    asked_dots, found_dots = dots(asked), dots(found)
    readings: list[str] = []
    for root in (folded_asked,) if whole else dict.fromkeys((folded_asked, stem(folded_asked))):
        if len(root) < _MIN_PART or not folded.startswith(root):
            continue
        for link in _LINKS:
            start = len(root) + len(link)
            rest = folded[start:]
            if not folded.startswith(link, len(root)) or not _is_head(rest):
                continue
            if link in ("n", "en") and takes_er(root):
                continue
            if whole and not link and root.endswith("e") and rest[0] in "lnr":
                continue  # Waffel, Enten, Messer
            ours = {at for at in asked_dots if at < len(root)}
            theirs = {at for at in found_dots if at < len(root)}
            if ours == theirs or (
                ours < theirs and plural_takes_dots(folded_asked, folded[:start])
            ):
                readings.append(rest)
    return readings


def _is_head(rest: str) -> bool:
    return len(rest) >= _MIN_PART and rest not in DERIVATIONS and not _VOWELS.isdisjoint(rest)


def joined(first: str, second: str) -> list[str]:
    """The compounds that two words typed apart may mean: Umzug, Karton → umzugskarton."""
    return [first + link + second for link in ("", "s", "n", "en", "er", "e", "es")]


def halves(word: str) -> list[tuple[str, str]]:
    """Ways to read a word as a compound of two: gartenstuhl → (garten, stuhl), …"""
    return [(word[:at], word[at:]) for at in range(_MIN_PART, len(word) - _MIN_PART + 1)]
