"""The disputes before this household: looking at them, ruling, forgetting."""

from __future__ import annotations

from typing import Any

import click

from p2pmarket import vocabulary
from p2pmarket.cli.options import command
from p2pmarket.cli.session import Session
from p2pmarket.cli.terminal import hanging, in_quotes, others_text, paragraph, safe, wrapped
from p2pmarket.cli.trade.course import course_lines
from p2pmarket.cli.trade.terms import terms_text
from p2pmarket.cli.trade.troubles import SETTLEMENT
from p2pmarket.cli.trade.words import SHORT_ID
from p2pmarket.texts import _
from p2pmarket.texts.cases import missing_text
from p2pmarket.texts.formats import day_and_time, moment, short_day
from p2pmarket.texts.trades import SETTLEMENTS


@command(
    "trade cases",
    _("You see what the two, or one of them, have shown you, and nothing else."),
    _("A dispute is forgotten here 90 days after you ruled, or at once with --forget."),
)
@click.option("--forget", metavar=_("TRADE"), help=_("Forget what you were shown of this trade."))
def cases(session: Session, forget: str | None) -> None:
    """List the disputes before this household."""
    if forget is not None:
        session.client.delete(session.path("cases", forget))
        line = _("Forgotten: nothing of this dispute is on your computer any more.")
        session.answer({"trade": forget}, wrapped(line))
        return
    found = session.client.get(session.path("cases"))
    lines: list[str] = []
    for case in found["results"]:
        lines += [*_case_lines(case), ""]
    if not found["results"]:
        lines = wrapped(_("Nobody has laid a dispute before you."))
    session.answer(found, lines)


def _case_lines(case: dict[str, Any]) -> list[str]:
    lines = hanging(
        _("{id}: {publisher} (whose listing it is) and {seeker}, {kind}: {terms}.").format(
            id=case["trade"][:SHORT_ID],
            publisher=_name(case["publisher"], case["publisher_id"]),
            seeker=_name(case["seeker"], case["seeker_id"]),
            kind=vocabulary.label(vocabulary.KINDS, case["kind"]),
            terms=terms_text(case["terms"]),
        ),
        indent="    ",
    )
    for handed in case["handed_over"]:
        lines += _handed_lines(handed)
    lines += ["", _("The course of it:"), *course_lines(case["timeline"])]
    if case["apart"]:
        line = _(
            "Also shown, but not part of that: something before it is missing, or something else"
            " stands in its place."
        )
        lines += ["", *wrapped(line), *course_lines(case["apart"])]
    return [*lines, "", *_ruling_lines(case)]


def _handed_lines(handed: dict[str, Any]) -> list[str]:
    line = _("Shown to you by {name}, {time}:").format(
        name=_name(handed["household"], handed["household_id"]),
        time=day_and_time(moment(handed["received_at"])),
    )
    lines = wrapped(line)
    if handed["text"]:
        lines += others_text(in_quotes(handed["text"]), indent="    ")
    if handed["missing"]:
        lines += wrapped(missing_text(handed["missing"]), indent="    ")
    return lines


def _ruling_lines(case: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    ruling = case["ruling"]
    if ruling is not None:
        line = _("You have ruled, {time}: {outcome}.").format(
            time=day_and_time(moment(ruling["at"])),
            outcome=vocabulary.label(SETTLEMENTS, ruling["outcome"]),
        )
        lines += wrapped(line)
        if ruling["text"]:
            lines += paragraph(in_quotes(ruling["text"]), indent="    ")
    if case["can_rule"]:
        line = _('Rule with: p2pmarket trade rule {id} completed "…" (or cancelled instead).')
        lines += wrapped(line.format(id=case["trade"][:SHORT_ID]))
    line = _("Forgotten here on {day}; sooner with: p2pmarket trade cases --forget {id}")
    day = short_day(moment(case["forgotten_at"]))
    return lines + wrapped(line.format(day=day, id=case["trade"][:SHORT_ID]))


def _name(name: str, id: str) -> str:
    return safe(name or id[:SHORT_ID])


@command("trade rule", _("Both read your words; the receipt is signed as you rule."))
@click.argument("identifier", metavar=_("TRADE"))
@click.argument("outcome", type=SETTLEMENT, metavar=_("completed|cancelled"))
@click.argument("text", metavar=_("TEXT"))
def rule(session: Session, identifier: str, outcome: str, text: str) -> None:
    """Rule on a dispute."""
    path = session.path("cases", identifier, "ruling")
    session.client.post(path, {"outcome": outcome, "text": text})
    line = _("You have ruled: {outcome}. Both are told.")
    session.answer(
        {"trade": identifier, "outcome": outcome},
        wrapped(line.format(outcome=vocabulary.label(SETTLEMENTS, outcome))),
    )
