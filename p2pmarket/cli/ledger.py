"""The ledger: verify, show, balance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from p2pmarket.cli.credit import credit_amount, credit_lines
from p2pmarket.cli.listing_texts import SHORT_ID, sync_line
from p2pmarket.cli.options import Commands, command, shared_options
from p2pmarket.cli.receipt_texts import named, own_receipt_table, receipt_table
from p2pmarket.cli.session import Session
from p2pmarket.cli.summaries import SUMMARIES
from p2pmarket.cli.terminal import Column, in_quotes, safe, table, wrapped
from p2pmarket.texts import _, msgid, ngettext

ledger = Commands(
    "ledger",
    help=_(SUMMARIES["ledger"]),
    options_metavar=_("[OPTIONS]"),
    subcommand_metavar=_("COMMAND [ARGS]..."),
)
ledger.params.extend(shared_options())

_FLAWS = {
    "gap": msgid("is missing: it is hidden, or has not arrived here yet"),
    "fork": msgid("exists twice, with different content: somebody rewrote what was said before"),
    "broken": msgid("does not continue the entry before it"),
    "signature": msgid("bears a signature that does not hold"),
    "unreadable": msgid("cannot be read; perhaps a newer version wrote it"),
    "foreign-device": msgid("was signed by a device that is none of this household's"),
    "other-community": msgid("belongs to another community"),
    "not-a-party": msgid("is a receipt of other households"),
    "receipt-signature": msgid("is a receipt that not both have signed"),
    "no-receipt": msgid("is a review without a receipt"),
    "adoption": msgid("continues a chain that it may not continue"),
    "unknown-signer": msgid(
        "cannot be checked: the other household is not known here any more; nobody is to blame"
    ),
}


@command(
    "ledger verify",
    _(
        "Checks every signature and every link from the signed records themselves, whatever your"
        " node believed before. Without HOUSEHOLD your own. The exit code is 0 if nothing is wrong,"
        " else 1."
    ),
)
@click.argument("household", required=False, metavar=_("[HOUSEHOLD]"))
def verify(session: Session, household: str | None) -> int:
    """Check one ledger."""
    found = session.client.get(session.path("ledgers", household or "-"))
    session.answer(found, verify_lines(found))
    return 0 if found["sound"] else 1


def verify_lines(found: dict[str, Any]) -> list[str]:
    """Return what was found out about a ledger. found: a LedgerAnswer as JSON."""
    whose = in_quotes(named(found["household"]))
    entries = sum(chain["entries"] for chain in found["chains"])
    if not entries and not found["flaws"]:
        lines = wrapped(_("The ledger of {household} is empty.").format(household=whose))
    elif found["sound"]:
        lines = wrapped(
            _("The ledger of {household} is sound: every signature and every link holds.").format(
                household=whose
            )
        )
    else:
        lines = wrapped(
            _("Something is wrong in the ledger of {household}.").format(household=whose)
        )
    for flaw in found["flaws"]:
        lines += wrapped(_flaw_line(flaw, found["chains"]), indent="  ")
    if found["chains"]:
        lines += ["", *_chain_table(found["chains"]), ""]
        lines += wrapped(_holding(found))
    lines += _own_lines(found)
    if found["sync"]["state"] != "synced":
        lines += wrapped(sync_line(found["sync"]))
    return lines


def _flaw_line(flaw: dict[str, Any], chains: list[dict[str, Any]]) -> str:
    chain = next((c for c in chains if c["device"] == flaw["device"]), None)
    device = str(chain["number"]) if chain and chain["number"] else flaw["device"][:SHORT_ID]
    what = _(_FLAWS[flaw["flaw"]])
    if flaw["entry"] is None:
        return _("Device {device}: an entry {what}.").format(device=device, what=what)
    return _("Device {device}: entry {n} {what}.").format(device=device, n=flaw["entry"], what=what)


def _chain_table(chains: list[dict[str, Any]]) -> list[str]:
    headings = [Column(_("device")), Column(_("entries"), right=True), Column(_("last entry"))]
    return table(
        headings,
        [
            [
                str(chain["number"] or chain["device"][:SHORT_ID]),
                str(chain["entries"]),
                chain["head"][:SHORT_ID],
            ]
            for chain in chains
        ],
    )


def _holding(found: dict[str, Any]) -> str:
    public, private, reviews = len(found["receipts"]), found["private"], found["reviews"]
    return _("It holds {public}, {private} and {reviews}.").format(
        public=ngettext("{n} public receipt", "{n} public receipts", public).format(n=public),
        private=ngettext("{n} private one", "{n} private ones", private).format(n=private),
        reviews=ngettext("{n} review", "{n} reviews", reviews).format(n=reviews),
    )


def _own_lines(found: dict[str, Any]) -> list[str]:
    """Say which own receipts and reviews are not in the ledger yet, and why."""
    states = [held["state"] for held in found["own"]]
    notes: list[tuple[int, Callable[[int], str]]] = [
        (
            states.count("unconfirmed"),
            lambda n: ngettext(
                "{n} receipt is unconfirmed: one side has not signed it, so it counts for nothing.",
                "{n} receipts are unconfirmed: one side has not signed, so they count for nothing.",
                n,
            ),
        ),
        (
            states.count("waiting"),
            lambda n: ngettext(
                "{n} receipt waits to be linked; that happens by itself.",
                "{n} receipts wait to be linked; that happens by itself.",
                n,
            ),
        ),
        (
            found["reviews_waiting"],
            lambda n: ngettext(
                "{n} review of yours does not show yet: it waits for theirs, or for two weeks.",
                "{n} reviews of yours do not show yet: they wait for theirs, or for two weeks.",
                n,
            ),
        ),
    ]
    return [line for n, text in notes if n for line in wrapped(text(n).format(n=n))]


@command("ledger show", _("Without HOUSEHOLD your own, with what only you can see of it."))
@click.argument("household", required=False, metavar=_("[HOUSEHOLD]"))
def show(session: Session, household: str | None) -> None:
    """Show the receipts of one ledger."""
    found = session.client.get(session.path("ledgers", household or "-"))
    session.answer(found, _show_lines(found))


def _show_lines(found: dict[str, Any]) -> list[str]:
    whose = in_quotes(named(found["household"]))
    has_credit = any(receipt["credit"] is not None for receipt in found["receipts"])
    lines: list[str] = []
    if found["receipts"]:
        lines += wrapped(_("What all can see of {household}:").format(household=whose))
        lines += ["", *receipt_table(found["receipts"], _("credit") if has_credit else None), ""]
    else:
        lines += wrapped(_("{household} has no public receipts.").format(household=whose))
    hidden = [held for held in found["own"] if held["state"] != "linked"]
    if hidden:
        lines += [*wrapped(_("What only you two can see:")), "", *own_receipt_table(hidden), ""]
    if not found["sound"]:
        lines += wrapped(
            _("Something is wrong in this ledger: “p2pmarket ledger verify {household}”.").format(
                household=found["household"]["id"][:SHORT_ID]
            )
        )
    lines += _own_lines(found)
    if found["sync"]["state"] != "synced":
        lines += wrapped(sync_line(found["sync"]))
    return lines


@command("ledger balance", _("Without HOUSEHOLD your own. The receipts alone make it up."))
@click.argument("household", required=False, metavar=_("[HOUSEHOLD]"))
@click.option("--all", "everybody", is_flag=True, help=_("The balances of all households."))
def balance(session: Session, household: str | None, everybody: bool) -> None:
    """Show what was given less what was taken."""
    if everybody:
        found = session.client.get(session.path("balances"))
        session.answer(found, balances_lines(found))
        return
    found = session.client.get(session.path("balances", household or "-"))
    session.answer(found, balance_lines(found))


def balances_lines(found: dict[str, Any]) -> list[str]:
    """Return what all have given less what they have taken. found: a BalancesAnswer as JSON."""
    unit = found["terms"]["unit"]
    lines = [*credit_lines(found["terms"]), ""]
    if not found["results"]:
        return [*lines, _("Nobody has given or taken anything for credit yet.")]
    headings = [Column(_("household"), shrink_to=10), Column(_("balance"), right=True)]
    rows = [
        [named(held["household"]), credit_amount(held["balance"], unit, signed=True)]
        for held in found["results"]
    ]
    if any(held["uncovered"] for held in found["results"]):
        headings.append(Column(_("not covered yet"), right=True))
        for row, held in zip(rows, found["results"], strict=True):
            row.append(credit_amount(held["uncovered"], unit) if held["uncovered"] else "")
    return [*lines, *table(headings, rows)]


def balance_lines(found: dict[str, Any]) -> list[str]:
    """Return one household's balance, and what it is made of. found: a BalanceAnswer as JSON."""
    unit = found["terms"]["unit"]
    lines = wrapped(
        _("Balance of {household}: {balance}. It may still take {left}.").format(
            household=in_quotes(named(found["household"])),
            balance=credit_amount(found["balance"], unit, signed=True),
            left=credit_amount(found["left"], unit),
        )
    )
    if not found["results"] and not found["waiting"]:
        return [*lines, _("It has given and taken nothing for credit yet.")]
    if found["results"]:
        lines += ["", *_credit_table(found["results"], unit)]
    if found["waiting"]:
        lines += ["", *wrapped(_("Not covered yet, and therefore not in the balance:"))]
        lines += ["", *_credit_table(found["waiting"], unit), ""]
        lines += wrapped(
            _(
                "A household can take {limit} more than it has given. What goes beyond that "
                "counts by itself as soon as it has given enough."
            ).format(limit=credit_amount(found["terms"]["limit"], unit))
        )
    return lines


def _credit_table(receipts: list[dict[str, Any]], unit: str) -> list[str]:
    headings = [
        Column(_("month")),
        Column(_("given by"), shrink_to=10),
        Column(_("taken by"), shrink_to=10),
        Column(safe(unit), right=True),
        Column(_("trade")),
    ]
    rows = [
        [
            receipt["month"],
            named(receipt["giver"]),
            named(receipt["taker"]),
            str(receipt["credit"]),
            receipt["trade"][:SHORT_ID],
        ]
        for receipt in receipts
    ]
    return table(headings, rows)


for member in (verify, show, balance):
    ledger.add_command(member)
