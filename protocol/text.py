"""What a text in a record may hold (spec 01 §texts).

Control characters could steer a terminal and bidirectional overrides could disguise what is
signed: no valid body holds them. Screens escape them all the same, for bodies of later kinds.
"""

from __future__ import annotations

import re
import unicodedata

# Fixed ranges, not Unicode categories: nodes with older tables must not hide what others show.
_CONTROLS = "\\x00-\\x1f\\x7f-\\x9f"
_SEPARATORS = "\\u2028\\u2029"
_DIRECTIONS = "\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069\\ufeff"
_SURROGATES = "\\ud800-\\udfff"
_PRIVATE_USE = "\\ue000-\\uf8ff\\U000f0000-\\U000ffffd\\U00100000-\\U0010fffd"
_FORBIDDEN = re.compile(f"[{_CONTROLS}{_SEPARATORS}{_DIRECTIONS}{_SURROGATES}{_PRIVATE_USE}]")


def is_harmless(text: str) -> bool:
    """Tell whether every character may stand in a text and on a terminal."""
    return _FORBIDDEN.search(text) is None


def is_text(value: str, longest: int, lines: bool = False, shortest: int = 0) -> bool:
    """Tell whether ``value`` is a valid text of shortest to longest code points.

    lines: whether line feeds may occur. A text is in normalisation form C and has no
    white space at its ends, so that what looks the same is the same.
    """
    if not shortest <= len(value) <= longest:
        return False
    if value.isascii() and value.isprintable():
        return value == value.strip()
    flat = value.replace("\n", " ") if lines else value
    return value == value.strip() and is_harmless(flat) and unicodedata.is_normalized("NFC", value)


def is_language(tag: str) -> bool:
    """Tell whether ``tag`` has the form of a language: 2 … 8 ASCII letters, digits, hyphens."""
    return 2 <= len(tag) <= 8 and tag.isascii() and tag.replace("-", "").isalnum()


def clean(value: str, lines: bool = False) -> str:
    """Return ``value`` made valid: NFC, trimmed, forbidden characters dropped.

    White space of any kind becomes spaces, runs of it one, unless ``lines`` is set: then line
    feeds stay.
    """
    spaced = value.replace("\r\n", "\n")
    spaced = "".join(" " if c.isspace() and not (lines and c == "\n") else c for c in spaced)
    # Dropping may bring a letter and its accent together: it goes before normalisation.
    parts = [_FORBIDDEN.sub("", part) for part in spaced.split("\n")]
    normal = unicodedata.normalize("NFC", "\n".join(parts))
    return normal.strip() if lines else " ".join(normal.split())
