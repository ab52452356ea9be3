"""Whom this household mutes and blocks, and whose words it follows: nobody else learns it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from enum import IntEnum

from node.clock import Clock
from node.community import Community
from node.inbox import Inbox
from node.store.database import Connection, Database
from node.store.neighbours import blocked_households, set_blocked
from node.store.records import RecordStore
from protocol.errors import LocalError
from protocol.ids import HouseholdId, short

MAX_CHOSEN = 1_000
"""Households of one choice; each costs some memory and a look at its records."""


class Choice(IntEnum):
    """What has been chosen about a household."""

    MUTED = 1
    LABELS = 2
    """Its labels count here although it is no steward."""
    IGNORED = 3
    """Its labels do not count here although it is a steward."""
    BLOCK_LIST = 4
    """Its block list counts here."""


class Choices:
    """Remembers the choices; ``changed`` is awaited after each."""

    def __init__(
        self,
        database: Database,
        community: Community,
        inbox: Inbox,
        store: RecordStore,
        clock: Clock,
    ) -> None:
        self._database = database
        self._community = community
        self._inbox = inbox
        self._store = store
        self._clock = clock
        self._chosen: dict[Choice, dict[HouseholdId, int]] = {}
        self.changed: Callable[[], Awaitable[None]] = _nothing

    async def load(self) -> None:
        """Recall the choices, before anything is written into the views."""
        rows = await self._database.read(
            lambda connection: connection.execute(
                "SELECT household, choice, since_ms FROM moderation_choice"
            ).fetchall()
        )
        self._chosen = {choice: {} for choice in Choice}
        for household, choice, since_ms in rows:
            self._chosen[Choice(choice)][HouseholdId(household)] = since_ms
        self._community.blocked = await blocked_households(self._database)

    def of(self, choice: Choice) -> Mapping[HouseholdId, int]:
        """Return about whom this was chosen, and since when (Unix ms)."""
        return self._chosen[choice]

    @property
    def blocked(self) -> frozenset[HouseholdId]:
        """The households that this one blocks."""
        return self._community.blocked

    async def mute(self, household: HouseholdId, muted: bool) -> None:
        """Show a household's listings no more, or again. LocalError as :meth:`block`."""
        await self._choose({Choice.MUTED: muted}, household)

    async def block(self, household: HouseholdId, blocked: bool) -> None:
        """Show no listings of a household and refuse its mail, or no longer.

        LocalError ``not-yourself``, ``household-not-found``.
        """
        number = self._store.number_of(household)
        if household == self._community.self_id:
            raise LocalError("not-yourself")
        if number is None:
            raise LocalError("household-not-found", id=short(household))
        now_ms = self._clock.now_ms()
        await self._database.write(
            lambda connection: set_blocked(connection, number, blocked, now_ms)
        )
        self._community.blocked = await blocked_households(self._database)
        await self.changed()

    async def follow_labels(self, household: HouseholdId, followed: bool) -> None:
        """Let a household's labels count here, or not. LocalError as :meth:`block`.

        A steward's count unless they are ignored, anybody else's only if they are followed.
        """
        votes = household in self._inbox.members.council.voters
        await self._choose(
            {
                Choice.LABELS: followed and not votes,
                Choice.IGNORED: not followed and votes,
            },
            household,
        )

    async def follow_block_list(self, household: HouseholdId, followed: bool) -> None:
        """Let a household's block list count here, or not. LocalError as :meth:`block`."""
        await self._choose({Choice.BLOCK_LIST: followed}, household)

    async def _choose(self, choices: Mapping[Choice, bool], household: HouseholdId) -> None:
        if household == self._community.self_id:
            raise LocalError("not-yourself")
        known = any(household in self._chosen[choice] for choice in choices)
        if not known and self._inbox.members.member(household) is None:
            raise LocalError("household-not-found", id=short(household))
        if any(
            chosen and len(self._chosen[choice]) >= MAX_CHOSEN for choice, chosen in choices.items()
        ):
            raise LocalError("too-many-chosen", most=MAX_CHOSEN)
        now_ms = self._clock.now_ms()

        def write(connection: Connection) -> None:
            for choice, chosen in choices.items():
                if chosen:
                    connection.execute(
                        "INSERT OR IGNORE INTO moderation_choice VALUES (?, ?, ?)",
                        (household, int(choice), now_ms),
                    )
                else:
                    connection.execute(
                        "DELETE FROM moderation_choice WHERE household = ? AND choice = ?",
                        (household, int(choice)),
                    )

        await self._database.write(write)
        await self.load()
        await self.changed()


async def _nothing() -> None:
    """Nobody has to be told."""
