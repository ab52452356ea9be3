"""The transactions of mail: each one is all or nothing, and tells afterwards what it did."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from node.clock import Clock, Skew
from node.conduct import Conduct
from node.mail.incoming import Incoming
from node.mail.intake import Intake, Taken
from node.mail.outbox import Outbox
from node.mail.outbox_reading import Row, waiting_for
from node.network.port import HostKey
from node.network.token_bucket import TokenBucket
from node.store.database import Connection, Database
from protocol.ids import DeviceKey, HouseholdId
from protocol.limits import DAY_MS
from protocol.mail.letter import Note, Topic, read_note
from protocol.mail.limits import MAX_NOTED
from protocol.mail.mailbox import tags_now
from protocol.mail.post import Code
from protocol.membership.members import Members

_MAX_NOTES = 64
"""That wait for one device: who never fetches them could have the disk filled with more."""
_NOTES_A_DAY = 256.0
"""Written to one household: it decides, by how it brings its parcels, how many are called for.
What is not noted today is noted when the letter comes once more."""
_HOUSEHOLDS_REMEMBERED = 512

Write = Callable[[Connection, HouseholdId, Topic, bytes, DeviceKey], bytes]
"""Queues a letter to one device within a transaction."""


@dataclass(frozen=True, slots=True)
class Brought:
    """One parcel that was brought to a host, and what became of it. n: its row."""

    n: int
    id: bytes
    code: Code


class Mailroom:
    """Takes parcels in and notes what became of those sent."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        intake: Intake,
        write: Write,
        clock: Clock,
        skew: Skew,
        conduct: Conduct,
        members: Callable[[], Members],
        household_of: Callable[[HostKey], HouseholdId | None],
        network_key: bytes,
    ) -> None:
        """household_of: whom a connected host has proven to be at the gate."""
        self.database = database
        self.outbox = outbox
        self.household_of = household_of
        self.on_taken: list[Callable[[Sequence[Incoming]], None]] = []
        self.wake: Callable[[], None] = lambda: None
        self._intake = intake
        self._write = write
        self._clock = clock
        self._skew = skew
        self._conduct = conduct
        self._members = members
        self._network_key = network_key
        self._notes: OrderedDict[HouseholdId, TokenBucket] = OrderedDict()
        intake.serve(Topic.DELIVERY, self._take_note)

    def times_ms(self) -> tuple[int, ...]:
        """Return what time it may be; more than one if the neighbours' clocks differ from ours."""
        return self._skew.times_ms(self._clock.now_ms())

    def is_confirmed(self, household: HouseholdId) -> bool:
        """Tell whether somebody stands for a household."""
        member = self._members().member(household)
        return member is not None and member.confirmed

    def tags_at(self, host: HostKey) -> list[bytes]:
        """Return the tags of the mailboxes of the devices at a connected host."""
        household = self.household_of(host)
        member = None if household is None else self._members().member(household)
        if member is None:
            return []
        return [
            tag
            for device, at in member.devices.items()
            if at == host
            for now_ms in self.times_ms()
            for tag in tags_now(self._network_key, DeviceKey(device), now_ms)
        ]

    async def take(self, raws: Sequence[bytes], remote: HostKey) -> list[Code]:
        """Take in parcels that a host hands over; return what became of each.

        Raises RemoteError if one is malformed, LocalError if the disk is full.
        """
        now_ms = max(self.times_ms())  # what is remembered must not be forgotten too early

        def take(connection: Connection) -> Taken:
            taken = self._intake.take(connection, raws, remote, now_ms)
            for author in dict.fromkeys((*taken.acks, *taken.nacks)):
                waiting = waiting_for(connection, author[0], Topic.DELIVERY, author[1])
                if waiting >= _MAX_NOTES or not self._may_note(author[0], now_ms):
                    taken.counts["mail-notes-full"] += 1
                    continue
                acks, nacks = taken.acks.get(author, []), taken.nacks.get(author, [])
                note = Note(tuple(acks[:MAX_NOTED]), tuple(nacks[:MAX_NOTED]))
                self._write(connection, author[0], Topic.DELIVERY, note.pack(), author[1])
            return taken

        taken = await self.database.write(take)
        self._conduct.counts.update(taken.counts)
        if taken.letters:
            for listener in self.on_taken:
                listener(taken.letters)
        self.wake()
        return taken.codes

    def _may_note(self, household: HouseholdId, now_ms: int) -> bool:
        """Whether a household has not been written too many notes today."""
        bucket = self._notes.pop(household, None) or TokenBucket(
            _NOTES_A_DAY * 1_000 / DAY_MS, _NOTES_A_DAY
        )
        self._notes[household] = bucket
        while len(self._notes) > _HOUSEHOLDS_REMEMBERED:
            self._notes.popitem(last=False)
        return bucket.take(now_ms / 1_000)

    async def note_deposit(self, host: HostKey, results: Sequence[Brought]) -> None:
        """Keep which parcels a host holds now."""
        holder = self.household_of(host)
        kept = [done.id for done in results if done.code in (Code.HELD, Code.KNOWN)]
        if holder is not None and kept:
            await self.database.write(
                lambda connection: self.outbox.note_held(connection, kept, holder)
            )

    async def note_delivery(self, results: Sequence[Brought]) -> None:
        """Keep what a device said of parcels delivered to it."""
        now_ms = self._clock.now_ms()

        def note(connection: Connection) -> None:
            there = [done.n for done in results if done.code in (Code.TAKEN, Code.KNOWN)]
            self.outbox.settle(connection, there, Row.DELIVERED, now_ms)
            refused = [done.n for done in results if done.code is Code.REFUSED]
            self.outbox.settle(connection, refused, Row.REFUSED, now_ms)
            unread = [done.id for done in results if done.code is Code.UNDECIPHERABLE]
            self.outbox.seal_anew(connection, unread, now_ms)

        await self.database.write(note)

    def _take_note(self, connection: Connection, incoming: Incoming) -> None:
        """A device tells what it got, could not decipher, or has read."""
        note, now_ms = read_note(incoming.content), self._clock.now_ms()
        self.outbox.acknowledged(connection, incoming.device, note.acks, now_ms)
        self.outbox.undeciphered(connection, incoming.device, note.nacks, now_ms)
        self.outbox.read_by(connection, incoming.sender, note.reads, now_ms)
