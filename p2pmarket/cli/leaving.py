"""Leaving a community: what it means, one's data, then the goodbye."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from p2pmarket.cli.exporting import export_to, exported_lines, refuse_existing, suggested_folder
from p2pmarket.cli.options import command
from p2pmarket.cli.session import Session
from p2pmarket.cli.terminal import in_quotes, safe, wrapped
from p2pmarket.texts import _, ngettext
from p2pmarket.texts.trades import STATES
from protocol.errors import LocalError


@command(
    "leave",
    _(
        "Your listings disappear from your neighbours' nodes. Your own data is written into a"
        " folder first. With an invite you can come back."
    ),
)
@click.argument("name", required=False, metavar=_("[NAME]"))
@click.option(
    "--export",
    "target",
    metavar=_("FOLDER"),
    type=click.Path(path_type=Path),
    help=_("Where to write your data (else a new folder where you are)."),
)
@click.option("--no-export", is_flag=True, help=_("Write nothing."))
@click.option(
    "--delete", is_flag=True, help=_("Also delete what your node keeps of the community.")
)
@click.option("--force", is_flag=True, help=_("Leave although trades are open."))
@click.option("--yes", is_flag=True, help=_("Do not ask."))
def leave(
    session: Session,
    name: str | None,
    target: Path | None,
    no_export: bool,
    delete: bool,
    force: bool,
    yes: bool,
) -> int:
    """Show what leaving means, ask, export, leave."""
    if no_export and target is not None:
        raise click.UsageError(_("Use either --export or --no-export."))
    session.community = name or session.community
    preview = session.client.get(session.path("leaving"))
    folder = None if no_export else target or suggested_folder(preview["community"])
    session.say(*_preview_lines(preview, folder, delete))
    if preview["open_trades"] and not force:
        titles = ", ".join(trade["title"] for trade in preview["open_trades"])
        raise LocalError("open-trades", count=len(preview["open_trades"]), titles=titles)
    if folder is not None:
        refuse_existing(folder)
    community = in_quotes(preview["community"])
    question = _("Leave {name}?").format(name=community)
    if not yes and not session.interactive:
        raise click.UsageError(_("You stay: nobody is there to ask. Say --yes to leave."))
    if not yes and not session.agrees(question, default=False):
        session.say(_("You stay."))
        return 1
    written = {} if folder is None else export_to(session, folder)
    left = session.client.post(session.path("leaving"), {"force": force, "delete": delete})
    line = _("You left {name}.").format(name=community)
    if not left["told"]:
        line += " " + _(
            "No neighbour could be told yet. Your node says goodbye as soon as one can be reached;"
            " leave it running, or start it now and then."
        )
    exported = [] if folder is None else exported_lines(folder, written)
    session.answer({**left, "exported": written}, [*wrapped(line), *exported])
    return 0


def _preview_lines(preview: dict[str, Any], folder: Path | None, delete: bool) -> list[str]:
    listings = ngettext(
        "{n} listing of yours disappears", "{n} listings of yours disappear", preview["listings"]
    ).format(n=preview["listings"])
    line = ngettext(
        "{listings} from the nodes of {n} other household of {name}.",
        "{listings} from the nodes of {n} other households of {name}.",
        preview["households"],
    ).format(listings=listings, n=preview["households"], name=in_quotes(preview["community"]))
    lines = wrapped(line)
    lines += wrapped(
        _("Receipts and reviews stay with those who have them. Nobody can write to you there.")
    )
    for trade in preview["open_trades"]:
        line = _("Still open: {title} with {household} ({state}), {id}.").format(
            title=in_quotes(trade["title"]),
            household=safe(trade["household"]),
            state=_(STATES[trade["state"]]) if trade["state"] in STATES else trade["state"],
            id=trade["id"][:8],
        )
        lines += wrapped(line)
    if folder is not None:
        lines += [_("Your data is written to this folder:"), f"  {safe(folder)}"]
    if delete:
        lines += wrapped(_("What your node keeps of the community is deleted afterwards."))
    return lines
