"""Which community a request means that names none: the only one that knows what it names."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from node.node import Node
from p2pmarket.api.endpoint import Call
from p2pmarket.api.households import find_household, find_removed
from p2pmarket.api.moderation_subjects import find_subject
from protocol.errors import LocalError
from protocol.ids import text_of

_UNNAMED = "-"

Find = Callable[[Node], Awaitable[object]]


async def located(call: Call) -> Call:
    """Return the call with its community named, if ``-`` could mean several.

    Raises LocalError ``listing-not-found``, ``trade-not-found`` or another ``…-not-found`` if
    none of them knows it, and as ``Memberships.pick`` if several do.
    """
    if call.path.get("community") != _UNNAMED:
        return call
    find = _finding(call)
    nodes = call.memberships.current
    if find is None or len(nodes) < 2:
        return call
    found: list[Node] = []
    missing: list[LocalError] = []
    for node in nodes:
        try:
            await find(node)
        except LocalError as error:
            if not error.code.endswith("-not-found"):
                raise
            missing.append(error)
        else:
            found.append(node)
    if not found:
        raise missing[0]
    if len(found) > 1:
        return call
    return replace(call, path={**call.path, "community": text_of(found[0].community.id)})


def _finding(call: Call) -> Find | None:
    """Return how to look for what a request is about, or None if it names nothing."""
    listing = call.path.get("listing") or getattr(call.body, "listing", None)
    if isinstance(listing, str):
        return lambda node: node.market.find(listing)
    trade = call.path.get("trade")
    if trade is not None:
        return lambda node: node.trades.find(trade)
    named = [call.path.get("subject")]
    named += [getattr(part, "subject", None) for part in (call.body, call.query)]
    subject = next((text for text in named if isinstance(text, str)), None)
    if subject is not None:
        return lambda node: find_subject(node, subject)
    household = call.path.get("household") or getattr(call.body, "household", None)
    if isinstance(household, str) and household != _UNNAMED:
        return lambda node: _household(node, household)
    return None


async def _household(node: Node, typed: str) -> object:
    """Find a household, also one that was removed: that can be taken back."""
    try:
        return await find_household(node, typed)
    except LocalError as error:
        removed = await find_removed(node, typed)
        if error.code != "household-not-found" or removed is None:
            raise
        return removed
