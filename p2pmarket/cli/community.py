"""Communities: create, invite, join, leave."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from p2pmarket.cli.credit import credit_lines
from p2pmarket.cli.options import Commands, Count, command, shared_options
from p2pmarket.cli.session import Session
from p2pmarket.cli.summaries import SUMMARIES
from p2pmarket.cli.terminal import safe, wrapped
from p2pmarket.texts import _
from p2pmarket.texts.errors import refusal
from protocol.errors import LocalError
from protocol.limits import FOUNDER_CONFIRMATION_SLOTS as MAX_INVITE_BUDGET
from protocol.limits import MAX_CREDIT

community = Commands(
    "community",
    help=_(SUMMARIES["community"]),
    options_metavar=_("[OPTIONS]"),
    subcommand_metavar=_("COMMAND [ARGS]..."),
)
community.params.extend(shared_options())


@command("create")
@click.option("--name", metavar=_("NAME"), required=True, help=_("What it is called."))
@click.option(
    "--rules",
    metavar=_("TEXT"),
    required=True,
    help=_("Its rules in plain words, or @FILE; everybody who joins reads them."),
)
@click.option(
    "--places",
    metavar=_("FILE"),
    type=click.Path(path_type=Path),
    help=_("Named places: a JSON list of objects with name, lat and lon."),
)
@click.option(
    "--currency", metavar="EUR", default="EUR", help=_("The currency of prices without one.")
)
@click.option(
    "--slots",
    type=Count(1, 250_000),
    default=500,
    show_default=True,
    help=_("How many listings a household may have."),
)
@click.option(
    "--question",
    "questions",
    multiple=True,
    metavar=_("TEXT"),
    help=_("What everybody who joins is asked; up to five times."),
)
@click.option("--approve", is_flag=True, help=_("People decide who is let in, one by one."))
@click.option(
    "--quorum",
    type=Count(1, 100),
    default=2,
    show_default=True,
    help=_("How many stewards must agree; you decide alone until another takes a seat."),
)
@click.option(
    "--invite-budget",
    type=Count(0, MAX_INVITE_BUDGET),
    default=10,
    show_default=True,
    help=_("How many others a household may bring; fixed for good, as --quorum and --subtree are."),
)
@click.option(
    "--subtree",
    type=Count(0, 100_000),
    default=0,
    show_default=True,
    help=_("How many one household and those whom it invites can bring together; 0: no bound."),
)
@click.option(
    "--worry-word",
    "worry_words",
    multiple=True,
    metavar=_("WORD"),
    help=_("A word that makes a listing wait for a second look; repeatable."),
)
@click.option(
    "--first-listings",
    type=Count(0, 250_000),
    default=0,
    show_default=True,
    help=_("How many listings of a newcomer show until somebody vouches for it; 0 for all."),
)
@click.option(
    "--credit-unit",
    metavar=_("WORD"),
    help=_("Keep community credit, counted in this, for example hours."),
)
@click.option(
    "--credit-limit",
    type=Count(1, MAX_CREDIT),
    help=_("How much of it a household may owe the others."),
)
def create(
    session: Session,
    name: str,
    rules: str,
    places: Path | None,
    currency: str,
    slots: int,
    questions: tuple[str, ...],
    approve: bool,
    quorum: int,
    invite_budget: int,
    subtree: int,
    worry_words: tuple[str, ...],
    first_listings: int,
    credit_unit: str | None,
    credit_limit: int | None,
) -> None:
    """Found a community at the node."""
    if (credit_unit is None) != (credit_limit is None):
        raise click.UsageError(_("--credit-unit and --credit-limit belong together."))
    request = {
        "name": name,
        "rules": text_or_file(rules),
        "places": [] if places is None else read_places(places),
        "currency": currency.upper(),
        "listing_slots": slots,
        "questions": list(questions),
        "approval": approve,
        "quorum": quorum,
        "invite_budget": invite_budget,
        "subtree": subtree,
        "worry_words": list(worry_words),
        "first_listings": first_listings,
        "credit": None if credit_unit is None else {"unit": credit_unit, "limit": credit_limit},
    }
    found = session.client.post("/v1/communities", request)
    session.answer(
        found,
        [
            _("You founded “{name}” ({id}).").format(name=safe(found["name"]), id=found["id"][:10]),
            *credit_lines(found["credit"]),
            *_next_lines(approve),
        ],
    )


def _next_lines(approve: bool) -> list[str]:
    texts = [
        _(
            "Next: invite your neighbours with “p2pmarket invite --uses 10 --qr”, or print a flyer:"
            " “p2pmarket invite flyer FILE.pdf --uses 10”."
        )
    ]
    if approve:
        texts.append(_("“p2pmarket members waiting” shows who wants to join; you let them in."))
    return [line for text in texts for line in wrapped(text)]


community.add_command(create)


def text_or_file(text: str) -> str:
    """Return a text as typed, or that of the file behind ``@``. LocalError ``file-unreadable``."""
    if not text.startswith("@"):
        return text
    path = Path(text[1:])
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = refusal(error) if isinstance(error, OSError) else _("it is not UTF-8 text")
        raise LocalError("file-unreadable", path=str(path), reason=reason) from None


def read_places(path: Path) -> list[dict[str, Any]]:
    """Read named places. LocalError ``file-unreadable`` or ``places-file-unreadable``."""
    try:
        entries = json.loads(path.read_text("utf-8"))
        return [
            {
                "name": str(entry["name"]),
                "latitude": float(entry.get("lat", entry.get("latitude"))),
                "longitude": float(entry.get("lon", entry.get("longitude"))),
            }
            for entry in entries
        ]
    except OSError as error:
        reason = refusal(error)
        raise LocalError("file-unreadable", path=str(path), reason=reason) from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise LocalError("places-file-unreadable", path=str(path)) from None
