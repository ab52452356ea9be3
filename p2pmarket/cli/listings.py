"""One's own listings: mine, edit, renew, mark, withdraw."""

from __future__ import annotations

from typing import Any

import click

from p2pmarket import vocabulary
from p2pmarket.cli.listing_fields import listing_options, shown_lines, typed_fields
from p2pmarket.cli.listing_texts import (
    carried_lines,
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
    listings = [listing for listing in found["results"] if listing["origin"] is None]
    several = len(found["communities"]) > 1
    lines = (
        [*listing_table(listings, with_household=False, with_community=several), ""]
        if listings
        else wrapped(_("You have published nothing yet; “p2pmarket publish --help” shows how."))
    )
    lines += [] if listings or not found["results"] else [""]
    too = [line for listing in listings for line in offered_too_lines(listing, only_claimed=True)]
    lines += [*too, ""] if too else []
    lines += carried_lines(found["results"], with_community=several)
    for line in expiring_line(found["expiring_soon"]):
        lines += wrapped(line)
    lines += [*left_out_lines(found["left_out"]), *sync_lines(found)]
    session.answer(found, lines)


@command("edit", _("An empty text removes what stood there."))
@click.argument("listing", metavar=_("ID"))
@listing_options
@click.option(
    "--show-in",
    metavar=_("NAME"),
    multiple=True,
    help=_("Members may show it in this neighbouring community too; repeatable."),
)
@click.option(
    "--no-show-in",
    metavar=_("NAME"),
    multiple=True,
    help=_("Nobody shall show it in this neighbouring community any more; repeatable."),
)
@click.option("--yes", is_flag=True, help=_("Do not ask about --show-in."))
def edit(
    session: Session,
    listing: str,
    show_in: tuple[str, ...],
    no_show_in: tuple[str, ...],
    yes: bool,
    **typed: Any,
) -> int:
    """Send the changed fields."""
    fields = typed_fields(typed)
    for name, communities in (("show_in", show_in), ("no_show_in", no_show_in)):
        if communities:
            fields[name] = list(communities)
    if not fields:
        raise LocalError("nothing-to-change")
    if show_in and not _may_show(session, listing, show_in, typed["category"], yes):
        session.say(_("Nothing was changed."))
        return 1
    changed = session.client.patch(session.path("listings", listing), {"fields": fields})
    session.answer({"results": [changed]}, [_("Changed."), "", *listing_details(changed)])
    return 0


def _may_show(
    session: Session, listing: str, show_in: tuple[str, ...], category: str | None, yes: bool
) -> bool:
    """Say who will see it in neighbouring communities, and ask whether they may."""
    stands = session.client.get(session.path("listings", listing))
    # Of the community that the listing is in: it need not be named for an edit.
    session.community = stands["community_id"]
    question = {"show_in": show_in, "category": category or stands["category"]}
    audience = session.client.get(session.path("audience"), question)
    session.say(*shown_lines(audience["shown_to"]))
    return yes or not session.interactive or session.agrees(_("May they?"), default=True)


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
