"""Asking, haggling and promising."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from p2pmarket.cli.options import command
from p2pmarket.cli.session import Session
from p2pmarket.cli.terminal import safe, wrapped
from p2pmarket.cli.trade.answers import acted, trade_at
from p2pmarket.cli.trade.faces import preview_lines
from p2pmarket.cli.trade.options import DAY, terms_options, typed_terms
from p2pmarket.cli.trade.terms import terms_text
from p2pmarket.cli.trade.words import SHORT_ID, other_of, title_of
from p2pmarket.texts import _, ngettext
from p2pmarket.texts.formats import day_and_time, moment
from protocol.errors import LocalError


@command(
    "trade propose",
    _("For a listing, this asks for it; in a trade that is haggled over, it changes the terms."),
    _("Without flags you ask on the terms of the listing. A loan needs --due."),
)
@click.argument("identifier", metavar=_("LISTING|TRADE"))
@terms_options
@click.option("--text", default="", metavar=_("TEXT"), help=_("A few words that go along."))
@click.option(
    "--private", is_flag=True, help=_("Keep the receipt between the two of you; it counts nothing.")
)
def propose(session: Session, identifier: str, text: str, private: bool, **typed: Any) -> None:
    """Open a trade about a listing, or go on in one."""
    terms = typed_terms(typed)
    if _names_trade(session, identifier):
        if private:
            raise click.UsageError(
                _("Whether the receipt is private is said when you ask first, or promise.")
            )
        _offer(session, identifier, terms, text)
        return
    request = {"listing": identifier, "terms": terms, "text": text, "public": not private}
    trade = session.client.post(session.path("trades"), request)
    line = _("You have asked {other} for “{title}”: {terms}.")
    if trade["kind"] == "wanted":
        line = _("You have offered {other} what “{title}” looks for: {terms}.")
    line = line.format(
        other=other_of(trade), title=title_of(trade), terms=terms_text(trade["terms"])
    )
    notices = _notices(session, trade)
    acted(session, trade, line, [*notices, *preview_lines(trade, not private)])


def _notices(session: Session, trade: dict[str, Any]) -> list[str]:
    """Return where terms are not what the listing says: wanted so, perhaps, or overlooked."""
    terms = trade["terms"]
    nothing = not any(terms[name] for name in ("swap", "swap_listing", "price_minor", "credit"))
    if trade["kind"] == "swap" and nothing:
        line = _(
            "It is for a swap: say what you give, with “p2pmarket trade propose {id} --swap …”."
        )
        asks = trade["role"] == "seeker"
        return wrapped(line.format(id=trade["id"][:SHORT_ID])) if asks else []
    if terms["due_at"] is None:
        return []
    try:
        lend = session.client.get(session.path("listings", trade["listing_id"]))["lend"]
    except LocalError:
        return []
    days = None if lend is None else lend["max_days"]
    if days is None or moment(terms["due_at"]) <= datetime.now(UTC) + timedelta(days=days + 1):
        return []
    line = ngettext(
        "The listing lends it for {n} day at most; this is longer.",
        "The listing lends it for {n} days at most; this is longer.",
        days,
    )
    return wrapped(line.format(n=days))


@command("trade counter")
@click.argument("identifier", metavar=_("TRADE"))
@terms_options
@click.option("--text", default="", metavar=_("TEXT"), help=_("A few words that go along."))
def counter(session: Session, identifier: str, text: str, **typed: Any) -> None:
    """Propose other terms."""
    _offer(session, identifier, typed_terms(typed), text)


def _offer(session: Session, trade_id: str, terms: dict[str, object], text: str) -> None:
    request = {"terms": terms, "text": text}
    trade = session.client.post(session.path("trades", trade_id, "offer"), request)
    line = _("You have proposed to {other}: {terms}.")
    acted(session, trade, line.format(other=other_of(trade), terms=terms_text(trade["terms"])))


def _names_trade(session: Session, typed: str) -> bool:
    """Tell whether an id is that of a trade. LocalError ``trade-or-listing`` if of both."""
    try:
        session.client.get(session.path("trades", typed))
    except LocalError as error:
        if error.code != "trade-not-found":
            raise
        return False
    try:
        session.client.get(session.path("listings", typed))
    except LocalError:
        return True
    raise LocalError("trade-or-listing", id=typed)


@command("trade accept", _("The one whose listing it is still has to promise it."))
@click.argument("identifier", metavar=_("TRADE"))
def accept(session: Session, identifier: str) -> None:
    """Take the offer."""
    trade = session.client.post(session.path("trades", identifier, "acceptance"))
    line = _("You have agreed to: {terms}.").format(terms=terms_text(trade["terms"]))
    acted(session, trade, line)


@command(
    "trade promise",
    _("It is reserved then, and nobody else can have it; the others who ask are told."),
)
@click.argument("identifier", metavar=_("TRADE"))
@click.option("--private", is_flag=True, help=_("Keep the receipt between the two of you."))
@click.option(
    "--until",
    type=DAY,
    metavar=_("DAY"),
    help=_("How long the promise holds: 2026-12-01 or 1.12. 17:00 (else 14 days)."),
)
@click.option("--yes", is_flag=True, help=_("Do not ask before promising."))
def promise(session: Session, identifier: str, private: bool, until: str | None, yes: bool) -> int:
    """Say what neighbours will see, ask, promise."""
    stands = trade_at(session, identifier)
    public = stands["agreed_public"] and not private
    line = _("You promise {other} “{title}”: {terms}.").format(
        other=other_of(stands), title=title_of(stands), terms=terms_text(stands["terms"])
    )
    if stands["role"] == "publisher" and stands["state"] == "asked":  # else it is refused
        session.say(*wrapped(line), *_notices(session, stands), *preview_lines(stands, public))
        if not yes and session.interactive and not session.agrees(_("Promise it?"), default=True):
            session.say(_("Nothing was promised."))
            return 1
    request = {"public": False if private else None, "until": until}
    trade = session.client.post(session.path("trades", identifier, "promise"), request)
    acted(session, trade, _("Promised."))
    return 0


@command("trade decline")
@click.argument("identifier", metavar=_("TRADE"))
@click.argument("text", required=False, default="", metavar=_("[TEXT]"))
def decline(session: Session, identifier: str, text: str) -> None:
    """Say no."""
    trade = session.client.post(session.path("trades", identifier, "refusal"), {"text": text})
    line = _("You have declined; {other} is told.").format(other=other_of(trade))
    acted(session, trade, line)


@command(
    "trade draw",
    _("Everybody who asks takes part without doing anything, and can check the result."),
)
@click.argument("listing", metavar=_("LISTING"))
@click.option(
    "--closes",
    type=DAY,
    required=True,
    metavar=_("DAY"),
    help=_("Until when one can enter: 2026-12-01 or 1.12. 17:00."),
)
def draw(session: Session, listing: str, closes: str) -> None:
    """Announce a draw."""
    drawn = session.client.post(session.path("listings", listing, "draw"), {"closes": closes})
    line = ngettext(
        "A draw among {n} household, until {time}. It runs by itself; who wins gets the promise.",
        "A draw among {n} households, until {time}. It runs by itself; who wins gets the promise.",
        drawn["entrants"],
    ).format(n=drawn["entrants"], time=day_and_time(moment(drawn["closes_at"])))
    session.answer({"listing": safe(listing)[:SHORT_ID], **drawn}, wrapped(line))
