"""What may reach a terminal, and how it fits there.

Everything that comes from a record, a file or a path passes through :func:`safe`. Control
characters, escapes and bidirectional overrides are made visible, never obeyed.
"""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from p2pmarket.texts import _

# Joiners shape emoji and some scripts, the soft hyphen shows nothing: both are harmless.
_HARMLESS_FORMAT = "\u00ad\u200c\u200d"
# Letters by their category, and yet nothing to see: a title of these would be an empty place.
_BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0"
# As p2pmarket/namesakes.py writes it.
_ID_BEHIND_NAME = re.compile(r" \([a-z2-7]{8}\)$")
_LEAST_NAME = 12
"""The columns of such an id with an ellipsis before it."""
_MIN_COLUMNS = 40
_PIPE_COLUMNS = 400
_PROSE_COLUMNS = 100


def safe(text: object, lines: bool = False) -> str:
    """Return text with everything a terminal could obey made visible.

    lines: keep line feeds, for texts of several lines; else they are made visible too.
    """
    plain = str(text)
    if plain.isascii() and plain.isprintable():
        return plain
    return "".join(c if c == "\n" and lines else _visible(c) for c in plain)


def safe_json(body: object) -> str:
    """Return one JSON object whose strings hold nothing that a terminal would obey."""
    import json

    written = json.dumps(body, ensure_ascii=False, indent=1)
    if written.isascii():
        return written
    return "".join(json.dumps(c)[1:-1] if c != "\n" and _is_harmful(c) else c for c in written)


def width(text: str) -> int:
    """Return how many columns a safe text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) or unicodedata.category(c) in ("Mn", "Me", "Cf")
        else 2 if unicodedata.east_asian_width(c) in "WF"
        else 1
        for c in text
    )  # fmt: skip


def cut(text: str, columns: int) -> str:
    """Return a safe text shortened to at most ``columns``, an ellipsis at its end."""
    if width(text) <= columns:
        return text
    kept = ""
    taken = 0
    for character in text:
        taken += width(character)
        if taken > columns - 1:
            break
        kept += character
    return kept.rstrip() + "…"


def cut_name(name: str, columns: int) -> str:
    """Return a safe name shortened; the short id that tells it from its namesakes stays whole."""
    found = _ID_BEHIND_NAME.search(name)
    if found is None or width(name) <= columns:
        return cut(name, columns)
    return cut(name[: found.start()], max(1, columns - len(found[0]))) + found[0]


def columns() -> int:
    """Return the width to write for: the terminal's, or plenty where a program reads."""
    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        return _PIPE_COLUMNS
    from shutil import get_terminal_size

    return max(_MIN_COLUMNS, get_terminal_size((100, 24)).columns)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table. shrink_to: how narrow it may become; 0 never gives way.

    names: it holds names of households, of which some may end in the short id of a namesake.
    """

    heading: str
    right: bool = False
    shrink_to: int = 0
    names: bool = False


def table(headings: Sequence[Column], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return lines that fit the terminal; cells are made safe here.

    A table too wide takes what is missing from the columns that may shrink, widest first.
    """
    cells = [[safe(cell) for cell in row] for row in rows]
    widths = [
        max([width(head.heading), *(width(row[i]) for row in cells)])
        for i, head in enumerate(headings)
    ]
    room = columns() - 2 * (len(headings) - 1)
    least = [
        max(head.shrink_to, _LEAST_NAME)
        if head.names and any(_ID_BEHIND_NAME.search(row[i]) for row in cells)
        else head.shrink_to
        for i, head in enumerate(headings)
    ]
    while sum(widths) > room:
        elastic = [i for i, head in enumerate(headings) if head.shrink_to and widths[i] > least[i]]
        if not elastic:
            break
        widths[max(elastic, key=lambda i: widths[i])] -= 1
    lines = [[head.heading for head in headings], *cells]
    return [_line(line, headings, widths) for line in lines]


def paragraph(text: str, indent: str = "", most_columns: int = _PROSE_COLUMNS) -> list[str]:
    """Wrap a text that may hold line feeds to the terminal's width."""
    from textwrap import wrap

    room = min(columns(), most_columns)
    lines: list[str] = []
    for part in safe(text, lines=True).split("\n"):
        folded = wrap(
            part,
            room,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,  # an address or a path must stay whole to be copied
            break_on_hyphens=False,
        )
        lines.extend(folded or [""])
    return lines


def others_text(text: str, indent: str) -> list[str]:
    """Wrap what somebody else wrote so that no line of it begins where ours do.

    A word as long as the screen is broken here, not by the terminal, and of empty lines in a row
    one is left: neither can be used to write a heading that is not ours.
    """
    lines: list[str] = []
    for line in paragraph(text, indent):
        if not line and lines and not lines[-1]:
            continue
        lines += _broken(line, indent) if width(line) > columns() else [line]
    return lines


def _broken(line: str, indent: str) -> list[str]:
    """Return a line in pieces that fit, wherever they end."""
    pieces = [""]
    taken, room = 0, columns()
    for character in line:
        taken += width(character)
        if taken > room:
            pieces.append(indent)
            taken = len(indent) + width(character)
        pieces[-1] += character
    return pieces


def hanging(text: str, indent: str) -> list[str]:
    """Wrap one line whose further lines begin at ``indent``, with words broken that do not fit.

    For lines that end in what somebody else wrote: nothing of it begins where ours do.
    """
    if columns() == _PIPE_COLUMNS:
        return [safe(text)]
    from textwrap import wrap

    folded = wrap(
        safe(text),
        columns(),
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [part for line in folded for part in _broken(line, indent)]


def aligned(facts: Sequence[tuple[str, str]]) -> list[str]:
    """Return names and their values in two columns; a value stays in its own."""
    room = max(len(name) for name, _value in facts)
    indent = " " * (room + 2)
    return [line for name, value in facts for line in hanging(f"{name:{room}}  {value}", indent)]


def wrapped(line: str, indent: str = "") -> list[str]:
    """Wrap one line for a person at a terminal; a program that reads gets it whole."""
    if columns() == _PIPE_COLUMNS:
        return [indent + safe(line)]
    return paragraph(line, indent, _PIPE_COLUMNS)


def in_quotes(text: object) -> str:
    """Return a text from elsewhere, safe and in the quotation marks of the language."""
    return _("“{text}”").format(text=safe(text))


def colours_wanted(is_terminal: bool) -> bool:
    """Tell whether styled text may be written (no-color.org)."""
    return is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _line(cells: Sequence[str], headings: Sequence[Column], widths: Sequence[int]) -> str:
    shown = []
    for cell, head, room in zip(cells, headings, widths, strict=True):
        text = cut_name(cell, room) if head.names else cut(cell, room)
        padding = " " * (room - width(text))
        shown.append(padding + text if head.right else text + padding)
    return "  ".join(shown).rstrip()


def _is_harmful(character: str) -> bool:
    category = unicodedata.category(character)
    if category == "Cf":
        return character not in _HARMLESS_FORMAT
    return category in ("Cc", "Cs", "Co", "Zl", "Zp") or character in _BLANK_LETTERS


def _visible(character: str) -> str:
    if not _is_harmful(character):
        return character
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    return f"<U+{code:04X}>"
