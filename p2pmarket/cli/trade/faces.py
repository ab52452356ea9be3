"""What neighbours see of a trade, and what they do not. Every line returned is safe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from p2pmarket import vocabulary
from p2pmarket.cli.terminal import safe, wrapped
from p2pmarket.texts import _
from p2pmarket.texts.formats import month_and_year
from p2pmarket.texts.trades import OUTCOMES


def preview_lines(trade: Mapping[str, Any], public: bool) -> list[str]:
    """Return what neighbours will see once the trade is over, before anybody agrees to it."""
    if not public:
        return wrapped(
            _(
                "You keep it between the two of you: your neighbours will see nothing of it, and"
                " it counts for nothing, so nobody can review it."
            )
        )
    face = trade["face"]
    rows = [
        (_("Who"), _both(face)),
        (
            _("What"),
            _("{kind}; not what it is, and not for how much").format(kind=_kind(face)),
        ),
        (_("When"), _("the month in which it ends")),
        (_("How"), _("completed; or who cancelled; or who did not come")),
    ]
    if face["credit"] is not None:
        rows.append((_("Credit"), _credit(face)))
    return [
        *wrapped(_("When it is over, your neighbours will see this of it, and nothing more:")),
        *_rows(rows),
    ]


def receipt_lines(trade: Mapping[str, Any]) -> list[str]:
    """Return how the receipt stands and exactly what neighbours see of it."""
    receipt = trade["receipt"]
    if receipt is None:
        if trade["state"] == "closed":
            return wrapped(_("There is no receipt, and your neighbours see nothing of it."))
        return preview_lines(trade, trade["public"])
    lines = wrapped(_signatures(trade, receipt))
    face = receipt["neighbours_see"]
    if face is None:
        return lines + wrapped(
            _("You keep it between the two of you: your neighbours see nothing of it.")
        )
    rows = [
        (_("Who"), _both(face)),
        (_("What"), _kind(face)),
        (_("When"), month_and_year(face["month"])),
        (_("How"), _outcome(face)),
    ]
    if face["credit"] is not None:
        rows.append((_("Credit"), _credit(face)))
    seen = (
        _("Your neighbours see this of it, and nothing more:")
        if receipt["state"] == "confirmed"
        else _("Once both have signed, your neighbours see this of it, and nothing more:")
    )
    return [*lines, *wrapped(seen), *_rows(rows)]


def _signatures(trade: Mapping[str, Any], receipt: Mapping[str, Any]) -> str:
    if receipt["state"] == "confirmed":
        return _("Receipt: signed by both.")
    if receipt["state"] == "unsigned":
        return _("Receipt: signed by nobody yet; the nodes do that by themselves.")
    if receipt["signed_by_me"]:
        sentence = _("Receipt: signed by you, not by {other} yet. Unconfirmed, it does not count.")
    else:
        sentence = _("Receipt: signed by {other}, not by you yet. Unconfirmed, it does not count.")
    return sentence.format(other=safe(trade["other"]) or _("the other side"))


def _both(face: Mapping[str, Any]) -> str:
    return _("{publisher} (whose listing it is) and {seeker}").format(
        publisher=safe(face["publisher"]), seeker=safe(face["seeker"])
    )


def _kind(face: Mapping[str, Any]) -> str:
    return vocabulary.label(vocabulary.KINDS, face["kind"])


def _outcome(face: Mapping[str, Any]) -> str:
    if face["at_fault"] is None:
        return vocabulary.label(OUTCOMES, face["outcome"])
    sentence = _("{name} did not come") if face["outcome"] == "no-show" else _("{name} cancelled")
    return sentence.format(name=safe(face["at_fault"]))


def _credit(face: Mapping[str, Any]) -> str:
    giver, taker = face["publisher"], face["seeker"]
    if face["kind"] == "wanted":
        giver, taker = taker, giver
    return _("{n} {unit} from {taker} to {giver}").format(
        n=face["credit"], unit=safe(face["credit_unit"] or ""), taker=safe(taker), giver=safe(giver)
    )


def _rows(rows: list[tuple[str, str]]) -> list[str]:
    room = max(len(name) for name, _value in rows)
    return [
        line for name, value in rows for line in wrapped(f"{name + ':':{room + 1}}  {value}", "  ")
    ]
