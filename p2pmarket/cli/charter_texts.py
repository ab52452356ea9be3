"""Versions of the charter in words: what they say, and what differs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from p2pmarket.cli.decisions import names_of
from p2pmarket.cli.terminal import in_quotes, paragraph, safe, wrapped
from p2pmarket.cli.window_texts import agreement_lines, categories_text, window_difference
from p2pmarket.texts import _, msgid, ngettext

_ID = 10
_LABELS: Mapping[str, str] = {
    "name": msgid("Name"),
    "currency": msgid("Currency"),
    "listing_slots": msgid("Listings a household"),
    "visible_days": msgid("Days a listing shows"),
    "photos": msgid("Photos a listing"),
    "approval": msgid("People decide who is let in"),
    "first_listings": msgid("Listings of a newcomer (0: all)"),
    "credit": msgid("Community credit"),
    "languages": msgid("Languages"),
    "categories": msgid("Categories"),
    "questions": msgid("Questions to who joins"),
    "worry_words": msgid("Worry words"),
    "places": msgid("Places"),
    "windows": msgid("Windows to neighbours"),
    "rules": msgid("Rules"),
}


def difference_lines(differences: list[dict[str, Any]]) -> list[str]:
    """Return what differs between two versions, safe to print."""
    lines: list[str] = []
    for difference in differences:
        field: str = difference["field"]
        label = _label(field)
        if difference["windows"]:
            lines += [part for one in difference["windows"] for part in window_difference(one)]
        elif difference["lines"]:
            lines.append(f"{label}:")
            lines += [f"  {safe(line)}".rstrip() for line in difference["lines"]]
        elif difference["added"] or difference["removed"]:
            changes = [f"+ {_item(field, item)}" for item in difference["added"]]
            changes += [f"− {_item(field, item)}" for item in difference["removed"]]
            lines += wrapped(f"{label}: {', '.join(changes)}")
        elif difference["before"] is None and difference["after"] is None:
            lines.append(_("{label}: in another order").format(label=label))
        else:
            before, after = _value(difference["before"]), _value(difference["after"])
            lines += wrapped(f"{label}: {before} → {after}")
    return lines


def _item(field: str, item: str) -> str:
    return categories_text([item]) if field == "categories" else safe(item)


def _label(field: str) -> str:
    text = _LABELS[field]
    return _(text)


def _value(value: str | None) -> str:
    return {None: _("none"), "yes": _("yes"), "no": _("no")}.get(value) or safe(value)


def heading(version: dict[str, Any]) -> str:
    """Return number, digest and state of a version."""
    if version["in_force"]:
        text = _("Version {number} ({id}), in force")
    else:
        text = _("Version {number} ({id}), proposed")
    return text.format(number=version["number"], id=version["digest"][:_ID])


def signature_lines(version: dict[str, Any]) -> list[str]:
    """Return who signed, and how many are missing."""
    lines = wrapped(_("Signed by {names}.").format(names=names_of(version["signed_by"])))
    if version["missing"]:
        lines += wrapped(
            ngettext(
                "{n} more steward must sign it.",
                "{n} more stewards must sign it.",
                version["missing"],
            ).format(n=version["missing"])
        )
    return lines


def terms_lines(terms: dict[str, Any]) -> list[str]:
    """Return what a version says."""
    yes = _("yes")
    facts = [
        ("name", terms["name"]),
        ("languages", ", ".join(terms["languages"])),
        ("currency", terms["currency"]),
        ("listing_slots", str(terms["listing_slots"])),
        ("visible_days", str(terms["visible_days"])),
        ("photos", str(terms["photos"])),
        ("approval", yes if terms["approval"] else _("no")),
        ("first_listings", str(terms["first_listings"]) if terms["first_listings"] else ""),
        ("credit", _credit(terms["credit"])),
        ("places", ", ".join(place["name"] for place in terms["places"])),
        ("questions", " / ".join(terms["questions"])),
        ("worry_words", ", ".join(terms["worry_words"])),
        ("categories", categories_text(terms["categories"]) if terms["categories"] else ""),
        ("windows", "; ".join(map(_window, terms["windows"]))),
    ]
    lines = [
        line
        for field, value in facts
        if value
        for line in wrapped(f"{_label(field)}: {safe(value)}")
    ]
    lines += wrapped(
        ngettext(
            "For good since the founding: {n} steward decides; a household brings {budget}"
            " others at most.",
            "For good since the founding: {n} stewards must agree; a household brings {budget}"
            " others at most.",
            terms["quorum"],
        ).format(n=terms["quorum"], budget=terms["invite_budget"])
    )
    if terms["subtree"]:
        lines += wrapped(
            _("All whom one household brings, and they again, are {n} at most.").format(
                n=terms["subtree"]
            )
        )
    return [*lines, "", *paragraph(terms["rules"], indent="  ")]


def _window(window: dict[str, Any]) -> str:
    return f"{in_quotes(window['name'])} ({categories_text(window['categories'])})"


def _credit(credit: dict[str, Any] | None) -> str:
    return "" if credit is None else f"{credit['limit']} {credit['unit']}"


def consent_lines(found: dict[str, Any]) -> list[str]:
    """Return whether this household agreed, and who has not yet. found: a CharterAnswer."""
    lines: list[str] = []
    if not found["consented"]:
        lines += wrapped(
            _(
                "You have not agreed to it yet, and can publish nothing until then:"
                " “p2pmarket charter consent”."
            )
        )
    others = found["without_consent"]
    if others and (found["consented"] or len(others) > 1):
        lines += wrapped(_("Not agreed yet: {names}.").format(names=names_of(others)))
    return lines


def window_lines(found: dict[str, Any]) -> list[str]:
    """Return what the other communities say of the windows in force. found: a CharterAnswer."""
    lines = [part for window in found["windows"] for part in agreement_lines(window)]
    line = _("For a window to this community, neighbouring ones need its id: {id}")
    return ["", *lines, *wrapped(line.format(id=found["community_id"]))]


def quoted_name(version: dict[str, Any]) -> str:
    """Return the community's name as a version has it, safe to print."""
    return in_quotes(version["terms"]["name"])
