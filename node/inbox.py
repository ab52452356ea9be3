"""The one door into the store: own, gossiped, synced and imported records all pass here.

Submissions that wait together are admitted together and stored in one transaction. Records
that cannot be judged yet are parked, within bounds, and tried again when the membership or
the time has moved.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import trio

from node.clock import Clock
from node.conduct import Conduct
from node.network.port import HostKey
from node.store.records import RecordStore
from protocol.admission import Admit, Ignore, Park, Reject, Verdict, admit_all
from protocol.envelope import Envelope
from protocol.ids import HouseholdId
from protocol.kinds import is_membership
from protocol.membership.members import Members

MAX_BATCH_RECORDS = 500
_QUEUE = 256
_PARKED_RECORDS = 4_000
_PARKED_PER_HOST = 1_000
_RETRY_S = 30.0
_RETRY_PAUSE_S = 2.0
"""Between two tries, however often the membership moves: a member can move it all the time."""


@dataclass(slots=True)
class Submission:
    """Some records on their way in. verdicts are set before ``stored`` (or with ``judged``)."""

    raws: Sequence[bytes]
    origin: HostKey | None
    parks: bool = True
    verdicts: list[Verdict] = field(default_factory=list)
    judged: trio.Event = field(default_factory=trio.Event)
    stored: trio.Event = field(default_factory=trio.Event)
    failure: Exception | None = None


Stored = Callable[[Sequence[Envelope], HostKey | None], None]
"""Told, on the trio thread, which records took their register and where they came from."""

MembersChanged = Callable[[Members], None]


class Inbox:
    """Owns the node's current membership; run :meth:`run` in the node's nursery."""

    def __init__(
        self, store: RecordStore, clock: Clock, conduct: Conduct, members: Members
    ) -> None:
        self.members = members
        self._store = store
        self._clock = clock
        self._conduct = conduct
        self._send, self._receive = trio.open_memory_channel[Submission](_QUEUE)
        self._working = trio.Lock()
        self._parked: dict[bytes, tuple[Envelope, HostKey | None, str]] = {}
        self._parked_by: Counter[HostKey | None] = Counter()
        self._moved = trio.Event()
        self.on_stored: list[Stored] = []
        self.on_members: list[MembersChanged] = []
        self.on_forgotten: list[Callable[[], None]] = []
        """Told after records have gone without others taking their place."""
        self.on_fault: Callable[[HostKey, str], None] = lambda host, reason: None

    @property
    def parked(self) -> int:
        """How many records wait for a proof or for their time."""
        return len(self._parked)

    async def submit(
        self, raws: Sequence[bytes], origin: HostKey | None, parks: bool = True
    ) -> list[Verdict]:
        """Take records in; return their verdicts once what was admitted is durable.

        origin: the host they came from, None for one's own. parks: whether what cannot be
        judged yet is kept and tried again. Raises LocalError if the disk is full (nothing is
        stored then).
        """
        submission = Submission(raws, origin, parks)
        await self._send.send(submission)
        await submission.stored.wait()
        if submission.failure is not None:
            raise submission.failure
        return submission.verdicts

    async def judge(self, raw: bytes, origin: HostKey) -> Verdict | None:
        """Queue one gossiped record; return its verdict as soon as it is known.

        None where the queue is full: the record is dropped, reconciliation will bring it.
        """
        submission = Submission([raw], origin)
        try:
            self._send.send_nowait(submission)
        except trio.WouldBlock:
            self._conduct.count("inbox-full")
            return None
        await submission.judged.wait()
        return submission.verdicts[0] if submission.verdicts else None

    async def run(self) -> None:
        """Work until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._retry_when_due)
            while True:
                batch = [await self._receive.receive()]
                size = len(batch[0].raws)
                while size < MAX_BATCH_RECORDS:
                    try:
                        batch.append(self._receive.receive_nowait())
                    except trio.WouldBlock:
                        break
                    size += len(batch[-1].raws)
                async with self._working:
                    await self._take(batch)

    async def _take(self, batch: list[Submission]) -> None:
        now_ms = self._clock.now_ms()
        fresh = list(dict.fromkeys(raw for submission in batch for raw in submission.raws))
        judged, members = admit_all(fresh, now_ms, self.members, self._store.knows)
        verdicts = dict(zip(fresh, judged, strict=True))
        for submission in batch:
            submission.verdicts = [verdicts[raw] for raw in submission.raws]
            self._note(submission)
            submission.judged.set()
        failure: Exception | None = None
        try:
            await self._store_admitted(batch, judged, members)
        except Exception as error:  # a full disk must not end the node: the submitters are told
            self._conduct.count("store-failed")
            failure = error
        for submission in batch:
            submission.failure = failure
            submission.stored.set()

    async def _store_admitted(
        self, batch: list[Submission], judged: Sequence[Verdict], members: Members
    ) -> None:
        admitted = [verdict.record for verdict in judged if isinstance(verdict, Admit)]
        if not admitted:
            return
        # What was not admitted has no influence on who belongs: then nothing has moved.
        if not any(is_membership(record.kind) for record in admitted):
            members = self.members
        changed = _changed_households(self.members, members)
        applied = await self._store.apply(
            admitted, changed, lambda record: _still_stands(record, members)
        )
        self._conduct.count("stored", len(applied.stored))
        self._conduct.count("superseded", applied.superseded)
        self._conduct.count("dropped", applied.dropped)
        is_moved, self.members = members is not self.members, members
        origins: dict[bytes, HostKey | None] = {
            raw: submission.origin for submission in reversed(batch) for raw in submission.raws
        }
        stored = {record.raw for record in applied.stored}
        for submission in batch:
            if submission.origin is not None:
                submission.verdicts = [_after(v, stored) for v in submission.verdicts]
        if applied.dropped:
            self._tell_forgotten()
        self._tell(applied.stored, origins)
        if is_moved:
            self._tell_members()

    async def purge(self) -> int:
        """Forget what is over, and whatever stood by it alone; return how many records went.

        Raises LocalError if the disk is full.
        """
        async with self._working:
            now_ms = self._clock.now_ms()
            members = self.members.unexpired(now_ms)
            changed = _changed_households(self.members, members)
            purged = await self._store.purge(
                now_ms, changed, lambda record: _still_stands(record, members)
            )
            is_moved, self.members = members is not self.members, members
            if purged:
                self._tell_forgotten()
            if is_moved:
                self._tell_members()
        return purged

    def _tell(self, stored: Sequence[Envelope], origins: dict[bytes, HostKey | None]) -> None:
        by_origin: dict[HostKey | None, list[Envelope]] = {}
        for record in stored:
            by_origin.setdefault(origins.get(record.raw), []).append(record)
        for origin, records in by_origin.items():
            for listener in self.on_stored:
                listener(records, origin)

    def _tell_forgotten(self) -> None:
        for listener in self.on_forgotten:
            listener()

    def _tell_members(self) -> None:
        """Tell the listeners who belongs now, and have tried again what may be admitted now."""
        for listener in self.on_members:
            listener(self.members)
        self._moved.set()

    def _note(self, submission: Submission) -> None:
        for verdict in submission.verdicts:
            match verdict:
                case Reject(reason):
                    self._conduct.count(f"rejected:{reason}")
                    if submission.origin is not None:
                        self.on_fault(submission.origin, reason)
                case Park(reason, record) if submission.parks:
                    self._park(record, submission.origin, reason)
                case Ignore(reason):
                    self._conduct.count(f"ignored:{reason}")

    def _park(self, record: Envelope, origin: HostKey | None, reason: str) -> None:
        if record.id in self._parked:
            return
        if self._parked_by[origin] >= _PARKED_PER_HOST or len(self._parked) >= _PARKED_RECORDS:
            # One host cannot crowd out the others; reconciliation will offer it again.
            self._conduct.count("parking-full")
            return
        self._conduct.count(f"parked:{reason}")
        self._parked[record.id] = (record, origin, reason)
        self._parked_by[origin] += 1

    def _retry(self, may: Callable[[str], bool]) -> None:
        """Queue parked records again; those that still cannot be judged park again."""
        due: dict[HostKey | None, list[Envelope]] = {}
        for record, origin, reason in self._parked.values():
            if may(reason):
                due.setdefault(origin, []).append(record)
        for origin, records in due.items():
            try:
                self._send.send_nowait(Submission([record.raw for record in records], origin))
            except trio.WouldBlock:
                return
            for record in records:
                del self._parked[record.id]
            self._parked_by[origin] -= len(records)

    async def _retry_when_due(self) -> None:
        """Try again when the membership has moved, and every half minute."""
        while True:
            with trio.move_on_after(_RETRY_S) as waiting:
                await self._moved.wait()
            self._moved = trio.Event()
            self._retry(_any if waiting.cancelled_caught else _not_for_time)
            await trio.sleep(_RETRY_PAUSE_S)


def _any(reason: str) -> bool:
    return True


def _not_for_time(reason: str) -> bool:
    return reason != "not-yet"


def _after(verdict: Verdict, stored: Collection[bytes]) -> Verdict:
    """What was admitted, and then lost its register to what stands, was sent in vain."""
    if isinstance(verdict, Admit) and verdict.record.raw not in stored:
        return Ignore("superseded")
    return verdict


def _still_stands(record: Envelope, members: Members) -> bool:
    if is_membership(record.kind):
        return members.holds(record)
    return record.slot < members.slots(record.household, record.kind) and members.signs_for(
        record.device, record.household
    )


def _changed_households(before: Members, after: Members) -> list[HouseholdId]:
    """Return the households whose records may stand no longer."""
    return [
        household
        for household, was in before.households.items()
        if after.households.get(household) != was
    ]
