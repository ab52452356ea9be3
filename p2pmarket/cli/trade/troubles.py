"""When a trade goes wrong: stepping back, not coming, disputes, and ruling on them."""

from __future__ import annotations

from typing import Any

import click

from p2pmarket.cli.options import Word, command
from p2pmarket.cli.session import Session
from p2pmarket.cli.terminal import safe, wrapped
from p2pmarket.cli.trade.answers import acted, trade_at
from p2pmarket.cli.trade.words import SHORT_ID, other_of
from p2pmarket.texts import _
from p2pmarket.texts.formats import day_and_time, moment
from p2pmarket.texts.trades import SETTLEMENTS, settlement_id
from protocol.errors import LocalError

SETTLEMENT = Word("outcome", SETTLEMENTS, settlement_id)
_BINDING = ("promised", "appointed", "handed-by-publisher", "handed-by-seeker")


@command("trade cancel", _("Before a promise this leaves no trace; after it, a receipt says so."))
@click.argument("identifier", metavar=_("TRADE"))
@click.argument("text", required=False, default="", metavar=_("[TEXT]"))
@click.option("--yes", is_flag=True, help=_("Do not ask."))
def cancel(session: Session, identifier: str, text: str, yes: bool) -> int:
    """Ask where neighbours will see it, then step back."""
    stands = trade_at(session, identifier)
    binding = stands["state"] in _BINDING
    warning = []
    if binding and stands["public"]:
        warning = [_("Your neighbours will see that you cancelled (not what).")]
    if binding and not yes and session.interactive:
        session.say(*(part for line in warning for part in wrapped(line)))
        if not session.agrees(_("Cancel it?"), default=False):
            session.say(_("Nothing was changed."))
            return 1
        warning = []
    trade = session.client.post(session.path("trades", identifier, "cancellation"), {"text": text})
    if session.as_json:
        session.answer({"warnings": warning, "results": [trade]}, ())
        return 0
    line = _("You have stepped back; {other} is told.").format(other=other_of(trade))
    acted(session, trade, line, [part for line in warning for part in wrapped(line)])
    return 0


@command("trade no-show", _("The receipt says so; who is said not to have come can dispute it."))
@click.argument("identifier", metavar=_("TRADE"))
@click.argument("text", required=False, default="", metavar=_("[TEXT]"))
@click.option("--admit", is_flag=True, help=_("Say that it was you who did not come."))
@click.option("--yes", is_flag=True, help=_("Do not ask."))
def no_show(session: Session, identifier: str, text: str, admit: bool, yes: bool) -> int:
    """Say that the other did not come, or admit it."""
    if admit:
        trade = session.client.post(session.path("trades", identifier, "admission"))
        acted(session, trade, _("You have signed the receipt that says so."))
        return 0
    stands = trade_at(session, identifier)
    if stands["state"] == "appointed" and "no-show" not in stands["steps"]:
        until = day_and_time(moment(stands["appointment"]["ends_at"]))
        raise LocalError("no-show-too-early", until=until)
    if not yes and session.interactive:
        question = _("Say that {other} did not come?").format(other=other_of(stands))
        if stands["public"]:
            session.say(
                *wrapped(
                    _("Your neighbours will see it if {other} agrees.").format(
                        other=other_of(stands)
                    )
                )
            )
        if not session.agrees(question, default=False):
            session.say(_("Nothing was changed."))
            return 1
    trade = session.client.post(session.path("trades", identifier, "no-show"), {"text": text})
    acted(session, trade, _("Reported."))
    return 0


@command(
    "trade dispute",
    _(
        "A household that both of you accept looks at what you show it, and at nothing else. You"
        " can also agree between the two of you with --settle."
    ),
)
@click.argument("identifier", metavar=_("TRADE"))
@click.argument("text", required=False, default="", metavar=_("[TEXT]"))
@click.option("--steward", metavar=_("HOUSEHOLD"), help=_("Who shall look at it."))
@click.option("--accept", is_flag=True, help=_("Accept the household that the other has named."))
@click.option("--hand-over", metavar=_("TEXT"), help=_("Show it this trade, with these words."))
@click.option("--settle", type=SETTLEMENT, help=_("How you would end it; both must say the same."))
def dispute(
    session: Session,
    identifier: str,
    text: str,
    steward: str | None,
    accept: bool,
    hand_over: str | None,
    settle: str | None,
) -> None:
    """Take one step in a dispute."""
    chosen = [steward is not None, accept, hand_over is not None, settle is not None]
    if sum(chosen) != 1:
        raise click.UsageError(
            _("Choose one of --steward HOUSEHOLD, --accept, --hand-over TEXT and --settle.")
        )
    if text and steward is None:
        raise click.UsageError(_("Words go along with --steward, or after --hand-over."))
    if steward is not None:
        step, request = "dispute", {"steward": steward, "text": text}
        line = _("You have asked that {steward} looks at it; {other} has to agree.")
    elif accept:
        step, request = "steward", {}
        line = _("You have accepted {steward}; show it what it shall see with --hand-over.")
    elif hand_over is not None:
        step, request = "case", {"text": hand_over}
        line = _("You have shown {steward} all messages of this trade, and your words.")
    else:
        step, request = "settlement", {"outcome": str(settle)}
        line = _("You have said how you would end it; it ends so if {other} says the same.")
    trade = session.client.post(session.path("trades", identifier, step), request)
    acted(session, trade, line.format(steward=_steward(trade), other=other_of(trade)))


def _steward(trade: dict[str, Any]) -> str:
    held = trade["dispute"]
    return "" if held is None else safe(held["steward"] or held["steward_id"][:SHORT_ID])
