"""The words people type and read for kinds, states, conditions and categories.

Ids are the same in every language; labels come from the catalogues, and typing a label in
German or English works wherever an id does.
"""

from __future__ import annotations

from collections.abc import Mapping

from p2pmarket.texts import _, current_language, msgid

KINDS: Mapping[str, str] = {
    "sell": msgid("for sale"),
    "give": msgid("to give away"),
    "swap": msgid("to swap"),
    "lend": msgid("to lend"),
    "wanted": msgid("wanted"),
    "service": msgid("service"),
    "kit": msgid("kit"),
    "event": msgid("event"),
}

_KIND_WORDS = {
    "for sale": "sell", "to give away": "give", "to swap": "swap", "to lend": "lend",
    "selling": "sell", "verkaufen": "sell", "verkauf": "sell",
    "giving": "give", "free": "give", "verschenken": "give", "geschenk": "give",
    "swapping": "swap", "tauschen": "swap", "tausch": "swap",
    "lending": "lend", "verleihen": "lend", "verleih": "lend", "leihen": "lend",
    "want": "wanted", "suche": "wanted", "suchen": "wanted", "gesuch": "wanted",
    "gesucht": "wanted",
    "dienstleistung": "service", "dienst": "service",
    "set": "kit", "termin": "event", "veranstaltung": "event",
}  # fmt: skip

STATES: Mapping[str, str] = {
    "open": msgid("open"),
    "reserved": msgid("reserved"),
    "taken": msgid("taken"),
}

_STATE_WORDS = {
    "offen": "open", "frei": "open", "available": "open",
    "reserviert": "reserved",
    "weg": "taken", "vergeben": "taken", "gone": "taken", "sold": "taken", "verkauft": "taken",
}  # fmt: skip

CONDITIONS: Mapping[str, str] = {
    "new": msgid("new"),
    "like-new": msgid("like new"),
    "good": msgid("good"),
    "worn": msgid("worn"),
    "defect": msgid("defect"),
}

_CONDITION_WORDS = {
    "neu": "new", "neuwertig": "like-new", "wie neu": "like-new", "wie-neu": "like-new",
    "like new": "like-new", "gut": "good", "used": "worn", "gebraucht": "worn",
    "abgenutzt": "worn", "broken": "defect", "defekt": "defect", "kaputt": "defect",
}  # fmt: skip

CATEGORIES: Mapping[str, str] = {
    "animals": msgid("Animals"),
    "baby-kids": msgid("Baby and kids"),
    "bikes": msgid("Bikes"),
    "books-media": msgid("Books and media"),
    "building": msgid("Building"),
    "clothing": msgid("Clothing"),
    "electronics": msgid("Electronics"),
    "events": msgid("Events"),
    "food": msgid("Food"),
    "furniture": msgid("Furniture"),
    "garden": msgid("Garden"),
    "help": msgid("Help"),
    "household": msgid("Household goods"),
    "lessons": msgid("Lessons"),
    "music": msgid("Music"),
    "outdoor": msgid("Outdoor"),
    "plants": msgid("Plants"),
    "sports": msgid("Sports"),
    "tools": msgid("Tools"),
    "transport": msgid("Transport"),
    "other": msgid("Other"),
}

_CATEGORY_WORDS = {
    "tiere": "animals", "baby und kind": "baby-kids", "kinder": "baby-kids",
    "fahrräder": "bikes", "fahrrad": "bikes", "bücher und medien": "books-media",
    "bücher": "books-media", "bauen": "building", "kleidung": "clothing",
    "elektronik": "electronics", "veranstaltungen": "events", "essen": "food",
    "lebensmittel": "food", "möbel": "furniture", "garten": "garden", "hilfe": "help",
    "haushalt": "household", "haushaltswaren": "household", "unterricht": "lessons",
    "musik": "music", "draussen": "outdoor", "pflanzen": "plants", "sport": "sports",
    "werkzeug": "tools", "verkehr": "transport", "sonstiges": "other",
}  # fmt: skip

FIELDS = frozenset(
    {
        msgid("title"), msgid("kind"), msgid("description"), msgid("category"), msgid("price"),
        msgid("price_minor"), msgid("currency"), msgid("negotiable"), msgid("quantity"),
        msgid("condition"), msgid("tags"), msgid("swap_for"), msgid("lend_days"),
        msgid("deposit"), msgid("place"), msgid("days_valid"), msgid("starts"), msgid("ends"),
        msgid("variants"), msgid("lang"), msgid("name"), msgid("rules"), msgid("about"),
        msgid("languages"), msgid("address"), msgid("shown_to"), msgid("windows"),
    }
)  # fmt: skip
"""Fields that an error names. The German words are the columns of a file (docs/manual.md)."""

MEMBER_STATUSES: Mapping[str, str] = {
    "founder": msgid("founder"),
    "confirmed": msgid("member"),
    "provisional": msgid("unconfirmed"),
    "waiting": msgid("waiting"),
    "left": msgid("left"),
    "removed": msgid("removed"),
    "revoked": msgid("given up (this device)"),
}


def label(labels: Mapping[str, str], identifier: str) -> str:
    """Return the translated label of an id, or the id itself where there is none."""
    return _(labels[identifier]) if identifier in labels else identifier


def typed(labels: Mapping[str, str], identifier: str) -> str:
    """Return what a person types for an id: in English the id, in German the label."""
    return label(labels, identifier).lower() if current_language() == "de" else identifier


def kind_id(word: str) -> str | None:
    """Return the kind that a typed word means, or None."""
    return _identify(word, KINDS, _KIND_WORDS)


def state_id(word: str) -> str | None:
    """Return the state that a typed word means, or None."""
    return _identify(word, STATES, _STATE_WORDS)


def condition_id(word: str) -> str | None:
    """Return the condition that a typed word means, or None."""
    return _identify(word, CONDITIONS, _CONDITION_WORDS)


def category_id(word: str) -> str:
    """Return the category id behind a label, or the word itself in lower case."""
    wanted = word.strip().casefold()
    names = {name.casefold(): identifier for identifier, name in CATEGORIES.items()}
    return names.get(wanted) or _CATEGORY_WORDS.get(wanted, wanted)


def _identify(word: str, labels: Mapping[str, str], words: Mapping[str, str]) -> str | None:
    wanted = word.strip().casefold()
    if wanted in labels:
        return wanted
    return words.get(wanted)
