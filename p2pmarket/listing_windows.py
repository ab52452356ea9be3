"""In which neighbouring communities a listing may be shown, as people and files name them."""

from __future__ import annotations

from collections.abc import Iterable

from protocol.charter import Charter, Window
from protocol.errors import LocalError
from protocol.ids import CommunityId, text_of

_SHORTEST_ID = 4


def window_named(text: str, windows: Iterable[Window]) -> Window | None:
    """Return the window that a name, an id, or the beginning of one means; None where none does.

    Raises LocalError ``window-ambiguous``.
    """
    wanted, known = text.strip().casefold(), list(windows)
    found = [window for window in known if window.name.casefold() == wanted]
    if not found and len(wanted) >= _SHORTEST_ID:
        found = [window for window in known if text_of(window.community).startswith(wanted)]
    if len(found) > 1:
        raise LocalError("window-ambiguous", name=text)
    return found[0] if found else None


def required_window(text: str, charter: Charter) -> Window:
    """Return the window that a text means.

    Raises LocalError ``no-windows``, ``window-unknown`` or ``window-ambiguous``.
    """
    if not charter.windows:
        raise LocalError("no-windows")
    found = window_named(text, charter.windows)
    if found is None:
        names = ", ".join(window.name for window in charter.windows)
        raise LocalError("window-unknown", name=text, allowed=names)
    return found


def communities_named(names: Iterable[str], charter: Charter) -> set[CommunityId]:
    """Return the communities behind the names of windows. Raises as :func:`required_window`."""
    return {required_window(name, charter).community for name in names}


def still_named(communities: Iterable[CommunityId], charter: Charter) -> tuple[CommunityId, ...]:
    """Return those that the charter names: to another one, no listing is to be opened anew."""
    return tuple(c for c in communities if charter.window_to(c) is not None)


def refuse_category(communities: Iterable[CommunityId], category: str, charter: Charter) -> None:
    """Raise LocalError ``window-category`` if a window is not for a category."""
    for community in communities:
        window = charter.window_to(community)
        if window is not None and category not in window.categories:
            allowed = ", ".join(window.categories)
            raise LocalError(
                "window-category", name=window.name, category=category, allowed=allowed
            )


def window_names(communities: Iterable[CommunityId], charter: Charter) -> list[str]:
    """Return what the charter calls communities; of those that it does not name, the ids."""
    windows = ((community, charter.window_to(community)) for community in communities)
    return [text_of(community) if w is None else w.name for community, w in windows]
