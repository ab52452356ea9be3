"""How the parts of joining are put together."""

from __future__ import annotations

from dataclasses import dataclass

import trio

from node.author import Author
from node.clock import Clock
from node.community import Community
from node.conduct import Conduct
from node.inbox import Inbox
from node.joining.first_listings import FirstListings
from node.joining.introduction import Introduction
from node.joining.invites import Invites
from node.joining.newcomers import Newcomers
from node.joining.vouching import Vouching
from node.ledger.ledger import Ledger
from node.mail.post import Post
from node.store.database import Database
from node.store.records import RecordStore
from protocol.errors import LocalError

_ATTEND_S = 60.0


@dataclass(frozen=True, slots=True)
class Joining:
    """What the application uses: newcomers, invites, vouching, and what shows of newcomers."""

    newcomers: Newcomers
    invites: Invites
    vouching: Vouching
    first_listings: FirstListings


class JoiningAttending:
    """What is done unasked; run :meth:`run` in the node's nursery."""

    def __init__(
        self, inbox: Inbox, joining: Joining, introduction: Introduction, conduct: Conduct
    ) -> None:
        self._joining = joining
        self._introduction = introduction
        self._conduct = conduct
        self._moved = trio.Event()
        inbox.on_members.append(lambda members: self._moved.set())

    async def load(self) -> None:
        """Recall what was decided, before the first connection."""
        await self._joining.newcomers.load()
        await self._joining.first_listings.load()

    async def run(self) -> None:
        """Write to who decides, and forget what is over, until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._joining.first_listings.run)
            while True:
                self._moved = trio.Event()
                try:
                    await self._introduction.attend()
                    await self._joining.newcomers.forget()
                except LocalError as error:  # a full disk: tried again
                    self._conduct.count(f"not-attended:{error.code}")
                with trio.move_on_after(_ATTEND_S):
                    await self._moved.wait()


def open_joining(
    database: Database,
    community: Community,
    author: Author,
    inbox: Inbox,
    store: RecordStore,
    post: Post,
    ledger: Ledger,
    clock: Clock,
    conduct: Conduct,
    device_slot: int,
) -> tuple[Joining, JoiningAttending]:
    """Put the parts together; ``load`` and then ``run`` the second one."""
    joining = Joining(
        Newcomers(database, community, inbox, post, clock),
        Invites(author, inbox, clock),
        Vouching(author, inbox, device_slot),
        FirstListings(community, inbox, store, ledger, conduct),
    )
    introduction = Introduction(database, inbox, post, author.household)
    return joining, JoiningAttending(inbox, joining, introduction, conduct)
