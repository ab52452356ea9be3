"""Offering a thing in a second community: what would be seen there, then a yes, then it stands."""

from __future__ import annotations

from typing import Any

import click

from p2pmarket import vocabulary
from p2pmarket.cli.failures import report_stopped
from p2pmarket.cli.listing_fields import listing_options, typed_fields
from p2pmarket.cli.listing_texts import SHORT_ID, audience_line
from p2pmarket.cli.options import command
from p2pmarket.cli.session import Session
from p2pmarket.cli.terminal import in_quotes, safe, wrapped
from p2pmarket.texts import _, ngettext
from p2pmarket.texts.formats import amount
from protocol.errors import P2PMarketError


@command(
    "cross-post",
    _(
        "It becomes a listing of its own there, signed with another key; nothing in it refers to"
        " the first. With flags it differs from it. What is promised in one community is kept from"
        " the others."
    ),
)
@click.argument("listing", metavar=_("ID"))
@click.option(
    "--to", "communities", metavar=_("NAME"), multiple=True, required=True,
    help=_("The community where it shall stand as well; may be repeated."),
)  # fmt: skip
@listing_options
@click.option("--yes", is_flag=True, help=_("Do not ask before publishing."))
def cross_post(
    session: Session, listing: str, communities: tuple[str, ...], yes: bool, **typed: Any
) -> int:
    """Show the preview, ask, publish."""
    fields = typed_fields(typed)
    body: dict[str, object] = {"listing": listing, "fields": fields}
    previews = preview_all(session, communities, "preview", body)
    if not yes and session.interactive and not session.agrees(_("Publish?"), default=True):
        session.say(_("Nothing was published."))
        return 1
    published: list[object] = []
    answer = {"previews": previews, "results": published}
    for name in communities:
        try:
            made = cross_post_to(session, name, body)
        except P2PMarketError as error:
            if not published:
                raise
            return report_stopped(error, session.as_json, answer)
        published.append(made["listing"])
        session.say(*cross_posted_lines(made))
    session.answer(answer, [])
    return 0


def preview_all(
    session: Session, communities: tuple[str, ...], stage: str, body: dict[str, object]
) -> list[dict[str, Any]]:
    """Show what each community would see, and return it. Refuses what one of them would refuse.

    stage: ``preview`` of a listing, or ``draft`` of one that is yet to be published.
    """
    previews = []
    for name in communities:
        path = _path(name, stage)
        previews.append(session.client.post(path, body))
    for preview in previews:
        session.say(*_preview_lines(preview))
    if previews:
        line = _(
            "Nothing in a listing tells that it is offered twice. But a neighbour who belongs to"
            " both communities can guess it from the wording, the place or the time."
        )
        session.say(*wrapped(line))
    return previews


def cross_post_to(session: Session, community: str, body: dict[str, object]) -> dict[str, Any]:
    """Publish it in one more community, and return the answer."""
    made: dict[str, Any] = session.client.post(_path(community), body)
    return made


def cross_posted_lines(made: dict[str, Any]) -> list[str]:
    """Say what was published."""
    listing = made["listing"]
    line = _("Published “{title}” in {community} as {id}.").format(
        title=safe(listing["title"]),
        community=in_quotes(listing["community"]),
        id=listing["id"][:SHORT_ID],
    )
    return wrapped(line)


def _path(community: str, *more: str) -> str:
    from p2pmarket.api.client import quoted

    return "/".join(["/v1/communities", quoted(community), "cross-posts", *more])


def _preview_lines(preview: dict[str, Any]) -> list[str]:
    lines = wrapped(audience_line(preview["audience"], preview["visible_until"]))
    price, currency = preview["price_minor"], preview["currency"]
    parts = [
        in_quotes(preview["title"]),
        vocabulary.label(vocabulary.CATEGORIES, preview["category"]),
        *([] if price is None else [amount(price, currency)]),
        preview["place"] or _("without a place"),
    ]
    seen = _("There as {household}: {facts}").format(
        household=in_quotes(preview["household"]), facts=safe(" · ".join(parts))
    )
    lines += wrapped(seen, indent="  ")
    if price is not None and currency != preview["currency_there"]:
        line = _("Prices there are usually in {currency}.").format(
            currency=preview["currency_there"]
        )
        lines += wrapped(line, indent="  ")
    photos = preview["without_photos"]
    if photos:
        line = ngettext(
            "{n} photo does not go along: the same picture would tell.",
            "{n} photos do not go along: the same pictures would tell.",
            photos,
        ).format(n=photos)
        lines += wrapped(line, indent="  ")
    if preview["without_number"]:
        line = _("Your own number for it does not go along: the same number would tell.")
        lines += wrapped(line, indent="  ")
    return lines
