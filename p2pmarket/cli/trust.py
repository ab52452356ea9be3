"""What is known of others, and what one says of them: household, review."""

from __future__ import annotations

import sys
from typing import Any

import click

from p2pmarket import vocabulary
from p2pmarket.cli.credit import credit_amount
from p2pmarket.cli.listing_texts import SHORT_ID, sync_line
from p2pmarket.cli.notices import household_notice_lines
from p2pmarket.cli.options import command
from p2pmarket.cli.receipt_texts import named, own_receipt_table, review_lines
from p2pmarket.cli.session import Session
from p2pmarket.cli.terminal import aligned, in_quotes, paragraph, safe, wrapped
from p2pmarket.texts import _, ngettext
from p2pmarket.texts.formats import day, moment

_MAX_CHARACTERS = 2_000


@command(
    "household",
    _(
        "Only what receipts prove and your own experience, seen from your household; there is no"
        " score. Trades that were agreed to stay private show to nobody else."
    ),
)
@click.argument("household", metavar=_("HOUSEHOLD"))
def household(session: Session, household: str) -> None:
    """Show one household."""
    found = session.client.get(session.path("members", household))
    session.answer(found, household_lines(found))


def household_lines(found: dict[str, Any]) -> list[str]:
    """Return what is known of a household. found: a HouseholdAnswer as JSON."""
    trust = found["trust"]
    lines = [*_profile_lines(found), "", *household_notice_lines(found)]
    lines += _record_lines(found)
    lines += _connection_lines(found)
    if trust["credit"] is not None:
        amount = credit_amount(trust["balance"], trust["credit"]["unit"], signed=True)
        lines += wrapped(_("Balance of community credit: {amount}.").format(amount=amount))
        if trust["uncovered"]:
            amount = credit_amount(trust["uncovered"], trust["credit"]["unit"])
            lines += wrapped(
                _("It has taken {amount} beyond that, which it has not covered yet.").format(
                    amount=amount
                )
            )
    if not trust["ledger_sound"]:
        lines += wrapped(
            _("Something is wrong in its ledger: “p2pmarket ledger verify {household}”.").format(
                household=found["id"][:SHORT_ID]
            )
        )
    if trust["own"] and not found["me"]:
        lines += ["", *wrapped(_("Your own trades with it:")), "", *own_receipt_table(trust["own"])]
    if trust["reviews"]:
        lines += ["", *wrapped(_("What others say, each after a trade with it:")), ""]
        for review in trust["reviews"]:
            lines += review_lines(review)
    return [*lines, "", *_unknown_lines(found)]


def _profile_lines(found: dict[str, Any]) -> list[str]:
    inviter = found["invited_by"]
    facts = [
        (_("Household"), found["name"] or "–"),
        (_("About them"), " ".join(found["about"].split())),
        (_("Place"), found["place"] or ""),
        (_("Is"), vocabulary.label(vocabulary.MEMBER_STATUSES, found["status"])),
        (_("Since"), day(moment(found["joined_at"]))),
        (_("Invited by"), "" if inviter is None else named(inviter)),
        (_("Vouched for by"), ", ".join(map(named, found["vouched_by"]))),
        (_("Now"), _("blocked by you") if found["blocked"] else _presence(found)),
        (_("Id"), found["id"]),
    ]
    return aligned([fact for fact in facts if fact[1]])


def _presence(found: dict[str, Any]) -> str:
    if found["me"]:
        return _("that's you")
    return _("connected") if found["connected"] else _("not connected")


def _record_lines(found: dict[str, Any]) -> list[str]:
    """Say what the public receipts prove."""
    trust = found["trust"]
    completed, cancelled, missed = trust["completed"], trust["cancelled"], trust["no_shows"]
    if not any(tally["receipts"] for tally in (completed, cancelled, missed)):
        return wrapped(
            _("No public receipt names it yet. That speaks neither for it nor against it.")
        )
    lines = wrapped(
        ngettext(
            "It completed {trades} with {n} household (at most three with each count).",
            "It completed {trades} with {n} households (at most three with each count).",
            completed["households"],
        ).format(trades=_trades(completed["receipts"]), n=completed["households"])
    )
    if trust["brought"]:
        lines += wrapped(
            ngettext(
                "{n} of these it brought into the community itself, or those whom it brought did.",
                "{n} of these it brought into the community itself, or those whom it brought did.",
                trust["brought"],
            ).format(n=trust["brought"])
        )
    lines += wrapped(
        _("It cancelled {cancelled} after a promise, and missed {missed}.").format(
            cancelled=_trades(cancelled["receipts"]), missed=_trades(missed["receipts"])
        )
    )
    return lines


def _trades(count: int) -> str:
    return ngettext("{n} trade", "{n} trades", count).format(n=count)


def _connection_lines(found: dict[str, Any]) -> list[str]:
    """Say how one is connected with it: by trades with the same others, and by invitations."""
    if found["me"]:
        return []
    trust = found["trust"]
    lines: list[str] = []
    if trust["common"]:
        line = ngettext(
            "{n} household has completed trades with it and with you: {names}.",
            "{n} households have completed trades with it and with you: {names}.",
            len(trust["common"]),
        )
        names = ", ".join(in_quotes(named(other)) for other in trust["common"])
        lines += wrapped(line.format(n=len(trust["common"]), names=names))
    else:
        lines += wrapped(
            _("None of those with whom you completed a trade has completed one with it.")
        )
    if trust["vouch_path"]:
        lines += wrapped(
            _("Invitations connect you: {path} (arrows point to who was invited).").format(
                path=_path(trust["vouch_path"])
            )
        )
    return lines


def _path(steps: list[dict[str, Any]]) -> str:
    text = _("you")
    for step in steps[1:]:
        arrow = "→" if step["invited"] else "←"
        text += f" {arrow} {safe(named(step['household']))}"
    return text


def _unknown_lines(found: dict[str, Any]) -> list[str]:
    """Say what cannot be known here."""
    lines = wrapped(
        _(
            "Not known here: trades that stayed private, and anything outside this community."
            " Two households may also make up a trade between them."
        )
    )
    if found["sync"]["state"] != "synced":
        lines += wrapped(sync_line(found["sync"]))
    return lines


@command(
    "review",
    _(
        "Tied to a trade whose receipt is public and signed by both. It shows together with theirs,"
        " or two weeks after the trade, and cannot be changed then."
    ),
)
@click.argument("trade", metavar=_("TRADE"))
@click.argument("text", required=False, metavar=_("[TEXT]"))
@click.option(
    "--recommend/--not", "recommends", default=None, help=_("Whether you recommend them.")
)
@click.option("--yes", is_flag=True, help=_("Do not ask."))
def review(
    session: Session, trade: str, text: str | None, recommends: bool | None, yes: bool
) -> int:
    """Write one review."""
    if recommends is None:
        if not session.interactive:
            raise click.UsageError(_("Say --recommend or --not."))
        recommends = session.agrees(_("Do you recommend them?"), default=True)
    if text is None:
        text = _typed_text(session)
    if not yes and session.interactive:
        session.say(*wrapped(_("All households will read it, with your name. Nobody can undo it.")))
        if not session.agrees(_("Write the review?"), default=True):
            session.say(_("Nothing was changed."))
            return 1
    request = {"trade": trade, "recommends": recommends, "text": text}
    written = session.client.post(session.path("reviews"), request)
    session.answer(written, _written_lines(written))
    return 0


def _typed_text(session: Session) -> str:
    if session.interactive:
        typed: str = click.prompt(_("Your words (may be empty)"), default="", show_default=False)
        return typed
    return sys.stdin.read(_MAX_CHARACTERS)


def _written_lines(written: dict[str, Any]) -> list[str]:
    line = ngettext(
        "Your review of {household} is written. {n} other household can read it as soon as"
        " theirs is written too, or from {date} on.",
        "Your review of {household} is written. {n} other households can read it as soon as"
        " theirs is written too, or from {date} on.",
        written["households"],
    )
    return paragraph(
        line.format(
            household=in_quotes(named(written["about"])),
            n=written["households"],
            date=day(moment(written["shows_by"])),
        )
    )
