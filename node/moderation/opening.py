"""How the parts of moderation are put together."""

from __future__ import annotations

from dataclasses import dataclass

from node.clock import Clock
from node.community import Community
from node.conduct import Conduct
from node.inbox import Inbox
from node.moderation.choices import Choices
from node.moderation.showing import Showing
from node.store.database import Database
from node.store.records import RecordStore


@dataclass(frozen=True, slots=True)
class Moderation:
    """What the application uses: own choices, and what shows and why."""

    choices: Choices
    showing: Showing


class ModerationAttending:
    """What is done unasked; run :meth:`run` in the node's nursery."""

    def __init__(self, moderation: Moderation) -> None:
        self._moderation = moderation

    async def load(self) -> None:
        """Recall what was chosen and said, before the first connection."""
        await self._moderation.choices.load()
        await self._moderation.showing.load()

    async def run(self) -> None:
        """Keep the views in line, until cancelled."""
        await self._moderation.showing.run()


def open_moderation(
    database: Database,
    community: Community,
    inbox: Inbox,
    store: RecordStore,
    clock: Clock,
    conduct: Conduct,
) -> tuple[Moderation, ModerationAttending]:
    """Put the parts together; ``load`` and then ``run`` the second one."""
    choices = Choices(database, community, inbox, store, clock)
    moderation = Moderation(choices, Showing(community, inbox, store, choices, conduct))
    return moderation, ModerationAttending(moderation)
