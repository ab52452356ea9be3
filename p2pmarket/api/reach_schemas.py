"""The shapes of the interface for how a node is reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ReachAnswer:
    """How neighbours outside the home network reach this node.

    verdict: ``public`` from anywhere; ``relayed`` only through the nodes of the households in
    ``through``; ``home`` only in the home network; ``unknown`` while nobody outside was asked.
    public_addresses: at which a neighbour outside has dialled back. mapped_address: which the
    router has opened by itself. volunteers: whether it relays between neighbours that cannot
    reach each other; reserved: for how many it stands by; carried: connections at the moment.
    has_way_out: false while the computer itself has no way to the Internet.
    """

    verdict: Literal["unknown", "public", "relayed", "home"]
    through: list[str]
    public_addresses: list[str]
    mapped_address: str | None
    volunteers: bool
    reserved: int
    carried: int
    has_way_out: bool


@dataclass(frozen=True, slots=True)
class RelayRequest:
    """volunteers: whether to relay between neighbours that cannot reach each other."""

    volunteers: bool
