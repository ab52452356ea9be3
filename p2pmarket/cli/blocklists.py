"""The own block list, and whose one follows."""

from __future__ import annotations

from typing import Any

import click

from p2pmarket.cli.listing_texts import SHORT_ID
from p2pmarket.cli.moderation_texts import names_text, who
from p2pmarket.cli.options import Commands, command, shared_options
from p2pmarket.cli.session import Session
from p2pmarket.cli.summaries import SUMMARIES
from p2pmarket.cli.terminal import Column, safe, table, wrapped
from p2pmarket.texts import _
from p2pmarket.texts.formats import moment, short_day

blocklist = Commands(
    "blocklist",
    help=_(SUMMARIES["blocklist"]),
    options_metavar=_("[OPTIONS]"),
    subcommand_metavar=_("COMMAND [ARGS]..."),
)
blocklist.params.extend(shared_options())


@command("blocklist show")
def show_list(session: Session) -> None:
    """Ask the node for the list."""
    found = session.client.get(session.path("block-list"))
    session.answer(found, _lines(found))


@command("blocklist add", _("It is blocked too. The reason can be read if you share the list."))
@click.argument("household", metavar=_("HOUSEHOLD"))
@click.option("--reason", default="", metavar=_("TEXT"), help=_("Why; may be left out."))
def add(session: Session, household: str, reason: str) -> None:
    """Put a household on the list."""
    path = session.path("block-list", "households", household)
    found = session.client.put(path, {"reason": reason})
    session.answer(found, _lines(found))


@command("blocklist remove", _("It is blocked no longer."))
@click.argument("household", metavar=_("HOUSEHOLD"))
def remove(session: Session, household: str) -> None:
    """Take a household off the list."""
    found = session.client.delete(session.path("block-list", "households", household))
    session.answer(found, _lines(found))


@command(
    "blocklist share",
    _("Whom you block without having put it on the list stays your secret."),
)
@click.option("--undo", is_flag=True, help=_("Share it no longer."))
@click.option("--yes", is_flag=True, help=_("Do not ask."))
def share(session: Session, undo: bool, yes: bool) -> int:
    """Ask, then publish the list or take it back."""
    path = session.path("block-list", "sharing")
    if undo:
        found = session.client.delete(path)
    else:
        if not yes and session.interactive:
            session.say(*_lines(session.client.get(session.path("block-list"))))
            question = _("Let the whole community read this list, with your name and the reasons")
            if not session.agrees(question, default=False):
                session.say(_("Nothing was changed."))
                return 1
        found = session.client.put(path)
    session.answer(found, _lines(found))
    return 0


@command("blocklist follow", _("Their listings do not show here; their messages still do."))
@click.argument("household", metavar=_("HOUSEHOLD"))
def follow(session: Session, household: str) -> None:
    """Let a household's list count here."""
    found = session.client.put(session.path("members", household, "block-list"))
    line = _("The block list of {household} counts here, as far as it is shared. Only you know.")
    session.answer(found, wrapped(line.format(household=who(found["household"]))))


@command("blocklist unfollow")
@click.argument("household", metavar=_("HOUSEHOLD"))
def unfollow(session: Session, household: str) -> None:
    """Let it count no longer."""
    found = session.client.delete(session.path("members", household, "block-list"))
    line = _("The block list of {household} counts here no longer.")
    session.answer(found, wrapped(line.format(household=who(found["household"]))))


for _command in (show_list, add, remove, share, follow, unfollow):
    blocklist.add_command(_command)


def _lines(found: dict[str, Any]) -> list[str]:
    headings = [
        Column(_("id")),
        Column(_("household"), shrink_to=8),
        Column(_("since")),
        Column(_("reason"), shrink_to=12),
    ]
    rows = [
        [
            one["household"]["id"][:SHORT_ID],
            one["household"]["name"] or "–",
            short_day(moment(one["since"])),
            one["reason"] or "–",
        ]
        for one in found["results"]
    ]
    lines = table(headings, rows) if rows else wrapped(_("Nobody is on your block list."))
    state = _("You share it: all can read it, with your name.")
    if not found["shared"]:
        state = _("You do not share it: only you know.")
    lines += ["", *wrapped(state)]
    for text, households in (
        (_("You also block, without any list: {names}"), found["blocked"]),
        (_("You mute: {names}"), found["muted"]),
        (_("You follow the block lists of: {names}"), found["follows"]),
    ):
        if households:
            lines += wrapped(text.format(names=safe(names_text(households))))
    return lines
