"""Windows between neighbouring communities: which there are, and what this computer shows."""

from __future__ import annotations

from collections.abc import Sequence

from node.node import Node
from p2pmarket.api.endpoint import IN_COMMUNITY, Call, Endpoint
from p2pmarket.api.window_schemas import OpenWindow, WindowAnswer, WindowsAnswer
from p2pmarket.daemon.memberships import Memberships
from p2pmarket.daemon.windows import WindowView
from p2pmarket.listing_windows import window_named
from protocol.errors import LocalError
from protocol.ids import CommunityId, text_of

_SHORTEST_ID = 4


async def window_answers(memberships: Memberships, node: Node) -> list[WindowAnswer]:
    """Return the windows of a community, in the order of its charter."""
    return [_answer(memberships, node, view) for view in await memberships.windows.views(node)]


def _answer(memberships: Memberships, node: Node, view: WindowView) -> WindowAnswer:
    here, other = node.community, _node_of(memberships, view.community)
    theirs = None if other is None else other.community.charter.window_to(here.id)
    own_name = "" if other is None else other.community.charter.name
    return WindowAnswer(
        into=here.charter.name,
        into_id=text_of(here.id),
        community=text_of(view.community),
        name=view.name or own_name,
        categories=list(view.categories),
        their_categories=None if other is None else [] if theirs is None else [*theirs.categories],
        open=list(view.open or ()),
        carries=view.carries,
        carried=view.carried,
        by_others=view.by_others,
    )


def _node_of(memberships: Memberships, community: CommunityId) -> Node | None:
    return next((n for n in memberships.nodes if n.community.id == community), None)


async def _show(call: Call) -> WindowsAnswer:
    return await _shown(call, [call.node])


async def _show_all(call: Call) -> WindowsAnswer:
    return await _shown(call, call.memberships.current)


async def _shown(call: Call, nodes: Sequence[Node]) -> WindowsAnswer:
    return WindowsAnswer(
        [answer for node in nodes for answer in await window_answers(call.memberships, node)]
    )


async def _open(call: Call) -> WindowAnswer:
    request: OpenWindow = call.body
    into, source = call.node, await _source(call)
    _refuse(source, into)
    if not request.preview:
        await call.memberships.windows.open(source, into)
    return await _one(call, source.community.id)


async def _source(call: Call) -> Node:
    """Return the node of the other community, by its own name, its id, or its name here.

    Raises LocalError ``community-not-found`` or ``community-ambiguous``.
    """
    try:
        return call.memberships.pick(call.path["other"])
    except LocalError as error:
        here = window_named(call.path["other"], call.node.community.charter.windows)
        known = None if here is None else _node_of(call.memberships, here.community)
        if error.code != "community-not-found" or known is None:
            raise
        return known


def _refuse(source: Node, into: Node) -> None:
    """Raise LocalError where a window cannot be opened.

    ``window-to-itself``, ``window-not-agreed``, ``window-empty`` or ``consent-needed``.
    """
    if source is into:
        raise LocalError("window-to-itself")
    categories = []
    for one, other in ((into, source), (source, into)):
        window = one.community.charter.window_to(other.community.id)
        if window is None:
            raise LocalError("window-not-agreed", name=one.community.charter.name)
        categories.append({*window.categories})
    if not set.intersection(*categories):
        raise LocalError("window-empty")
    into.governance.charters.require_consent()


async def _close(call: Call) -> WindowAnswer:
    into, typed = call.node, call.path["other"]
    try:
        wanted = text_of((await _source(call)).community.id)
    except LocalError as error:
        if error.code != "community-not-found":
            raise
        wanted = typed.strip().lower()  # one that is not open at the moment: by its id
    views = [view for view in await call.memberships.windows.views(into) if view.carries]
    view = next((view for view in views if text_of(view.community).startswith(wanted)), None)
    if view is None or len(wanted) < _SHORTEST_ID:
        raise LocalError("nothing-carried", name=typed, here=into.community.charter.name)
    await call.memberships.windows.close(view.community, into)
    return _answer(call.memberships, into, view)


async def _one(call: Call, community: CommunityId) -> WindowAnswer:
    answers = await window_answers(call.memberships, call.node)
    return next(answer for answer in answers if answer.community == text_of(community))


_WINDOWS = IN_COMMUNITY + "/windows"
_WINDOW = _WINDOWS + "/{other}"

ENDPOINTS = (
    Endpoint("GET", "/v1/windows", "Windows into all communities", _show_all, WindowsAnswer),
    Endpoint("GET", _WINDOWS, "Windows into one community", _show, WindowsAnswer),
    Endpoint(
        "PUT",
        _WINDOW,
        "Show here what may be shown of another community",
        _open,
        WindowAnswer,
        body=OpenWindow,
    ),
    Endpoint(
        "DELETE",
        _WINDOW,
        "Show nothing from there any more; the answer is how it was before",
        _close,
        WindowAnswer,
    ),
)
