"""Verdicts of labels and grounds of reports, as people type and read them."""

from __future__ import annotations

from collections.abc import Mapping

from p2pmarket.texts import _, msgid

VERDICTS: Mapping[str, str] = {
    "fine": msgid("fine"),
    "warn": msgid("warn"),
    "hide": msgid("hide"),
}

GROUNDS: Mapping[str, str] = {
    "forbidden": msgid("forbidden"),
    "deceit": msgid("deceit"),
    "harassment": msgid("harassment"),
    "misplaced": msgid("misplaced"),
    "other": msgid("something else"),
}

_WORDS = {
    "gut": "fine", "ok": "fine", "in ordnung": "fine", "warnen": "warn", "warnung": "warn",
    "ausblenden": "hide", "verbergen": "hide",
    "verboten": "forbidden", "täuschung": "deceit", "betrug": "deceit", "fraud": "deceit",
    "belästigung": "harassment", "fehlplatziert": "misplaced", "spam": "misplaced",
    "anderes": "other",
}  # fmt: skip


def verdict_id(word: str) -> str | None:
    """Return the verdict that a typed word means, or None."""
    return _identify(word, VERDICTS)


def ground_id(word: str) -> str | None:
    """Return the ground that a typed word means, or None."""
    return _identify(word, GROUNDS)


def _identify(word: str, labels: Mapping[str, str]) -> str | None:
    wanted = word.strip().casefold()
    found = next(
        (id for id, label in labels.items() if wanted in (id, label, _(label).casefold())),
        _WORDS.get(wanted),
    )
    return found if found in labels else None
