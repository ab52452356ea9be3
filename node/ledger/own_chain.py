"""The chain of this device: one link at a time."""

from __future__ import annotations

from collections.abc import Sequence

import trio

from node.author import Author
from node.inbox import Inbox
from node.store.database import Database
from node.store.ledger_entries import head_of, remembered
from protocol import limits
from protocol.envelope import Envelope
from protocol.errors import LocalError
from protocol.ids import DeviceKey
from protocol.kinds import Kind
from protocol.ledger.entry import Adoption, Content, Entry, Head, entry_of, receipt_of
from protocol.ledger.review import Review


class OwnChain:
    """Writes this device's links. What a chain holds is read from what was ever stored here,
    not from what stands: a household that is away for a while goes on where it was.
    """

    def __init__(self, database: Database, author: Author, inbox: Inbox, device_slot: int) -> None:
        self._database = database
        self._author = author
        self._inbox = inbox
        self._device_slot = device_slot
        self._lock = trio.Lock()

    async def head(self) -> Head:
        """Return how long this device's chain is, and its last link."""
        device = self._author.device
        return await self._database.read(lambda connection: head_of(connection, device))

    async def append(self, contents: Sequence[Content]) -> int:
        """Link what is not linked yet, in this order; return how many that were.

        Raises LocalError as any record's of one's own, and ``ledger-full``: what comes before
        the one that was refused is linked then.
        """
        async with self._lock:
            links = await self._links(self._author.device)
            held = {_name(entry.content) for _, entry in links}
            head = await self.head()
            linked = 0
            for content in contents:
                if _name(content) in held:
                    continue
                if head.count >= limits.MAX_LEDGER_ENTRIES:
                    raise LocalError("ledger-full", entries=head.count)
                body = Entry(head.count, head.id, content).pack()
                slot = await self._free_slot()
                record = await self._author.start_anew(Kind.LEDGER, slot, body)
                held.add(_name(content))
                head = Head(head.count + 1, record.id)
                linked += 1
            return linked

    async def contents_of(self, device: DeviceKey) -> list[Content]:
        """Return what a device of this household linked, in order, as far as it was seen."""
        return [entry.content for _, entry in await self._links(device)]

    async def adopt(self, device: DeviceKey, stands_by: Sequence[Content]) -> int:
        """Continue the chain of another device: name its head, and link ``stands_by`` anew.

        Does what is missing only, so that after a crash it can be done again.
        """
        links = await self._links(device)
        if not links:
            return 0
        record, entry = links[-1]
        return await self.append([Adoption(device, record.id, entry.index + 1), *stands_by])

    async def offer_again(self) -> None:
        """Submit links that were stored once and stand no longer, such as after an absence."""
        standing = await self._author.standing(Kind.LEDGER)
        known = {record.id for record in standing.values()}
        links = await self._links(self._author.device)
        missing = [record.raw for record, _ in links if record.id not in known]
        if missing:
            await self._inbox.submit(missing, None, parks=False)

    async def _links(self, device: DeviceKey) -> list[tuple[Envelope, Entry]]:
        records = await self._database.read(lambda connection: remembered(connection, device))
        found = ((record, entry_of(record)) for record in records)
        return [(record, entry) for record, entry in found if entry is not None]

    async def _free_slot(self) -> int:
        """Return an empty slot of this device's own, or of a number that no device has.

        Never one that another device may be filling right now: one of the two links would be
        lost, and that looks as if somebody had hidden it.
        """
        standing = await self._author.standing(Kind.LEDGER)
        members, household = self._inbox.members, self._author.household
        if members.slots(household, Kind.LEDGER) == 0:
            raise LocalError("no-free-slot-yet", reason="provisional")
        devices = {
            fact.record.slot
            for fact in members.facts_of(household, Kind.DEVICE)
            if not fact.record.withdrawn
        }
        numbers = range(limits.DEVICE_SLOTS)
        free = (
            slot
            for number in (self._device_slot, *(n for n in numbers if n not in devices))
            for slot in range(number, limits.MANY_DURABLE_SLOTS, limits.DEVICE_SLOTS)
            if slot not in standing
        )
        slot = next(free, None)
        if slot is None:
            raise LocalError("ledger-full", entries=len(standing))
        return slot


def _name(content: Content) -> tuple[str, bytes]:
    """Name what a link is about: a chain says each thing once."""
    match content:
        case Review():
            return "review", content.receipt
        case Adoption():
            return "adoption", content.device
    return "receipt", receipt_of(content) or b""
