"""Trades as people read them: tables, one in full, its course. Every line returned is safe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from p2pmarket import vocabulary
from p2pmarket.cli.terminal import Column, aligned, hanging, in_quotes, others_text, table, wrapped
from p2pmarket.cli.trade.course import course_lines
from p2pmarket.cli.trade.faces import receipt_lines
from p2pmarket.cli.trade.steps import next_lines
from p2pmarket.cli.trade.terms import terms_text
from p2pmarket.cli.trade.words import (
    SHORT_ID,
    other_of,
    slot_text,
    state_label,
    state_sentence,
    title_of,
    turn_label,
)
from p2pmarket.texts import _, ngettext
from p2pmarket.texts.delivery import delivery_text


def trade_table(trades: Sequence[Mapping[str, Any]], with_community: bool = False) -> list[str]:
    """Return a table of trades, one a line."""
    headings = [
        Column(_("id")),
        *([Column(_("community"), shrink_to=8)] if with_community else ()),
        Column(_("what"), shrink_to=12),
        Column(_("with"), shrink_to=8),
        Column(_("stands"), shrink_to=10),
        Column(_("whose turn"), shrink_to=6),
    ]
    return table(
        headings,
        [
            [
                trade["id"][:SHORT_ID],
                *([trade["community"]] if with_community else ()),
                title_of(trade),
                other_of(trade),
                state_label(trade),
                turn_label(trade),
            ]
            for trade in trades
        ],
    )


def heading_of(trade: Mapping[str, Any]) -> str:
    """Return what the trade is about, and with whom."""
    kind = vocabulary.label(vocabulary.KINDS, trade["kind"])
    sentence = (
        _("{title}: {kind}, your listing, with {other}")
        if trade["role"] == "publisher"
        else _("{title}: {kind}, the listing of {other}")
    )
    return sentence.format(title=in_quotes(title_of(trade)), kind=kind, other=other_of(trade))


def trade_details(trade: Mapping[str, Any]) -> list[str]:
    """Return everything about one trade."""
    lines = [*hanging(heading_of(trade), indent="  "), "", *wrapped(state_sentence(trade))]
    if trade["whose_turn"] == "mine":
        lines += wrapped(_("It is your turn."))
    if not trade["decides"]:
        lines += wrapped(_("Another device of your household decides here; this one asks it."))
    steps = next_lines(trade)
    if steps:
        lines += ["", _("What you can do:"), *steps]
    facts = [fact for fact in _facts(trade) if fact[1]]
    lines += ["", *aligned(facts)]
    for name, text in _addresses(trade):
        lines += ["", name, *others_text(text, indent="  ")]
    lines += ["", _("The course of it:"), *course_lines(trade["timeline"])]
    return [*lines, "", *receipt_lines(trade)]


def _facts(trade: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (_("Terms"), terms_text(trade["terms"])),
        (_("Times you named"), _slots_text(trade["my_slots"])),
        (_("Times to choose"), _slots_text(trade["other_slots"], numbered=True)),
        (_("Appointment"), "" if trade["appointment"] is None else slot_text(trade["appointment"])),
        (_("Code to show"), trade["handover_code"] or trade["return_code"] or ""),
        (_("Still to be had"), _left_text(trade)),
        (_("Your last message"), _delivery(trade)),
        (_("Id"), trade["id"]),
    ]


def _addresses(trade: Mapping[str, Any]) -> list[tuple[str, str]]:
    told = _("Address of {other}, told to you only:").format(other=other_of(trade))
    own = _("Address that you told {other}:").format(other=other_of(trade))
    return [
        (name, text)
        for name, text in ((told, trade["other_address"]), (own, trade["my_address"]))
        if text
    ]


def _slots_text(slots: Sequence[Mapping[str, str]], numbered: bool = False) -> str:
    return "; ".join(
        (f"[{number}] " if numbered else "") + slot_text(slot)
        for number, slot in enumerate(slots, start=1)
    )


def _left_text(trade: Mapping[str, Any]) -> str:
    if trade["left"] is None:
        return ""
    left = str(trade["left"])
    if not trade["waiting"]:
        return left
    waiting = ngettext("{n} household asks", "{n} households ask", trade["waiting"]).format(
        n=trade["waiting"]
    )
    return f"{left} ({waiting})"


def _delivery(trade: Mapping[str, Any]) -> str:
    return "" if trade["delivery"] is None else delivery_text(trade["delivery"])
