"""Joining a community: its rules, its questions, and what comes next."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from p2pmarket.cli.credit import credit_lines
from p2pmarket.cli.options import command
from p2pmarket.cli.pasted import read_pasted
from p2pmarket.cli.session import Session
from p2pmarket.cli.terminal import in_quotes, paragraph, safe
from p2pmarket.texts import _, ngettext
from protocol.errors import LocalError
from protocol.limits import PROVISIONAL_SLOTS


@command(
    "join",
    _(
        "Paste it at the prompt, pipe it in, or name a file. Where nobody can be asked, only --yes"
        " agrees to the rules."
    ),
)
@click.argument("text", required=False, metavar=_("[INVITE]"))
@click.option(
    "--file",
    "source",
    metavar=_("FILE"),
    type=click.Path(path_type=Path),
    help=_("Read the invite from a file."),
)
@click.option(
    "--answers",
    metavar=_("FILE"),
    type=click.Path(path_type=Path, allow_dash=True),
    help=_("Answers to the community's questions, one a line; - reads standard input."),
)
@click.option("--yes", is_flag=True, help=_("You have read the rules and agree; do not ask."))
def join(
    session: Session, text: str | None, source: Path | None, answers: Path | None, yes: bool
) -> int:
    """Show the rules, ask what the community asks, and hand the invite to the node."""
    if text is not None:
        session.warn(
            _(
                "Note: other users of this computer can see the arguments of a command, and with"
                " them the invite. Better paste it at the prompt."
            )
        )
    elif source is None and answers == Path("-") and not session.interactive:
        raise click.UsageError(
            _("Name a file for the invite or for the answers: standard input cannot hold both.")
        )
    else:
        text = read_pasted(session, source, _("Paste the invite"))
    if sys.stderr.isatty():
        session.warn(_("Looking for a member of the community …"))
    look = session.client.post("/v1/invites/reading", {"invite": text})
    session.say(*look_lines(look))
    given = _answers(session, look["questions"], answers)
    if not yes and not session.interactive:
        raise click.UsageError(
            _("You did not join: nobody is there to ask. Say --yes if you agree to the rules.")
        )
    if not yes and not session.agrees(_("Do you agree to these rules, and join?"), default=False):
        session.say(_("You did not join, and nobody has heard of you."))
        return 1
    request = {"invite": text, "answers": given, "charter": look["charter"]}
    joined = session.client.post("/v1/memberships", request)
    session.answer(joined, _joined_lines(joined, look))
    return 0


def look_lines(look: dict[str, Any]) -> list[str]:
    """Say what a community asks of who joins. look: a LookAnswer as JSON."""
    lines = [_("The community {name}.").format(name=in_quotes(look["name"]))]
    if look["rules"]:
        lines += [_("Its rules:"), *paragraph(look["rules"], indent="  ")]
    lines += credit_lines(look["credit"])
    if look["approval"]:
        lines += paragraph(
            _(
                "People decide who is let in: the household that invited you, or a steward. Only"
                " they see your answers."
            )
        )
    if look["first_listings"]:
        lines += paragraph(
            ngettext(
                "Once you are confirmed, {n} listing of yours shows; more with each neighbour that"
                " vouches for you or has traded with you.",
                "Once you are confirmed, {n} listings of yours show; more with each neighbour that"
                " vouches for you or has traded with you.",
                look["first_listings"],
            ).format(n=look["first_listings"])
        )
    return lines


def _answers(session: Session, questions: Sequence[str], source: Path | None) -> list[str]:
    """Return one answer for each question. Raises LocalError ``answers-needed``."""
    if not questions:
        return []
    if source is not None:
        typed = _lines_of(session, source)
    elif session.interactive:
        return [
            click.prompt(safe(question), default="", show_default=False) for question in questions
        ]
    else:
        typed = []
    if len(typed) != len(questions):
        session.say(_("It asks:"), *[f"  {safe(question)}" for question in questions])
        raise LocalError("answers-needed", questions=len(questions))
    return typed


def _lines_of(session: Session, source: Path) -> list[str]:
    text = sys.stdin.read(10_000) if source == Path("-") else read_pasted(session, source, "")
    return text.strip("\n").split("\n")


def _joined_lines(joined: dict[str, Any], look: dict[str, Any]) -> list[str]:
    lines = [
        _("You joined “{name}” as “{household}”.").format(
            name=safe(joined["name"]), household=safe(joined["household"])
        )
    ]
    if joined["my_status"] in ("provisional", "waiting"):
        if look["approval"]:
            waiting = _(
                "Now people decide whether to let you in; “p2pmarket welcome” tells how you stand."
            )
        else:
            waiting = _(
                "The household that invited you confirms you as soon as it is online, often within"
                " seconds."
            )
        most = min(PROVISIONAL_SLOTS, look["first_listings"] or PROVISIONAL_SLOTS)
        shows = ngettext(
            "Until then at most {n} listing of yours shows.",
            "Until then at most {n} listings of yours show.",
            most,
        )
        lines += paragraph(f"{waiting} {shows.format(n=most)}")
    lines += paragraph(
        _(
            "Offer one thing, so that the others meet you: “p2pmarket publish --kind lend --title"
            " …”. “p2pmarket welcome” shows what else is to do."
        )
    )
    return lines
