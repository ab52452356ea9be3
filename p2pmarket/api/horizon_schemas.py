"""The shapes of the interface for how far a node sees, and for reaching others by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class HorizonAnswer:
    """Whether one household, and those whom it brought, could be all that this node meets.

    outlook: ``alone`` nobody is connected; ``few`` there is nobody else to compare with;
    ``several`` neighbours of several branches agreed lately; ``one`` only of one branch, not for
    long; ``surrounded`` for so long that it should be looked into. anchors: neighbours that this
    node dialled itself, spread over the branches; branches_reached: with a connection now;
    branches_known: in all. only: the household that heads the one branch that was met.
    other_branch_seconds_ago: when a second branch was last found equal; null: never.
    holding_back: households whose nodes lack, again and again, what they must have.
    late_records: of some age, that came only from another branch than the one before; late_from:
    the household that brought them.
    """

    outlook: Literal["alone", "few", "several", "one", "surrounded"]
    anchors: int
    branches_reached: int
    branches_known: int
    only: str | None
    other_branch_seconds_ago: int | None
    holding_back: list[str]
    late_records: int
    late_from: str | None


@dataclass(frozen=True, slots=True)
class ConnectRequest:
    """text: an address of a neighbour's node, or an invite of this community."""

    text: str


@dataclass(frozen=True, slots=True)
class ConnectAnswer:
    """connected: whether a neighbour answered; household: its name, if it is known yet."""

    connected: bool
    household: str | None
