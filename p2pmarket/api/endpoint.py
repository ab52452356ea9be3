"""One endpoint of the interface: what it is called with, what it answers, what does it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import trio

from node.clock import Clock
from node.node import Node
from p2pmarket.daemon.memberships import Memberships
from p2pmarket.home import Home


@dataclass(frozen=True, slots=True)
class Call:
    """One request, its shape checked. path: the variable parts; body and query: their shapes.

    stop: set it, and the daemon ends gracefully. started_at_ms: when it began.
    """

    home: Home
    memberships: Memberships
    clock: Clock
    stop: trio.Event
    started_at_ms: int
    path: Mapping[str, str]
    body: Any = None
    query: Any = None

    @property
    def node(self) -> Node:
        """The node of the community that the path names. Raises LocalError."""
        return self.memberships.pick(self.path["community"])


Action = Callable[[Call], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """path: with its variable parts in braces. answer, body, query: dataclasses of schemas."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    summary: str
    action: Action
    answer: type
    body: type | None = None
    query: type | None = None


IN_COMMUNITY = "/v1/communities/{community}"
"""``{community}``: an id, its beginning, the name, or ``-`` for the only one."""
