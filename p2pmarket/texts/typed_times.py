"""Days and times as people type them: ISO, or as Germans write (1.12.2026 17:00), local time.

All readers raise ValueError. A year left out is the next one in which the day is to come.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

_ISO = r"(?P<y>\d{4})-(?P<m>\d\d?)-(?P<d>\d\d?)"
_GERMAN = r"(?P<d2>\d\d?)\.\s?(?P<m2>\d\d?)\.\s?(?P<y2>\d{4})?"
_DAY = f"(?:{_ISO}|{_GERMAN})"
_CLOCK = r"(?P<{0}h>\d\d?)(?:[:.](?P<{0}min>\d\d))?"
_FROM = _CLOCK.format("from")
_TO = _CLOCK.format("to")
_UNIT = r"(?:\s*(?:Uhr|h))?"
_SLOT = re.compile(
    rf"{_DAY},?[\sT]+{_FROM}{_UNIT}(?:\s*(?:-|–|to|bis)\s*{_TO}{_UNIT})?", re.IGNORECASE
)
_MOMENT = re.compile(rf"{_DAY}(?:,?[\sT]+{_FROM}{_UNIT})?", re.IGNORECASE)
_END_OF_DAY = time(23, 59)
_USUAL_MEETING = timedelta(hours=1)


def read_slot(text: str, now: datetime) -> tuple[datetime, datetime]:
    """Read e.g. ``2026-12-01 17:00-18:00`` or ``1.12. 17-18 Uhr``; without an end, one hour.

    An end before the beginning is on the next day. now: local, with its zone, as is what comes
    back.
    """
    found = _SLOT.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"not a time to meet: {text!r}")
    day = _day_in(found, now.date())
    starts = _local(day, _time_in(found, "from"))
    if found["toh"] is None:
        return starts, starts + _USUAL_MEETING
    ends = _local(day, _time_in(found, "to"))
    if ends <= starts:
        ends = _local(date.fromordinal(day.toordinal() + 1), _time_in(found, "to"))
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
    clock = _END_OF_DAY if found["fromh"] is None else _time_in(found, "from")
    return _local(_day_in(found, now.date()), clock)


def _day_in(found: re.Match[str], today: date) -> date:
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


def _time_in(found: re.Match[str], which: str) -> time:
    hours, minutes = int(found[f"{which}h"]), int(found[f"{which}min"] or 0)
    return time(hours, minutes)


def _local(day: date, clock: time) -> datetime:
    try:
        return datetime.combine(day, clock).astimezone()
    except (OverflowError, OSError):
        raise ValueError("too far away") from None
