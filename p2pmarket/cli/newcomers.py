"""Deciding about newcomers, and speaking for them: members waiting, approve, decline, vouch."""

from __future__ import annotations

from typing import Any

import click

from p2pmarket.cli.listing_texts import SHORT_ID
from p2pmarket.cli.options import command
from p2pmarket.cli.receipt_texts import named
from p2pmarket.cli.session import Session
from p2pmarket.cli.terminal import in_quotes, paragraph, safe
from p2pmarket.texts import _, ngettext
from p2pmarket.texts.formats import day, moment


@command("members waiting")
def waiting(session: Session) -> None:
    """Ask the node who waits."""
    found = session.client.get(session.path("newcomers"))
    undecided = [newcomer for newcomer in found["results"] if not newcomer["declined"]]
    lines: list[str] = []
    for newcomer in undecided:
        lines += [*_newcomer_lines(newcomer), ""]
    if not lines:
        lines = [_("Nobody waits to be let in.")]
    elif any(newcomer["yours"] for newcomer in undecided):
        lines += paragraph(
            _("Decide with “p2pmarket approve HOUSEHOLD” or “p2pmarket decline HOUSEHOLD”.")
        )
    session.answer(found, lines)


def _newcomer_lines(newcomer: dict[str, Any]) -> list[str]:
    heading = _("{name} ({id}), invited by {inviter}, waits since {date}").format(
        name=in_quotes(newcomer["name"] or "–"),
        id=newcomer["id"][:SHORT_ID],
        inviter=safe(newcomer["invited_by"]["name"] or newcomer["invited_by"]["id"][:SHORT_ID]),
        date=day(moment(newcomer["since"])),
    )
    lines = paragraph(heading)
    about = ", ".join(part for part in (newcomer["place"], newcomer["about"]) if part)
    lines += paragraph(about, indent="  ") if about else []
    for number, answered in enumerate(newcomer["answers"], 1):
        question = answered["question"] or _("Question {number}").format(number=number)
        lines += paragraph(question, indent="  ")
        lines += paragraph(answered["answer"] or "–", indent="    ")
    if not newcomer["yours"]:
        lines += paragraph(_("Its inviter or a steward decides."), indent="  ")
    elif not newcomer["written"]:
        lines += paragraph(_("It has not answered anything yet."), indent="  ")
    return lines


@command(
    "approve",
    _("It counts against your invitations, and all see that you let it in."),
)
@click.argument("household", metavar=_("HOUSEHOLD"))
def approve(session: Session, household: str) -> None:
    """Let the node confirm it."""
    decided = session.client.post(session.path("newcomers", household, "approval"))
    name = in_quotes(decided["household"]["name"])
    session.answer(
        decided,
        [
            _("{name} belongs to the community now.").format(name=name),
            *paragraph(
                _("Do you know them? Vouch for them: “p2pmarket vouch {household}”.").format(
                    household=safe(decided["household"]["id"][:SHORT_ID])
                )
            ),
        ],
    )


@command(
    "decline",
    _(
        "It is told so, and no longer waits at your node. Nothing is taken back elsewhere: another"
        " member that may decide can still let it in, and what it offers shows, until the invite"
        " it came by ends."
    ),
)
@click.argument("household", metavar=_("HOUSEHOLD"))
@click.option(
    "--why", "--reason", "why", metavar=_("TEXT"), default="",
    help=_("The reason; only they read it."),
)  # fmt: skip
@click.option("--end-invite", is_flag=True, help=_("Also end your invite that it came by."))
def decline(session: Session, household: str, why: str, end_invite: bool) -> None:
    """Let the node tell it so."""
    path = session.path("newcomers", household, "refusal")
    decided = session.client.post(path, {"reason": why, "end_invite": end_invite})
    session.answer(decided, _declined_lines(decided))


def _declined_lines(decided: dict[str, Any]) -> list[str]:
    name = in_quotes(decided["household"]["name"])
    lines = paragraph(_("{name} is told that you will not let it in.").format(name=name))
    invite = (decided["invite"] or "")[:SHORT_ID]
    others = decided["also_waiting"]
    if decided["invite_ended"]:
        text = _("The invite {id} works no more, so it is out with what it offered.")
        if others:
            text += " " + ngettext(
                "{n} other that waited by it is out too.",
                "{n} others that waited by it are out too.",
                others,
            ).format(n=others)
        return lines + paragraph(text.format(id=invite))
    text = _("Another member that may decide still can, and until then what it offers shows.")
    if decided["own_invite"]:
        text += " " + _("It is out once you end the invite by which it came:")
        lines += [*paragraph(text), f"  p2pmarket invite revoke {invite}"]
        if others:
            lines += paragraph(
                ngettext(
                    "{n} other that waits by it is out then too.",
                    "{n} others that wait by it are out then too.",
                    others,
                ).format(n=others)
            )
        return lines
    text += " " + _("It came by {inviter}'s invite {id}. To hide what it offers:").format(
        inviter=in_quotes(named(decided["invited_by"])), id=invite
    )
    id = decided["household"]["id"][:SHORT_ID]
    return [*lines, *paragraph(text), f"  p2pmarket label {id} {_('hide')} --why …"]


@command(
    "vouch",
    _(
        "Say that you know a household and speak for it: all can see that you do, and more of its"
        " listings show where the rules hold newcomers back."
    ),
)
@click.argument("household", metavar=_("HOUSEHOLD"))
@click.option("--withdraw", is_flag=True, help=_("Vouch for it no longer."))
def vouch(session: Session, household: str, withdraw: bool) -> None:
    """Vouch, or no longer."""
    path = session.path("members", household, "vouch")
    vouched = session.client.delete(path) if withdraw else session.client.put(path)
    name = in_quotes(vouched["household"]["name"])
    line = (
        _("You no longer vouch for {name}.").format(name=name)
        if withdraw
        else _("You vouch for {name}; all can see it.").format(name=name)
    )
    session.answer(vouched, [line])
