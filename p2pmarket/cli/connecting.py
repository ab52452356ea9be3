"""Reaching a neighbour's node by hand."""

from __future__ import annotations

from pathlib import Path

import click

from p2pmarket.cli.options import command
from p2pmarket.cli.pasted import read_pasted
from p2pmarket.cli.session import Session
from p2pmarket.cli.terminal import in_quotes, wrapped
from p2pmarket.texts import _


@command(
    "connect",
    _(
        "Paste it at the prompt, pipe it in, or name a file. “p2pmarket peers” shows the address"
        " of a node on the computer where it runs. An invite is not used up by this."
    ),
)
@click.argument("address", metavar=_("[ADDRESS]"), required=False)
@click.option(
    "--file",
    "source",
    metavar=_("FILE"),
    type=click.Path(path_type=Path),
    help=_("Read the address or the invite from a file."),
)
def connect(session: Session, address: str | None, source: Path | None) -> int:
    """Have the node dial, and say who answered."""
    if address is None or not address.startswith("/"):
        # An invite holds a secret: other users of this computer see a command's arguments.
        if address is not None:
            raise click.UsageError(
                _("An address begins with “/”. Paste an invite at the prompt instead.")
            )
        address = read_pasted(session, source, _("Paste the address or the invite"))
    found = session.client.post(session.path("connections"), {"text": address})
    if not found["connected"]:
        line = _("Nobody of this community answers there now; your node keeps trying for a while.")
    elif found["household"] is None:
        line = _("Connected. What is new there arrives now.")
    else:
        line = _("Connected with {household}. What is new there arrives now.").format(
            household=in_quotes(found["household"])
        )
    session.answer(found, wrapped(line))
    return 0 if found["connected"] else 5
