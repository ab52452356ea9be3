"""Noticing that another computer signs with this device's key: a copied disk, a code used twice.

Two that sign with one key would fork a ledger and rewind a ratchet; so whoever notices stops
signing, for good. The sign of it is a record by this device that this file never wrote, or a
proof that the device's chain was continued twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import trio

from node.author import Author
from node.inbox import Inbox
from node.network.port import HostKey
from node.store.database import Connection, Database
from node.store.ledger_entries import is_copied, note_written
from node.store.settings import COPIED_SETTING, read_setting, write_setting
from protocol.envelope import Envelope
from protocol.errors import LocalError
from protocol.ids import RecordId
from protocol.kinds import Kind

_SEALED_SETTING = "sealed-until"
"""The device's key, and a time (8 bytes) after which it has dated no record yet."""
_AHEAD_MS = 60_000
"""Noted that far ahead, so that not every record costs a second transaction."""


class CopyWatch:
    """Knows what this device wrote, and looks at what comes in; run :meth:`run` in the nursery.

    Links of the ledger are known one by one, also those that never took their register: before
    it continues its chain, a device must be sure. Of other records it is known since when there
    were none, which costs no transaction for each.
    """

    def __init__(self, database: Database, author: Author, inbox: Inbox) -> None:
        self._database = database
        self._author = author
        self._sealed_before_ms = 0
        self._noted_until_ms = 0
        self._sealed: set[RecordId] = set()
        self._found = trio.Event()
        author.on_sealed.append(self._note)
        inbox.on_stored.append(self._look)

    async def load(self) -> None:
        """Recall what this device has signed before, and whether a copy of it was seen."""
        device = self._author.device
        self._author.is_copied |= await read_setting(self._database, COPIED_SETTING) == device
        noted = await read_setting(self._database, _SEALED_SETTING)
        if noted is not None and noted[: len(device)] == device:
            self._sealed_before_ms = int.from_bytes(noted[len(device) :], "big")
            self._noted_until_ms = self._sealed_before_ms

    async def run(self) -> None:
        """Keep across restarts that a copy was seen."""
        await self._found.wait()
        with suppress(LocalError):  # a full disk: this process has stopped signing all the same
            await write_setting(self._database, COPIED_SETTING, self._author.device)

    async def check_chain(self, accused: bool) -> None:
        """Stop signing if this device's chain holds a link that was not written here.

        accused: whether somebody has proven that it was continued twice.
        """
        device = self._author.device
        if self._author.is_copied:
            return
        if accused or await self._database.read(lambda c: is_copied(c, device)):
            self._stop()

    def _stop(self) -> None:
        self._author.is_copied = True
        self._found.set()

    async def _note(self, sealed: Sequence[Envelope]) -> None:
        self._sealed.update(record.id for record in sealed)
        links = [record for record in sealed if record.kind == Kind.LEDGER]

        def write(connection: Connection) -> None:
            for record in links:
                note_written(connection, record)

        if links:
            await self._database.write(write)
        latest = max((record.created_at_ms for record in sealed), default=0)
        if latest > self._noted_until_ms:
            until = latest + _AHEAD_MS
            value = self._author.device + until.to_bytes(8, "big")
            await write_setting(self._database, _SEALED_SETTING, value)
            self._noted_until_ms = until

    def _look(self, records: Sequence[Envelope], origin: HostKey | None) -> None:
        if origin is None or self._author.is_copied:
            return
        for record in records:
            if (
                record.device == self._author.device
                and record.created_at_ms > self._sealed_before_ms
                and record.id not in self._sealed
            ):
                self._stop()
