"""What leaving a community takes and gives."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OpenTrade:
    """A trade that is not over."""

    id: str
    title: str
    household: str
    state: str


@dataclass(frozen=True, slots=True)
class LeavePreview:
    """What leaving means: how many neighbours lose sight of how many listings, and which trades
    are still open.
    """

    community: str
    households: int
    listings: int
    open_trades: list[OpenTrade]


@dataclass(frozen=True, slots=True)
class LeaveRequest:
    """force: although trades are open. delete: the node's data of the community goes as well."""

    force: bool = False
    delete: bool = False


@dataclass(frozen=True, slots=True)
class LeaveAnswer:
    """told: a neighbour knows, and the node is closed; otherwise both follow as soon as one can be
    reached. left_open: trades that were not ended.
    """

    community: str
    told: bool
    deleted: bool
    left_open: list[OpenTrade]


@dataclass(frozen=True, slots=True)
class ExportAnswer:
    """What a household takes along. rows: its listings, as a file to publish them again has them.
    records: its signed records in hexadecimal, to prove later what they say.
    """

    community: str
    community_id: str
    household: str
    household_id: str
    exported_at: str
    rows: list[dict[str, object]]
    records: list[str]


@dataclass(frozen=True, slots=True)
class KeptCommunity:
    """A community that was left, and whose data is kept. folder: its path."""

    name: str
    folder: str
    left_at: str
