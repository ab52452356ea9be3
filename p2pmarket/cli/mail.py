"""Messages: message, inbox, thread."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any

import click

from p2pmarket.cli.carried_texts import passing_on_lines
from p2pmarket.cli.listing_texts import SHORT_ID, left_out_lines
from p2pmarket.cli.mail_texts import all_waiting_lines, in_community
from p2pmarket.cli.options import Count, command
from p2pmarket.cli.session import Session
from p2pmarket.cli.terminal import Column, in_quotes, others_text, safe, table, wrapped
from p2pmarket.cli.trade.answers import note_read
from p2pmarket.texts import _, ngettext
from p2pmarket.texts.cases import case_line
from p2pmarket.texts.delivery import delivery_text
from p2pmarket.texts.formats import day_and_time, moment, short_day
from protocol.errors import LocalError

_MAX_CHARACTERS = 20_000
_WAIT_S = 1.0
"""A neighbour that is connected has it, or keeps it, within this."""


@command(
    "message",
    _(
        "Only that household can read it. If it is off, neighbours keep the sealed message for up"
        " to 15 days; they cannot open it."
    ),
    _("With --listing alone the message goes to whoever published that listing."),
)
@click.argument("household", required=False, metavar=_("[HOUSEHOLD]"))
@click.argument("text", required=False, metavar=_("[TEXT]"))
@click.option("--listing", metavar=_("ID"), help=_("The listing that it is about."))
def message(session: Session, household: str | None, text: str | None, listing: str | None) -> None:
    """Write to one household."""
    if listing is None and household is None:
        raise click.UsageError(_("Say to whom: HOUSEHOLD, or --listing ID."))
    if listing is not None and text is None and household is not None:
        household, text = _sorted_out(session, household, listing)
    if text is None:
        text = _typed_text(session)
    request = {
        "household": household,
        "listing": listing,
        "text": text,
        "wait_seconds": _WAIT_S,
    }
    sent = session.client.post(session.path("messages"), request)
    session.answer(sent, _sent_lines(sent))


def _sorted_out(session: Session, given: str, listing: str) -> tuple[str | None, str | None]:
    """Tell whether the one argument beside --listing is the household or the text.

    To one's own listing it is whom one writes to; to another's it is the text, unless it names
    who published it.
    """
    found = session.client.get(session.path("listings", listing))
    # Among namesakes the answer has a short id behind the name, which nobody types.
    name = found["household"].removesuffix(f" ({found['household_id'][:SHORT_ID]})")
    names_publisher = given.strip().casefold() == name.casefold() or (
        len(given) >= SHORT_ID and found["household_id"].startswith(given.strip().lower())
    )
    if found["mine"] or names_publisher:
        return given, None
    return None, given


def _typed_text(session: Session) -> str:
    if session.interactive:
        typed: str = click.prompt(_("Message"))
        return typed
    return sys.stdin.read(_MAX_CHARACTERS)


def _sent_lines(sent: dict[str, Any]) -> list[str]:
    household = in_quotes(sent["household"] or sent["household_id"][:SHORT_ID])
    delivery = sent["message"]["delivery"]
    state = None if delivery is None else delivery["state"]
    if state == "queued":
        line = _(
            "To {household}: on its way. It is delivered, or kept by your neighbours, as soon as"
            " they can be reached; your node must be running for that."
        )
    elif state == "held":
        line = _(
            "To {household}: {state}. They get it when they come online, even if your computer is"
            " off by then."
        )
    else:
        line = _("To {household}: {state}.")
    shown = "" if delivery is None else delivery_text(delivery)
    return wrapped(line.format(household=household, state=shown))


@command("inbox")
def inbox(session: Session) -> None:
    """List the threads, and what else waits."""
    found = session.client.get(session.everywhere("inbox"))
    session.answer(found, _inbox_lines(found))
    if not session.as_json:  # a program may look often, and tell nobody
        for waiting in found["waiting"]:
            if waiting["what"] == "trade-declined":
                note_read(session, waiting["id"])


def _inbox_lines(found: dict[str, Any]) -> list[str]:
    lines = []
    communities = found.get("communities", [])
    several = len(communities) > 1
    if found["results"]:
        lines += [*_thread_table(found["results"], several), ""]
    if found["waiting"]:
        lines.append(_("Waiting for you:"))
        lines += all_waiting_lines(found["waiting"], several)
        lines.append("")
    told = [case for case in found["cases"] if case["what"] != "to-rule"]
    if told:
        lines.append(_("Disputes:"))
        for case in told:
            named = in_community(case, case_line(case), several)
            lines += wrapped(named, indent="  ")
        lines.append("")
    if not found["results"]:
        lines += wrapped(_("No messages yet. “p2pmarket message HOUSEHOLD” writes one."))
    elif found["unread"]:
        count = ngettext("{n} unread message", "{n} unread messages", found["unread"]).format(
            n=found["unread"]
        )
        lines += wrapped(_("{count}; read with “p2pmarket thread HOUSEHOLD”.").format(count=count))
    else:
        lines.append(_("Nothing unread."))
    lines += left_out_lines(found.get("left_out", []))
    if several:
        alone = [in_quotes(part["community"]) for part in communities if not part["connected"]]
        if alone:
            line = _(
                "No neighbour is connected now in {communities}, so newer messages may not have"
                " arrived."
            )
            lines += wrapped(line.format(communities=", ".join(alone)))
    elif not found["connected"]:
        lines += wrapped(
            _("No neighbour is connected now, so newer messages may not have arrived.")
        )
    return lines


def _thread_table(threads: list[dict[str, Any]], with_community: bool) -> list[str]:
    headings = [
        Column(_("new"), right=True),
        *([Column(_("community"), shrink_to=8)] if with_community else ()),
        Column(_("household"), shrink_to=10),
        Column(_("what about"), shrink_to=10),
        Column(_("last message"), shrink_to=16),
        Column(_("on")),
    ]
    return table(headings, [_thread_row(thread, with_community) for thread in threads])


def _thread_row(thread: dict[str, Any], with_community: bool) -> list[str]:
    household = thread["household"] or thread["household_id"][:SHORT_ID]
    if thread["blocked"]:
        household = _("{household} (blocked by you)").format(household=household)
    last = " ".join(thread["last_text"].split())
    if thread["last_outgoing"]:
        last = _("you: {text}").format(text=last)
    return [
        str(thread["unread"] or ""),
        *([thread["community"]] if with_community else ()),
        household,
        _about(thread) or "–",
        last,
        short_day(moment(thread["at"])),
    ]


def _about(chat: dict[str, Any]) -> str:
    """Return what a thread or a message is about, or ""."""
    if chat["listing"] is None:
        return ""
    return str(chat["title"] or chat["listing"][:SHORT_ID])


@command("thread", _("Afterwards everything in it counts as read."))
@click.argument("household", metavar=_("HOUSEHOLD"))
@click.option("--listing", metavar=_("ID"), help=_("Only what is about this listing."))
@click.option(
    "--limit",
    type=Count(1, 10_000),
    default=100,
    show_default=True,
    help=_("At most so many, the latest."),
)
def thread(session: Session, household: str, listing: str | None, limit: int) -> None:
    """Show both sides of what was written."""
    path = session.path("threads", household)
    found = session.client.get(path, {"listing": listing, "limit": limit})
    session.answer(
        found, _thread_lines(found, {} if session.as_json else _passed_on(session, found))
    )
    if found["unread"]:
        session.client.post(f"{path}/reading", {"listing": listing})


def _passed_on(session: Session, found: dict[str, Any]) -> dict[str, list[str]]:
    """Say of listings that are shown for somebody else to whom a letter is to be passed on."""
    listings = {chat["listing"] for chat in found["results"] if chat["listing"]}
    if not listings or not any(w["carries"] for w in session.client.get("/v1/windows")["results"]):
        return {}
    lines = {}
    for listing in listings:
        with suppress(LocalError):  # it shows no more
            shown = session.client.get(session.path("listings", listing))
            lines[listing] = passing_on_lines(shown)
    return lines


def _thread_lines(found: dict[str, Any], passed_on: dict[str, list[str]]) -> list[str]:
    household = safe(found["household"] or found["household_id"][:SHORT_ID])
    lines: list[str] = []
    if found["more"]:
        lines += [_("(Earlier messages: --limit.)"), ""]
    about = ""
    for chat in found["results"]:
        if _about(chat) != about:
            about = _about(chat)
            heading = _("About “{title}”:") if about else _("About nothing in particular:")
            lines += [heading.format(title=safe(about)), *passed_on.get(chat["listing"], []), ""]
        lines += [*_chat_lines(chat, household), ""]
    if not found["results"]:
        lines += wrapped(_("Nothing written yet with “{household}”.").format(household=household))
    if found["blocked"]:
        lines += wrapped(
            _(
                "You block this household: nothing more from it arrives. “p2pmarket block"
                " {household} --undo” changes that."
            ).format(household=found["household_id"][:SHORT_ID])
        )
    return lines


def _chat_lines(chat: dict[str, Any], household: str) -> list[str]:
    time = day_and_time(moment(chat["at"]))
    if not chat["outgoing"]:
        new = "" if chat["read"] else " " + _("(new)")
        heading = f"{household}, {time}{new}"
    elif chat["delivery"] is None:
        heading = _("you, {time}").format(time=time)
    else:
        heading = _("you, {time} ({state})").format(
            time=time, state=delivery_text(chat["delivery"])
        )
    return [heading, *others_text(chat["text"], indent="  ")]
