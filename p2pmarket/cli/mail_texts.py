"""The mail in the status, as people read it. Every line returned is safe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from p2pmarket.cli.terminal import in_quotes, safe, wrapped
from p2pmarket.texts import _, ngettext
from p2pmarket.texts.formats import amount_of_bytes
from p2pmarket.texts.waiting import waiting_line

_SHOWN = 5
_OF_ONE = 3
"""Questions of one household that are shown; the list of trades has all of them."""
_QUESTIONS = ("trade-asked",)
_SHORT_ID = 10


def mail_lines(mail: dict[str, Any]) -> list[str]:
    """Return what there is to say; nothing where nothing is unread, on its way or kept."""
    lines: list[str] = []
    if mail["unread"]:
        line = ngettext(
            "{n} unread message: “p2pmarket inbox”", "{n} unread messages: “p2pmarket inbox”",
            mail["unread"],
        )  # fmt: skip
        lines.append(line.format(n=mail["unread"]))
    if mail["queued"]:
        line = ngettext(
            "{n} letter of yours has not arrived yet.",
            "{n} letters of yours have not arrived yet.",
            mail["queued"],
        )
        lines.append(line.format(n=mail["queued"]))
    if mail["held"]:
        line = ngettext(
            "Keeps {n} sealed letter for others ({size}).",
            "Keeps {n} sealed letters for others ({size}).",
            mail["held"],
        )
        lines.append(line.format(n=mail["held"], size=amount_of_bytes(mail["held_bytes"])))
    return [*lines, *flood_lines(mail)]


def flood_lines(mail: dict[str, Any]) -> list[str]:
    """Say who sends more than there is room for."""
    lines: list[str] = []
    if mail["depositors_full"]:
        line = ngettext(
            "{n} household has left as many letters for others here as one may; of its letters no"
            " more are kept until some are fetched.",
            "{n} households have left as many letters for others here as one may; of their letters"
            " no more are kept until some are fetched.",
            mail["depositors_full"],
        )
        lines.append(line.format(n=mail["depositors_full"]))
    for name in mail["flooding"]:
        lines.append(
            _(
                "{household} has sent 500 messages that nobody has read; more are not taken until"
                " some are. “p2pmarket block” refuses them all."
            ).format(household=in_quotes(name))
        )
    return lines


def waiting_lines(waiting: list[dict[str, Any]]) -> list[str]:
    """Return the first few things that wait for this household."""
    first, _more = _few_of_each(waiting)
    lines = [waiting_line(found) for found in first[:_SHOWN]]
    shown = len(lines)
    if len(waiting) > shown:
        lines.append(_("And {n} more: “p2pmarket inbox”").format(n=len(waiting) - shown))
    return lines


def in_community(line: Mapping[str, Any], text: str, named: bool) -> str:
    """Return a sentence about one community, with its name before it where there are several."""
    return f"{in_quotes(line['community'])}: {text}" if named else text


def all_waiting_lines(waiting: Sequence[Mapping[str, Any]], several: bool = False) -> list[str]:
    """Return what waits, wrapped; of many questions of one household the first few.

    Else who asks for twenty things buries what all others wait for. several: communities, so
    that each is named.
    """
    first, more = _few_of_each(waiting)
    lines = [
        line
        for found in first
        for line in wrapped(in_community(found, waiting_line(found), several), indent="  ")
    ]
    for household, count in more.items():
        line = ngettext(
            "{household} asks {n} thing more: “p2pmarket trade list”",
            "{household} asks {n} things more: “p2pmarket trade list”",
            count,
        )
        lines += wrapped(line.format(household=household, n=count), indent="  ")
    return lines


def _few_of_each(
    waiting: Sequence[Mapping[str, Any]],
) -> tuple[list[Mapping[str, Any]], dict[str, int]]:
    """Return what is shown, and by household how many of its questions are not."""
    first: list[Mapping[str, Any]] = []
    asked: Counter[str] = Counter()
    more: Counter[str] = Counter()
    for found in waiting:
        if found["what"] in _QUESTIONS:
            asked[found["household_id"]] += 1
            if asked[found["household_id"]] > _OF_ONE:
                more[safe(found["household"] or found["household_id"][:_SHORT_ID])] += 1
                continue
        first.append(found)
    return first, dict(more)
