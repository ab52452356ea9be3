"""Which words of the vocabulary a mistyped word may have meant.

One edit touches one half of a word, so candidates share the beginning or the end, and two
range scans find them. The first letter is seldom mistyped and must agree. Letters that sound
alike (f and ph, single and double) count half.
"""

import re
from functools import lru_cache

from rapidfuzz.distance import OSA

_SOUNDS = (
    (re.compile(r"(.)\1+"), r"\1"),
    (re.compile("ph|v"), "f"),
    (re.compile("th|dt|d(?=$)"), "t"),
    (re.compile("ck|c(?=[aou]|$)|q"), "k"),
    (re.compile("tz|ts"), "z"),
    (re.compile("ie|y|ih"), "i"),
    (re.compile("ai|ey|ay"), "ei"),
    (re.compile("(?<=[aeou])h"), ""),
    (re.compile("(?<=[aeiou])a(?=h)"), "a"),
)
_ONE_EDIT_FROM = 5
_TWO_EDITS_FROM = 10
_MAX_EDITS = 3


@lru_cache(maxsize=1 << 12)
def sound(folded: str) -> str:
    """A rough German spelling by ear: smartphone → smartfone, kaffee → kafe."""
    for pattern, replacement in _SOUNDS:
        folded = pattern.sub(replacement, folded)
    return folded


def ends(word: str) -> tuple[str, str]:
    """The beginning and the end of a folded word, of which a slip leaves one whole.

    Halves, of which one edit can touch but one; thirds of long words, which may have two slips.
    """
    if len(word) >= _TWO_EDITS_FROM:
        third = len(word) // 3
        return word[:third], word[-third:]
    middle = len(word) // 2
    return word[:middle], word[middle + 1 :] if len(word) % 2 else word[middle:]


def distance(typed: str, meant: str) -> float | None:
    """How far apart two folded words are, in edits; None if too far for one to be the other."""
    letters = min(len(typed), len(meant))
    if letters < _ONE_EDIT_FROM - 1 or typed[0] != meant[0]:
        return None
    edits = OSA.distance(typed, meant, score_cutoff=_MAX_EDITS)
    if edits > _MAX_EDITS:
        return None
    if sound(typed) == sound(meant):
        return 0.5
    if edits > (2 if letters >= _TWO_EDITS_FROM else 1):
        return None
    if letters < _ONE_EDIT_FROM and sorted(typed) != sorted(meant):
        return None
    if edits == 2 and OSA.distance(sound(typed), sound(meant), score_cutoff=1) > 1:
        return None
    return float(edits)
