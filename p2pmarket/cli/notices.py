"""Why a listing does not show, or shows with a word. Every line returned is safe."""

from __future__ import annotations

from typing import Any

from p2pmarket.cli.terminal import in_quotes, safe, wrapped
from p2pmarket.texts import _

_SHORT_ID = 8


def notice_lines(listing: dict[str, Any]) -> list[str]:
    """Return what is to be said of a listing beside what it says itself."""
    if not listing["notices"]:
        return []
    lines = []
    if listing["hidden"]:
        lines += wrapped(_("Your lists and searches leave this out:"))
    for notice in listing["notices"]:
        lines += wrapped("! " + _notice_text(notice, listing["mine"]))
    if listing["mine"] and any(notice["cause"] == "label" for notice in listing["notices"]):
        line = _('You can answer in public: p2pmarket appeal {id} --text "…"')
        lines += wrapped(line.format(id=listing["id"][:_SHORT_ID]))
    return [*lines, ""]


def household_notice_lines(household: dict[str, Any]) -> list[str]:
    """Return what is said of a household in public, and whether its listings show."""
    said = [notice for notice in household["notices"] if notice["cause"] != "blocked"]
    lines = [line for n in said for line in wrapped("! " + _notice_text(n, household["me"]))]
    return [*lines, ""] if lines else []


def is_held(listing: dict[str, Any]) -> bool:
    """Tell whether an own listing waits for a steward because of a word in it."""
    return listing["mine"] and any(n["cause"] == "worry-word" for n in listing["notices"])


def held_lines(listing: dict[str, Any]) -> list[str]:
    """Tell the author that a listing is held; nothing where it is not."""
    return [
        line
        for notice in listing["notices"]
        if listing["mine"] and notice["cause"] == "worry-word"
        for line in wrapped(_notice_text(notice, True))
    ]


def _notice_text(notice: dict[str, Any], mine: bool) -> str:
    by = safe(notice["by"] or (notice["by_id"] or "")[:_SHORT_ID])
    reason = in_quotes(notice["reason"])
    cause = notice["cause"]
    if cause == "muted":
        return _("You have muted this household; only you know.")
    if cause == "blocked":
        return _("You block this household.")
    if cause == "block-list":
        text = _("The block list of {by}, which you follow, names this household.")
        if notice["reason"]:
            text = _("The block list of {by}, which you follow, names this household: {reason}")
        return text.format(by=by, reason=reason)
    if cause == "no-window":
        return _(
            "It is from another community, and the rules here name no window to it for this"
            " category."
        )
    if cause == "worry-word":
        text = _("It contains {words}: your neighbours see it once a steward has looked at it.")
        if not mine:
            text = _("It contains {words}, and no steward has looked at it yet.")
        return text.format(words=reason)
    texts = {
        (True, False): _("{by} hides it: {reason}"),
        (True, True): _("{by} hides what this household publishes: {reason}"),
        (False, False): _("{by} warns of it: {reason}"),
        (False, True): _("{by} warns of this household: {reason}"),
    }
    return texts[notice["hides"], notice["whole"]].format(by=by, reason=reason)
