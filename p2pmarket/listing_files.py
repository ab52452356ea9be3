"""Files of listings, JSON Lines or CSV, read row by row whatever their bytes.

Pure: no protocol and no network. What the fields mean is `p2pmarket.listing_fields`.
A bad line is an item of the result, never an exception, and never costs a good one.
"""

from __future__ import annotations

import csv
import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedIOBase
from typing import Any, BinaryIO, Literal, NoReturn

from protocol.errors import LocalError

Format = Literal["jsonl", "csv"]

MAX_LINE_BYTES = 64 << 10
"""A listing with its longest texts takes some 16 KB as JSON with escapes."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MAX_RECORD_LINES = 400

_COLUMNS = {
    "id": "id", "nummer": "id", "artikelnummer": "id", "sku": "id", "source_id": "id",
    "lang": "lang", "language": "lang", "sprache": "lang",
    "kind": "kind", "art": "kind", "type": "kind", "typ": "kind",
    "title": "title", "titel": "title", "name": "title", "bezeichnung": "title",
    "description": "description", "beschreibung": "description", "text": "description",
    "category": "category", "kategorie": "category", "rubrik": "category",
    "price_minor": "price_minor", "preis_cent": "price_minor",
    "price": "price", "preis": "price",
    "currency": "currency", "währung": "currency", "waehrung": "currency",
    "negotiable": "negotiable", "vb": "negotiable", "verhandelbar": "negotiable",
    "quantity": "quantity", "menge": "quantity", "anzahl": "quantity", "bestand": "quantity",
    "stock": "quantity", "condition": "condition", "zustand": "condition",
    "tags": "tags", "schlagwörter": "tags", "schlagworte": "tags", "stichwörter": "tags",
    "swap_for": "swap_for", "tausch_gegen": "swap_for", "tausche gegen": "swap_for",
    "lend_days": "lend_days", "leihtage": "lend_days", "max_days": "lend_days",
    "deposit": "deposit", "kaution": "deposit", "pfand": "deposit",
    "deposit_minor": "deposit_minor", "kaution_cent": "deposit_minor",
    "place": "place", "ort": "place",
    "days_valid": "days_valid", "gültig_tage": "days_valid", "tage": "days_valid",
    "laufzeit": "days_valid", "household": "household", "haushalt": "household",
    "starts": "starts", "beginn": "starts", "ends": "ends", "ende": "ends",
    "variants": "variants", "varianten": "variants",
    "shown_to": "shown_to", "zeigen_in": "shown_to",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One listing as the file has it. line: counted from 1, where it begins."""

    line: int
    fields: dict[str, object]


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that holds no listing, and why."""

    line: int
    error: LocalError


def format_of(name: str, beginning: bytes) -> Format:
    """Return the format that the file's name tells, or else its first bytes."""
    suffix = name.rpartition(".")[2].lower()
    if suffix == "csv":
        return "csv"
    if suffix in ("jsonl", "ndjson", "json"):
        return "jsonl"
    return "jsonl" if beginning.removeprefix(_BYTE_ORDER_MARK).lstrip()[:1] == b"{" else "csv"


def read_rows(source: BinaryIO | BufferedIOBase, form: Format) -> Iterator[Row | BadLine]:
    """Yield what the file holds, in order, with bounded memory.

    A repeated ``id`` is a bad line: the second would silently overwrite the first.
    Raises LocalError ``csv-not-utf8``, ``csv-header-missing`` or ``csv-header-repeats`` for a
    CSV file without usable column names, and OSError.
    """
    rows = _json_rows(source) if form == "jsonl" else _csv_rows(source)
    first_lines: dict[str, int] = {}
    for row in rows:
        if isinstance(row, Row) and isinstance(row.fields.get("id"), (str, int)):
            identifier = str(row.fields["id"])
            first = first_lines.setdefault(identifier, row.line)
            if first != row.line:
                repeated = LocalError("line-repeats-id", id=identifier, first_line=first)
                yield BadLine(row.line, repeated)
                continue
        yield row


def _json_rows(source: BinaryIO | BufferedIOBase) -> Iterator[Row | BadLine]:
    for number, line in _lines(source):
        if isinstance(line, LocalError):
            yield BadLine(number, line)
        elif line.strip():
            yield _json_row(number, line)


def _json_row(number: int, line: bytes) -> Row | BadLine:
    try:
        value: Any = json.loads(line.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        return BadLine(number, LocalError("line-not-utf8", position=error.start + 1))
    except json.JSONDecodeError as error:
        return BadLine(number, LocalError("line-not-json", position=error.colno))
    except (ValueError, RecursionError):
        return BadLine(number, LocalError("line-not-json", position=1))
    if not isinstance(value, dict):
        return BadLine(number, LocalError("line-not-object"))
    return Row(number, value)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _csv_rows(source: BinaryIO | BufferedIOBase) -> Iterator[Row | BadLine]:
    lines = _PushedBack(_lines(source))
    columns: list[str] | None = None
    delimiter = ","
    for number, record in _csv_records(lines):
        if isinstance(record, LocalError):
            yield BadLine(number, record)
            continue
        try:
            text = record.decode("utf-8")
        except UnicodeDecodeError as error:
            if columns is None:
                raise LocalError("csv-not-utf8") from None
            yield BadLine(number, LocalError("line-not-utf8", position=error.start + 1))
            continue
        if columns is None:
            delimiter = max(",;\t", key=text.count)
            columns = _column_names(_cells(text, delimiter))
            continue
        cells = _cells(text, delimiter)
        if cells is None:
            yield BadLine(number, LocalError("line-not-csv"))
        elif len(cells) != len(columns):
            yield BadLine(
                number, LocalError("line-columns", found=len(cells), expected=len(columns))
            )
        elif any(cell.strip() for cell in cells):
            present = zip(columns, cells, strict=True)
            yield Row(number, {name: cell for name, cell in present if cell.strip()})
    if columns is None:
        raise LocalError("csv-header-missing")


def _column_names(cells: list[str] | None) -> list[str]:
    names = [_COLUMNS.get(cell.strip().casefold(), cell.strip()) for cell in cells or []]
    if "title" not in names:
        raise LocalError("csv-header-missing")
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise LocalError("csv-header-repeats", column=repeated)
    return names


def _cells(text: str, delimiter: str) -> list[str] | None:
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None


def _csv_records(lines: _PushedBack) -> Iterator[tuple[int, bytes | LocalError]]:
    """Join lines until their quotes are balanced.

    A quote that is never closed would swallow the file: after a bounded look ahead its line
    alone is given up, and reading goes on with the next one.
    """
    while (first := lines.take()) is not None:
        number, line = first
        if isinstance(line, LocalError) or not line.strip():
            if isinstance(line, LocalError):
                yield number, line
            continue
        taken: list[tuple[int, bytes | LocalError]] = []
        record = line
        while record.count(b'"') % 2:
            following = lines.take()
            if following is not None:
                taken.append(following)
            if (
                following is None
                or isinstance(following[1], LocalError)
                or len(taken) > _MAX_RECORD_LINES
                or len(record) > MAX_LINE_BYTES
            ):
                lines.give_back(taken)
                yield number, LocalError("line-quote-open")
                break
            record += b"\n" + following[1]
        else:
            yield number, record


class _PushedBack:
    """Numbered lines that can be given back."""

    def __init__(self, source: Iterator[tuple[int, bytes | LocalError]]) -> None:
        self._source = source
        self._waiting: deque[tuple[int, bytes | LocalError]] = deque()

    def take(self) -> tuple[int, bytes | LocalError] | None:
        return self._waiting.popleft() if self._waiting else next(self._source, None)

    def give_back(self, lines: list[tuple[int, bytes | LocalError]]) -> None:
        self._waiting.extendleft(reversed(lines))


def _lines(source: BinaryIO | BufferedIOBase) -> Iterator[tuple[int, bytes | LocalError]]:
    number = 0
    while line := source.readline(MAX_LINE_BYTES + 2):
        number += 1
        if number == 1:
            line = line.removeprefix(_BYTE_ORDER_MARK)
        content = line.rstrip(b"\r\n")
        if len(content) <= MAX_LINE_BYTES:
            yield number, content
            continue
        while line and not line.endswith(b"\n"):
            line = source.readline(MAX_LINE_BYTES)
        yield number, LocalError("line-too-long", max_bytes=MAX_LINE_BYTES)
