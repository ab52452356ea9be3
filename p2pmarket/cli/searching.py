"""Finding: search and show."""

from __future__ import annotations

from typing import Any

import click

from p2pmarket import vocabulary
from p2pmarket.cli.listing_texts import (
    left_out_lines,
    listing_details,
    listing_table,
    nothing_found,
    sync_lines,
)
from p2pmarket.cli.options import KILOMETRES, KIND, Count, command
from p2pmarket.cli.session import Session
from p2pmarket.cli.terminal import wrapped
from p2pmarket.texts import _, ngettext


@command(
    "search",
    _("Spelling, plurals and umlauts need not be exact; every word has to match."),
    _("All your communities are searched, unless you name one with --community."),
)
@click.argument("words", nargs=-1, metavar=_("[WORDS]..."))
@click.option(
    "--kind",
    type=KIND,
    multiple=True,
    metavar=_("KIND"),
    help=_("Only this kind; may be repeated: {choices}.").format(choices=KIND.choices),
)
@click.option("--category", metavar=_("NAME"), help=_("Only this category."))
@click.option("--min-price", metavar=_("AMOUNT"), help=_("Not cheaper than this."))
@click.option("--max-price", metavar=_("AMOUNT"), help=_("Not dearer than this."))
@click.option(
    "--within", metavar="KM", type=KILOMETRES, help=_("Not farther from your place than this.")
)
@click.option("--by", metavar=_("HOUSEHOLD"), help=_("Only listings of this household."))
@click.option(
    "--sort",
    type=click.Choice(["relevance", "newest", "price", "distance"]),
    help=_("The order (with words by relevance, else newest first)."),
)
@click.option(
    "--limit",
    type=Count(1, 1_000),
    default=50,
    show_default=True,
    help=_("At most so many."),
)
@click.option("--taken", is_flag=True, help=_("Also what is already taken."))
@click.option(
    "--after", metavar=_("PAGE"), help=_("The page that follows; an answer names it at its end.")
)
def search(session: Session, words: tuple[str, ...], category: str | None, **chosen: Any) -> None:
    """Ask the node and print what it found."""
    question = {
        "words": " ".join(words),
        "kind": chosen["kind"],
        "category": None if category is None else vocabulary.category_id(category),
        "min_price": chosen["min_price"],
        "max_price": chosen["max_price"],
        "within_km": chosen["within"],
        "by": chosen["by"],
        "sort": chosen["sort"],
        "limit": chosen["limit"],
        "taken": chosen["taken"],
        "after": chosen["after"],
    }
    found = session.client.get(session.everywhere("listings"), question)
    session.answer(found, _lines(found))


def _lines(found: dict[str, Any]) -> list[str]:
    listings = found["results"]
    left_out = left_out_lines(found["left_out"])
    if not listings:
        nothing = [*wrapped(nothing_found(found["sync"])), *_beyond_lines(found["beyond"])]
        return [*nothing, *left_out, *sync_lines(found)]
    several = len(found["communities"]) > 1
    count = ngettext("{n} listing.", "{n} listings.", len(listings)).format(n=len(listings))
    if found["more"]:
        count = _("{n} shown; there are more (--limit, or --after {page}).").format(
            n=len(listings), page=found["next"]
        )
    table = listing_table(listings, with_community=several)
    return [*table, "", *left_out, *sync_lines(found, count)]


def _beyond_lines(count: int) -> list[str]:
    """Say that something matches, only not so near."""
    if not count:
        return []
    line = ngettext(
        "Without --within there is {n} listing, farther away or without a known place.",
        "Without --within there are {n} listings, farther away or without a known place.",
        count,
    )
    return wrapped(line.format(n=count))


@command("show")
@click.argument("listing", metavar=_("ID"))
def show(session: Session, listing: str) -> None:
    """Ask the node for one listing."""
    found = session.client.get(session.path("listings", listing))
    session.answer({"results": [found]}, listing_details(found))
