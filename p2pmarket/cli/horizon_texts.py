"""How far a node sees, as people read it. Every line returned is safe."""

from __future__ import annotations

from typing import Any

from p2pmarket.cli.terminal import in_quotes
from p2pmarket.texts import _, ngettext
from p2pmarket.texts.formats import span


def horizon_lines(horizon: dict[str, Any]) -> list[str]:
    """Return what the status says of it: only what should be looked into."""
    lines = [horizon_line(horizon)] if horizon["outlook"] == "surrounded" else []
    return lines + [line for line in (holding_back_line(horizon),) if line]


def horizon_line(horizon: dict[str, Any]) -> str:
    """Say from how many sides this node hears; "" where there is nothing to compare."""
    household = in_quotes(horizon["only"] or "?")
    if horizon["outlook"] == "several":
        return _(
            "You hear from neighbours who were let in by different households: none of them"
            " alone can keep things from you."
        )
    if horizon["outlook"] == "one":
        return _(
            "Lately you hear only from {household} or those it brought; nothing unusual while"
            " others are switched off."
        ).format(household=household)
    if horizon["outlook"] != "surrounded":
        return ""
    ago = horizon["other_branch_seconds_ago"]
    if ago is None:
        told = _(
            "You have never heard from anybody but {household} and those it brought: what others"
            " publish may be missing here without your noticing."
        ).format(household=household)
    else:
        told = _(
            "For {span} you have heard only from {household} and those it brought: what others"
            " publish may be missing here without your noticing."
        ).format(household=household, span=span(ago))
    return f"{told} {_advice()}"


def holding_back_line(horizon: dict[str, Any]) -> str:
    """Say whose nodes lack what they must have; "" for nobody's."""
    if not horizon["holding_back"]:
        return ""
    names = ", ".join(in_quotes(name or "?") for name in horizon["holding_back"])
    return _(
        "These nodes answer again and again without things that they must have: {households}."
        " Their disk may be full, their clock wrong or their program old: tell them. Yours asks"
        " others first."
    ).format(households=names)


def late_line(horizon: dict[str, Any]) -> str:
    """Say what came to light when another side was reached; "" for nothing."""
    if not horizon["late_records"]:
        return ""
    return ngettext(
        "{n} entry that was not new came only through {household}: the neighbours before lacked"
        " it, or kept it back.",
        "{n} entries that were not new came only through {household}: the neighbours before"
        " lacked them, or kept them back.",
        horizon["late_records"],
    ).format(n=horizon["late_records"], household=in_quotes(horizon["late_from"] or "?"))


def _advice() -> str:
    return _(
        "Meet a neighbour whom somebody else let in, and give the address of that node, or an"
        " invite made there, to “p2pmarket connect”."
    )
