"""How the parts of governing are put together."""

from __future__ import annotations

from dataclasses import dataclass

import trio

from node.author import Author
from node.clock import Clock
from node.conduct import Conduct
from node.governance.charters import Charters
from node.governance.plan import Deciding
from node.governance.removals import Removals
from node.governance.stewards import Stewards
from node.governance.unreadable import count_unreadable
from node.inbox import Inbox
from node.store.database import Database
from protocol.errors import LocalError

_ATTEND_S = 60.0


@dataclass(frozen=True, slots=True)
class Governance:
    """What the application uses: charters, seats, removals."""

    charters: Charters
    stewards: Stewards
    removals: Removals


class GovernanceAttending:
    """What is done unasked; run :meth:`run` in the node's nursery."""

    def __init__(self, inbox: Inbox, charters: Charters, conduct: Conduct) -> None:
        self._charters = charters
        self._conduct = conduct
        self._moved = trio.Event()
        inbox.on_members.append(lambda members: self._moved.set())

    async def run(self) -> None:
        """Consent as was agreed on joining, until cancelled."""
        while True:
            self._moved = trio.Event()
            try:
                await self._charters.attend()
            except LocalError as error:  # a full disk: tried again
                self._conduct.count(f"not-attended:{error.code}")
            with trio.move_on_after(_ATTEND_S):
                await self._moved.wait()


def open_governance(
    author: Author,
    inbox: Inbox,
    database: Database,
    clock: Clock,
    conduct: Conduct,
    device_slot: int,
) -> tuple[Governance, GovernanceAttending]:
    """Put the parts together; ``charters.load`` and then ``run`` the second one."""
    count_unreadable(inbox, conduct)
    deciding = Deciding(author, inbox, device_slot)
    governance = Governance(
        Charters(deciding, database), Stewards(deciding), Removals(deciding, clock)
    )
    return governance, GovernanceAttending(inbox, governance.charters, conduct)
