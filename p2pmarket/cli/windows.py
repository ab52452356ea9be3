"""Windows between neighbouring communities: window list, open, close."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import click

from p2pmarket.cli.options import Commands, command, shared_options
from p2pmarket.cli.session import Session
from p2pmarket.cli.summaries import SUMMARIES
from p2pmarket.cli.terminal import in_quotes, wrapped
from p2pmarket.cli.window_texts import (
    agreement_lines,
    before_opening,
    carried_text,
    categories_text,
)
from p2pmarket.texts import _, ngettext

window = Commands(
    "window",
    help=_(SUMMARIES["window"]),
    options_metavar=_("[OPTIONS]"),
    subcommand_metavar=_("COMMAND [ARGS]..."),
)
window.params.extend(shared_options())

_INTO = _("The community where it is shown.")


@command(
    "window list",
    _(
        "A window stands open when the rules of both communities name each other. Then each author"
        " decides about each listing, and each member of both decides whether to show."
    ),
)
def list_(session: Session) -> None:
    """List the windows of all communities, or of one."""
    found = session.client.get(session.everywhere("windows"))
    windows = found["results"]
    if not windows:
        line = _(
            "The rules of your communities name no window to a neighbouring one. Stewards can"
            " propose it: “p2pmarket charter propose --window”."
        )
        session.answer(found, wrapped(line))
        return
    lines: list[str] = []
    for _id, group in groupby(windows, key=lambda one: one["into_id"]):
        members = list(group)
        lines += ["", _("In {community}:").format(community=in_quotes(members[0]["into"]))]
        for one in members:
            lines += _window_lines(one)
    session.answer(found, lines[1:])


def _window_lines(one: dict[str, Any]) -> list[str]:
    heading = f"{in_quotes(one['name'])} ({one['community'][:10]}): "
    if not one["categories"]:
        heading += _("the rules name no window to it any more")
    else:
        heading += categories_text(one["categories"])
    lines = wrapped(heading, indent="  ")
    for text in (*agreement_lines(one), carried_text(one)):
        lines += wrapped(text, indent="    ")
    if one["open"] and not one["carries"]:
        hint = f"p2pmarket window open {one['community'][:10]} --into {one['into_id'][:10]}"
        lines.append(f"    {hint}")
    return lines


@command("window open")
@click.argument("source", metavar=_("COMMUNITY"))
@click.option("--into", metavar=_("NAME"), required=True, help=_INTO)
@click.option("--yes", is_flag=True, help=_("Do not ask."))
def open_(session: Session, source: str, into: str, yes: bool) -> int:
    """Say what it means, ask, open."""
    session.community = into
    path = session.path("windows", source)
    shown = session.client.put(path, {"preview": True})
    audience = session.client.get(session.path("audience"))
    session.say(*before_opening(shown, audience))
    if not yes and not session.interactive:
        raise click.UsageError(
            _("Nothing was changed: nobody is there to ask. Say --yes to go on.")
        )
    if not yes and not session.agrees(_("Show them there?"), default=False):
        session.say(_("Nothing was changed."))
        return 1
    opened = session.client.put(path, {})
    line = _("The window from {source} into {into} is open.").format(
        source=in_quotes(opened["name"]), into=in_quotes(opened["into"])
    )
    session.answer(opened, [*wrapped(line), *wrapped(carried_text(opened))])
    return 0


@command("window close")
@click.argument("source", metavar=_("COMMUNITY"))
@click.option("--into", metavar=_("NAME"), required=True, help=_INTO)
def close(session: Session, source: str, into: str) -> None:
    """Withdraw what is shown."""
    session.community = into
    closed = session.client.delete(session.path("windows", source))
    line = _("You show nothing from {source} in {into} any more.").format(
        source=in_quotes(closed["name"]), into=in_quotes(closed["into"])
    )
    if closed["carried"]:
        gone = ngettext(
            "{n} listing disappears there.", "{n} listings disappear there.", closed["carried"]
        )
        line += " " + gone.format(n=closed["carried"])
    session.answer(closed, wrapped(line))


for _declared in (list_, open_, close):
    window.add_command(_declared)
