"""What a node does for its household without being asked, whenever the membership has moved."""

from __future__ import annotations

import trio

from node.author import Author
from node.clock import Clock, Skew
from node.community import Community
from node.conduct import Conduct
from node.inbox import MAX_BATCH_RECORDS, Inbox
from node.store.aside import forget_aside, some_aside
from node.store.database import Database
from node.store.settings import PROFILE_SETTING, add_joining, read_setting
from protocol import limits
from protocol.envelope import Envelope, Register
from protocol.errors import LocalError
from protocol.kinds import Kind

_ATTEND_S = 60.0
_PROFILE_REFRESH_MS = 30 * limits.DAY_MS
"""Content lives 91 days: a profile that is not told again would leave a household nameless."""


class Attending:
    """Introduces this household, keeps what it said known, confirms those it invited."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        skew: Skew,
        inbox: Inbox,
        community: Community,
        author: Author,
        own_records: list[Envelope],
        conduct: Conduct,
    ) -> None:
        self._database = database
        self._clock = clock
        self._skew = skew
        self._inbox = inbox
        self._community = community
        self._author = author
        self._own_records = own_records
        self._conduct = conduct
        self._moved = trio.Event()
        inbox.on_members.append(lambda members: self._moved.set())

    async def run(self) -> None:
        """Attend whenever the membership has moved, and every minute, until cancelled."""
        while True:
            with trio.move_on_after(_ATTEND_S):
                await self._moved.wait()
            await self.attend()

    async def attend(self) -> None:
        """Do what is due now."""
        self._moved = trio.Event()
        try:
            missing = [r.raw for r in self._own_records if not self._inbox.members.holds(r)]
            if missing:
                await self._inbox.submit(missing, None)
            await self._keep_certificate()
            await self._bring_back()
            await self._tell_profile()
            await self._community.confirm_waiting()
        except LocalError as error:  # a full disk, or a parting just now: tried again
            self._conduct.count(f"not-attended:{error.code}")

    async def _keep_certificate(self) -> None:
        """Keep the household's certificate on a device that was added later (RCD-21)."""
        fact = self._inbox.members.fact(Register(self._author.household, Kind.CERTIFICATE, 0))
        if fact is None or any(r.kind == Kind.CERTIFICATE for r in self._own_records):
            return
        await add_joining(self._database, fact.record.raw)
        self._own_records.append(fact.record)

    async def _bring_back(self) -> None:
        """Offer again what stood before the household was out, once somebody stands for it.

        Of one that left nothing comes back: it said goodbye itself.
        """
        own = self._inbox.members.member(self._author.household)
        if own is None or not own.confirmed:
            return
        while records := await some_aside(self._database, MAX_BATCH_RECORDS):
            if not own.stands:
                await forget_aside(self._database, None)
                return
            await self._inbox.submit([raw for _, raw in records], None, parks=False)
            await forget_aside(self._database, [id for id, _ in records])

    async def _tell_profile(self) -> None:
        member = self._inbox.members.member(self._author.household)
        if member is None or not member.stands or not self._community.may_publish:
            return
        held = (await self._author.standing(Kind.PROFILE)).get(0)
        if held is not None and not (
            self._skew.trustworthy
            and self._clock.now_ms() >= held.created_at_ms + _PROFILE_REFRESH_MS
        ):
            return
        # What stands may be newer than this device's own choice: another device's.
        chosen = held.body if held is not None and not held.withdrawn else None
        profile = chosen or await read_setting(self._database, PROFILE_SETTING)
        if profile is not None:
            await self._author.replace(Kind.PROFILE, 0, profile)
