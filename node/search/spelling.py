"""One spelling for what people type.

`spell` writes umlauts out (Bücher, BUECHER → buecher), so that both keyboards agree and
nothing is lost. `fold` then drops them as well (buecher, bucher → bucher), which also joins
words that differ by their dots alone (Küchen, Kuchen): it serves to *find* candidates,
`spell` to tell them apart.
"""

import re
import unicodedata
from functools import lru_cache

MAX_WORD_LETTERS = 48
"""Longer words are cut: no German noun that people type is longer."""

_COMBINING = re.compile("[\u0300-\u036f]+")
_LETTERS = str.maketrans(
    {"æ": "ae", "ø": "oe", "œ": "oe", "å": "a", "ł": "l", "đ": "d", "ı": "i", "ð": "d", "þ": "th"}
)
# "ue" after a vowel or q is no umlaut: neue, Bauer, Quelle.
_UMLAUT = re.compile("(?<![aeiouyq])([aou])e+")


def spell(text: str) -> str:
    """Lower case without accents; ä, ö, ü, ß become ae, oe, ue, ss. Other scripts stay."""
    text = text.casefold()
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text).casefold()
    text = text.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    if text.isascii():
        return text
    text = text.translate(_LETTERS)
    return unicodedata.normalize("NFC", _COMBINING.sub("", unicodedata.normalize("NFKD", text)))


def fold(word: str) -> str:
    """Drop the dots of a spelled word: buecher → bucher. Idempotent."""
    return _UMLAUT.sub(r"\1", word)


@lru_cache(maxsize=1 << 14)
def dots(word: str) -> tuple[int, ...]:
    """Where `fold` dropped the dots of a spelled word: positions in the folded word."""
    dropped = 0
    found: list[int] = []
    for match in _UMLAUT.finditer(word):
        found.append(match.start() - dropped)
        dropped += match.end() - match.start() - 1
    return tuple(found)
