"""Dates, spans, amounts and distances as people of each language write them."""

from __future__ import annotations

from datetime import UTC, datetime

from p2pmarket.texts import _, current_language, msgid, ngettext
from protocol.money import Price, in_main_unit

_MONTHS = (
    msgid("January"), msgid("February"), msgid("March"), msgid("April"), msgid("May"),
    msgid("June"), msgid("July"), msgid("August"), msgid("September"), msgid("October"),
    msgid("November"), msgid("December"),
)  # fmt: skip
_WEEKDAYS = (
    msgid("Mon"), msgid("Tue"), msgid("Wed"), msgid("Thu"), msgid("Fri"), msgid("Sat"),
    msgid("Sun"),
)  # fmt: skip
_SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}


def moment(iso: str) -> datetime:
    """Return the local time behind an ISO 8601 text of the API."""
    return datetime.fromisoformat(iso).astimezone()


def iso(time_ms: int) -> str:
    """Return Unix milliseconds as ISO 8601 in UTC, e.g. ``2027-03-03T12:00:00Z``."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(time: datetime) -> str:
    """Return e.g. ``3 March 2027``."""
    return _("{day} {month} {year}").format(
        day=time.day, month=_(_MONTHS[time.month - 1]), year=time.year
    )


def month_and_year(text: str) -> str:
    """Return e.g. ``March 2027`` for ``2027-03``."""
    year, _dash, month = text.partition("-")
    return f"{_(_MONTHS[int(month) - 1])} {year}"


def short_day(time: datetime) -> str:
    """Return the day in ten characters, for tables: ``2027-03-03`` or ``03.03.2027``."""
    return time.strftime("%d.%m.%Y" if current_language() == "de" else "%Y-%m-%d")


def day_and_time(time: datetime) -> str:
    """Return e.g. ``3 March 2027, 14:05``."""
    return _("{date}, {time}").format(date=day(time), time=time.strftime("%H:%M"))


def weekday_and_time(time: datetime) -> str:
    """Return e.g. ``Wed, 3 March 2027, 14:05``: for days on which people are to meet."""
    return _("{date}, {time}").format(date=_(_WEEKDAYS[time.weekday()]), time=day_and_time(time))


def span(seconds: float) -> str:
    """Return a length of time in its largest whole unit, e.g. ``40 seconds``."""
    whole = max(0, int(seconds))
    if whole < 60:
        return ngettext("{n} second", "{n} seconds", whole).format(n=whole)
    if whole < 3_600:
        return ngettext("{n} minute", "{n} minutes", whole // 60).format(n=whole // 60)
    if whole < 86_400:
        return ngettext("{n} hour", "{n} hours", whole // 3_600).format(n=whole // 3_600)
    return ngettext("{n} day", "{n} days", whole // 86_400).format(n=whole // 86_400)


def amount(minor: int, currency: str) -> str:
    """Return an amount with its currency, e.g. ``€12.50`` or ``12,50 €``."""
    symbol = _SYMBOLS.get(currency)
    if current_language() == "de":
        return f"{in_main_unit(Price(minor, currency), ',')} {symbol or currency}"
    number = in_main_unit(Price(minor, currency))
    return f"{symbol}{number}" if symbol else f"{number} {currency}"


def distance(metres: int) -> str:
    """Return a distance, e.g. ``300 m`` or ``2.4 km``."""
    if metres < 1_000:
        return f"{round(metres, -2)} m"
    point = "," if current_language() == "de" else "."
    return f"{metres / 1000:.1f}".replace(".", point) + " km"


def amount_of_bytes(count: int) -> str:
    """Return a size, e.g. ``3.2 MB``."""
    point = "," if current_language() == "de" else "."
    if count < 1_000_000:
        return f"{max(1, round(count / 1000))} KB"
    if count < 1_000_000_000:
        return f"{count / 1_000_000:.1f}".replace(".", point) + " MB"
    return f"{count / 1_000_000_000:.1f}".replace(".", point) + " GB"
