"""Removing households: remove."""

from __future__ import annotations

from typing import Any

import click

from p2pmarket.cli.decisions import decide, decision_lines, missing_line, names_of
from p2pmarket.cli.listing_texts import SHORT_ID
from p2pmarket.cli.options import command
from p2pmarket.cli.receipt_texts import named
from p2pmarket.cli.session import Session
from p2pmarket.cli.terminal import in_quotes, paragraph, safe, wrapped
from p2pmarket.texts import _, ngettext


@command(
    "remove",
    _("Stewards only: it is out once as many of them say so as must agree, and comes back once"
      " enough take it back. Without a household: what is wanted, and what is in force."),
)  # fmt: skip
@click.argument("household", required=False, metavar=_("[HOUSEHOLD]"))
@click.option("--why", "--reason", metavar=_("TEXT"), help=_("The reason; all can read it."))
@click.option("--with-invited", is_flag=True, help=_("Also the households that it invited."))
@click.option("--agree", is_flag=True, help=_("Agree to what another steward wants."))
@click.option("--undo", is_flag=True, help=_("Take your word back: the household may return."))
@click.option("--yes", is_flag=True, help=_("Do not ask."))
def remove(
    session: Session,
    household: str | None,
    why: str | None,
    with_invited: bool,
    agree: bool,
    undo: bool,
    yes: bool,
) -> int:
    """Show what follows, ask, then sign."""
    if household is None:
        if why is not None or agree or undo or with_invited:
            raise click.UsageError(_("Name the household."))
        _list(session)
        return 0
    if agree + undo + (why is not None) != 1 or (with_invited and why is None):
        raise click.UsageError(_("Say one of --why TEXT, --agree and --undo."))
    path = session.path("members", household, "removal")
    if undo:
        done = session.client.delete(path)
        session.answer(done, _undone_lines(household, done))
        return 0
    if agree:
        question = _("Agree that {household} is removed?").format(household=in_quotes(household))
        decided = decide(session, f"{path}/agreement", {}, question, yes)
    else:
        question = _("Remove “{household}”? Its listings disappear everywhere").format(
            household=safe(household)
        )
        request: dict[str, object] = {"why": why, "with_invited": with_invited}
        decided = decide(session, path, request, question, yes)
    if decided is None:
        return 1
    session.answer(decided, _removed_lines(household, why, decided))
    return 0


def _removed_lines(household: str, why: str | None, done: dict[str, Any]) -> list[str]:
    shown = {**done, "removed": []}
    if done["missing"]:
        line = _("You want {household} removed.").format(household=in_quotes(household))
        return [line, *wrapped(missing_line(done["missing"])), *decision_lines(shown)]
    if why is None:
        line = _("{household} is removed.").format(household=in_quotes(household))
    else:
        line = _("“{household}” is removed. Reason: {why}").format(
            household=safe(household), why=safe(why)
        )
    return [line, *decision_lines(shown)]


def _undone_lines(household: str, done: dict[str, Any]) -> list[str]:
    lines = wrapped(
        _("You no longer want {household} removed.").format(household=in_quotes(household))
    )
    if done["returning"]:
        return [*lines, *wrapped(_("It can come back by itself as soon as it hears of that."))]
    if done["missing"]:
        lines += wrapped(
            ngettext(
                "It stays out until {n} more steward takes its word back.",
                "It stays out until {n} more stewards take their word back.",
                done["missing"],
            ).format(n=done["missing"])
        )
    return lines


def _list(session: Session) -> None:
    found = session.client.get(session.path("removals"))
    lines = [line for removal in found["results"] for line in removal_lines(removal)]
    session.answer(found, lines or [_("No removal is wanted.")])


def removal_lines(removal: dict[str, Any]) -> list[str]:
    """Return who is to be removed, why, by whom, and what is missing. removal: a RemovalAnswer."""
    head = _("{household} ({id}): {reason}").format(
        household=safe(named(removal["household"])),
        id=removal["household"]["id"][:SHORT_ID],
        reason=safe(removal["reason"]),
    )
    if removal["in_force"]:
        state = _("It is out.")
    elif not removal["possible"]:
        state = _("That cannot be: the household that founded the community stays.")
    elif removal["missing"]:
        state = missing_line(removal["missing"])
    else:
        state = _("It stays while enough want it as a steward: “p2pmarket steward dismiss”.")
    wanted = _("Wanted by {names}.").format(names=names_of(removal["wanted_by"]))
    return [*wrapped(head), *paragraph(f"{wanted} {state}", indent="  ")]
