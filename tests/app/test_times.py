"""Times as people type them, and the calendar file that comes of an appointment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from p2pmarket.texts.calendar import Entry, calendar_text
from p2pmarket.texts.typed_times import read_moment, read_slot

NOW = datetime(2026, 11, 23, 12, 0).astimezone()


def local(*parts: int) -> datetime:
    return datetime(*parts).astimezone()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("typed", "starts", "ends"),
    [
        ("2026-12-01 17:00-18:30", (2026, 12, 1, 17), (2026, 12, 1, 18, 30)),
        ("2026-12-01T17:00-18:30", (2026, 12, 1, 17), (2026, 12, 1, 18, 30)),
        ("1.12. 17-18 Uhr", (2026, 12, 1, 17), (2026, 12, 1, 18)),
        ("1. 12. 2026, 17.30 bis 18 Uhr", (2026, 12, 1, 17, 30), (2026, 12, 1, 18)),
        ("1.2. 9:00", (2027, 2, 1, 9), (2027, 2, 1, 10)),
        ("24.12. 22-1 Uhr", (2026, 12, 24, 22), (2026, 12, 25, 1)),
        ("morgen 17 Uhr", (2026, 11, 24, 17), (2026, 11, 24, 18)),
        ("Heute um 18:30 Uhr", (2026, 11, 23, 18, 30), (2026, 11, 23, 19, 30)),
        ("übermorgen, 9.15-10 Uhr", (2026, 11, 25, 9, 15), (2026, 11, 25, 10)),
        ("Samstag 10-12 Uhr", (2026, 11, 28, 10), (2026, 11, 28, 12)),
        ("am So. von 10 bis 12 Uhr", (2026, 11, 29, 10), (2026, 11, 29, 12)),
        ("Montag 17 Uhr", (2026, 11, 23, 17), (2026, 11, 23, 18)),
        ("Montag 9 Uhr", (2026, 11, 30, 9), (2026, 11, 30, 10)),
        ("tomorrow 5pm", (2026, 11, 24, 17), (2026, 11, 24, 18)),
        ("on Saturday at 11 am", (2026, 11, 28, 11), (2026, 11, 28, 12)),
        ("Fri 5-6:30 p.m.", (2026, 11, 27, 17), (2026, 11, 27, 18, 30)),
        ("tomorrow 11am-12pm", (2026, 11, 24, 11), (2026, 11, 24, 12)),
        ("tomorrow 11pm-12am", (2026, 11, 24, 23), (2026, 11, 25, 0)),
        ("tomorrow 11-1pm", (2026, 11, 24, 11), (2026, 11, 24, 13)),
    ],
)
def test_a_time_to_meet_is_typed_as_people_do(
    typed: str, starts: tuple[int, ...], ends: tuple[int, ...]
) -> None:
    assert read_slot(typed, NOW) == (local(*starts), local(*ends))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026-12-01", (2026, 12, 1, 23, 59)),
        ("1.12.", (2026, 12, 1, 23, 59)),
        ("23.11.", (2026, 11, 23, 23, 59)),
        ("22.11.", (2027, 11, 22, 23, 59)),
        ("29.2.", (2028, 2, 29, 23, 59)),
        ("1.12.2026 17:00", (2026, 12, 1, 17)),
        ("morgen", (2026, 11, 24, 23, 59)),
        ("Monday", (2026, 11, 23, 23, 59)),
        ("Sonntag 20 Uhr", (2026, 11, 29, 20)),
    ],
)
def test_a_day_without_a_time_means_its_end(typed: str, meant: tuple[int, ...]) -> None:
    assert read_moment(typed, NOW) == local(*meant)


def test_a_zone_that_is_typed_counts() -> None:
    assert read_moment("2026-12-01T17:00:00Z", NOW) == datetime(2026, 12, 1, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "soon",
        "31.2.",
        "2026-13-01",
        "1.12",
        "1.12. 25:00",
        "17:00",
        "morgen 25 Uhr",
        "tomorrow 13pm",
        "montags 9 Uhr",
    ],
)
def test_what_is_no_time_is_refused(typed: str) -> None:
    for read in (read_slot, read_moment):
        with pytest.raises(ValueError, match=r"."):
            read(typed, NOW)


def test_a_calendar_file_escapes_what_people_write_and_folds_by_bytes() -> None:
    entry = Entry(
        uid="a-meeting@p2pmarket",
        sequence=3,
        starts=datetime(2026, 12, 1, 17, tzinfo=UTC),
        ends=datetime(2026, 12, 1, 18, tzinfo=UTC),
        summary="Tisch, Stuhl; \\ \x1b[2J\nEND:VEVENT",
        location="Straße " + "ü" * 60,
        remind=timedelta(minutes=90),
    )
    text = calendar_text([entry], datetime(2026, 11, 23, 12, tzinfo=UTC))
    lines = text.split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]
    assert lines.count("END:VEVENT") == 1
    assert "DTSTART:20261201T170000Z" in lines
    assert "TRIGGER:-PT90M" in lines
    assert "SUMMARY:Tisch\\, Stuhl\\; \\\\ [2J\\nEND:VEVENT" in lines
    assert max(len(line.encode()) for line in lines) <= 75
    assert "LOCATION:Straße " + "ü" * 60 in text.replace("\r\n ", "")
