"""A decision of stewards: shown, asked about, signed. What follows comes from the node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from p2pmarket.cli.receipt_texts import named
from p2pmarket.cli.session import Session
from p2pmarket.cli.terminal import in_quotes, safe, wrapped
from p2pmarket.texts import _, ngettext


def decide(
    session: Session,
    path: str,
    request: dict[str, object],
    question: str,
    yes: bool,
    lines_before: Sequence[str] = (),
) -> dict[str, Any] | None:
    """Show what a decision brings, ask, and sign; None where the person says no.

    The answer is a DecisionAnswer, or holds one as ``decision``. Where nobody can be asked,
    nothing is signed without --yes.
    """
    if not yes:
        shown = session.client.post(path, {**request, "preview": True})
        follows = decision_lines(shown.get("decision", shown))
        session.say(*lines_before, *([_("What follows:"), *follows] if follows else ()))
        if not session.interactive:
            raise click.UsageError(
                _("Nothing was changed: nobody is there to ask. Say --yes to go on.")
            )
        if not session.agrees(question, default=False):
            session.say(_("Nothing was changed."))
            return None
    decided: dict[str, Any] = session.client.post(path, request)
    return decided


def decision_lines(decision: dict[str, Any]) -> list[str]:
    """Return what a decision brings besides itself; nothing where there is nothing to say."""
    return [line for text in _texts(decision) for line in wrapped(text)]


def _texts(decision: dict[str, Any]) -> list[str]:
    texts: list[str] = []
    removals = decision["along_removals"]
    if removals:
        texts.append(
            ngettext(
                "You also sign {n} removal that is in force, so that it goes on to hold: {names}.",
                "You also sign {n} removals that are in force, so that they go on to hold:"
                " {names}.",
                len(removals),
            ).format(n=len(removals), names=_removed(removals))
        )
    texts += [
        _("You also sign version {number} of the rules, so that it stays in force.").format(
            number=number
        )
        for number in decision["along_charters"]
    ]
    if decision["along_confirmations"]:
        texts.append(
            _("You also stand for these households, so that they stay: {names}.").format(
                names=names_of(decision["along_confirmations"])
            )
        )
    return texts + _consequences(decision)


def _consequences(decision: dict[str, Any]) -> list[str]:
    texts: list[str] = []
    before, after = decision["stewards_before"], decision["stewards_after"]
    if before != after:
        texts.append(_("The stewards are: {names}.").format(names=names_of(after)))
    if decision["needed_before"] != decision["needed_after"]:
        texts.append(
            ngettext(
                "{n} steward decides.",
                "{n} of the stewards must agree.",
                decision["needed_after"],
            ).format(n=decision["needed_after"])
        )
    if decision["charter_before"] != decision["charter_after"]:
        texts.append(
            _("Version {number} of the rules is in force, instead of {before}.").format(
                number=decision["charter_after"], before=decision["charter_before"]
            )
        )
    for field, text in (
        ("removed", _("These households are removed: {names}.")),
        ("returning", _("These households are no longer removed: {names}.")),
    ):
        if decision[field]:
            texts.append(text.format(names=_removed(decision[field])))
    if decision["leaving"]:
        texts.append(
            _("Nobody stands for these households any more, and they are out: {names}.").format(
                names=names_of(decision["leaving"])
            )
        )
    return texts


def names_of(households: Sequence[dict[str, Any]]) -> str:
    """Return several households in words, safe to print."""
    return ", ".join(in_quotes(named(household)) for household in households)


def _removed(removals: Sequence[dict[str, Any]]) -> str:
    return ", ".join(f"{safe(named(r))} ({safe(r['reason'])})" for r in removals)


def missing_line(missing: int) -> str:
    """Return how many more stewards must say the same."""
    return ngettext(
        "{n} more steward must agree; it waits for them in “p2pmarket status”.",
        "{n} more stewards must agree; it waits for them in “p2pmarket status”.",
        missing,
    ).format(n=missing)
