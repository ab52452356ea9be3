"""What each error says, by subject: one entry a code, in English; the catalogue has the German.

Fields in braces are those that the error was raised with; a test compares them with every place
that raises one.
"""

from __future__ import annotations

from typing import NamedTuple


class Sentences(NamedTuple):
    """what: what happened and why. next: what the person can do, or "" if nothing is needed."""

    what: str
    next: str = ""
