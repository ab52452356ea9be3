"""Disputes that a household has to do with, one sentence each: for the inbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from p2pmarket import vocabulary
from p2pmarket.cli.terminal import safe
from p2pmarket.texts import _, msgid, ngettext
from p2pmarket.texts.formats import day_and_time, moment
from p2pmarket.texts.trades import SETTLEMENTS

_SENTENCES: Mapping[str, str] = {
    "shown": msgid("You have shown “{title}” to {household} ({time}), who is to rule on it."),
    "not-arrived": msgid(
        "Not all of what you have shown {household} of “{title}” ({time}) was accepted there within"
        ' 15 days. Show it again: p2pmarket trade dispute {id} --hand-over "…"'
    ),
    "to-rule": msgid("{household} has shown you a dispute ({time}); it waits for your ruling."),
    "under-way": msgid("{household} is showing you a dispute ({time})."),
    "ruled": msgid(
        "You have ruled on the dispute that {household} showed you ({time}): {outcome}."
    ),
    "over": msgid("{household} has shown you a dispute ({time}) that needs no ruling any more."),
}
_SHORT_ID = 10


def case_line(case: Mapping[str, Any]) -> str:
    """Return the sentence for a CaseLine as JSON, safe to print."""
    outcome = case["outcome"]
    line = _(_SENTENCES[case["what"]]).format(
        household=safe(case["household"] or case["household_id"][:_SHORT_ID]),
        id=case["trade"][:_SHORT_ID],
        title=safe(case["title"] or case["trade"][:_SHORT_ID]),
        time=day_and_time(moment(case["at"])),
        outcome="" if outcome is None else vocabulary.label(SETTLEMENTS, outcome),
    )
    missing = case["missing"]
    if not missing or case["what"] in ("not-arrived", "ruled"):
        return line
    if case["what"] == "shown":
        return f"{line} " + ngettext(
            "{n} letter of it is still under way.",
            "{n} letters of it are still under way.",
            missing,
        ).format(n=missing)
    return f"{line} {missing_text(missing)}"


def missing_text(count: int) -> str:
    """Say how many messages of a case have not come yet."""
    return ngettext(
        "{n} message is still under way.", "{n} messages are still under way.", count
    ).format(n=count)
