"""What waits for this household, in words: for the inbox and the status.

Each subject adds a source, which finds what waits, in ``p2pmarket/api/waiting.py``, and a
sentence for each ``what`` here. A sentence may name {household}, {title}, {id} and {until}.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from p2pmarket.cli.terminal import safe
from p2pmarket.texts import _
from p2pmarket.texts.formats import day_and_time, moment

SENTENCES: Mapping[str, str] = {}
_SHORT_ID = 10


def waiting_line(waiting: Mapping[str, Any]) -> str:
    """Return the sentence for what waits, safe to print. waiting: a Waiting as JSON."""
    until = waiting["until"]
    return _(SENTENCES[waiting["what"]]).format(
        household=safe(waiting["household"] or waiting["household_id"][:_SHORT_ID]),
        title=safe(waiting["title"]),
        id=waiting["id"][:_SHORT_ID],
        until="–" if until is None else day_and_time(moment(until)),
    )
