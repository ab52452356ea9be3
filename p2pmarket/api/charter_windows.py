"""The windows that a proposed charter names."""

from __future__ import annotations

from collections.abc import Sequence

from node.node import Node
from p2pmarket.api.governance_schemas import CharterProposal
from p2pmarket.api.window_schemas import WindowTerms, WindowWish
from p2pmarket.daemon.memberships import Memberships
from p2pmarket.listing_windows import required_window, window_named
from p2pmarket.vocabulary import category_id
from protocol import limits
from protocol.charter import Charter, Window
from protocol.errors import LocalError
from protocol.ids import CommunityId, from_text
from protocol.text import clean

_ID_DIGITS = 52


def proposed_windows(
    charter: Charter, request: CharterProposal, node: Node, memberships: Memberships
) -> tuple[Window, ...]:
    """Return what windows a version shall name.

    charter: that version, but for its windows, which are those in force. node: of the community.
    Raises LocalError ``window-…``, ``no-windows``, ``too-many-windows``, ``category-unknown`` or
    ``community-ambiguous``, and RemoteError ``body-invalid``.
    """
    windows = charter.windows
    if request.windows is not None:
        windows = tuple(map(_window, request.windows))
    for typed in request.drop_windows:
        gone = window_named(typed, windows) or required_window(typed, charter)
        windows = tuple(window for window in windows if window.community != gone.community)
    for wish in request.add_windows:
        windows = _with(windows, _wished(wish, windows, charter, memberships))
    if any(window.community == node.community.id for window in windows):
        raise LocalError("window-to-itself")
    if len(windows) > limits.MAX_WINDOWS:
        raise LocalError("too-many-windows", most=limits.MAX_WINDOWS)
    return windows


def _window(terms: WindowTerms) -> Window:
    community = _community_id(terms.community)
    if community is None:
        raise LocalError("request-malformed", field="windows")
    return Window(community, clean(terms.name), tuple(terms.categories))


def _with(windows: tuple[Window, ...], new: Window) -> tuple[Window, ...]:
    """Return the windows with one more; the one to the same community gives way to it."""
    known = {window.community: window for window in windows}
    return tuple((known | {new.community: new}).values())


def _wished(
    wish: WindowWish, windows: Sequence[Window], charter: Charter, memberships: Memberships
) -> Window:
    community, name = _identified(wish, windows, memberships)
    if any(window.name == clean(name) and window.community != community for window in windows):
        raise LocalError("window-name-taken", name=name)
    categories = [category_id(word) for word in wish.categories]
    for word, category in zip(wish.categories, categories, strict=True):
        if category not in (*charter.categories, "other"):
            allowed = ", ".join(charter.categories)
            raise LocalError("category-unknown", category=word, allowed=allowed)
    return Window(community, clean(name), tuple(dict.fromkeys(categories)))


def _identified(
    wish: WindowWish, windows: Sequence[Window], memberships: Memberships
) -> tuple[CommunityId, str]:
    """Return the id of the community that is meant, and what it shall be called here."""
    held = window_named(wish.community, windows)
    if held is not None:
        return held.community, wish.name or held.name
    community = _community_id(wish.community)
    if community is not None:
        known = [n.community.charter.name for n in memberships.nodes if n.community.id == community]
        name = wish.name or next(iter(known), None)
        if name is None:
            raise LocalError("window-needs-name", id=wish.community)
        return community, name
    try:
        other = memberships.pick(wish.community).community
    except LocalError as error:
        if error.code != "community-not-found":
            raise
        raise LocalError("window-needs-id", name=wish.community) from None
    return other.id, wish.name or other.charter.name


def _community_id(text: str) -> CommunityId | None:
    if len(text) != _ID_DIGITS:
        return None
    try:
        return CommunityId(from_text(text.lower()))
    except ValueError:
        return None
