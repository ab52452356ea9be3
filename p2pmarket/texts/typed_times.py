"""Days and times as people type them: ISO, as Germans write (1.12.2026 17:00), or named; local.

Named are today, tomorrow and the days of the week, in German and English: ``morgen 17 Uhr``,
``Saturday 10-12``, ``tomorrow 5pm``. All readers raise ValueError. A year left out is the next one
in which the day is to come; a day of the week is the next one, today included until it is over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

_ISO = r"(?P<y>\d{4})-(?P<m>\d\d?)-(?P<d>\d\d?)"
_GERMAN = r"(?P<d2>\d\d?)\.\s?(?P<m2>\d\d?)\.\s?(?P<y2>\d{4})?"
_AHEAD: Mapping[str, int] = {
    "heute": 0, "today": 0, "morgen": 1, "tomorrow": 1, "übermorgen": 2, "uebermorgen": 2,
}  # fmt: skip
_WEEKDAYS: tuple[tuple[str, ...], ...] = (
    ("montag", "mo", "monday", "mon"),
    ("dienstag", "di", "tuesday", "tue", "tues"),
    ("mittwoch", "mi", "wednesday", "wed"),
    ("donnerstag", "do", "thursday", "thu", "thur", "thurs"),
    ("freitag", "fr", "friday", "fri"),
    ("samstag", "sonnabend", "sa", "saturday", "sat"),
    ("sonntag", "so", "sunday", "sun"),
)
_NUMBER_OF = {word: number for number, words in enumerate(_WEEKDAYS) for word in words}
_NAMED = rf"(?:(?:am|on)\s+)?(?P<named>{'|'.join(sorted([*_AHEAD, *_NUMBER_OF], key=len)[::-1])})"
_DAY = rf"(?:{_ISO}|{_GERMAN}|{_NAMED}\b\.?)"
_CLOCK = (
    r"(?:(?:um|at)\s+)?(?P<{0}h>\d\d?)(?:[:.](?P<{0}min>\d\d))?(?:\s*(?P<{0}half>[ap])\.?m\.?)?"
)
_FROM = r"(?:(?:von|from)\s+)?" + _CLOCK.format("from")
_TO = _CLOCK.format("to")
_UNIT = r"(?:\s*(?:Uhr|h))?"
_SLOT = re.compile(
    rf"{_DAY},?[\sT]+{_FROM}{_UNIT}(?:\s*(?:-|–|to|bis)\s*{_TO}{_UNIT})?", re.IGNORECASE
)
_MOMENT = re.compile(rf"{_DAY}(?:,?[\sT]+{_FROM}{_UNIT})?", re.IGNORECASE)
_END_OF_DAY = time(23, 59)
_USUAL_MEETING = timedelta(hours=1)


def read_slot(text: str, now: datetime) -> tuple[datetime, datetime]:
    """Read e.g. ``2026-12-01 17:00-18:00`` or ``Samstag 10-12 Uhr``; without an end, one hour.

    An end before the beginning is on the next day. now: local, with its zone, as is what comes
    back.
    """
    found = _SLOT.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"not a time to meet: {text!r}")
    begins, closes = _clock_in(found, "from"), None
    if found["toh"] is not None:
        closes = _clock_in(found, "to")
        if found["tohalf"] and not found["fromhalf"]:
            same = _clock_in(found, "from", found["tohalf"])
            begins = same if same < closes else begins  # "5-6pm" begins at 5pm, "11-1pm" at 11
    day = _day_in(found, now, begins)
    starts = _local(day, begins)
    if closes is None:
        return starts, starts + _USUAL_MEETING
    ends = _local(day, closes)
    if ends <= starts:
        ends = _local(day + timedelta(days=1), closes)
    return starts, ends


def read_moment(text: str, now: datetime) -> datetime:
    """Read a day with or without a time; without one, the end of the day is meant."""
    try:
        exact = datetime.fromisoformat(text.strip())
    except ValueError:
        exact = None
    if exact is not None and exact.tzinfo is not None:
        return exact.astimezone()
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"not a day: {text!r}")
    clock = _END_OF_DAY if found["fromh"] is None else _clock_in(found, "from")
    return _local(_day_in(found, now, clock), clock)


def _day_in(found: re.Match[str], now: datetime, clock: time) -> date:
    today = now.date()
    if found["named"] is not None:
        return _day_named(found["named"].lower(), now, clock)
    if found["y"] is not None:
        return date(int(found["y"]), int(found["m"]), int(found["d"]))
    day, month = int(found["d2"]), int(found["m2"])
    if found["y2"] is not None:
        return date(int(found["y2"]), month, day)
    for year in range(today.year, today.year + 9):  # 29 February may be eight years away
        try:
            named = date(year, month, day)
        except ValueError:
            continue
        if named >= today:
            return named
    raise ValueError("no such day")


def _day_named(word: str, now: datetime, clock: time) -> date:
    if word in _AHEAD:
        return now.date() + timedelta(days=_AHEAD[word])
    ahead = (_NUMBER_OF[word] - now.weekday()) % 7
    if not ahead and clock <= now.time():
        ahead = 7  # the time has passed today: the same day of next week is meant
    return now.date() + timedelta(days=ahead)


def _clock_in(found: re.Match[str], which: str, half: str | None = None) -> time:
    hours, minutes = int(found[f"{which}h"]), int(found[f"{which}min"] or 0)
    half = half or found[f"{which}half"]
    if half is not None:
        if not 1 <= hours <= 12:
            raise ValueError("no such time")
        hours = hours % 12 + (12 if half.lower() == "p" else 0)
    return time(hours, minutes)


def _local(day: date, clock: time) -> datetime:
    try:
        return datetime.combine(day, clock).astimezone()
    except (OverflowError, OSError):
        raise ValueError("too far away") from None
