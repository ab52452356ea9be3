"""The flags that describe a listing, for publish and edit alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from p2pmarket.cli.options import CONDITION, KIND, Count
from p2pmarket.cli.terminal import in_quotes, wrapped
from p2pmarket.texts import _

Function = TypeVar("Function", bound=Callable[..., Any])


def listing_options(function: Function) -> Function:
    """Declare the flags."""
    for option in reversed(_options()):
        function = option(function)
    return function


def _options() -> list[Callable[[Any], Any]]:
    return [
        click.option("--title", metavar=_("TEXT"), help=_("What it is, in a few words.")),
        click.option(
            "--kind",
            type=KIND,
            metavar=_("KIND"),
            help=_("What you want to happen: {choices}.").format(choices=KIND.choices),
        ),
        click.option("--description", metavar=_("TEXT"), help=_("More about it.")),
        click.option("--category", metavar=_("NAME"), help=_("Where it belongs.")),
        click.option("--price", metavar=_("AMOUNT"), help=_("For example 12 or 12.50.")),
        click.option("--currency", metavar="EUR", help=_("If it is not the community's currency.")),
        click.option(
            "--negotiable/--fixed-price", default=None, help=_("Whether you take offers.")
        ),
        click.option("--quantity", type=Count(1, 1_000_000), help=_("How many.")),
        click.option("--condition", type=CONDITION, help=_("How worn it is.")),
        click.option("--tag", "tags", multiple=True, metavar=_("WORD"), help=_("Repeatable.")),
        click.option(
            "--variant",
            "variants",
            multiple=True,
            metavar=_("NAME=A,B"),
            help=_("For example Size=98,104; repeatable."),
        ),
        click.option("--swap-for", metavar=_("TEXT"), help=_("What you would swap it for.")),
        click.option("--lend-days", type=Count(1, 3_650), help=_("How long you lend it at most.")),
        click.option("--deposit", metavar=_("AMOUNT"), help=_("The deposit for a loan.")),
        click.option("--starts", metavar=_("TIME"), help=_("An event: 2027-05-01T15:00.")),
        click.option("--ends", metavar=_("TIME"), help=_("An event's end.")),
        click.option("--place", metavar=_("NAME"), help=_("Where (else your household's).")),
        click.option(
            "--days",
            type=Count(1, 90),
            help=_("How many days it shows (else as long as the community allows)."),
        ),
        click.option("--language", metavar="de", help=_("The language of its text.")),
        click.option("--source-id", metavar=_("NUMBER"), help=_("Your own number for it.")),
    ]


def shown_lines(names: Sequence[str]) -> list[str]:
    """Say who sees a listing that may be shown in neighbouring communities, and who shows it."""
    return [
        line
        for name in names
        for line in wrapped(
            _(
                "Everybody in {community} can read it as well, as soon as any household that"
                " belongs to both shows it there: title, text, price, place (to about a kilometre)"
                " and when you changed it; not your name and no photos. Whoever knows the listing"
                " recognises it there. Who wants it writes to that household, which passes it on"
                " to you."
            ).format(community=in_quotes(name))
        )
    ]


_NAMES = {"days": "days_valid", "language": "lang", "source_id": "id"}


def typed_fields(typed: Mapping[str, Any]) -> dict[str, object]:
    """Return the fields that were given; an empty text stays, and empties the field."""
    fields: dict[str, object] = {}
    for name, value in typed.items():
        if value is None or value == ():
            continue
        if name == "variants":
            value = ";".join(value)
        if name == "tags":
            value = [tag for tag in value if tag]
        fields[_NAMES.get(name, name)] = value
    return fields
