"""A file of listings on its way to the node: in batches, with progress and per-line errors."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import click

from p2pmarket.cli.session import Session
from p2pmarket.cli.terminal import safe
from p2pmarket.listing_files import BadLine, Row, format_of, read_rows
from p2pmarket.texts import _, ngettext
from p2pmarket.texts.errors import refusal, sentence
from protocol.errors import LocalError, P2PMarketError

STANDARD_INPUT = Path("-")
_FIRST_BATCH_ROWS = 100
_MAX_BATCH_ROWS = 500
"""What a request may hold. Each costs the node a look at all own listings, so that a large
file comes in large batches; the first is small, to show progress soon."""

_MAX_LISTED = 2_000
"""Listings that a report keeps whole; a program that imports more asks for them by search."""


@dataclass(slots=True)
class FileReport:
    """What became of the lines of a file. stopped: why the rest was not even tried."""

    counts: dict[str, int] = field(default_factory=dict)
    listings: list[dict[str, Any]] = field(default_factory=list)
    refused: list[tuple[int, LocalError]] = field(default_factory=list)
    unknown_fields: list[str] = field(default_factory=list)
    unknown_places: list[str] = field(default_factory=list)
    stopped: P2PMarketError | None = None

    def count(self, outcome: str) -> int:
        """Return how many lines came to this."""
        return self.counts.get(outcome, 0)

    def worded(self) -> list[tuple[int, LocalError, str]]:
        """Return the refused lines in order, with their reasons in words."""
        ordered = sorted(self.refused, key=lambda item: item[0])
        return [(line, error, sentence(error.code, error.fields)) for line, error in ordered]


def publish_file(session: Session, source: Path) -> FileReport:
    """Publish every good line of a file.

    A full disk or a node that ends in the middle stops it: the report tells what was published
    before. Raises LocalError ``file-unreadable`` or as read_rows.
    """
    report = FileReport()
    try:
        _publish_rows(session, source, report)
    except P2PMarketError as error:
        if not report.counts:
            raise
        report.stopped = error
    return report


def _publish_rows(session: Session, source: Path, report: FileReport) -> None:
    with _opened(source) as file, _progress(file, source) as advance:
        beginning = file.peek(64)[:64] if hasattr(file, "peek") else b""
        batch: list[Row] = []
        room = _FIRST_BATCH_ROWS
        for row in read_rows(file, format_of(source.name, beginning)):
            if isinstance(row, BadLine):
                report.refused.append((row.line, row.error))
                continue
            batch.append(row)
            if len(batch) == room:
                _send(session, batch, report)
                batch = []
                room = min(2 * room, _MAX_BATCH_ROWS)
                advance(report)
        if batch:
            _send(session, batch, report)


def report_lines(report: FileReport) -> list[str]:
    """Return the report for people: errors by line, then the sum."""
    lines = [
        _("Line {line}: {reason}").format(line=line, reason=safe(text))
        for line, _error, text in report.worded()
    ]
    if report.unknown_fields:
        names = safe(", ".join(report.unknown_fields))
        lines.append(_("Not read, because they mean nothing here: {names}.").format(names=names))
    if report.unknown_places:
        names = safe(", ".join(report.unknown_places))
        lines.append(
            _("Not among the places of the community, kept without distance: {names}.").format(
                names=names
            )
        )
    lines.append(
        _("{new} new, {changed} changed, {unchanged} unchanged, {refused} refused.").format(
            new=report.count("new"),
            changed=report.count("changed"),
            unchanged=report.count("unchanged"),
            refused=len(report.refused),
        )
    )
    return lines


def _send(session: Session, batch: list[Row], report: FileReport) -> None:
    rows = [{"line": row.line, "fields": row.fields} for row in batch]
    answer = session.client.post(session.path("listings"), {"rows": rows})
    for result in answer["results"]:
        if result["error"] is not None:
            error = LocalError(result["error"]["code"], **result["error"]["fields"])
            report.refused.append((result["line"], error))
            continue
        outcome = result["outcome"]
        report.counts[outcome] = report.count(outcome) + 1
        if len(report.listings) < _MAX_LISTED:
            report.listings.append(result["listing"])
    for name in answer["unknown_fields"]:
        if name not in report.unknown_fields:
            report.unknown_fields.append(name)
    for name in answer["unknown_places"]:
        if name not in report.unknown_places:
            report.unknown_places.append(name)


def check_readable(source: Path) -> None:
    """Raise LocalError ``file-unreadable`` before anybody is asked anything."""
    with _opened(source) as file:
        if source != STANDARD_INPUT:
            file.read(1)


@contextmanager
def _opened(source: Path) -> Iterator[Any]:
    if source == STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    try:
        with source.open("rb") as file:
            yield file
    except OSError as error:
        raise LocalError("file-unreadable", path=str(source), reason=refusal(error)) from None


@contextmanager
def _progress(file: BinaryIO, source: Path) -> Iterator[Any]:
    """Show on a terminal how far the file has been read."""
    if not sys.stderr.isatty():
        yield lambda report: None
        return
    size = source.stat().st_size if source != STANDARD_INPUT else 0

    def advance(report: FileReport) -> None:
        done = sum(report.counts.values()) + len(report.refused)
        text = ngettext("{n} line", "{n} lines", done).format(n=done)
        if size:
            text += f" ({min(99, 100 * file.tell() // size)} %)"
        click.echo(f"\r{text} … ", nl=False, err=True)

    yield advance
    click.echo("\r" + " " * 40 + "\r", nl=False, err=True)
