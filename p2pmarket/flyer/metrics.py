"""How wide text is in Helvetica, which every PDF reader has (Adobe's Core 14 AFM files)."""

from __future__ import annotations

_NARROW: dict[int, str] = {
    191: "'",
    222: "ijl",
    260: "|",
    278: " !,./:;I[\\]ft",
    333: "()-`r",
    334: "{}",
    355: '"',
    389: "*",
    469: "^",
    500: "Jckksvxyz",
    584: "+<=>~",
    611: "FTZß",
    667: "&ABEKPSVXYÄ",
    722: "CDHNRUwÜ",
    778: "GOQÖ",
    833: "Mm",
    889: "%",
    944: "W",
    1000: "—…",
    1015: "@",
}
_WIDTHS = {character: width for width, group in _NARROW.items() for character in group}
_OTHERS = 556
"""Digits and most small letters; of what is not listed here it is near enough for a line."""
_BOLD = 1.08
"""Helvetica-Bold is wider by at most this, on average of a line."""


def width_of(text: str, size: float, bold: bool = False) -> float:
    """Return how wide a text is, in the unit of ``size``."""
    units = sum(_WIDTHS.get(character, _OTHERS) for character in text)
    return units * size / 1000 * (_BOLD if bold else 1.0)


def wrap(text: str, size: float, room: float, bold: bool = False) -> list[str]:
    """Return lines that fit ``room``; a word that is too long is broken."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}" if line else word
            if width_of(longer, size, bold) <= room:
                line = longer
                continue
            if line:
                lines.append(line)
            line = word
            while width_of(line, size, bold) > room and len(line) > 1:
                fits = _fitting(line, size, room, bold)
                lines.append(line[:fits])
                line = line[fits:]
        lines.append(line)
    return lines


def _fitting(word: str, size: float, room: float, bold: bool) -> int:
    for length in range(len(word) - 1, 1, -1):
        if width_of(word[:length], size, bold) <= room:
            return length
    return 1
