"""What this household says in records that hold many things: labels, block list, appeals.

Each thing is said of something (its key), once. Records of one kind are read as one, by slot
(MOD-1); so another word on the same thing is written where the first one stood.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import trio

from node.author import Author, Change
from node.clock import Clock
from node.inbox import Inbox
from protocol import limits
from protocol.envelope import Envelope
from protocol.errors import LocalError, RemoteError
from protocol.kinds import Kind

Key = TypeVar("Key", bound=Hashable)
Entry = TypeVar("Entry")

_MAX_BODY_BYTES = limits.MAX_RECORD_BYTES - 512
"""What the envelope leaves, with some to spare."""
_RENEW_AFTER_MS = 60 * limits.DAY_MS
"""Content lives 91 days: a month in which the node need only be on once."""


@dataclass(frozen=True, slots=True)
class Form(Generic[Key, Entry]):
    """How things of one kind are read, written and told apart; at most ``most`` in a record."""

    kind: Kind
    most: int
    read: Callable[[bytes], Sequence[Entry]]
    pack: Callable[[Sequence[Entry]], bytes]
    key: Callable[[Entry], Key]


class Statements(Generic[Key, Entry]):
    """The own household's things of one kind."""

    def __init__(
        self,
        form: Form[Key, Entry],
        author: Author,
        inbox: Inbox,
        clock: Clock,
        require_consent: Callable[[], None],
    ) -> None:
        """require_consent: raises LocalError where the household may publish nothing (GOV-10)."""
        self._form = form
        self._author = author
        self._inbox = inbox
        self._clock = clock
        self._require_consent = require_consent
        self._lock = trio.Lock()

    async def all(self) -> dict[Key, Entry]:
        """Return what is said, by what it is said of."""
        found: dict[Key, Entry] = {}
        for _, entries in sorted((await self._records()).items()):
            for entry in entries:
                found.setdefault(self._form.key(entry), entry)
        return found

    async def put(self, entry: Entry) -> None:
        """Say something, instead of what was said of the same before.

        LocalError ``may-not-speak``, ``too-many-statements``, ``consent-needed``.
        """
        async with self._lock:
            self._require_voice()
            held = await self._records()
            key, form = self._form.key(entry), self._form
            now = {
                slot: [one for one in entries if form.key(one) != key]
                for slot, entries in held.items()
            }
            before = [
                slot
                for slot, entries in sorted(held.items())
                if any(form.key(one) == key for one in entries)
            ]
            # Two devices that do not hear of each other must not write into the same record.
            standing = await self._author.standing(form.kind)
            own = [s for s in sorted(now) if standing[s].device == self._author.device]
            slot = next((s for s in [*before, *own] if self._fits([*now[s], entry])), None)
            changes = []
            if slot is None:
                changes.append(Change(form.kind, form.pack([entry])))
            else:
                now[slot].append(entry)
            await self._write([*changes, *self._changes(held, now)])

    async def remove(self, key: Key) -> bool:
        """Say nothing of it any more; whether anything was said. LocalError as :meth:`put`."""
        async with self._lock:
            held = await self._records()
            form = self._form
            now = {
                slot: [one for one in entries if form.key(one) != key]
                for slot, entries in held.items()
            }
            changes = self._changes(held, now)
            if changes:
                self._require_voice()
                await self._write(changes)
            return bool(changes)

    async def clear(self) -> None:
        """Say nothing any more. LocalError as :meth:`put`."""
        async with self._lock:
            held = await self._records()
            if held:
                self._require_voice()
                await self._write(self._changes(held, {slot: [] for slot in held}))

    async def renew(self, stands: Callable[[Entry], bool]) -> int:
        """Write anew what would soon expire, without what stands no more (MOD-2).

        Returns how many records were written. Nothing happens where the household may not
        publish. LocalError as Author.write.
        """
        async with self._lock:
            now_ms = self._clock.now_ms()
            try:
                self._require_voice()
            except LocalError:
                return 0
            due = [
                record
                for record in (await self._author.standing(self._form.kind)).values()
                if not record.withdrawn
                and now_ms >= record.created_at_ms + _RENEW_AFTER_MS
                and self._entries(record) is not None
            ]
            changes = []
            for record in due:
                entries = [one for one in self._entries(record) or () if stands(one)]
                body = self._form.pack(entries) if entries else b""
                changes.append(Change(self._form.kind, body, record.slot, withdrawn=not entries))
            await self._write(changes)
            return len(changes)

    def _require_voice(self) -> None:
        member = self._inbox.members.member(self._author.household)
        if member is None or not member.stands or not member.confirmed:
            raise LocalError("may-not-speak")
        self._require_consent()

    def _fits(self, entries: Sequence[Entry]) -> bool:
        return len(entries) <= self._form.most and len(self._form.pack(entries)) <= _MAX_BODY_BYTES

    def _changes(
        self, held: dict[int, Sequence[Entry]], now: dict[int, list[Entry]]
    ) -> list[Change]:
        kind = self._form.kind
        return [
            Change(kind, self._form.pack(entries) if entries else b"", slot, withdrawn=not entries)
            for slot, entries in now.items()
            if list(held[slot]) != entries
        ]

    async def _write(self, changes: Sequence[Change]) -> None:
        if not changes:
            return
        try:
            await self._author.write(changes)
        except LocalError as error:
            if error.code == "no-free-slot":
                raise LocalError("too-many-statements") from None
            raise

    async def _records(self) -> dict[int, Sequence[Entry]]:
        """Return what stands and can be read, by slot."""
        found = {}
        for slot, record in (await self._author.standing(self._form.kind)).items():
            entries = None if record.withdrawn else self._entries(record)
            if entries is not None:
                found[slot] = entries
        return found

    def _entries(self, record: Envelope) -> Sequence[Entry] | None:
        try:
            return self._form.read(record.body)
        except RemoteError:
            return None  # a later version's
