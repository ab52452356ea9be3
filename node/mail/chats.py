"""What households write to each other, in threads: one with each, and one about each listing."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from node.clock import Clock
from node.inbox import Inbox
from node.mail.incoming import Delivery, DeliveryState, Incoming, NotYet
from node.mail.post import Post
from node.store.database import Connection, Database
from node.store.profiles import read_profiles
from node.store.settings import read_setting, write_setting
from protocol.envelope import decode
from protocol.errors import LocalError, RemoteError
from protocol.ids import DeviceKey, HouseholdId, ThingKey, short
from protocol.limits import MAX_CLOCK_AHEAD_MS
from protocol.listing import read_listing
from protocol.mail.letter import MESSAGE_ID_BYTES, Chat, Note, Topic, read_chat
from protocol.mail.limits import MAX_CHAT_TEXT, MAX_LIFE_MS, MAX_NOTED
from protocol.text import clean

MAX_UNREAD = 500
"""Chats of one household that nobody has read: more of them wait at their sender."""
_READ_RECEIPTS = "read_receipts"
_COLUMNS = "message_id, outgoing, text, at_ms, read_at_ms"


@dataclass(frozen=True, slots=True)
class ChatView:
    """One chat. read: by the person it was written to, as far as we know.

    delivery: how far an own one has come; None for those of the other household.
    """

    id: bytes
    outgoing: bool
    text: str
    at_ms: int
    delivery: Delivery | None
    read: bool


@dataclass(frozen=True, slots=True)
class ThreadView:
    """What was said with one household about one listing, or about nothing in particular.

    title: of the listing when it was written about, "" if it was not known. at_ms: of the last.
    """

    household: HouseholdId
    name: str
    listing: ThingKey | None
    title: str
    last_text: str
    last_outgoing: bool
    at_ms: int
    unread: int


class Chats:
    """Writes and reads chats."""

    def __init__(
        self,
        database: Database,
        post: Post,
        inbox: Inbox,
        clock: Clock,
        own: HouseholdId,
        is_blocked: Callable[[HouseholdId], bool],
    ) -> None:
        """is_blocked: whether this household blocks another one."""
        self._database = database
        self._post = post
        self._inbox = inbox
        self._clock = clock
        self._own = own
        self._is_blocked = is_blocked
        post.serve(Topic.CHAT, self._take_in)

    # -- writing

    async def send(
        self, household: HouseholdId, text: str, listing: ThingKey | None = None
    ) -> ChatView:
        """Write to a household; it is on its way once it can be.

        LocalError ``not-yourself``, ``household-not-found``, ``you-block``, ``message-empty``,
        ``message-too-long``.
        """
        if household == self._own:
            raise LocalError("not-yourself")
        member = self._inbox.members.member(household)
        if member is None or not member.stands:
            raise LocalError("household-not-found", id=short(household))
        if self._is_blocked(household):
            raise LocalError("you-block", id=short(household))
        cleaned = clean(text, lines=True)
        if not cleaned:
            raise LocalError("message-empty")
        if len(cleaned) > MAX_CHAT_TEXT:
            raise LocalError("message-too-long", length=len(cleaned), most=MAX_CHAT_TEXT)
        content = Chat(cleaned, listing).pack()
        message_id, now_ms = os.urandom(MESSAGE_ID_BYTES), self._clock.now_ms()

        def write(connection: Connection) -> None:
            self._post.write(connection, household, Topic.CHAT, content, message_id)
            self._keep(connection, household, message_id, True, Chat(cleaned, listing), now_ms)

        await self._database.write(write)
        self._post.wake()
        queued = Delivery(DeliveryState.QUEUED, 0, now_ms)
        return ChatView(message_id, True, cleaned, now_ms, queued, False)

    async def send_again(self, lost: DeviceKey) -> int:
        """Write once more what another device of the household wrote lately; return how many.

        For a device that is given up: what it sealed is refused from then on, and part of that
        may be under way still. Under their old ids, so that nobody gets a chat twice.
        """
        now_ms = self._clock.now_ms()

        def write(connection: Connection) -> int:
            rows = connection.execute(
                "SELECT household, chat.message_id, listing, text, chat.at_ms FROM chat"
                " WHERE outgoing = 1 AND chat.at_ms > ?1 AND message_id IN"
                " (SELECT message_id FROM parcel_in WHERE household = ?2 AND device = ?3)"
                " ORDER BY n",
                (now_ms - MAX_LIFE_MS, self._own, lost),
            ).fetchall()
            for household, message_id, listing, text, at_ms in rows:
                content = Chat(text, None if listing is None else ThingKey(listing)).pack()
                to = HouseholdId(household)
                self._post.write(connection, to, Topic.CHAT, content, message_id, sent_at_ms=at_ms)
            return len(rows)

        written = await self._database.write(write)
        self._post.wake()
        return written

    async def mark_read(self, household: HouseholdId, listing: ThingKey | None = None) -> int:
        """Note that a person has read a thread; the writers are told if that is allowed."""
        tells, now_ms = await self.read_receipts(), self._clock.now_ms()

        def mark(connection: Connection) -> int:
            rows = connection.execute(
                "UPDATE chat SET read_at_ms = ? WHERE household = ? AND listing IS ?"
                " AND outgoing = 0 AND read_at_ms IS NULL RETURNING message_id, device",
                (now_ms, household, listing),
            ).fetchall()
            if tells:
                for device in {device for _, device in rows}:
                    reads = [id for id, by in rows if by == device]
                    for at in range(0, len(reads), MAX_NOTED):
                        note = Note(reads=tuple(reads[at : at + MAX_NOTED])).pack()
                        self._post.write(connection, household, Topic.DELIVERY, note, device=device)
            return len(rows)

        marked = await self._database.write(mark)
        self._post.wake()
        return marked

    async def read_receipts(self) -> bool:
        """Whether writers are told when their chats were read; at first they are not."""
        return await read_setting(self._database, _READ_RECEIPTS) == b"1"

    async def allow_read_receipts(self, allowed: bool) -> None:
        """Choose whether writers are told when their chats were read."""
        await write_setting(self._database, _READ_RECEIPTS, b"1" if allowed else b"0")

    # -- reading

    async def threads(self) -> list[ThreadView]:
        """Return all threads, the one with the latest chat first."""
        profiles = await read_profiles(self._database)

        def read(
            connection: Connection,
        ) -> list[tuple[bytes, bytes | None, str, str, int, int, int]]:
            rows: list[tuple[bytes, bytes | None, str, str, int, int, int]] = connection.execute(
                "SELECT household, listing, coalesce(max(title), ''),"
                " (SELECT text FROM chat AS c WHERE c.household = chat.household"
                "  AND c.listing IS chat.listing ORDER BY at_ms DESC, n DESC LIMIT 1),"
                " (SELECT outgoing FROM chat AS c WHERE c.household = chat.household"
                "  AND c.listing IS chat.listing ORDER BY at_ms DESC, n DESC LIMIT 1),"
                " max(at_ms), sum(outgoing = 0 AND read_at_ms IS NULL)"
                " FROM chat GROUP BY household, listing ORDER BY max(at_ms) DESC, max(n) DESC"
            ).fetchall()
            return rows

        return [
            ThreadView(
                HouseholdId(household),
                profiles[HouseholdId(household)].name if household in profiles else "",
                None if listing is None else ThingKey(listing),
                title,
                text,
                bool(outgoing),
                at_ms,
                unread,
            )
            for household, listing, title, text, outgoing, at_ms, unread in (
                await self._database.read(read)
            )
        ]

    async def thread(
        self, household: HouseholdId, listing: ThingKey | None = None
    ) -> list[ChatView]:
        """Return the chats of one thread, the oldest first."""
        rows = await self._database.read(
            lambda connection: connection.execute(
                f"SELECT {_COLUMNS} FROM chat WHERE household = ? AND listing IS ?"
                " ORDER BY at_ms, n",
                (household, listing),
            ).fetchall()
        )
        deliveries = await self._post.delivery([id for id, outgoing, *_ in rows if outgoing])
        return [
            ChatView(
                id,
                bool(outgoing),
                text,
                at_ms,
                deliveries.get(id) if outgoing else None,
                _is_read(deliveries.get(id)) if outgoing else read_at_ms is not None,
            )
            for id, outgoing, text, at_ms, read_at_ms in rows
        ]

    async def unread(self) -> int:
        """Return how many chats nobody here has read."""
        (count,) = await self._database.read(
            lambda connection: connection.execute(
                "SELECT count(*) FROM chat WHERE read_at_ms IS NULL AND outgoing = 0"
            ).fetchone()
        )
        return int(count)

    # -- taking in

    def _take_in(self, connection: Connection, incoming: Incoming) -> None:
        """Within the transaction that acknowledges: from a neighbour, or from an own device."""
        chat = read_chat(incoming.content)
        if incoming.sender == incoming.recipient:
            raise RemoteError("chat-with-oneself")
        other = incoming.recipient if incoming.is_copy else incoming.sender
        if not incoming.is_copy:
            (unread,) = connection.execute(
                "SELECT count(*) FROM chat"
                " WHERE household = ? AND read_at_ms IS NULL AND outgoing = 0",
                (other,),
            ).fetchone()
            if unread >= MAX_UNREAD:
                raise NotYet(full=True)
        now_ms = self._clock.now_ms()
        at_ms = (
            incoming.sent_at_ms if incoming.sent_at_ms <= now_ms + MAX_CLOCK_AHEAD_MS else now_ms
        )
        self._keep(
            connection,
            other,
            incoming.message_id,
            incoming.is_copy,
            chat,
            at_ms,
            None if incoming.is_copy else incoming.device,
        )

    def _keep(
        self,
        connection: Connection,
        household: HouseholdId,
        message_id: bytes,
        outgoing: bool,
        chat: Chat,
        at_ms: int,
        device: bytes | None = None,
    ) -> None:
        connection.execute(
            "INSERT OR IGNORE INTO chat"
            " (message_id, household, listing, title, outgoing, text, at_ms, device)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                message_id,
                household,
                chat.listing,
                self._title(connection, household, chat.listing),
                outgoing,
                chat.text,
                at_ms,
                device,
            ),
        )

    def _title(
        self, connection: Connection, household: HouseholdId, listing: ThingKey | None
    ) -> str | None:
        """Return what the listing of a thread is called now, by one of the two."""
        if listing is None:
            return None
        row = connection.execute(
            "SELECT raw FROM listing JOIN record ON record.seq = listing.seq"
            " JOIN household ON household.n = listing.household"
            " WHERE household.id IN (?, ?) AND listing.key = ?",
            (household, self._own, listing),
        ).fetchone()
        return None if row is None else read_listing(decode(row[0]).body).title


def _is_read(delivery: Delivery | None) -> bool:
    return delivery is not None and delivery.state is DeliveryState.READ
