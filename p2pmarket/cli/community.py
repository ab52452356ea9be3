"""Communities: create, invite, join, leave."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from p2pmarket.cli.credit import credit_lines
from p2pmarket.cli.options import SPAN, Count, command, shared_options
from p2pmarket.cli.pasted import qr_lines, read_pasted
from p2pmarket.cli.session import Session
from p2pmarket.cli.summaries import SUMMARIES
from p2pmarket.cli.terminal import paragraph, safe
from p2pmarket.texts import _, ngettext
from p2pmarket.texts.errors import refusal
from p2pmarket.texts.formats import day_and_time, moment
from protocol.errors import LocalError
from protocol.limits import MAX_CREDIT

_WEEK_S = 604_800

community = click.Group(
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
    credit_unit: str | None,
    credit_limit: int | None,
) -> None:
    """Found a community at the node."""
    if (credit_unit is None) != (credit_limit is None):
        raise click.UsageError(_("--credit-unit and --credit-limit belong together."))
    request = {
        "name": name,
        "rules": _text_or_file(rules),
        "places": [] if places is None else _read_places(places),
        "currency": currency.upper(),
        "listing_slots": slots,
        "credit": None if credit_unit is None else {"unit": credit_unit, "limit": credit_limit},
    }
    found = session.client.post("/v1/communities", request)
    session.answer(
        found,
        [
            _("You founded “{name}” ({id}).").format(name=safe(found["name"]), id=found["id"][:10]),
            *credit_lines(found["credit"]),
            _("Next: invite your neighbours with “p2pmarket invite --uses 10 --qr”."),
        ],
    )


community.add_command(create)


def _text_or_file(text: str) -> str:
    if not text.startswith("@"):
        return text
    path = Path(text[1:])
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = refusal(error) if isinstance(error, OSError) else _("it is not UTF-8 text")
        raise LocalError("file-unreadable", path=str(path), reason=reason) from None


def _read_places(path: Path) -> list[dict[str, Any]]:
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


@command("invite")
@click.option(
    "--uses",
    type=Count(1, 1_000),
    default=1,
    show_default=True,
    help=_("How many households may join with it."),
)
@click.option(
    "--expires",
    type=SPAN,
    default="7d",
    show_default=True,
    metavar=_("TIME"),
    help=_("How long it is valid: 30m, 12h, 7d, 2w."),
)
@click.option("--qr", is_flag=True, help=_("Also draw it as a QR code."))
def invite(session: Session, uses: int, expires: int, qr: bool) -> None:
    """Let the node sign an invite."""
    made = session.client.post(session.path("invites"), {"uses": uses, "valid_seconds": expires})
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


@command("join", _("Paste it at the prompt, pipe it in, or name a file."))
@click.argument("text", required=False, metavar=_("[INVITE]"))
@click.option(
    "--file",
    "source",
    metavar=_("FILE"),
    type=click.Path(path_type=Path),
    help=_("Read the invite from a file."),
)
def join(session: Session, text: str | None, source: Path | None) -> None:
    """Hand the invite to the node, which looks for a member."""
    if text is not None:
        session.warn(
            _(
                "Note: other users of this computer can see the arguments of a command, and with"
                " them the invite. Better paste it at the prompt."
            )
        )
    else:
        text = read_pasted(session, source, _("Paste the invite"))
    if sys.stderr.isatty():
        session.warn(_("Looking for a member of the community …"))
    joined = session.client.post("/v1/memberships", {"invite": text})
    lines = [
        _("You joined “{name}” as “{household}”.").format(
            name=safe(joined["name"]), household=safe(joined["household"])
        )
    ]
    if joined["rules"]:
        lines += [_("Its rules:"), *paragraph(joined["rules"], indent="  ")]
    lines += credit_lines(joined["credit"])
    if joined["my_status"] in ("provisional", "waiting"):
        lines += paragraph(
            _(
                "The household that invited you confirms you as soon as it is online, often within"
                " seconds. Until then at most five of your listings show."
            )
        )
    session.answer(joined, lines)


@command("leave", _("Your listings disappear from it, and you cannot come back."))
@click.option("--yes", is_flag=True, help=_("Do not ask."))
def leave(session: Session, yes: bool) -> int:
    """Ask, then leave."""
    held = session.client.get(session.path())
    name = safe(held["name"])
    if not yes and session.interactive:
        question = _("Leave “{name}” for good? You cannot come back with the same 24 words")
        if not session.agrees(question.format(name=name), default=False):
            session.say(_("You stay."))
            return 1
    left = session.client.delete(session.path())
    session.answer(
        left,
        [
            _("You left “{name}”. Your listings disappear from your neighbours' nodes.").format(
                name=name
            )
        ],
    )
    return 0
