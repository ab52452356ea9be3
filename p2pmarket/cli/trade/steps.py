"""What a person can do next in a trade: the exact command for each step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from p2pmarket.cli.terminal import columns, hanging, safe, width
from p2pmarket.cli.trade.words import SHORT_ID, other_of
from p2pmarket.texts import _, msgid

_COMMANDS: Mapping[str, tuple[str, str]] = {
    "promise": ("trade promise {id}", msgid("promise it")),
    "counter": ("trade counter {id} --price {amount}", msgid("propose other terms")),
    "propose": ("trade propose {id} --price {amount}", msgid("propose other terms")),
    "accept": ("trade accept {id}", msgid("agree to what {other} proposes")),
    "decline": ("trade decline {id}", msgid("say no")),
    "draw": ("trade draw {listing} --closes {day}", msgid("let a fair draw decide among all")),
    "cancel": ("trade cancel {id}", msgid("step back")),
    "slots": ('trade slots {id} "1.12. 17-18 Uhr"', msgid("name times to meet")),
    "choose": ("trade slots {id} --choose 1", msgid("choose one of the times")),
    "address": ('trade address {id} "…"', msgid("tell {other} where to meet")),
    "handover": ("trade handover {id}", msgid("when it changes hands: codes, and confirm")),
    "no-show": ("trade no-show {id}", msgid("say that {other} did not come")),
    "return": ("trade return {id}", msgid("when it comes back: codes, and confirm")),
    "extend": ("trade return {id} --extend {day}", msgid("propose a later day")),
    "agree": ("trade return {id} --agree", msgid("agree to the later day")),
    "admit": ("trade no-show {id} --admit", msgid("say that it is so")),
    "dispute": ("trade dispute {id} --steward {name}", msgid("let a third household look at it")),
    "accept-steward": ("trade dispute {id} --accept", msgid("accept {steward} for that")),
    "hand-over": ('trade dispute {id} --hand-over "…"', msgid("show {steward} this trade")),
    "settle": (
        "trade dispute {id} --settle {outcome}",
        msgid("say how you would end it: completed or cancelled"),
    ),
    "review": ("review {id}", msgid("tell the others how it was")),
}
_UNHAPPENED = ("handed-by-publisher", "handed-by-seeker")


def next_lines(trade: Mapping[str, Any]) -> list[str]:
    """Return the commands that are possible now, the likeliest first, and what each does."""
    rows = [_row(trade, step) for step in trade["steps"]]
    room = max((len(typed) for typed, _meaning in rows), default=0)
    beside = [f"  {typed:{room}}  {meaning}" for typed, meaning in rows]
    if all(width(line) <= columns() for line in beside):
        return beside
    return [
        line
        for typed, meaning in rows
        for line in (f"  {typed}", *hanging(f"      {meaning}", indent="      "))
    ]


def _row(trade: Mapping[str, Any], step: str) -> tuple[str, str]:
    typed, meaning = _COMMANDS[step]
    if step == "cancel" and trade["state"] in _UNHAPPENED:
        meaning = msgid("say that it did not happen")
    dispute = trade["dispute"]
    steward = "" if dispute is None else dispute["steward"] or dispute["steward_id"][:SHORT_ID]
    # No price and no day as an example: who copies the command as it stands would offer it.
    filled = typed.format(
        id=trade["id"][:SHORT_ID],
        listing=trade["listing_id"][:SHORT_ID],
        amount=_("AMOUNT"),
        day=_("DAY"),
        name=_("NAME"),
        outcome=_("OUTCOME"),
    )
    return (
        f"p2pmarket {filled}",
        _(meaning).format(other=other_of(trade), steward=safe(steward)),
    )
