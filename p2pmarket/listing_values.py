"""One value of a listing, typed (JSON) or as text (CSV, command line), read into its type.

Every reader raises LocalError ``field-…`` naming the field and what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from p2pmarket import vocabulary
from protocol import limits
from protocol.errors import LocalError, RemoteError
from protocol.listing import Condition, ListingKind, Variant
from protocol.money import Price, from_main_unit
from protocol.text import clean

_CONDITION = {member.name.lower().replace("_", "-"): member for member in Condition}
_TRUE = frozenset({"true", "yes", "ja", "1", "x", "y", "j", "wahr"})
_FALSE = frozenset({"false", "no", "nein", "0", "", "n", "falsch"})


def is_empty(value: object) -> bool:
    """Tell whether a value says nothing: null, or blank text."""
    return value is None or (isinstance(value, str) and not value.strip())


def line_text(value: object, field: str, longest: int) -> str:
    """Return a text of one line, made clean; at most ``longest`` code points."""
    return _text(value, field, longest, lines=False)


def long_text(value: object, field: str, longest: int) -> str:
    """Return a text that may have several lines, made clean."""
    return _text(value, field, longest, lines=True)


def whole_number(value: object, field: str, least: int, most: int) -> int:
    """Return a whole number between two bounds."""
    number = value
    if isinstance(value, str):
        digits = value.strip()
        if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
            raise LocalError("field-not-number", field=field)
        number = int(digits)
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if type(number) is not int:
        raise LocalError("field-not-number", field=field)
    if not least <= number <= most:
        raise LocalError("field-out-of-range", field=field, least=least, most=most)
    return number


def loan_days(value: object, field: str) -> int | None:
    """Return how many days a loan may last."""
    return whole_number(value, field, 1, 3_650)


def boolean(value: object, field: str) -> bool:
    """Return a truth value; yes, ja, x, 1 and the like count as texts."""
    if type(value) is bool:
        return value
    word = str(value).strip().casefold() if isinstance(value, (str, int)) else "?"
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise LocalError("field-not-boolean", field=field)


def text_list(value: object, field: str, longest: int) -> tuple[str, ...]:
    """Return texts without repetition; in one text they are separated by ; | or commas."""
    if isinstance(value, str):
        value = value.replace("|", ";").split(";" if ";" in value or "|" in value else ",")
    if not isinstance(value, list):
        raise LocalError("field-not-list", field=field)
    cleaned = (line_text(item, field, longest) for item in value)
    return tuple(dict.fromkeys(text for text in cleaned if text))


def listing_kind(value: object, field: str) -> ListingKind:
    """Return a kind by its id or a German or English word for it."""
    identifier = vocabulary.kind_id(line_text(value, field, 40))
    if identifier is None:
        raise _unknown(value, field, vocabulary.KINDS)
    return ListingKind[identifier.upper()]


def condition(value: object, field: str) -> Condition | None:
    """Return a condition by its id or a German or English word for it."""
    identifier = vocabulary.condition_id(line_text(value, field, 40))
    if identifier is None:
        raise _unknown(value, field, vocabulary.CONDITIONS)
    return _CONDITION[identifier]


def _unknown(value: object, field: str, known: Mapping[str, str]) -> LocalError:
    return LocalError(
        "field-unknown-value", field=field, value=str(value)[:60], allowed=", ".join(known)
    )


def in_minor(value: object, field: str, currency: str) -> Price:
    """Return an amount given in the smallest unit."""
    return Price(whole_number(value, field, 0, limits.MAX_PRICE_MINOR), currency)


def in_main(value: object, field: str, currency: str) -> Price:
    """Return an amount given in the main unit: 12, 12.5, "12,50", "12,50 €"."""
    text = str(value) if isinstance(value, (int, str)) and type(value) is not bool else None
    if isinstance(value, float):
        text = f"{value:.10f}".rstrip("0")
    if text is None:
        raise LocalError("field-not-number", field=field)
    for sign in ("€", "EUR", currency):
        text = text.replace(sign, "")
    try:
        return from_main_unit(text.strip(), currency)
    except (ValueError, RemoteError):
        raise LocalError(
            "field-not-amount", field=field, value=str(value)[:40], currency=currency
        ) from None


def moment(value: object, field: str) -> int | None:
    """Return Unix milliseconds; ISO 8601, local time where no zone is given."""
    if type(value) is int:
        raise LocalError("field-not-time", field=field, value=str(value)[:40])
    typed = line_text(value, field, 40)
    try:
        return int(datetime.fromisoformat(typed).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise LocalError("field-not-time", field=field, value=typed) from None


def variants(value: object, field: str) -> tuple[Variant, ...]:
    """Return variants: objects with name and choices, or ``Size=98,104;Colour=red``."""
    if isinstance(value, str):
        value = [_variant_fields(part, field) for part in value.split(";") if part.strip()]
    if isinstance(value, dict):
        value = [{"name": name, "choices": choices} for name, choices in value.items()]
    if not isinstance(value, list):
        raise LocalError("field-not-list", field=field)
    if len(value) > limits.MAX_VARIANTS:
        raise LocalError("field-too-many", field=field, most=limits.MAX_VARIANTS)
    return tuple(_variant(item, field) for item in value)


def _variant_fields(text: str, field: str) -> dict[str, Any]:
    name, found, choices = text.partition("=")
    if not found:
        raise LocalError("field-refused", field=field)
    return {"name": name, "choices": choices.replace("|", ",").split(",")}


def _variant(value: object, field: str) -> Variant:
    if not isinstance(value, dict):
        raise LocalError("field-not-object", field=field)
    choices = text_list(value.get("choices", []), field, limits.MAX_TAG)
    if len(choices) > limits.MAX_VARIANT_CHOICES:
        raise LocalError("field-too-many", field=field, most=limits.MAX_VARIANT_CHOICES)
    return Variant(line_text(value.get("name"), field, limits.MAX_TAG), choices)


def _text(value: object, field: str, longest: int, lines: bool) -> str:
    if type(value) is not str:
        raise LocalError("field-not-text", field=field)
    text = clean(value.replace("\t", " "), lines)
    if len(text) > longest:
        raise LocalError("field-too-long", field=field, longest=longest, length=len(text))
    return text
