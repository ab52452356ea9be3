"""Writing the own household's records: slots, generations, revisions, and the signature.

A record is on disk before it is gossiped, and the inbox judges one's own as strictly as
anybody's.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

import trio

from node.clock import Clock
from node.inbox import Inbox
from node.network.port import HostKey
from node.store.records import RecordStore
from protocol import addresses, limits
from protocol.admission import Admit, Ignore, Park, Reject
from protocol.envelope import Draft, Envelope, seal
from protocol.errors import LocalError, RemoteError
from protocol.ids import THING_KEY_BYTES, DeviceKey, HouseholdId, ThingKey, text_of
from protocol.kinds import ROOT_SIGNED, Kind, lifetime_ms
from protocol.signing import KeyPair

Spread = Callable[[Sequence[Envelope]], None]

Sealed = Callable[[Sequence[Envelope]], Awaitable[None]]
"""Awaited with own records that nobody can have seen yet."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Whose records these are, and this device's key for signing them.

    root: the household's own key; None on a device that was added with a code.
    """

    household: HouseholdId
    device: KeyPair
    root: KeyPair | None


@dataclass(frozen=True, slots=True)
class Change:
    """Something to be written. slot: where; None for a free one, this device's own first."""

    kind: Kind
    body: bytes
    slot: int | None = None
    withdrawn: bool = False


class Author:
    """Drafts, signs and submits; one writer at a time, so that no slot is taken twice."""

    def __init__(
        self,
        keys: Keys,
        device_slot: int,
        clock: Clock,
        inbox: Inbox,
        store: RecordStore,
        spread: Spread,
    ) -> None:
        """device_slot: of this device's certificate; tells which slots it fills first."""
        self.household = keys.household
        self.device = DeviceKey(keys.device.public)
        self.is_copied = False
        """Whether another computer signs with this device's key: then nothing more is signed."""
        self._keys = keys
        self._device_slot = device_slot
        self._clock = clock
        self._inbox = inbox
        self._store = store
        self._spread = spread
        self._lock = trio.Lock()
        self._own: dict[int, dict[int, Envelope]] = {}
        self._reading = trio.Lock()
        self._stored_meanwhile: dict[int, dict[int, Envelope]] = {}
        self.on_sealed: list[Sealed] = []
        inbox.on_stored.append(self._follow)
        inbox.on_forgotten.append(self._own.clear)

    @property
    def holds_root(self) -> bool:
        """Whether this device has the household's own key, and so certifies devices."""
        return self._keys.root is not None

    async def standing(self, kind: Kind) -> dict[int, Envelope]:
        """Return the own standing records of one kind by slot (withdrawn ones included)."""
        if kind in self._own:
            return self._own[kind]
        async with self._reading:
            newer = self._stored_meanwhile[kind] = {}
            try:
                found = await self._store.standing_of(self.household, kind)
            finally:
                del self._stored_meanwhile[kind]
            own = self._own[kind] = {record.slot: record for record in found} | newer
        return own

    async def publish(
        self,
        kind: Kind,
        bodies: Sequence[bytes],
        slots: range,
        reusable: Callable[[Envelope], bool] = lambda record: record.withdrawn,
        window: int | None = None,
    ) -> list[Envelope | LocalError]:
        """Put new things into free slots; one result for each body, in order.

        slots: those that may be used. reusable: whether what stands in a slot may be
        replaced by a later thing. window: fill the lowest so many first, then the next.
        """
        async with self._lock:
            standing = await self.standing(kind)

            def is_empty(slot: int) -> bool:
                held = standing.get(slot)
                return held is None or (held.withdrawn and reusable(held))

            # Empty slots first: whether what stands in one is over takes reading it.
            turn = partial(_in_turn, slots, self._device_slot, window)
            free = chain(
                (s for s in turn() if is_empty(s)),
                (s for s in turn() if not is_empty(s) and reusable(standing[s])),
            )
            drafts: list[Draft | LocalError] = []
            for body in bodies:
                slot = next(free, None)
                if slot is None:
                    drafts.append(LocalError("no-free-slot", used=len(standing)))
                else:
                    drafts.append(self._new(kind, slot, standing.get(slot), body))
            return await self._submit(drafts)

    async def replace(
        self,
        kind: Kind,
        slot: int,
        body: bytes,
        withdrawn: bool = False,
        key: ThingKey | None = None,
    ) -> Envelope:
        """Write the next revision of what stands in a slot, or its first one.

        key: of the thing that must stand there, or else LocalError ``listing-not-found``:
        it may have been withdrawn, and its slot reused, since the caller looked.
        """
        async with self._lock:
            held = (await self.standing(kind)).get(slot)
            if key is not None and (held is None or held.key != key or held.withdrawn):
                raise LocalError("listing-not-found", id=text_of(key))
            draft = (
                self._new(kind, slot, None, body)
                if held is None
                else self._next(held, body, withdrawn, held.created_at_ms)
            )
            return _only(await self._submit([draft]))

    async def revise(
        self, changes: Sequence[tuple[Envelope, bytes, bool]]
    ) -> list[Envelope | LocalError]:
        """Write the next revision of many own records in one transaction; one result each.

        changes: what stands, its next body, and whether that withdraws it. What another device
        signed under the certificate that is withdrawn here goes in the same transaction, so
        nothing between the two is ever seen (RCD-18).
        """
        async with self._lock:
            return await self._submit(
                [
                    # A device's times do not bind those who take over from it: they may lie.
                    self._next(held, body, withdrawn, held.created_at_ms if held.root_signed else 0)
                    for held, body, withdrawn in changes
                ]
            )

    async def draft(self, changes: Sequence[Change]) -> list[Envelope | LocalError]:
        """Return what would be written, signed, so that what follows can be seen beforehand."""
        async with self._lock:
            return [
                draft if isinstance(draft, LocalError) else self._sealed(draft)
                for draft in await self._drafts(changes)
            ]

    async def write(self, changes: Sequence[Change]) -> list[Envelope]:
        """Write records of several kinds in one transaction, told to others in this order.

        Raises the first LocalError; what has no slot keeps everything from being written.
        """
        async with self._lock:
            drafts = await self._drafts(changes)
            for draft in drafts:
                if isinstance(draft, LocalError):
                    raise draft
            written: list[Envelope] = []
            for result in await self._submit(drafts):
                if isinstance(result, LocalError):
                    raise result
                written.append(result)
            return written

    async def _drafts(self, changes: Sequence[Change]) -> list[Draft | LocalError]:
        drafts: list[Draft | LocalError] = []
        taken: set[tuple[Kind, int]] = set()
        for change in changes:
            standing = await self.standing(change.kind)
            slot = change.slot
            if slot is None:
                slots = range(self._inbox.members.slots(self.household, change.kind))
                slot = next(
                    (
                        s
                        for s in _in_turn(slots, self._device_slot)
                        if (change.kind, s) not in taken
                        and ((held := standing.get(s)) is None or held.withdrawn)
                    ),
                    None,
                )
            if slot is None:
                drafts.append(LocalError("no-free-slot", used=len(standing)))
                continue
            taken.add((change.kind, slot))
            held = standing.get(slot)
            drafts.append(
                self._new(change.kind, slot, held, change.body)
                if held is None or held.withdrawn
                else self._next(held, change.body, change.withdrawn, held.created_at_ms)
            )
        return drafts

    async def start_anew(self, kind: Kind, slot: int, body: bytes) -> Envelope:
        """Begin a new generation in a slot, whatever stood there."""
        async with self._lock:
            held = (await self.standing(kind)).get(slot)
            return _only(await self._submit([self._new(kind, slot, held, body)]))

    def _new(self, kind: Kind, slot: int, held: Envelope | None, body: bytes) -> Draft:
        """A generation later than what stands there, even if our clock has gone back."""
        earliest = 0 if held is None else held.created_at_ms + 1
        created = max(self._clock.now_ms(), earliest)
        return Draft(
            self._inbox.members.community,
            kind,
            self.household,
            slot,
            ThingKey(os.urandom(THING_KEY_BYTES)),
            created,
            0,
            created,
            created + _lifetime_ms(kind),
            False,
            body,
        )

    def _next(self, held: Envelope, body: bytes, withdrawn: bool, after_ms: int) -> Draft:
        revision = held.revision + 1
        # Many edits in one moment: the revision number may not run ahead of the time.
        spent = max(0, revision - limits.FREE_REVISIONS) * limits.REVISION_MS
        created = max(self._clock.now_ms(), after_ms + 1, held.generation_ms + spent)
        return Draft(
            held.community,
            held.kind,
            self.household,
            held.slot,
            held.key,
            held.generation_ms,
            revision,
            created,
            created + _lifetime_ms(held.kind),
            withdrawn,
            body,
        )

    async def _submit(self, drafts: Sequence[Draft | LocalError]) -> list[Envelope | LocalError]:
        results = [d if isinstance(d, LocalError) else self._sealed(d) for d in drafts]
        sealed = [record for record in results if isinstance(record, Envelope)]
        for note in self.on_sealed:
            await note(sealed)
        # Told that it was refused, the person must not find it published later all the same.
        verdicts = await self._inbox.submit([record.raw for record in sealed], None, parks=False)
        admitted: list[Envelope] = []
        refused: dict[bytes, LocalError] = {}
        for record, verdict in zip(sealed, verdicts, strict=True):
            if isinstance(verdict, Admit):
                admitted.append(record)
            else:
                refused[record.id] = self._why_refused(verdict)
        self._spread(admitted)
        return [
            refused.get(result.id, result) if isinstance(result, Envelope) else result
            for result in results
        ]

    def _sealed(self, draft: Draft) -> Envelope | LocalError:
        signer = self._keys.root if draft.kind in ROOT_SIGNED else self._keys.device
        if signer is None:
            return LocalError("needs-first-device")
        if self.is_copied:
            return LocalError("device-copied")
        try:
            return seal(draft, signer)
        except RemoteError as error:
            return LocalError("too-long" if "long" in error.code else error.code)

    def _why_refused(self, verdict: Park | Ignore | Reject) -> LocalError:
        members = self._inbox.members
        unknown = verdict.reason == "unknown-device"
        if unknown and members.was_device(self.household, self.device):
            return LocalError("device-revoked")
        return _why_refused(verdict)

    def _follow(self, records: Sequence[Envelope], origin: HostKey | None) -> None:
        for record in records:
            if record.household == self.household:
                for own in (self._own, self._stored_meanwhile):
                    if record.kind in own:
                        own[record.kind][record.slot] = record


def _lifetime_ms(kind: int) -> int:
    """Addresses are told again every few days: who is gone for good is soon forgotten."""
    return addresses.LIFETIME_MS if kind == Kind.ADDRESSES else lifetime_ms(kind)


def _in_turn(slots: range, device_slot: int, window: int | None = None) -> Iterator[int]:
    """Yield all slots, a device's own first: two devices of one household that do not hear of
    each other for a while should not fill the same one, where only one thing can stand.

    window: so it is within the lowest so many, and then within the next: the low ones count.
    """
    for start in range(0, len(slots), window or max(1, len(slots))):
        part = slots[start : start + window] if window else slots
        yield from (slot for slot in part if slot % limits.DEVICE_SLOTS == device_slot)
        yield from (slot for slot in part if slot % limits.DEVICE_SLOTS != device_slot)


def _why_refused(verdict: Park | Ignore | Reject) -> LocalError:
    """Word a verdict on an own record for the person who wrote it."""
    match verdict.reason:
        case "provisional":
            return LocalError("no-free-slot-yet", reason=verdict.reason)
        case "slot":
            return LocalError("no-free-slot", reason=verdict.reason)
        case "not-yet":
            # It follows what this household wrote while its clock was ahead, or far too often.
            return LocalError("clock-behind")
    if isinstance(verdict, Ignore):
        return LocalError("not-a-member", reason=verdict.reason)
    return LocalError("not-yet-a-member", reason=verdict.reason)


def _only(results: Sequence[Envelope | LocalError]) -> Envelope:
    (result,) = results
    if isinstance(result, LocalError):
        raise result
    return result
