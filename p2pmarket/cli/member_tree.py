"""Who invited whom, as a tree, and how a household stands in a word."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from p2pmarket import vocabulary
from p2pmarket.cli.terminal import safe
from p2pmarket.texts import _, ngettext


def standing_text(member: dict[str, Any]) -> str:
    """Return how a household stands; a steward's seat goes before its being a member."""
    return own_standing_text(member["status"], member["seat"] is not None)


def own_standing_text(status: str, is_steward: bool) -> str:
    """As standing_text, from what an answer about the own household holds."""
    if is_steward and status == "confirmed":
        return _("steward")
    return vocabulary.label(vocabulary.MEMBER_STATUSES, status)


def tree_lines(results: list[dict[str, Any]]) -> list[str]:
    """Return one line a household, below and to the right of who invited it; safe to print."""
    known = {member["id"] for member in results}
    below: dict[str | None, list[dict[str, Any]]] = defaultdict(list)
    for member in results:
        inviter = member["invited_by_id"]
        below[inviter if inviter in known else None].append(member)
    lines: list[str] = []
    waiting = [(member, 0) for member in reversed(below[None])]
    while waiting:
        member, depth = waiting.pop()
        lines.append("  " * depth + _line(member))
        waiting += [(other, depth + 1) for other in reversed(below[member["id"]])]
    return lines


def _line(member: dict[str, Any]) -> str:
    line = f"{safe(member['name'] or '–')} ({standing_text(member)})"
    if member["vouches"]:
        line += ", " + ngettext(
            "{n} household vouches", "{n} households vouch", member["vouches"]
        ).format(n=member["vouches"])
    return line
