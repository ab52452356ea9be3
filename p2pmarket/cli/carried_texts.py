"""Listings that are shown for somebody in a neighbouring community, in words.

Lines are safe; what goes into a cell or a fact is made safe there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from p2pmarket.cli.terminal import in_quotes, wrapped
from p2pmarket.texts import _

_SHORT_ID = 8
_MAY_GO = "+"


def marks_of(listings: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Return a mark for each community that some of the listings are from: *, **, …"""
    communities = [one["origin"]["community"] for one in listings if one["origin"] is not None]
    return {c: "*" * n for n, c in enumerate(dict.fromkeys(communities), start=1)}


def marked(listing: dict[str, Any], title: str, marks: Mapping[str, str]) -> str:
    """Return a title with its mark before it, where it has one."""
    if listing["origin"] is not None:
        return f"{marks[listing['origin']['community']]} {title}"
    return f"{_MAY_GO} {title}" if listing["mine"] and listing["shown_to"] else title


def mark_lines(listings: Sequence[dict[str, Any]], with_household: bool) -> list[str]:
    """Return what the marks mean. with_household: the table says whose a listing is."""
    lines = []
    for community, mark in marks_of(listings).items():
        carried = (one for one in listings if one["origin"] is not None)
        first = next(one for one in carried if one["origin"]["community"] == community)
        line = _("{mark} from {community}")
        if with_household:
            line = _("{mark} from {community}; the household named only shows it here")
        lines += wrapped(line.format(mark=mark, community=in_quotes(origin_name(first))))
    names = [name for one in listings if one["mine"] for name in one["shown_to"]]
    if names:
        line = _("{mark} members may show it in a neighbouring community too: {communities}")
        communities = ", ".join(in_quotes(name) for name in dict.fromkeys(names))
        lines += wrapped(line.format(mark=_MAY_GO, communities=communities))
    return lines


def origin_name(listing: dict[str, Any]) -> str:
    """Return what people here call the community that a carried listing is from."""
    origin = listing["origin"]
    return str(origin["name"] or origin["community"][:_SHORT_ID])


def origin_lines(listing: dict[str, Any]) -> list[str]:
    """Say where a carried listing is from, and whom to ask about it."""
    if listing["origin"] is None:
        return []
    community = in_quotes(origin_name(listing))
    if listing["mine"]:
        line = _(
            "From {community}, shown here by you: it changes and ends by itself, as its author"
            " there wants. “p2pmarket window close” ends that you show it."
        ).format(community=community)
        return ["", *wrapped(line), *_original_lines(listing["origin"])]
    if listing["origin"]["listing"] is not None:
        line = _("From {community}. {household} shows it here; you belong to both.").format(
            community=community, household=in_quotes(listing["carried_by"])
        )
        return ["", *wrapped(line), *_original_lines(listing["origin"])]
    line = _(
        "From {community}. {household} only shows it here, and passes on what you write:"
    ).format(community=community, household=in_quotes(listing["carried_by"]))
    command = f'p2pmarket message --listing {listing["id"][:_SHORT_ID]} "…"'
    return ["", *wrapped(line), f"  {command}"]


def from_text(listing: dict[str, Any]) -> str:
    """Return whose a listing is; of a carried one, where it is from and who shows it."""
    household = str(listing["household"] or listing["household_id"])
    if listing["origin"] is None:
        return household
    return _("{community}, shown by {household}").format(
        community=origin_name(listing), household=household
    )


def passing_on_lines(listing: dict[str, Any]) -> list[str]:
    """Say for whom this household shows a listing; nothing of others. For what is asked of it."""
    if not listing["mine"] or listing["origin"] is None:
        return []
    origin, community = listing["origin"], in_quotes(origin_name(listing))
    if origin["listing"] is None:
        return wrapped(
            _("You show it here for somebody in {community}.").format(community=community)
        )
    line = _("You show it here for {author} in {community}; pass it on: {command}")
    command = f"p2pmarket message --listing {origin['listing'][:_SHORT_ID]}"
    author = in_quotes(origin["author"])
    return wrapped(line.format(author=author, community=community, command=command))


def _original_lines(origin: dict[str, Any]) -> list[str]:
    """Say whose it is, and what it is there. origin: an OriginAnswer."""
    if origin["listing"] is None:
        return []
    line = _("There it is from {author}: p2pmarket show {id}")
    return wrapped(
        line.format(author=in_quotes(origin["author"]), id=origin["listing"][:_SHORT_ID])
    )
