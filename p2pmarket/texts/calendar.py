"""Appointments and days of return as a calendar file (iCalendar, RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from p2pmarket import __version__

_LINE_BYTES = 75


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. uid: stays the same when it moves; sequence: greater each time it has.

    starts, ends: with their zone. remind: how long before a calendar shall call.
    """

    uid: str
    sequence: int
    starts: datetime
    ends: datetime
    summary: str
    description: str = ""
    location: str = ""
    remind: timedelta = timedelta(hours=1)


def calendar_text(entries: Sequence[Entry], written_at: datetime) -> str:
    """Return the file's text, its lines ended by CRLF. written_at: with its zone."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//p2pmarket//{__version__}//EN",
        "CALSCALE:GREGORIAN",
    ]
    for entry in entries:
        lines += _entry_lines(entry, written_at)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _entry_lines(entry: Entry, written_at: datetime) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{entry.uid}"
    yield f"SEQUENCE:{entry.sequence}"
    yield f"DTSTAMP:{_utc(written_at)}"
    yield f"DTSTART:{_utc(entry.starts)}"
    yield f"DTEND:{_utc(entry.ends)}"
    yield f"SUMMARY:{_escaped(entry.summary)}"
    for name, text in (("DESCRIPTION", entry.description), ("LOCATION", entry.location)):
        if text:
            yield f"{name}:{_escaped(text)}"
    yield "BEGIN:VALARM"
    yield "ACTION:DISPLAY"
    yield f"DESCRIPTION:{_escaped(entry.summary)}"
    yield f"TRIGGER:-PT{int(entry.remind.total_seconds()) // 60}M"
    yield "END:VALARM"
    yield "END:VEVENT"


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escaped(text: str) -> str:
    """Escape a text value (RFC 5545 §3.3.11); no control character passes."""
    kept = "".join(c for c in text.replace("\r\n", "\n") if c == "\n" or c.isprintable())
    for character in ("\\", ";", ","):
        kept = kept.replace(character, "\\" + character)
    return kept.replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """Cut a line after at most 75 bytes, never inside a character (RFC 5545 §3.1)."""
    room, part, taken = _LINE_BYTES, "", 0
    for character in line:
        size = len(character.encode("utf-8"))
        if taken + size > room:
            yield part
            part, taken = " ", 1
        part += character
        taken += size
    yield part
