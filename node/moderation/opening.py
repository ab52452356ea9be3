"""How the parts of moderation are put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import trio

from node.author import Author
from node.clock import Clock
from node.community import Community
from node.conduct import Conduct
from node.inbox import Inbox
from node.mail.post import Post
from node.moderation.block_list import BLOCK_LIST, OwnBlockList
from node.moderation.choices import Choices
from node.moderation.labelling import APPEALS, LABELS, Labelling
from node.moderation.log import Log
from node.moderation.reports import Reports
from node.moderation.showing import Showing
from node.moderation.statements import Entry, Form, Key, Statements
from node.store.database import Database
from node.store.records import RecordStore
from protocol.errors import LocalError

_ATTEND_S = 3_600.0


@dataclass(frozen=True, slots=True)
class Moderation:
    """What the application uses: own choices and words, reports, what shows and why, the log."""

    choices: Choices
    showing: Showing
    labelling: Labelling
    block_list: OwnBlockList
    reports: Reports
    log: Log


class ModerationAttending:
    """What is done unasked; run :meth:`run` in the node's nursery."""

    def __init__(self, moderation: Moderation, conduct: Conduct) -> None:
        self._moderation = moderation
        self._conduct = conduct

    async def load(self) -> None:
        """Recall what was chosen and said, before the first connection."""
        await self._moderation.choices.load()
        await self._moderation.showing.load()
        await self._moderation.log.load()

    async def run(self) -> None:
        """Keep views and log in line, and own words from expiring, until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._moderation.showing.run)
            nursery.start_soon(self._moderation.log.run)
            while True:
                await self.attend()
                await trio.sleep(_ATTEND_S)

    async def attend(self) -> None:
        """Renew own words that would expire, and forget old reports."""
        try:
            await self._moderation.labelling.renew()
            await self._moderation.block_list.renew()
            await self._moderation.reports.forget()
        except LocalError as error:  # a full disk, or a parting just now: tried again
            self._conduct.count(f"not-attended:{error.code}")


def open_moderation(
    database: Database,
    community: Community,
    author: Author,
    inbox: Inbox,
    store: RecordStore,
    post: Post,
    clock: Clock,
    conduct: Conduct,
    require_consent: Callable[[], None],
) -> tuple[Moderation, ModerationAttending]:
    """Put the parts together; ``load`` and then ``run`` the second one."""

    def said(form: Form[Key, Entry]) -> Statements[Key, Entry]:
        return Statements(form, author, inbox, clock, require_consent)

    choices = Choices(database, community, inbox, store, clock)
    showing = Showing(community, inbox, store, choices, clock, conduct)
    moderation = Moderation(
        choices,
        showing,
        Labelling(said(LABELS), said(APPEALS), community, inbox, store, showing.attend),
        OwnBlockList(said(BLOCK_LIST), database, choices, inbox, clock),
        Reports(database, community, inbox, post, clock, conduct),
        Log(database, community, inbox, showing, clock, conduct),
    )
    return moderation, ModerationAttending(moderation, conduct)
