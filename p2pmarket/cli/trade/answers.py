"""What is said after each step in a trade."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from p2pmarket.cli.session import Session
from p2pmarket.cli.terminal import wrapped
from p2pmarket.cli.trade.words import SHORT_ID, other_of, state_sentence
from p2pmarket.texts import _
from p2pmarket.texts.delivery import delivery_text

_WAIT_S = 1.0
"""A neighbour that is connected has it, or keeps it, within this."""


def trade_at(session: Session, identifier: str, wait_s: float = 0.0) -> dict[str, Any]:
    """Return one trade. wait_s: how long to wait for the last own message to get on."""
    path = session.path("trades", identifier)
    trade: dict[str, Any] = session.client.get(path, {"wait_seconds": wait_s})
    return trade


def note_read(session: Session, identifier: str) -> None:
    """Note that the person here has read how a trade ended: it is told once."""
    session.client.post(session.path("trades", identifier, "reading"))


def acted(session: Session, trade: dict[str, Any], line: str, more: Iterable[str] = ()) -> None:
    """Say what was done, how far the message has come, and where the trade stands now."""
    if session.as_json:
        session.answer({"results": [trade]}, ())
        return
    if trade["forwarded"]:
        session.say(
            *wrapped(
                _(
                    "Another device of your household decides in this trade, so it was asked to"
                    " do this. “p2pmarket trade show {id}” shows when it has."
                ).format(id=trade["id"][:SHORT_ID])
            )
        )
        return
    trade = trade_at(session, trade["id"], _WAIT_S)
    lines = [*wrapped(line), *more, *wrapped(state_sentence(trade))]
    if trade["delivery"] is not None:
        sentence = _("Your message to {other}: {state}.")
        state = delivery_text(trade["delivery"])
        lines += wrapped(sentence.format(other=other_of(trade), state=state))
    session.say(*lines)
    if trade["steps"]:
        more_line = _("Go on with “p2pmarket trade show {id}”.")
        session.say(*wrapped(more_line.format(id=trade["id"][:SHORT_ID])))
