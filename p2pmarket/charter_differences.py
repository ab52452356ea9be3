"""What two versions of a charter say differently, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import ndiff

from p2pmarket.api.governance_schemas import Difference
from p2pmarket.api.window_schemas import WindowDifference
from protocol.charter import Charter
from protocol.ids import text_of

_LISTS = ("languages", "categories", "questions", "worry_words")
_VALUES = (
    "name", "currency", "listing_slots", "visible_days", "photos", "approval", "first_listings",
)  # fmt: skip


def differences(before: Charter, after: Charter) -> list[Difference]:
    """Return what differs, in the order in which people read it."""
    return [*_all(before, after)]


def _all(before: Charter, after: Charter) -> Iterator[Difference]:
    for field in _VALUES:
        old, new = _value(before, field), _value(after, field)
        if old != new:
            yield Difference(field, before=old, after=new)
    if before.credit != after.credit:
        yield Difference("credit", before=_credit(before), after=_credit(after))
    for field in _LISTS:
        yield from _lists(field, _list(before, field), _list(after, field))
    yield from _lists("places", _places(before), _places(after))
    if before.windows != after.windows:
        yield Difference("windows", windows=_windows(before, after))
    if before.rules != after.rules:
        lines = ndiff(before.rules.splitlines(), after.rules.splitlines())
        yield Difference("rules", lines=[line for line in lines if not line.startswith("?")])


def _value(charter: Charter, field: str) -> str:
    value = getattr(charter.reception if hasattr(charter.reception, field) else charter, field)
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _list(charter: Charter, field: str) -> Sequence[str]:
    holder = charter.reception if hasattr(charter.reception, field) else charter
    return tuple(getattr(holder, field))


def _places(charter: Charter) -> Sequence[str]:
    return [
        place.name
        if place.lat_e4 is None or place.lon_e4 is None
        else f"{place.name} ({place.lat_e4 / 10_000:.4f}, {place.lon_e4 / 10_000:.4f})"
        for place in charter.places
    ]


def _credit(charter: Charter) -> str | None:
    return None if charter.credit is None else f"{charter.credit.limit} {charter.credit.unit}"


def _windows(before: Charter, after: Charter) -> list[WindowDifference]:
    """Return the windows that differ; none where only their order does."""
    found = []
    for community in dict.fromkeys(w.community for w in (*after.windows, *before.windows)):
        old, new = before.window_to(community), after.window_to(community)
        if old != new:
            found.append(
                WindowDifference(
                    text_of(community),
                    "" if old is None else old.name,
                    "" if new is None else new.name,
                    None if old is None else list(old.categories),
                    None if new is None else list(new.categories),
                )
            )
    return found


def _lists(field: str, before: Sequence[str], after: Sequence[str]) -> Iterator[Difference]:
    if before == after:
        return
    yield Difference(
        field,
        added=[item for item in after if item not in before],
        removed=[item for item in before if item not in after],
    )
