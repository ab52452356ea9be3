"""Households and their nodes: members, peers, block."""

from __future__ import annotations

from typing import Any

import click

from p2pmarket.cli.listing_texts import SHORT_ID, left_out_lines, sync_line
from p2pmarket.cli.member_tree import standing_text, tree_lines
from p2pmarket.cli.moderation_texts import who
from p2pmarket.cli.newcomers import waiting
from p2pmarket.cli.options import command, group_of
from p2pmarket.cli.session import Session
from p2pmarket.cli.terminal import Column, columns, hanging, in_quotes, safe, table, wrapped
from p2pmarket.texts import _, ngettext
from p2pmarket.texts.formats import day_and_time, moment, short_day

_ROOM_FOR_ALL = 100
"""From so many columns on, the list of members also has place and date."""


@command("members")
@click.option("--tree", is_flag=True, help=_("As a tree of who invited whom."))
def list_members(session: Session, tree: bool) -> None:
    """Ask the node for the members."""
    found = session.client.get(session.everywhere("members"))
    communities = found.get("communities", [])
    if len(communities) < 2:
        lines = _community_lines(found["results"], found["removed"], tree)
    else:
        lines = []
        for part in communities:
            results, removed = (
                [one for one in found[name] if one["community_id"] == part["community_id"]]
                for name in ("results", "removed")
            )
            heading = _("{community}:").format(community=in_quotes(part["community"]))
            lines += [heading, *_community_lines(results, removed, tree), ""]
        del lines[-1:]
    left_out = left_out_lines(found.get("left_out", []))
    session.answer(found, [*lines, *([""] if left_out else []), *left_out])


def _community_lines(
    results: list[dict[str, Any]], removed: list[dict[str, Any]], tree: bool
) -> list[str]:
    """Return the households of one community."""
    if tree:
        return tree_lines(results)
    here = sum(member["status"] != "left" for member in results)
    count = ngettext("{n} household.", "{n} households.", here).format(n=here)
    lines = [
        part
        for household in removed
        for part in hanging(
            _("Removed: {name} ({id}). Reason: {reason}").format(
                name=household["name"] or "–",
                id=household["id"][:SHORT_ID],
                reason=household["reason"],
            ),
            indent="  ",
        )
    ]
    return [*_table(results), "", count, *_notes(results), *lines]


members = group_of("members", list_members, waiting)


def _table(results: list[dict[str, Any]]) -> list[str]:
    """Return a table of members; where the terminal is narrow, names go before place and date.

    Both stand in “p2pmarket household” too, and a household is named by its name.
    """
    facts = [
        (Column(_("id")), [member["id"][:SHORT_ID] for member in results]),
        (
            Column(_("household"), shrink_to=20, names=True),
            [member["name"] or "–" for member in results],
        ),
        (Column(_("place"), shrink_to=8), [member["place"] or "–" for member in results]),
        (Column(_("is"), shrink_to=11), [standing_text(member) for member in results]),
        (
            Column(_("invited by"), shrink_to=8, names=True),
            [member["invited_by"] or "–" for member in results],
        ),
        (
            Column(_("since")),
            [short_day(moment(member["joined_at"])) for member in results],
        ),
        (Column(_("now")), [_presence(member) for member in results]),
    ]
    if columns() < _ROOM_FOR_ALL:
        del facts[5], facts[2]
    return table(
        [head for head, _cells in facts], zip(*(cells for _head, cells in facts), strict=True)
    )


def _notes(results: list[dict[str, Any]]) -> list[str]:
    """Say who has not agreed to the rules, and whom some steward wants removed."""
    lines: list[str] = []
    without = [m for m in results if m["status"] in ("founder", "confirmed") and not m["consents"]]
    if without:
        names = ", ".join(in_quotes(member["name"] or "–") for member in without)
        lines += wrapped(_("Not agreed to the rules in force yet: {names}.").format(names=names))
    accused = [member for member in results if member["removal_voices"]]
    if accused:
        names = ", ".join(in_quotes(member["name"] or "–") for member in accused)
        line = _("Some steward wants these removed: {names} (“p2pmarket remove” says more).")
        lines += wrapped(line.format(names=names))
    return lines


def _presence(member: dict[str, Any]) -> str:
    if member["me"]:
        return _("that's you")
    if member["blocked"]:
        return _("blocked by you")
    return _("connected") if member["connected"] else "–"


@command("peers")
def peers(session: Session) -> None:
    """Ask the node for its neighbours."""
    found = session.client.get(session.path("peers"))
    headings = [
        Column(_("household"), shrink_to=12),
        Column(_("now")),
        Column(_("last synced")),
        Column(_("address"), shrink_to=12),
    ]
    rows = [
        [
            peer["household"] or peer["household_id"][:SHORT_ID],
            _("connected") if peer["connected"] else _("not connected"),
            "–" if peer["last_synced_at"] is None else day_and_time(moment(peer["last_synced_at"])),
            peer["address"] or "–",
        ]
        for peer in found["results"]
    ]
    lines = [*table(headings, rows), ""] if rows else []
    own = ", ".join(map(safe, found["addresses"])) or "–"
    lines += wrapped(sync_line(found["sync"]))
    lines += wrapped(_("You answer at {addresses}").format(addresses=own))
    session.answer(found, lines)


@command(
    "block",
    _(
        "Its messages are not accepted any more, which it can see; your neighbours notice nothing."
        " --undo ends both."
    ),
)
@click.argument("household", metavar=_("HOUSEHOLD"))
@click.option("--undo", is_flag=True, help=_("Get them again."))
def block(session: Session, household: str, undo: bool) -> None:
    """Block or unblock one household."""
    path = session.path("members", household, "block")
    if undo:
        answered = session.client.delete(path)
        line = _("You see the listings and messages of “{household}” again.")
    else:
        answered = session.client.put(path)
        line = _(
            "You no longer get listings or messages of “{household}”; --undo brings them back."
        )
    session.answer(answered, wrapped(line.format(household=who(answered["household"]))))
