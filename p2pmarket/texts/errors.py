"""The sentences of all errors: what happened and why, and what to do next.

The entries stand in ``error_sentences``, by subject; here they are filled in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from p2pmarket import vocabulary
from p2pmarket.texts import _, current_language
from p2pmarket.texts.error_sentences import Sentences
from p2pmarket.texts.error_sentences.communities import COMMUNITIES
from p2pmarket.texts.error_sentences.governance import GOVERNANCE
from p2pmarket.texts.error_sentences.joining import JOINING
from p2pmarket.texts.error_sentences.ledger import LEDGER
from p2pmarket.texts.error_sentences.listings import LISTINGS
from p2pmarket.texts.error_sentences.mail import MAIL
from p2pmarket.texts.error_sentences.moderation import MODERATION
from p2pmarket.texts.error_sentences.node import NODE
from p2pmarket.texts.error_sentences.trades import TRADES
from p2pmarket.texts.error_sentences.windows import WINDOWS
from p2pmarket.texts.trades import FIELD_NAMES, FIELDS, STATES, STEPS


def sentence(code: str, fields: Mapping[str, object], translate: Callable[[str], str] = _) -> str:
    """Return the text of an error. An unknown code is named as it is: a test forbids them."""
    entry = ERRORS.get(code)
    if entry is None:
        listed = ", ".join(f"{name}={value}" for name, value in fields.items())
        return f"{code} ({listed})" if listed else code
    given = _Given(_worded(fields))
    return " ".join(translate(part).format_map(given) for part in entry if part)


def refusal(error: OSError) -> str:
    """Return in words why the system refused something."""
    if isinstance(error, FileNotFoundError):
        return _("it does not exist")
    if isinstance(error, IsADirectoryError):
        return _("it is a folder")
    if isinstance(error, PermissionError):
        return _("you may not")
    return error.strerror or str(error)


_FLAGS = {
    "max_price": "--max-price",
    "min_price": "--min-price",
    "within_km": "--within",
    "credit_unit": "--credit-unit",
    "credit_limit": "--credit-limit",
}


def _worded(fields: Mapping[str, object]) -> dict[str, object]:
    """Return the fields of an error with ids as people know them."""
    worded = dict(fields)
    field = str(fields.get("field", ""))
    field = FIELDS.get(field, field)
    if field in vocabulary.FIELDS or field in FIELD_NAMES:
        worded["field"] = _(field)
    elif field in _FLAGS:
        worded["field"] = _FLAGS[field]
    if "allowed" in fields:
        known = {**vocabulary.KINDS, **vocabulary.CONDITIONS, **vocabulary.CATEGORIES}
        german = current_language() == "de"
        ids = str(fields["allowed"]).split(", ")
        worded["allowed"] = ", ".join(vocabulary.label(known, i) if german else i for i in ids)
    if "category" in fields and current_language() == "de":
        worded["category"] = vocabulary.label(vocabulary.CATEGORIES, str(fields["category"]))
    for name, labels in (("state", STATES), ("step", STEPS)):
        if name in fields:
            worded[name] = vocabulary.label(labels, str(fields[name]))
    for name in ("status", "reason"):
        if name in fields:
            worded[name] = vocabulary.label(vocabulary.MEMBER_STATUSES, str(fields[name]))
    return worded


class _Given(dict[str, object]):
    """The fields of an error: a missing one must not hide the error itself."""

    def __missing__(self, name: str) -> str:
        return "…"


ERRORS: Mapping[str, Sentences] = {
    **NODE,
    **COMMUNITIES,
    **JOINING,
    **GOVERNANCE,
    **LISTINGS,
    **MAIL,
    **MODERATION,
    **LEDGER,
    **TRADES,
    **WINDOWS,
}
