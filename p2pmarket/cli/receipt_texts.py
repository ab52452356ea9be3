"""Receipts and reviews as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from p2pmarket import vocabulary
from p2pmarket.cli.listing_texts import SHORT_ID
from p2pmarket.cli.terminal import Column, in_quotes, paragraph, safe, table
from p2pmarket.texts import _, msgid
from p2pmarket.texts.formats import day_and_time, moment


def named(household: dict[str, Any]) -> str:
    """Return a household's name, or the beginning of its id; not yet safe."""
    return str(household["name"] or household["id"][:SHORT_ID])


def outcome_text(receipt: dict[str, Any]) -> str:
    """Return how a trade ended, and by whose doing; not yet safe."""
    if receipt["outcome"] == "completed":
        return _("completed")
    who = receipt["at_fault"]
    if receipt["outcome"] == "cancelled":
        if who is None:
            return _("cancelled by both")
        return _("cancelled by {household}").format(household=named(who))
    return _("{household} did not come").format(household="–" if who is None else named(who))


def receipt_table(receipts: Sequence[dict[str, Any]], unit: str | None = None) -> list[str]:
    """Return public receipts as a table. unit: of community credit, if there is any."""
    headings = [
        Column(_("month")),
        Column(_("kind")),
        Column(_("published by"), shrink_to=10),
        Column(_("asked by"), shrink_to=10),
        Column(_("how it ended"), shrink_to=12),
        Column(_("trade")),
    ]
    if unit is not None:
        headings.insert(5, Column(unit, right=True))
    rows = []
    for receipt in receipts:
        row = [
            receipt["month"],
            vocabulary.label(vocabulary.KINDS, receipt["kind"]),
            named(receipt["publisher"]),
            named(receipt["seeker"]),
            outcome_text(receipt),
            receipt["trade"][:SHORT_ID],
        ]
        if unit is not None:
            row.insert(5, "" if receipt["credit"] is None else str(receipt["credit"]))
        rows.append(row)
    return table(headings, rows)


_STATES = {
    "unconfirmed": msgid("unconfirmed, counts for nothing"),
    "private": msgid("private, counts for nothing"),
    "linked": msgid("public"),
    "waiting": msgid("public, not shown to all yet"),
}


def own_receipt_table(own: Sequence[dict[str, Any]]) -> list[str]:
    """Return own receipts as a table."""
    headings = [
        Column(_("month")),
        Column(_("kind")),
        Column(_("with"), shrink_to=10),
        Column(_("how it ended"), shrink_to=12),
        Column(_("receipt"), shrink_to=12),
        Column(_("trade")),
    ]
    rows = [
        [
            held["receipt"]["month"],
            vocabulary.label(vocabulary.KINDS, held["receipt"]["kind"]),
            named(held["other"]),
            outcome_text(held["receipt"]),
            _(_STATES[held["state"]]),
            held["receipt"]["trade"][:SHORT_ID],
        ]
        for held in own
    ]
    return table(headings, rows)


def review_lines(review: dict[str, Any]) -> list[str]:
    """Return one review."""
    heading = (
        _("{household} recommends them ({time}):")
        if review["recommends"]
        else _("{household} does not recommend them ({time}):")
    )
    if not review["text"]:
        heading = heading.rstrip(":")
    lines = [
        heading.format(
            household=in_quotes(named(review["author"])),
            time=day_and_time(moment(review["at"])),
        )
    ]
    if review["text"]:
        lines += paragraph(review["text"], indent="  ")
    if review["changed"]:
        lines += paragraph(
            _("It is not what they had committed themselves to with you before."), indent="  "
        )
    return [safe(line) for line in lines]
