"""The own block list: whom this household blocks for a reason that it may share (MOD-6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from node.clock import Clock
from node.inbox import Inbox
from node.moderation.choices import Choices
from node.moderation.statements import Form, Statements
from node.store.database import Database
from node.store.settings import read_setting, write_setting
from protocol import limits
from protocol.errors import LocalError, RemoteError
from protocol.ids import HouseholdId, short
from protocol.kinds import Kind
from protocol.moderation.labels import MAX_BLOCKED, Blocked, BlockList, read_block_list
from protocol.text import clean

BLOCK_LIST: Form[HouseholdId, Blocked] = Form(
    Kind.BLOCK_LIST,
    MAX_BLOCKED,
    lambda body: read_block_list(body).blocked,
    lambda blocked: BlockList(tuple(blocked)).pack(),
    lambda blocked: blocked.household,
)
_SHARED_SETTING = "block-list-shared"
MAX_LISTED = 500


@dataclass(frozen=True, slots=True)
class Listed:
    """One household on the own list. reason: may be empty. since_ms: Unix milliseconds."""

    household: HouseholdId
    reason: str
    since_ms: int


class OwnBlockList:
    """Keeps the list on this device, and publishes it where the household chose to."""

    def __init__(
        self,
        statements: Statements[HouseholdId, Blocked],
        database: Database,
        choices: Choices,
        inbox: Inbox,
        clock: Clock,
    ) -> None:
        self._statements = statements
        self._database = database
        self._choices = choices
        self._inbox = inbox
        self._clock = clock

    async def listed(self) -> Mapping[HouseholdId, Listed]:
        """Return who is on it, by household."""
        rows = await self._database.read(
            lambda connection: connection.execute(
                "SELECT household, reason, since_ms FROM block_list ORDER BY since_ms"
            ).fetchall()
        )
        return {HouseholdId(row[0]): Listed(HouseholdId(row[0]), *row[1:]) for row in rows}

    async def is_shared(self) -> bool:
        """Tell whether all can read it."""
        return await read_setting(self._database, _SHARED_SETTING) == b"1"

    async def add(self, household: HouseholdId, reason: str) -> None:
        """Put a household on the list, which blocks it too.

        LocalError as Choices.block, ``reason-too-long``, ``too-many-chosen``, and those of
        Statements.put.
        """
        try:
            blocked = Blocked(household, clean(reason))
        except RemoteError:
            raise LocalError("reason-too-long", longest=limits.MAX_REASON) from None
        listed = await self.listed()
        if household not in listed and len(listed) >= MAX_LISTED:
            raise LocalError("too-many-chosen", most=MAX_LISTED)
        await self._choices.block(household, True)
        if await self.is_shared():
            await self._statements.put(blocked)
        now_ms = self._clock.now_ms()
        await self._database.write(
            lambda connection: connection.execute(
                "INSERT INTO block_list VALUES (?1, ?2, ?3)"
                " ON CONFLICT (household) DO UPDATE SET reason = ?2",
                (household, blocked.reason, now_ms),
            )
        )

    async def remove(self, household: HouseholdId) -> None:
        """Take a household off the list, and block it no longer.

        LocalError ``not-listed``, and those of Statements.put.
        """
        if household not in await self.listed():
            raise LocalError("not-listed", id=short(household))
        await self.unblock(household)

    async def unblock(self, household: HouseholdId) -> None:
        """Block a household no longer; it leaves the list too. LocalError as Choices.block."""
        if await self.is_shared():
            await self._statements.remove(household)
        await self._database.write(
            lambda connection: connection.execute(
                "DELETE FROM block_list WHERE household = ?", (household,)
            )
        )
        await self._choices.block(household, False)

    async def share(self, shared: bool) -> None:
        """Publish the list, or take it back. LocalError as Statements.put."""
        if shared:
            for one in (await self.listed()).values():
                await self._statements.put(Blocked(one.household, one.reason))
        else:
            await self._statements.clear()
        await write_setting(self._database, _SHARED_SETTING, b"1" if shared else b"0")

    async def renew(self) -> int:
        """Renew what would expire; return how many records were written."""
        members = self._inbox.members
        return await self._statements.renew(
            lambda blocked: members.member(blocked.household) is not None
        )
