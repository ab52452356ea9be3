"""One's own data of a community as files: JSON for programs, and a text for people."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from p2pmarket.cli.listing_texts import listing_details
from p2pmarket.cli.options import command
from p2pmarket.cli.session import Session
from p2pmarket.cli.terminal import safe, wrapped
from p2pmarket.texts import _, ngettext
from p2pmarket.texts.errors import refusal
from p2pmarket.texts.formats import day_and_time, moment
from p2pmarket.texts.trades import STATES
from protocol.errors import LocalError

_MOST_MESSAGES = 10_000
"""Of one household, the latest; the interface gives no more at once."""


@command(
    "export",
    _(
        "listings.jsonl can be published again with “p2pmarket publish --from”; summary.txt is for"
        " reading."
    ),
)
@click.argument("folder", metavar=_("FOLDER"), type=click.Path(path_type=Path))
def export(session: Session, folder: Path) -> None:
    """Write one community's data into a new folder."""
    written = export_to(session, folder)
    session.answer({"folder": str(folder), "exported": written}, exported_lines(folder, written))


def suggested_folder(community: str) -> Path:
    """Return a folder where the person is, named after the community and the day."""
    name = "".join(c if c.isalnum() else "-" for c in community.lower()).strip("-") or "export"
    return Path(f"p2pmarket-{name}-{datetime.now().date().isoformat()}")


def refuse_existing(folder: Path) -> None:
    """Raise LocalError ``export-exists`` before anything is done."""
    if folder.exists():
        raise LocalError("export-exists", path=str(folder))


def export_to(session: Session, folder: Path) -> dict[str, int]:
    """Write everything; return how much there is of each. Nobody else may read the folder.

    Raises LocalError ``export-exists`` or ``export-not-writable``.
    """
    refuse_existing(folder)
    client = session.client
    own = client.get(session.path("export"))
    listings = client.get(session.path("own-listings"))["results"]
    trades = client.get(session.path("trades"), {"over": True})["results"]
    trades = [client.get(session.path("trades", trade["id"])) for trade in trades]
    ledger = client.get(session.path("ledgers", "-"))
    threads = _threads(session)
    profile = client.get(session.path("profile"))
    rows = own.pop("rows")
    files = {
        "household.json": {**own, "profile": profile},
        "listings.json": listings,
        "trades.json": trades,
        "receipts.json": ledger,
        "messages.json": threads,
    }
    try:
        folder.mkdir(mode=0o700, parents=True)
        for name, content in files.items():
            _write(folder / name, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
        _write(folder / "listings.jsonl", "".join(lines))
        _write(folder / "summary.txt", _summary(own, listings, trades, threads))
    except OSError as error:
        raise LocalError("export-not-writable", path=str(folder), reason=refusal(error)) from None
    return {
        "listings": len(listings),
        "trades": len(trades),
        "receipts": len(ledger["receipts"]),
        "messages": sum(len(thread["results"]) for thread in threads),
    }


def exported_lines(folder: Path, written: dict[str, int]) -> list[str]:
    """Say what was written where."""
    parts = [
        ngettext("{n} listing", "{n} listings", written["listings"]),
        ngettext("{n} trade of yours", "{n} trades of yours", written["trades"]),
        ngettext("{n} receipt", "{n} receipts", written["receipts"]),
        ngettext("{n} message", "{n} messages", written["messages"]),
    ]
    shown = ", ".join(part.format(n=n) for part, n in zip(parts, written.values(), strict=True))
    line = _("{parts}. Read summary.txt first; keep the folder to yourself:")
    return [*wrapped(line.format(parts=shown)), f"  {safe(folder)}"]


def _threads(session: Session) -> list[dict[str, Any]]:
    inbox = session.client.get(session.path("inbox"))["results"]
    households = dict.fromkeys(thread["household_id"] for thread in inbox)
    return [
        session.client.get(session.path("threads", household), {"limit": _MOST_MESSAGES})
        for household in households
    ]


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _summary(
    own: dict[str, Any],
    listings: list[dict[str, Any]],
    trades: list[dict[str, Any]],
    threads: list[dict[str, Any]],
) -> str:
    lines = [
        _("“{household}” in “{community}”, {time}").format(
            household=safe(own["household"]),
            community=safe(own["community"]),
            time=day_and_time(moment(own["exported_at"])),
        ),
        "",
        _("Your listings"),
    ]
    for listing in listings:
        lines += ["", *listing_details(listing)]
    lines += ["", _("Your trades"), ""]
    for trade in trades:
        state = _(STATES[trade["state"]]) if trade["state"] in STATES else trade["state"]
        opened = day_and_time(moment(trade["opened_at"]))
        lines.append(f"{opened}  {safe(trade['title'])} – {safe(trade['other'])}: {state}")
    lines += ["", _("Your messages")]
    for thread in threads:
        lines += ["", safe(thread["household"] or thread["household_id"])]
        for message in thread["results"]:
            at = day_and_time(moment(message["at"]))
            who = own["household"] if message["outgoing"] else thread["household"]
            lines.append(f"{at}  {safe(who)}: {safe(message['text'], lines=True)}")
    return "\n".join(lines) + "\n"
