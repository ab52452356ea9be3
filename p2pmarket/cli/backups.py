"""Backup and restore."""

from __future__ import annotations

from pathlib import Path

import click

from p2pmarket.cli.options import command
from p2pmarket.cli.session import Session
from p2pmarket.cli.terminal import paragraph, safe
from p2pmarket.cli.words import read_words
from p2pmarket.texts import _
from p2pmarket.texts.formats import amount_of_bytes


@command("backup")
@click.argument("file", metavar=_("FILE"), type=click.Path(path_type=Path))
def backup(session: Session, file: Path) -> None:
    """Let the node write a consistent copy while it runs."""
    written = session.client.post("/v1/backups", {"file": str(file.expanduser().absolute())})
    line = _("Backup written to {file} ({size}). Only your 24 words open it.").format(
        file=safe(written["file"]), size=amount_of_bytes(written["bytes"])
    )
    session.answer(written, [line])


@command(
    "restore",
    _(
        "The node must not run. Give up the old computer afterwards with “p2pmarket device"
        " revoke”: this one takes over what it published."
    ),
)
@click.argument("file", metavar=_("FILE"), type=click.Path(path_type=Path))
def restore(session: Session, file: Path) -> None:
    """Read the words and unpack."""
    from p2pmarket.restoring import restore_household

    home = session.home
    settings = restore_household(file.expanduser().absolute(), read_words(session), home)
    session.answer(
        {"home": str(home.folder), "name": settings.name},
        [
            _("“{name}” is restored into {path}, as a new device.").format(
                name=safe(settings.name), path=safe(home.folder)
            ),
            _("Next: start your node with “p2pmarket up --detach”."),
            *paragraph(
                _(
                    "What the old computer published, only it can change. If it is out of use, give"
                    " it up with “p2pmarket device list” and “p2pmarket device revoke”: then all of"
                    " it goes on here."
                )
            ),
        ],
    )
