"""The moderation log: who said what of whom in public, with reasons, times and appeals (MOD-8).

What counts here is compared with what counted at the last look, and what does not any more is
kept with the time: nothing that was done to somebody disappears without a trace at this node.
Neighbours that came later may never have seen it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

import trio

from node.clock import Clock
from node.community import Community
from node.conduct import Conduct
from node.governance.wording import own_removals, standing
from node.inbox import Inbox
from node.moderation.showing import Showing
from node.network.port import HostKey
from node.store.database import Connection, Database
from node.store.profiles import forget_former_names
from protocol import wire
from protocol.envelope import Envelope, decode
from protocol.errors import LocalError
from protocol.ids import HouseholdId, ThingKey
from protocol.kinds import Kind
from protocol.membership.bodies import Removal
from protocol.moderation.applied import appeals_in, labels_in
from protocol.moderation.labels import Subject
from protocol.text import clean

_PAUSE_S = 1.0
"""Between two looks, however often records come."""
_MOST_GONE = 2_000
"""Of what counts no more the latest are kept; and of one author this share of them."""
_MOST_GONE_OF_ONE = 400
_MOST_APPEALING = 300
"""Households whose appeals are read: the latest; of each its latest record of them."""
_MOST_OTHERS = 200


class Deed(IntEnum):
    """What an entry tells."""

    LABEL = 1
    REMOVAL = 2
    SEAT = 3
    CHARTER = 4
    APPEAL = 5


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing said in public. household, listing: of whom; None for seats and charters.

    number: a label's verdict, a charter's number, else 0. said_at_ms: by the author's clock, of
    its latest record. seen_at_ms: when this node saw it first. gone_at_ms: when this node saw
    that it counts no more: withdrawn, over, or its author is no steward any more.
    """

    deed: Deed
    author: HouseholdId
    household: HouseholdId | None
    listing: ThingKey | None
    number: int
    text: str
    said_at_ms: int
    seen_at_ms: int = 0
    gone_at_ms: int | None = None

    def id(self) -> bytes:
        """Return 16 bytes: of what is said, by whom, of what; not of when."""
        said = (int(self.deed), self.author, self.household, self.listing, self.number, self.text)
        return hashlib.blake2b(wire.pack(said), digest_size=16).digest()


class Log:
    """Writes the log; run :meth:`run` in the node's nursery."""

    def __init__(
        self,
        database: Database,
        community: Community,
        inbox: Inbox,
        showing: Showing,
        clock: Clock,
        conduct: Conduct,
    ) -> None:
        self._database = database
        self._community = community
        self._inbox = inbox
        self._showing = showing
        self._clock = clock
        self._conduct = conduct
        self._lock = trio.Lock()
        self._moved = trio.Event()
        inbox.on_members.append(lambda members: self._moved.set())
        inbox.on_stored.append(self._follow)
        inbox.on_forgotten.append(lambda: self._moved.set())

    async def load(self) -> None:
        """Forget what households were called that nobody reads of any more.

        On a start only: a removal is written down here a moment after it took the name away.
        """
        removed = frozenset(self._inbox.members.removed)
        await self._database.write(lambda connection: forget_former_names(connection, removed))

    async def run(self) -> None:
        """Write down what has changed whenever something has, until cancelled."""
        while True:
            self._moved = trio.Event()
            try:
                await self.attend()
            except LocalError as error:  # a full disk: tried again when something moves
                self._conduct.count(f"not-attended:{error.code}")
            await trio.sleep(_PAUSE_S)
            await self._moved.wait()

    async def attend(self) -> None:
        """Write down what counts now, and what does not any more."""
        async with self._lock:
            followed, now_ms = self._showing.followed, self._clock.now_ms()
            decided = list(self._decided())

            def write(connection: Connection) -> None:
                entries = [*decided, *_labels(connection, followed), *_appeals(connection)]
                _note(connection, {entry.id(): entry for entry in entries}, now_ms)

            await self._database.write(write)

    async def entries(self) -> Sequence[Entry]:
        """Return what is written down, the latest first: by when it ended, or was first seen."""
        await self.attend()
        rows = await self._database.read(
            lambda connection: connection.execute(
                "SELECT kind, author, household, listing, number, text, said_at_ms, seen_at_ms,"
                " gone_at_ms FROM moderation_log"
                " ORDER BY max(said_at_ms, ifnull(gone_at_ms, 0)) DESC, seen_at_ms DESC, kind, id"
            ).fetchall()
        )
        return [
            Entry(
                Deed(kind),
                HouseholdId(author),
                None if household is None else HouseholdId(household),
                None if listing is None else ThingKey(listing),
                *rest,
            )
            for kind, author, household, listing, *rest in rows
        ]

    async def others(self) -> Sequence[Entry]:
        """Return labels that do not count here, the latest few."""
        followed = self._showing.followed

        def read(connection: Connection) -> list[Entry]:
            rows = connection.execute(
                "SELECT raw FROM record INDEXED BY record_labels"
                f" WHERE kind = {int(Kind.LABELS)}"  # no parameter: the index is a partial one
                " ORDER BY created_at_ms DESC LIMIT ?",
                (_MOST_OTHERS,),
            ).fetchall()
            records = [decode(raw) for (raw,) in rows]
            return [
                entry
                for record in records
                if record.household not in followed
                for entry in _entries_in(record)
            ]

        return (await self._database.read(read))[:_MOST_OTHERS]

    def _decided(self) -> Iterator[Entry]:
        """Yield removals, seats and the charter in force, from the membership."""
        members = self._inbox.members
        council = members.council
        for steward in council.voters:
            reasons = own_removals(members, steward)
            for slot, fact in standing(members, steward, Kind.REMOVAL).items():
                if slot in reasons and isinstance(fact.body, Removal):
                    said_at_ms, reason = fact.record.created_at_ms, clean(fact.body.reason)
                    yield Entry(
                        Deed.REMOVAL, steward, fact.body.household, None, 0, reason, said_at_ms
                    )
        for steward in council.stewards:
            seats = standing(members, steward, Kind.SEATS).values()
            since_ms = min((fact.record.generation_ms for fact in seats), default=0) or (
                members.genesis.created_at_ms
            )
            yield Entry(Deed.SEAT, steward, None, None, 0, "", since_ms)
        version = council.charter
        at_ms = min(
            (
                fact.record.created_at_ms
                for steward in version.wanted_by
                for fact in standing(members, steward, Kind.AMENDMENT).values()
                if getattr(fact.body, "number", None) == version.number
            ),
            default=members.genesis.created_at_ms,
        )
        author = version.wanted_by[0] if version.wanted_by else members.founder
        name = version.charter.name
        yield Entry(Deed.CHARTER, author, None, None, version.number, name, at_ms)

    def _follow(self, records: Sequence[Envelope], origin: HostKey | None) -> None:
        followed = self._showing.followed
        if any(
            record.kind == Kind.APPEALS
            or (record.kind == Kind.LABELS and record.household in followed)
            for record in records
        ):
            self._moved.set()


def _labels(connection: Connection, followed: frozenset[HouseholdId]) -> Iterator[Entry]:
    for household in sorted(followed):
        rows = connection.execute(
            "SELECT raw FROM record JOIN household ON n = record.household"
            " WHERE household.id = ? AND kind = ? ORDER BY slot",
            (household, int(Kind.LABELS)),
        ).fetchall()
        seen: set[Subject] = set()
        for (raw,) in rows:
            for entry in _entries_in(decode(raw)):
                assert entry.household is not None
                subject = Subject(entry.household, entry.listing)
                if subject not in seen:
                    seen.add(subject)
                    yield entry


def _entries_in(record: Envelope) -> Iterator[Entry]:
    for subject, label in labels_in([record]).items():
        if subject.household != record.household:
            yield Entry(
                Deed.LABEL,
                record.household,
                subject.household,
                subject.listing,
                int(label.verdict),
                label.reason,
                record.created_at_ms,
            )


def _appeals(connection: Connection) -> Iterator[Entry]:
    rows = connection.execute(
        "SELECT raw, max(created_at_ms) AS latest FROM record INDEXED BY record_appeals"
        f" WHERE kind = {int(Kind.APPEALS)} GROUP BY household ORDER BY latest DESC LIMIT ?",
        (_MOST_APPEALING,),
    ).fetchall()
    for raw, _ in rows:
        record = decode(raw)
        for subject, appeal in appeals_in([record]).items():
            yield Entry(
                Deed.APPEAL,
                record.household,
                subject.household,
                subject.listing,
                0,
                appeal.text,
                record.created_at_ms,
            )


def _note(connection: Connection, now: dict[bytes, Entry], now_ms: int) -> None:
    """Bring the table in line, within the caller's transaction."""
    rows = connection.execute("SELECT id, said_at_ms, gone_at_ms FROM moderation_log").fetchall()
    before = {bytes(id): (said_at_ms, gone_at_ms) for id, said_at_ms, gone_at_ms in rows}
    connection.executemany(
        "UPDATE moderation_log SET gone_at_ms = ? WHERE id = ?",
        [(now_ms, id) for id, (_, gone) in before.items() if gone is None and id not in now],
    )
    connection.executemany(
        "INSERT INTO moderation_log VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, NULL)"
        " ON CONFLICT (id) DO UPDATE SET said_at_ms = ?8, gone_at_ms = NULL",
        [
            (
                id,
                int(entry.deed),
                entry.author,
                entry.household,
                entry.listing,
                entry.number,
                entry.text,
                entry.said_at_ms,
                now_ms,
            )
            for id, entry in now.items()
            if before.get(id) != (entry.said_at_ms, None)
        ],
    )
    connection.execute(
        "DELETE FROM moderation_log WHERE gone_at_ms IS NOT NULL AND id NOT IN"
        " (SELECT id FROM (SELECT id, gone_at_ms, row_number() OVER"
        "   (PARTITION BY author ORDER BY gone_at_ms DESC) AS place FROM moderation_log"
        "   WHERE gone_at_ms IS NOT NULL) WHERE place <= ? ORDER BY gone_at_ms DESC LIMIT ?)",
        (_MOST_GONE_OF_ONE, _MOST_GONE),
    )
