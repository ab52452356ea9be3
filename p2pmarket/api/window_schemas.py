"""The shapes of requests and answers about windows between neighbouring communities."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WindowTerms:
    """A window that a charter names. community: the other's id. name: what people here call it.
    categories: what is shown in both directions, if the other community names it too.
    """

    community: str
    name: str
    categories: list[str]


@dataclass(frozen=True, slots=True)
class WindowWish:
    """A window to propose, in place of one to the same community. community: the name of one that
    this household belongs to, or an id. name: what to call it; null for its own name.
    """

    community: str
    categories: list[str]
    name: str | None = None


@dataclass(frozen=True, slots=True)
class WindowDifference:
    """A window that two versions of the charter say differently. before, after: its categories,
    null where there is no window.
    """

    community: str
    name_before: str
    name_after: str
    before: list[str] | None
    after: list[str] | None


@dataclass(frozen=True, slots=True)
class WindowAnswer:
    """A window from another community into this one, ``into``.

    categories: what the rules here name; none if they name no such window. their_categories: what
    the other community's rules name, null where this household does not belong to it. open: what
    both name. carries: whether this computer shows listings from there here; carried: how many;
    by_others: how many others show.
    """

    into: str
    into_id: str
    community: str
    name: str
    categories: list[str]
    their_categories: list[str] | None
    open: list[str]
    carries: bool
    carried: int
    by_others: int


@dataclass(frozen=True, slots=True)
class WindowsAnswer:
    """Windows, by the community into which they lead."""

    results: list[WindowAnswer]


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """preview: open nothing, only say whether it could be."""

    preview: bool = False
