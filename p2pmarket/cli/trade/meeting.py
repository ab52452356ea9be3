"""When and where to meet, handing over, and giving back."""

from __future__ import annotations

import sys
from typing import Any

import click

from p2pmarket.cli.options import Count, command
from p2pmarket.cli.pasted import qr_lines
from p2pmarket.cli.session import Session
from p2pmarket.cli.terminal import wrapped
from p2pmarket.cli.trade.answers import acted, trade_at
from p2pmarket.cli.trade.options import DAY, MEETING_TIME
from p2pmarket.cli.trade.words import (
    SHORT_ID,
    confirmed_by_me,
    due_text,
    other_of,
    slot_text,
    state_sentence,
    title_of,
)
from p2pmarket.texts import _
from p2pmarket.texts.formats import moment
from protocol.errors import LocalError

_MAX_CODE_CHARACTERS = 200


@command(
    "trade slots", _("Times are local: 2026-12-01 17:00-18:00, 1.12. 17-18 Uhr or tomorrow 5pm.")
)
@click.argument("identifier", metavar=_("TRADE"))
@click.argument("times", nargs=-1, type=MEETING_TIME, metavar=_("[TIME]..."))
@click.option(
    "--choose", type=Count(1, 8), help=_("Choose so and so of the times that the other named.")
)
def slots(
    session: Session, identifier: str, times: tuple[dict[str, str], ...], choose: int | None
) -> None:
    """Name times, or choose one."""
    if bool(times) == (choose is not None):
        raise click.UsageError(_("Name times, or choose one with --choose."))
    if choose is not None:
        path = session.path("trades", identifier, "appointment")
        trade = session.client.post(path, {"number": choose})
        acted(session, trade, _("You have chosen a time."), _calendar_hint(trade))
        return
    path = session.path("trades", identifier, "slots")
    trade = session.client.post(path, {"slots": list(times)})
    named = "; ".join(map(slot_text, trade["my_slots"]))
    acted(session, trade, _("You have named: {slots}.").format(slots=named))


def _calendar_hint(trade: dict[str, Any]) -> list[str]:
    line = _("Into your calendar: p2pmarket trade show {id} --ics FILE")
    return wrapped(line.format(id=trade["id"][:SHORT_ID]))


@command("trade address", _("Nobody else can read it."))
@click.argument("identifier", metavar=_("TRADE"))
@click.argument("text", metavar=_("TEXT"))
def address(session: Session, identifier: str, text: str) -> None:
    """Tell an address."""
    trade = session.client.post(session.path("trades", identifier, "address"), {"text": text})
    line = _("You have told {other} where to meet; nobody else can read it.")
    acted(session, trade, line.format(other=other_of(trade)))


@command(
    "trade handover",
    _(
        "When you meet, each shows the other a code. Whoever types the other's code confirms for"
        " both, with no network. Without a code, each confirms for itself."
    ),
)
@click.argument("identifier", metavar=_("TRADE"))
@click.option("--code", metavar=_("CODE"), help=_("The other's code; - reads standard input."))
@click.option("--confirm", is_flag=True, help=_("Confirm without a code, for yourself only."))
def handover(session: Session, identifier: str, code: str | None, confirm: bool) -> int:
    """Show the own code, take the other's, confirm."""
    return _confirmed(session, identifier, "handover", code, confirm)


@command(
    "trade return",
    _("As with the handover: whoever types the other's code confirms for both."),
)
@click.argument("identifier", metavar=_("TRADE"))
@click.option("--code", metavar=_("CODE"), help=_("The other's code; - reads standard input."))
@click.option("--confirm", is_flag=True, help=_("Confirm without a code, for yourself only."))
@click.option("--extend", type=DAY, metavar=_("DAY"), help=_("Propose a later day instead."))
@click.option("--agree", is_flag=True, help=_("Agree to the later day that the other proposes."))
def give_back(
    session: Session,
    identifier: str,
    code: str | None,
    confirm: bool,
    extend: str | None,
    agree: bool,
) -> int:
    """Confirm that a loan is back, or make it longer."""
    if sum((code is not None or confirm, extend is not None, agree)) > 1:
        raise click.UsageError(_("Confirm the return, or make the loan longer: not both."))
    if extend is None and not agree:
        return _confirmed(session, identifier, "return", code, confirm)
    stands = trade_at(session, identifier)
    if agree:
        extend = stands["other_proposed_due"]
        if extend is None:
            raise click.UsageError(_("The other side has not proposed another day."))
    due = stands["terms"]["due_at"]
    if extend is not None and due is not None and moment(extend) <= moment(due):
        raise LocalError("due-not-later", due=due_text(due))
    path = session.path("trades", identifier, "extension")
    trade = session.client.post(path, {"due": extend})
    acted(session, trade, _("Agreed.") if agree else _("You have proposed a later day."))
    return 0


def _confirmed(
    session: Session, identifier: str, step: str, code: str | None, confirm: bool
) -> int:
    """Confirm; without a code or --confirm show the own code, and ask whoever sits there."""
    if code is None and not confirm:
        stands = trade_at(session, identifier)
        shown = stands["return_code" if step == "return" else "handover_code"]
        if shown is None:
            raise LocalError("trade-not-now", state=stands["state"], step=step)
        if not session.interactive:
            session.answer({"code": shown, "results": [stands]}, _how_to(stands, step, shown))
            return 0
        session.say(*_how_to(stands, step, shown), "", *qr_lines(shown), "")
        code = _ask_for_code(session, stands, step)
        if code is None:
            return 1
    if code == "-":
        code = sys.stdin.read(_MAX_CODE_CHARACTERS)
    path = session.path("trades", identifier, step)
    trade = session.client.post(path, {"code": code or None})
    line = _("Confirmed for both, with the code.") if code else _("Confirmed by you.")
    acted(session, trade, line)
    return 0


def _ask_for_code(session: Session, trade: dict[str, Any], step: str) -> str | None:
    """Return the other's code, "" to confirm without one, or None for not at all."""
    typed: str = click.prompt(
        _("The other's code (empty if you cannot get it)"), default="", show_default=False
    )
    if typed.strip():
        return typed
    if confirmed_by_me(trade):
        session.say(*wrapped(state_sentence(trade)))
        return None
    question = _("Has it come back?") if step == "return" else _("Has it changed hands?")
    if session.agrees(question, default=False):
        return ""
    session.say(_("Nothing was confirmed."))
    return None


def _how_to(trade: dict[str, Any], step: str, code: str) -> list[str]:
    if step == "return":
        line = _("“{title}” comes back: meet {other}, and look at it together.")
    else:
        line = _("“{title}” changes hands: meet {other}, and look at it together.")
    rest = _(
        "Then one of you shows the code below, and the other types it (“--code”). That confirms"
        " for both, and needs no network."
    )
    return [
        *wrapped(line.format(title=title_of(trade), other=other_of(trade))),
        *wrapped(rest),
        "",
        _("Your code: {code}").format(code=code),
    ]
