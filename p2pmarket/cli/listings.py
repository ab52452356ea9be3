"""One's own listings: mine, edit, renew, mark, withdraw."""

from __future__ import annotations

from typing import Any

import click

from p2pmarket import vocabulary
from p2pmarket.cli.listing_fields import listing_options, typed_fields
from p2pmarket.cli.listing_texts import (
    expiring_line,
    left_out_lines,
    listing_details,
    listing_table,
    offered_too_lines,
    sync_lines,
)
from p2pmarket.cli.options import MARK, Count, command
from p2pmarket.cli.session import Session
from p2pmarket.cli.terminal import safe, wrapped
from p2pmarket.texts import _
from p2pmarket.texts.formats import day, moment
from protocol.errors import LocalError


@command("mine")
def mine(session: Session) -> None:
    """List what this household has published."""
    found = session.client.get(session.everywhere("own-listings"))
    listings = found["results"]
    several = len(found["communities"]) > 1
    lines = (
        [*listing_table(listings, with_household=False, with_community=several), ""]
        if listings
        else wrapped(_("You have published nothing yet; “p2pmarket publish --help” shows how."))
    )
    too = [line for listing in listings for line in offered_too_lines(listing, only_claimed=True)]
    lines += [*too, ""] if too else []
    for line in expiring_line(found["expiring_soon"]):
        lines += wrapped(line)
    lines += [*left_out_lines(found["left_out"]), *sync_lines(found)]
    session.answer(found, lines)


@command("edit", _("An empty text removes what stood there."))
@click.argument("listing", metavar=_("ID"))
@listing_options
def edit(session: Session, listing: str, **typed: Any) -> None:
    """Send the changed fields."""
    fields = typed_fields(typed)
    if not fields:
        raise LocalError("nothing-to-change")
    changed = session.client.patch(session.path("listings", listing), {"fields": fields})
    session.answer({"results": [changed]}, [_("Changed."), "", *listing_details(changed)])


@command("renew")
@click.argument("listing", metavar=_("ID"))
@click.option("--days", type=Count(1, 90), help=_("For so many days (else as long as before)."))
def renew(session: Session, listing: str, days: int | None) -> None:
    """Renew one listing."""
    path = session.path("listings", listing, "renewal")
    renewed = session.client.post(path, {"days": days})
    line = _("“{title}” shows until {date}.").format(
        title=safe(renewed["title"]), date=day(moment(renewed["visible_until"]))
    )
    session.answer({"results": [renewed]}, [line])


@command("mark")
@click.argument("state", type=MARK, metavar=_("reserved|taken|open"))
@click.argument("listing", metavar=_("ID"))
def mark(session: Session, state: str, listing: str) -> None:
    """Mark one listing."""
    path = session.path("listings", listing, "mark")
    marked = session.client.put(path, {"state": state})
    line = _("“{title}” is marked: {state}. Your neighbours see it at once.").format(
        title=safe(marked["title"]), state=vocabulary.label(vocabulary.STATES, marked["state"])
    )
    session.answer({"results": [marked]}, [line, *offered_too_lines(marked)])


@command("withdraw")
@click.argument("listing", metavar=_("ID"))
def withdraw(session: Session, listing: str) -> None:
    """Withdraw one listing."""
    gone = session.client.delete(session.path("listings", listing))
    line = _("“{title}” is withdrawn; it disappears at your neighbours' too.").format(
        title=safe(gone["title"])
    )
    session.answer({"results": [gone]}, [line, *offered_too_lines(gone)])
