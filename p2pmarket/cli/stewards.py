"""Stewards: steward list, appoint, accept, dismiss, take-over, resign."""

from __future__ import annotations

from typing import Any

import click

from p2pmarket.cli.decisions import decide, decision_lines, missing_line, names_of
from p2pmarket.cli.listing_texts import SHORT_ID
from p2pmarket.cli.options import Commands, command, shared_options
from p2pmarket.cli.session import Session
from p2pmarket.cli.summaries import SUMMARIES
from p2pmarket.cli.terminal import Column, in_quotes, safe, table, wrapped
from p2pmarket.texts import _, ngettext

steward = Commands(
    "steward",
    help=_(SUMMARIES["steward"]),
    options_metavar=_("[OPTIONS]"),
    subcommand_metavar=_("COMMAND [ARGS]..."),
)
steward.params.extend(shared_options())


@command("steward list")
def list_stewards(session: Session) -> None:
    """Ask the node who decides."""
    found = session.client.get(session.path("stewards"))
    headings = [
        Column(_("seat"), right=True),
        Column(_("id")),
        Column(_("household"), shrink_to=8),
        Column(_("wanted by"), shrink_to=10),
        Column(_("not wanted by"), shrink_to=10),
        Column(_("now")),
    ]
    rows = [
        [
            str(one["seat"]),
            one["household"]["id"][:SHORT_ID],
            one["household"]["name"] or "–",
            _plain(one["wanted_by"]),
            _plain(one["opposed_by"]),
            _presence(one),
        ]
        for one in found["results"]
    ]
    lines = [*table(headings, rows), ""]
    lines += wrapped(
        ngettext(
            "{n} steward decides about rules, seats and removals.",
            "{n} stewards must agree about rules, seats and removals.",
            found["needed"],
        ).format(n=found["needed"])
    )
    for candidate in found["candidates"]:
        lines += wrapped(_candidate_text(candidate))
    if found["offered"]:
        lines += wrapped(_("A seat is offered to you: “p2pmarket steward accept”."))
    session.answer(found, lines)


def _plain(households: list[dict[str, Any]]) -> str:
    names = ", ".join(other["name"] or other["id"][:SHORT_ID] for other in households)
    return names or "–"


def _presence(one: dict[str, Any]) -> str:
    if not one["votes"]:
        return _("does not decide")
    return _("that's you") if one["me"] else "–"


def _candidate_text(candidate: dict[str, Any]) -> str:
    name, wanted = in_quotes(_plain([candidate["household"]])), names_of(candidate["wanted_by"])
    text = _("{name} is wanted as a steward by {wanted}.").format(name=name, wanted=wanted)
    if candidate["opposed_by"]:
        text += " " + _("Against it: {names}.").format(names=names_of(candidate["opposed_by"]))
    if candidate["missing"]:
        text += " " + ngettext(
            "{n} voice is missing.", "{n} voices are missing.", candidate["missing"]
        ).format(n=candidate["missing"])
    if not candidate["accepts"]:
        text += " " + _("It has not said yes.")
    return text


@command(
    "steward appoint",
    _("It is one once as many stewards want it as must agree, and it accepts."),
)
@click.argument("household", metavar=_("HOUSEHOLD"))
@click.option("--yes", is_flag=True, help=_("Do not ask."))
def appoint(session: Session, household: str, yes: bool) -> int:
    """Ask, and name."""
    question = _("Name {household} as a steward?").format(household=in_quotes(household))
    done = _about(session, household, "appointment", question, yes)
    if done is None:
        return 1
    line = _("You want {household} as a steward.").format(household=in_quotes(household))
    lines = wrapped(line)
    if done["missing"]:
        lines += wrapped(missing_line(done["missing"]))
    elif done["stewards_before"] == done["stewards_after"]:
        lines += wrapped(_("It finds the question in its “p2pmarket status”, and has to accept."))
    session.answer(done, [*lines, *decision_lines(done)])
    return 0


@command(
    "steward accept",
    _("You first sign the removals and the rules that are in force: with one steward more they"
      " may need your voice."),
)  # fmt: skip
@click.option("--yes", is_flag=True, help=_("Do not ask."))
def accept(session: Session, yes: bool) -> int:
    """Show what is signed along, ask, and take the seat."""
    path = session.path("seat", "acceptance")
    done = decide(session, path, {}, _("Take the seat?"), yes)
    if done is None:
        return 1
    session.answer(done, [_("You are a steward now."), *decision_lines(done)])
    return 0


@command(
    "steward dismiss",
    _("You first take over what would fall with its seat: removals, the rules, and households for"
      " which nobody else stands."),
)  # fmt: skip
@click.argument("household", metavar=_("HOUSEHOLD"))
@click.option("--yes", is_flag=True, help=_("Do not ask."))
def dismiss(session: Session, household: str, yes: bool) -> int:
    """Show what follows, ask, and say no."""
    question = _("Say that {household} shall not be a steward?")
    done = _about(
        session, household, "dismissal", question.format(household=in_quotes(household)), yes
    )
    if done is None:
        return 1
    line = _("You do not want {household} as a steward.").format(household=in_quotes(household))
    lines = wrapped(line)
    if done["missing"]:
        lines += wrapped(missing_line(done["missing"]))
    session.answer(done, [*lines, *decision_lines(done)])
    return 0


@command(
    "steward take-over",
    _("For a steward that is about to resign or to move away: nothing is said about its seat."),
)
@click.argument("household", metavar=_("HOUSEHOLD"))
@click.option("--yes", is_flag=True, help=_("Do not ask."))
def take_over(session: Session, household: str, yes: bool) -> int:
    """Show what would fall, ask, and sign it."""
    question = _("Sign what would fall without {household}?")
    done = _about(
        session, household, "succession", question.format(household=in_quotes(household)), yes
    )
    if done is None:
        return 1
    line = _("Nothing that was decided hangs on {household} any more, as far as you can see to it.")
    session.answer(
        done,
        [*wrapped(line.format(household=in_quotes(household))), *decision_lines(done)],
    )
    return 0


@command(
    "steward resign",
    _("Have another steward sign before what would fall: “p2pmarket steward take-over”. Your"
      " household stays a member."),
)  # fmt: skip
@click.option("--yes", is_flag=True, help=_("Do not ask."))
def resign(session: Session, yes: bool) -> int:
    """Show what falls, ask, and give up the seat."""
    path = session.path("seat", "resignation")
    done = decide(session, path, {}, _("Give up your seat?"), yes)
    if done is None:
        return 1
    session.answer(done, [safe(_("You are no steward any more.")), *decision_lines(done)])
    return 0


def _about(
    session: Session, household: str, what: str, question: str, yes: bool
) -> dict[str, Any] | None:
    path = session.path("stewards", household, what)
    return decide(session, path, {}, question, yes)


for _declared in (list_stewards, appoint, accept, dismiss, take_over, resign):
    steward.add_command(_declared)
