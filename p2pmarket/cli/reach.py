"""Standing by for neighbours whose nodes cannot be reached from outside."""

from __future__ import annotations

import click

from p2pmarket.cli.options import command
from p2pmarket.cli.reach_texts import relay_lines
from p2pmarket.cli.session import Session
from p2pmarket.texts import _


@command(
    "relay",
    _(
        "A volunteer's node passes sealed connections on; it cannot read them. It helps if your own"
        " node is reachable from outside (“p2pmarket doctor” tells), and costs at most half a"
        " megabyte a second. Without on or off it shows what is set."
    ),
)
@click.argument("wanted", metavar="[on|off]", type=click.Choice(["on", "off"]), required=False)
def relay(session: Session, wanted: str | None) -> None:
    """Begin or end to volunteer, or show whether this node does."""
    if wanted is None:
        found = session.client.get(session.path("reach"))
    else:
        found = session.client.put(session.path("relay"), {"volunteers": wanted == "on"})
    session.answer(found, relay_lines(found))
