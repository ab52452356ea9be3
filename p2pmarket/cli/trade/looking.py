"""Looking at trades: the list, one in full, its dates in a calendar."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from p2pmarket.cli.listing_texts import left_out_lines
from p2pmarket.cli.mail_texts import all_waiting_lines
from p2pmarket.cli.options import command
from p2pmarket.cli.session import Session
from p2pmarket.cli.terminal import wrapped
from p2pmarket.cli.trade.answers import note_read, trade_at
from p2pmarket.cli.trade.texts import trade_details, trade_table
from p2pmarket.texts import _
from p2pmarket.texts.calendar import Entry, calendar_text
from p2pmarket.texts.errors import refusal
from p2pmarket.texts.formats import moment
from protocol.errors import LocalError

_CALENDAR = b"BEGIN:VCALENDAR"
_ON_LOAN = ("lent", "returned-by-publisher", "returned-by-seeker")
_MEETING = ("appointed", "handed-by-publisher", "handed-by-seeker")


@command("trade list")
@click.option("--all", "over", is_flag=True, help=_("Also those that are over."))
def list_trades(session: Session, over: bool) -> None:
    """List the own trades, and what to remember."""
    found = session.client.get(session.everywhere("trades"), {"over": over})
    several = len(found.get("communities", [])) > 1
    lines: list[str] = []
    if found["reminders"]:
        lines.append(_("Waiting for you:"))
        lines += all_waiting_lines(found["reminders"], several)
        lines.append("")
    if found["results"]:
        lines += [*trade_table(found["results"], several), ""]
        lines += wrapped(_("“p2pmarket trade show ID” shows one, and what you can do."))
    elif over:
        lines += wrapped(_("You have not traded yet: “p2pmarket trade propose LISTING” asks."))
    else:
        lines += wrapped(_("No trade is open. “--all” also shows those that are over."))
    session.answer(found, [*lines, *left_out_lines(found.get("left_out", []))])


@command("trade show")
@click.argument("identifier", metavar=_("TRADE"))
@click.option(
    "--ics",
    metavar=_("FILE"),
    help=_("Write appointment and day of return for a calendar; - writes to standard output."),
)
def show(session: Session, identifier: str, ics: str | None) -> None:
    """Show one trade, or write its dates into a file."""
    trade = trade_at(session, identifier)
    if ics is None:
        session.answer({"results": [trade]}, trade_details(trade))
        if trade["state"] == "closed" and trade["role"] == "seeker" and not session.as_json:
            note_read(session, trade["id"])
        return
    entries = _entries(trade)
    if not entries:
        raise LocalError("no-appointment")
    text = calendar_text(entries, datetime.now(UTC))
    if ics == "-":
        sys.stdout.write(text)
        return
    _write(Path(ics), text)
    line = _("{path} is written; open it with your calendar.")
    session.answer({"file": ics, "results": [trade]}, wrapped(line.format(path=ics)))


def _entries(trade: dict[str, Any]) -> list[Entry]:
    other = trade["other"] or trade["other_id"]
    title = trade["title"] or trade["listing_id"]
    address = trade["other_address"] or trade["my_address"]
    entries = []
    if trade["appointment"] is not None and trade["state"] in _MEETING:
        entries.append(
            Entry(
                uid=f"{trade['id']}-meeting@p2pmarket",
                sequence=len(trade["timeline"]),
                starts=moment(trade["appointment"]["starts_at"]),
                ends=moment(trade["appointment"]["ends_at"]),
                summary=_("{title}: meet {other}").format(title=title, other=other),
                description=f"p2pmarket trade handover {trade['id'][:10]}",
                location=address,
            )
        )
    due_at = trade["terms"]["due_at"]
    if due_at is not None and trade["state"] in (*_ON_LOAN, "promised", *_MEETING):
        sentence = (
            _("{title}: comes back from {other}")
            if trade["giver_me"]
            else _("{title}: back to {other}")
        )
        due = moment(due_at)
        entries.append(
            Entry(
                uid=f"{trade['id']}-return@p2pmarket",
                sequence=len(trade["timeline"]),
                starts=due - timedelta(hours=1),
                ends=due,
                summary=sentence.format(title=title, other=other),
                description=f"p2pmarket trade return {trade['id'][:10]}",
                location="" if trade["giver_me"] else trade["other_address"],
                remind=timedelta(days=1),
            )
        )
    return entries


def _write(path: Path, text: str) -> None:
    """Write a calendar file. Another one is replaced; a file of another kind is not."""
    try:
        if path.exists():
            with path.open("rb") as file:
                if not file.read(len(_CALENDAR)) == _CALENDAR:
                    raise LocalError("file-exists", path=str(path))
        path.write_bytes(text.encode("utf-8"))
    except OSError as error:
        raise LocalError("file-not-writable", path=str(path), reason=refusal(error)) from None
