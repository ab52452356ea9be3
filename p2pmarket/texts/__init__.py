"""Sentences in the person's language: gettext catalogues, with English as message ids.

click asks the same catalogues for its own words (usage, options, errors), because they are
installed as the process's gettext domain.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Mapping, Sequence
from gettext import gettext as _
from gettext import ngettext

__all__ = ["DOMAIN", "LANGUAGES", "_", "choose_language", "msgid", "ngettext", "use_language"]

DOMAIN = "p2pmarket"
LANGUAGES = ("en", "de")
LOCALE_FOLDER = os.path.join(os.path.dirname(os.path.dirname(__file__)), "locale")  # noqa: PTH118, PTH120 - imported before anything is printed; pathlib costs 4 ms


def msgid(text: str) -> str:
    """Mark a sentence for translation where it is not shown yet."""
    return text


def choose_language(arguments: Sequence[str], environ: Mapping[str, str]) -> str:
    """Return "de" or "en": from ``--lang``, P2PMARKET_LANG, or the locale.

    Looks at the bare command line, because help texts are needed before it is parsed.
    """
    wanted = [
        _option(arguments),
        environ.get("P2PMARKET_LANG"),
        environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG"),
    ]
    for candidate in wanted:
        if candidate:
            code = candidate[:2].lower()
            return code if code in LANGUAGES else LANGUAGES[0]
    return LANGUAGES[0]


def use_language(code: str) -> None:
    """Let everything from now on speak ``code`` in this process."""
    os.environ["LANGUAGE"] = code
    gettext.bindtextdomain(DOMAIN, LOCALE_FOLDER)
    gettext.textdomain(DOMAIN)


def current_language() -> str:
    """Return the language in use."""
    return os.environ.get("LANGUAGE") or LANGUAGES[0]


def _option(arguments: Sequence[str]) -> str | None:
    for position, argument in enumerate(arguments):
        if argument == "--":
            return None
        if argument.startswith("--lang="):
            return argument.removeprefix("--lang=")
        if argument == "--lang" and position + 1 < len(arguments):
            return arguments[position + 1]
    return None
