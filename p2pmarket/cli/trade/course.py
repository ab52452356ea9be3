"""The course of a trade: each signed message as a sentence. Every line returned is safe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from p2pmarket import vocabulary
from p2pmarket.cli.terminal import hanging, in_quotes, others_text, safe
from p2pmarket.cli.trade.terms import terms_text
from p2pmarket.cli.trade.words import SHORT_ID, due_text, slot_text
from p2pmarket.texts import _, msgid
from p2pmarket.texts.delivery import delivery_text
from p2pmarket.texts.formats import day_and_time, moment
from p2pmarket.texts.trades import OUTCOMES

_SENTENCES: Mapping[str, tuple[str, str]] = {
    # type: (said by this household, said by another)
    "ask": (msgid("You asked: {terms}."), msgid("{name} asked: {terms}.")),
    "offer": (msgid("You proposed: {terms}."), msgid("{name} proposed: {terms}.")),
    "accept": (msgid("You agreed to that."), msgid("{name} agreed to that.")),
    "promise": (
        msgid("You promised it until {until}."),
        msgid("{name} promised it until {until}."),
    ),
    "decline": (msgid("You declined."), msgid("{name} declined.")),
    "cancel": (msgid("You stepped back."), msgid("{name} stepped back.")),
    "queue": (
        msgid("You let them wait, as number {position}."),
        msgid("{name} let you wait, as number {position}."),
    ),
    "slots": (msgid("You named times: {slots}."), msgid("{name} named times: {slots}.")),
    "appoint": (msgid("You chose {slots}."), msgid("{name} chose {slots}.")),
    "address": (msgid("You told the address."), msgid("{name} told the address.")),
    "handover": (
        msgid("You confirmed the handover."),
        msgid("{name} confirmed the handover."),
    ),
    "return": (msgid("You confirmed the return."), msgid("{name} confirmed the return.")),
    "extend": (msgid("You proposed {due}."), msgid("{name} proposed {due}.")),
    "agree": (msgid("You agreed to {due}."), msgid("{name} agreed to {due}.")),
    "no_show": (
        msgid("You said that the other did not come."),
        msgid("{name} said that the other did not come."),
    ),
    "lapse": (msgid("You let it run out."), msgid("{name} let it run out.")),
    "dispute": (
        msgid("You asked that {steward} looks at it."),
        msgid("{name} asked that {steward} looks at it."),
    ),
    "steward": (
        msgid("You accepted {steward} for that."),
        msgid("{name} accepted {steward} for that."),
    ),
    "ruling": (
        msgid("You took up what {steward} ruled: {outcome}."),
        msgid("{name} took up what {steward} ruled: {outcome}."),
    ),
    "settle": (
        msgid("You would end it as: {outcome}."),
        msgid("{name} would end it as: {outcome}."),
    ),
    "draw": (
        msgid("You announced a draw; who asks can enter until {until}."),
        msgid("{name} announced a draw; who asks can enter until {until}."),
    ),
    "enter": (msgid("You entered the draw."), msgid("{name} entered the draw.")),
    "close": (msgid("You closed the draw."), msgid("{name} closed the draw.")),
    "reveal": (
        msgid("You revealed your number in the draw."),
        msgid("{name} revealed a number in the draw."),
    ),
    "result": (msgid("You told the result."), msgid("{name} told the result.")),
    "sign": (msgid("You signed the receipt."), msgid("{name} signed the receipt.")),
}


def course_lines(timeline: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what was said, in the order in which both sides count it."""
    return [line for entry in timeline for line in _entry_lines(entry)]


def _entry_lines(entry: Mapping[str, Any]) -> list[str]:
    mine, theirs = _SENTENCES[entry["type"]]
    said = mine if entry["mine"] else theirs
    sentence = _(said).format(
        name=safe(entry["household"]) or _("the other side"),
        terms="" if entry["terms"] is None else terms_text(entry["terms"]),
        until="–" if entry["until"] is None else due_text(entry["until"]),
        position=entry["position"],
        slots="; ".join(map(slot_text, entry["slots"])),
        due="–" if entry["due_at"] is None else due_text(entry["due_at"]),
        steward=safe(entry["steward"] or (entry["steward_id"] or "")[:SHORT_ID]),
        outcome="" if entry["outcome"] is None else vocabulary.label(OUTCOMES, entry["outcome"]),
    )
    aside = _aside(entry)
    if aside:
        sentence = f"{sentence.removesuffix('.')}{aside}."
    lines = hanging(f"  {day_and_time(moment(entry['at']))}  {sentence}", indent="      ")
    if entry["text"] and entry["type"] != "address":
        quoted = in_quotes(entry["text"]) if "\n" not in entry["text"] else entry["text"]
        lines += others_text(quoted, indent="      ")
    return lines


def _aside(entry: Mapping[str, Any]) -> str:
    if entry["void"]:
        return " " + _("(without effect: it crossed with another message)")
    if entry["shown_by"] is not None:
        return " " + _("(only {name} shows you this)").format(name=safe(entry["shown_by"]))
    if entry["with_code"]:
        return " " + _("(with the code of the other side, so for both)")
    delivery = entry["delivery"]
    if delivery is None or delivery["state"] in ("delivered", "read"):
        return ""
    return f" ({delivery_text(delivery)})"
