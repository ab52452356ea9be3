"""A node of one community while it is open."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import trio

from node.node import Node
from p2pmarket.daemon.network import Reach


@dataclass(frozen=True, slots=True)
class Running:
    """A node that runs, where it listens, and how to end it.

    ended: set once it has ended. gone: set once a community that was left is put away.
    """

    folder: Path
    reach: Reach
    node: Node
    scope: trio.CancelScope
    ended: trio.Event = field(default_factory=trio.Event)
    gone: trio.Event = field(default_factory=trio.Event)

    async def end(self) -> None:
        """Close the node and wait until it is."""
        self.scope.cancel()
        await self.ended.wait()
