"""Invites: making, drawing, printing, listing and ending them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from p2pmarket.cli.listing_texts import SHORT_ID
from p2pmarket.cli.options import SPAN, Count, command, group_of
from p2pmarket.cli.pasted import qr_lines
from p2pmarket.cli.session import Session
from p2pmarket.cli.terminal import Column, paragraph, safe, table
from p2pmarket.texts import LANGUAGES, _, current_language, ngettext
from p2pmarket.texts.formats import day_and_time, moment, short_day, span
from protocol.text import clean

Function = Callable[..., Any]
_POSTER_USES = 20
"""More than read it in the first days, and fewer than one wants to let in unseen."""


def _uses(default: int | None, help: str) -> Callable[[Function], Function]:
    return click.option(
        "--uses", type=Count(1, 1_000), default=default, show_default=default is not None, help=help
    )


def _expires(function: Function) -> Function:
    expires = click.option(
        "--expires",
        type=SPAN,
        default="7d",
        show_default=True,
        metavar=_("TIME"),
        help=_("How long it is valid: 30m, 12h, 7d, 2w."),
    )
    return expires(function)


def _make(session: Session, uses: int, expires: int) -> dict[str, Any]:
    request = {"uses": uses, "valid_seconds": expires}
    made: dict[str, Any] = session.client.post(session.path("invites"), request)
    return made


@command("invite create")
@_uses(1, _("How many households may join with it."))
@_expires
@click.option("--qr", is_flag=True, help=_("Also draw it as a QR code."))
def create(session: Session, uses: int, expires: int, qr: bool) -> None:
    """Let the node sign an invite."""
    made = _make(session, uses, expires)
    meaning = ngettext(
        "Whoever holds this text can join “{community}”: {n} household, until {time}.",
        "Whoever holds this text can join “{community}”: {n} households, until {time}.",
        made["uses"],
    ).format(
        n=made["uses"],
        community=safe(made["community"]),
        time=day_and_time(moment(made["valid_until"])),
    )
    lines = [
        *paragraph(meaning),
        *paragraph(
            _("Hand it on like a house key. The other side types “p2pmarket join” and pastes it.")
        ),
        "",
        made["invite"],
    ]
    if qr and not session.as_json:
        lines += ["", *qr_lines(made["invite"])]
    session.answer(made, lines)


@command("invite list")
def list_invites(session: Session) -> None:
    """Ask the node for the invites."""
    found = session.client.get(session.path("invites"))
    headings = [
        Column(_("id")),
        Column(_("used"), right=True),
        Column(_("waiting"), right=True),
        Column(_("made")),
        Column(_("valid until")),
    ]
    rows = [
        [
            invite["id"][:SHORT_ID],
            _("{used} of {uses}").format(used=invite["used"], uses=invite["uses"]),
            str(invite["waiting"]),
            short_day(moment(invite["made_at"])),
            _("over") if invite["over"] else day_and_time(moment(invite["valid_until"])),
        ]
        for invite in found["results"]
    ]
    lines = table(headings, rows) if rows else [_("You have no invites that still work.")]
    session.answer(found, lines)


@command(
    "invite revoke",
    _(
        "Who has been let in by it stays; who waits by it is out, and nobody can join with it any"
        " more."
    ),
)
@click.argument("invite", metavar=_("ID"))
@click.option("--yes", is_flag=True, help=_("Do not ask."))
def revoke(session: Session, invite: str, yes: bool) -> int:
    """Ask, then end it."""
    if not yes and session.interactive:
        question = _("End the invite {id} for good?").format(id=safe(invite))
        if not session.agrees(question, default=False):
            session.say(_("Nothing was changed."))
            return 1
    ended = session.client.delete(session.path("invites", invite))
    line = _("The invite {id} works no more; your neighbours hear of it.")
    session.answer(ended, [line.format(id=ended["id"][:SHORT_ID])])
    return 0


def _sheet(function: Function) -> Function:
    """Add the options of everything that is printed."""
    options: list[Callable[[Function], Function]] = [
        click.argument("file", metavar=_("FILE.pdf|FILE.svg"), type=click.Path(path_type=Path)),
        _expires,
        click.option(
            "--language",
            type=click.Choice(LANGUAGES),
            help=_("The language of the sheet (else that of your texts)."),
        ),
        click.option(
            "--size",
            type=click.Choice(["a4", "a6"]),
            default="a4",
            show_default=True,
            help=_("The size of the paper."),
        ),
        click.option("--name/--no-name", default=True, help=_("Whether your household is named.")),
        click.option(
            "--where",
            metavar=_("TEXT"),
            default="",
            help=_("Where one gets p2pmarket, for example “from Anna, second floor”."),
        ),
        click.option("--yes", is_flag=True, help=_("Do not ask.")),
    ]
    for option in reversed(options):
        function = option(function)
    return function


@command(
    "invite flyer",
    _(
        "An invite to be printed, with its QR code and its text: a new one each time. Whoever reads"
        " the sheet can join, so hand it on like a house key. The file is readable only for you."
    ),
)
@_uses(1, _("How many households may join with it."))
@_sheet
def flyer(session: Session, file: Path, **typed: Any) -> int:
    """Make an invite and write it as a sheet."""
    return _print(session, file, (), None, **typed)


@command(
    "invite poster",
    _(
        "A sheet for the beginning: how many households you are, what you look for, and the QR code"
        " of a new invite. Hang it where only those see it who may join."
    ),
)
@_uses(
    None,
    _("How many households may join with it (else 20, or as many as you can still bring)."),
)
@_sheet
@click.option(
    "--looking-for",
    "wishes",
    multiple=True,
    metavar=_("TEXT"),
    help=_("What you look for, for example “a drill to borrow”; repeatable."),
)
def poster(
    session: Session, file: Path, wishes: tuple[str, ...], uses: int | None, **typed: Any
) -> int:
    """Make an invite and write it as a poster."""
    households = session.client.get(session.path())["households"]
    if uses is None:
        left: int = session.client.get(session.path("invites"))["left"]
        uses = max(1, min(_POSTER_USES, left))
    return _print(session, file, wishes, households, uses=uses, **typed)


def _print(
    session: Session,
    file: Path,
    wishes: tuple[str, ...],
    households: int | None,
    *,
    uses: int,
    expires: int,
    language: str | None,
    size: str,
    name: bool,
    where: str,
    yes: bool,
) -> int:
    from p2pmarket.flyer.sheet import Sheet, drawn, kind_of, new_file

    kind = kind_of(file)
    terms = session.client.get(session.path("charter"))["in_force"]["terms"]
    if session.interactive and not yes:
        session.say(*_reach_lines(uses, expires, terms["approval"]))
        if not session.agrees(_("Make it?"), default=True):
            session.say(_("Nothing was changed."))
            return 1
    inviter = session.client.get(session.path("profile"))["name"] if name else ""
    with new_file(file) as opened:
        made = _make(session, uses, expires)
        sheet = Sheet(
            community=made["community"],
            invite=made["invite"],
            uses=made["uses"],
            valid_until=moment(made["valid_until"]),
            inviter=inviter,
            households=households,
            wishes=wishes,
            where=clean(where),
            approval=terms["approval"],
            asks=bool(terms["questions"]),
        )
        opened.write(drawn(sheet, kind, size, language or current_language()))
    path = str(file.absolute())
    body = {
        "file": path,
        "id": made["id"],
        "community": made["community"],
        "uses": made["uses"],
        "valid_until": made["valid_until"],
    }
    session.answer(
        body,
        [
            _("Written to {file}.").format(file=safe(path)),
            *paragraph(
                ngettext(
                    "Whoever reads the sheet can join “{community}”: {n} household, until {time}.",
                    "Whoever reads the sheet can join “{community}”: {n} households, until {time}.",
                    made["uses"],
                ).format(
                    n=made["uses"],
                    community=safe(made["community"]),
                    time=day_and_time(moment(made["valid_until"])),
                )
            ),
            *paragraph(
                _(
                    "Delete the file once it is printed; “p2pmarket invite revoke {id}” ends the"
                    " invite."
                ).format(id=made["id"][:SHORT_ID])
            ),
        ],
    )
    return 0


def _reach_lines(uses: int, expires: int, approval: bool) -> list[str]:
    """Say for how many a sheet is, before its invite is made. expires: in seconds."""
    text = ngettext(
        "The sheet is for {n} household, for {span}.",
        "The sheet is for {n} households, for {span}.",
        uses,
    ).format(n=uses, span=span(expires))
    if approval:
        text += " " + _("You or a steward decide about each.")
    return paragraph(text)


invite = group_of("invite", create, create, list_invites, revoke, flyer, poster)
