"""The set of standing records, on disk and as the item sets that reconciliation compares.

One transaction takes a batch: the record, its view and its search index change together, and
the item sets follow once the transaction is durable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import trio

from node.store.aside import set_aside
from node.store.database import Connection, Database
from node.store.ledger_entries import note_entries
from node.store.listing_index import KnownWords
from node.store.views import Change, ViewRules, rewrite_differing, write_views
from protocol.envelope import Envelope, Register, decode, supersedes
from protocol.ids import HouseholdId, RecordId
from protocol.kinds import FIRST_CONTENT, Kind, is_membership
from protocol.reconcile import ItemSet, Wanted


@dataclass(frozen=True, slots=True)
class Applied:
    """What a batch did. stored: the records that took their register, in arrival order.

    dropped: how many went because they may stand no longer.
    """

    stored: tuple[Envelope, ...]
    superseded: int
    dropped: int


@dataclass(slots=True)
class _Batch:
    """Changes to the in-memory sets, made only after the transaction is durable."""

    added: list[Envelope] = field(default_factory=list)
    removed: list[tuple[int, int, bytes]] = field(default_factory=list)
    households: dict[HouseholdId, int] = field(default_factory=dict)
    next_seq: int = 0
    superseded: int = 0


def _always(record: Envelope) -> bool:
    return True


class RecordStore:
    """Records by register. ``rules`` is asked, at each write, what may show."""

    def __init__(self, database: Database, rules: Callable[[], ViewRules]) -> None:
        self.database = database
        self.membership = ItemSet()
        self.content = ItemSet()
        self._rules = rules
        self.own: HouseholdId | None = None
        """Whose records are set aside when they stand no more."""
        self._households: dict[HouseholdId, int] = {}
        self._next_seq = 1
        self._known_words = KnownWords()
        # One change after the other: each builds on the numbers that the last one left.
        self._changing = trio.Lock()

    async def load(self) -> list[Envelope]:
        """Fill the item sets from the file; return the standing membership records."""

        def read(
            connection: Connection,
        ) -> tuple[list[tuple[int, bytes, int]], list[bytes], int, list[tuple[bytes, int]]]:
            items = connection.execute(
                "SELECT created_at_ms, id, kind FROM record ORDER BY created_at_ms, id"
            ).fetchall()
            raws = connection.execute(
                "SELECT raw FROM record WHERE kind < ? ORDER BY created_at_ms", (FIRST_CONTENT,)
            ).fetchall()
            (last,) = connection.execute("SELECT coalesce(max(seq), 0) FROM record").fetchone()
            households = connection.execute("SELECT id, n FROM household").fetchall()
            return items, [raw for (raw,) in raws], last, households

        items, raws, last, households = await self.database.read(read)
        self.membership.add_many((at, id) for at, id, kind in items if is_membership(kind))
        self.content.add_many((at, id) for at, id, kind in items if not is_membership(kind))
        self._next_seq = last + 1
        self._households = {HouseholdId(id): n for id, n in households}
        return [decode(raw) for raw in raws]

    def items(self, membership: bool) -> ItemSet:
        """Return one of the two sets that are reconciled, membership first."""
        return self.membership if membership else self.content

    def knows(self, record: Envelope) -> bool:
        """Tell whether exactly this record stands, without touching the disk."""
        items = self.items(is_membership(record.kind))
        return (record.created_at_ms, record.id) in items

    def number_of(self, household: HouseholdId) -> int | None:
        """Return the number by which tables name a household; None if it has no record."""
        return self._households.get(household)

    async def apply(
        self,
        records: Sequence[Envelope],
        suspects: Sequence[HouseholdId] = (),
        stands: Callable[[Envelope], bool] = _always,
    ) -> Applied:
        """Store those that win their register. records: admitted, in order of arrival.

        suspects: households of which what no longer ``stands`` is deleted in the same
        transaction: a crash must not keep what a removal that is on disk has voided.
        """

        def write(connection: Connection) -> tuple[_Batch, int]:
            batch = _Batch(next_seq=self._next_seq)
            dropped = self._drop(connection, suspects, stands, batch)
            self._write(connection, records, batch)
            return batch, dropped

        async with self._changing:
            batch, dropped = await self.database.write(write)
            self._follow(batch)
        return Applied(tuple(batch.added), batch.superseded, dropped)

    async def purge(
        self,
        now_ms: int,
        suspects: Sequence[HouseholdId] = (),
        stands: Callable[[Envelope], bool] = _always,
    ) -> int:
        """Forget records whose time is over, and drop as :meth:`apply`; return how many."""

        def delete(connection: Connection) -> _Batch:
            batch = _Batch(next_seq=self._next_seq)
            rows = connection.execute(
                "SELECT seq, household, raw FROM record WHERE expires_at_ms <= ?", (now_ms,)
            ).fetchall()
            self._delete(connection, [(seq, n, decode(raw)) for seq, n, raw in rows], batch)
            self._drop(connection, suspects, stands, batch)
            return batch

        async with self._changing:
            batch = await self.database.write(delete)
            self._follow(batch)
        return len(batch.removed)

    async def raws(self, wanted: Sequence[Wanted]) -> list[bytes]:
        """Return the exact bytes of the wanted records that stand, in the order wanted."""

        def read(connection: Connection) -> list[bytes]:
            found: list[bytes] = []
            for created_at_ms, prefix in wanted:
                found += [
                    raw
                    for (raw,) in connection.execute(
                        "SELECT raw FROM record"
                        " WHERE created_at_ms = ? AND id >= ? AND substr(id, 1, ?) = ?",
                        (created_at_ms, prefix, len(prefix), prefix),
                    )
                ]
            return found

        return await self.database.read(read)

    async def standing(self, register: Register) -> Envelope | None:
        """Return the record that stands in a register."""
        number = self._households.get(register.household)
        if number is None:
            return None
        row = await self.database.read(
            lambda connection: connection.execute(
                "SELECT raw FROM record WHERE household = ? AND kind = ? AND slot = ?",
                (number, register.kind, register.slot),
            ).fetchone()
        )
        return None if row is None else decode(row[0])

    async def standing_of(self, household: HouseholdId, kind: int) -> list[Envelope]:
        """Return all standing records of one kind by one household."""
        number = self._households.get(household)
        rows = await self.database.read(
            lambda connection: connection.execute(
                "SELECT raw FROM record WHERE household = ? AND kind = ?", (number, kind)
            ).fetchall()
        )
        return [decode(raw) for (raw,) in rows]

    async def standing_by(self, household: HouseholdId) -> list[Envelope]:
        """Return all standing records of one household, whatever their kind."""
        number = self._households.get(household)
        rows = await self.database.read(
            lambda connection: connection.execute(
                "SELECT raw FROM record WHERE household = ? ORDER BY kind, slot", (number,)
            ).fetchall()
        )
        return [decode(raw) for (raw,) in rows]

    async def show_again(self, household: HouseholdId) -> None:
        """Write the views of one household anew, after what may show has changed."""
        number = self._households.get(household)
        if number is None:
            return

        def rewrite(connection: Connection) -> None:
            rows = connection.execute(
                "SELECT seq, raw FROM record WHERE household = ? AND kind >= ? ORDER BY seq",
                (number, FIRST_CONTENT),
            ).fetchall()
            changes = []
            for seq, raw in rows:
                record = decode(raw)
                changes.append(Change(record, seq, number, seq, record.kind, record.slot))
            write_views(connection, changes, self._rules(), self._known_words)

        await self.database.write(rewrite)

    async def reconsider(
        self, household: HouseholdId | None, after_seq: int, most: int
    ) -> tuple[int | None, int]:
        """Bring some listings in line with what may show now, in one short transaction.

        household: whose; None for everybody's. At most ``most`` of those that arrived after
        ``after_seq`` are looked at. Returns after which to go on, None at the end; and how many
        differed.
        """
        number = None if household is None else self._households.get(household)
        if household is not None and number is None:
            return None, 0
        whose = "" if number is None else " AND record.household = :number"

        def rewrite(connection: Connection) -> tuple[int | None, int]:
            rows = connection.execute(
                "SELECT record.seq, record.household, raw, concealed FROM record"
                " LEFT JOIN listing ON listing.seq = record.seq"
                f" WHERE record.kind = :kind AND record.seq > :after{whose}"
                " ORDER BY record.seq LIMIT :most",
                {"kind": int(Kind.LISTING), "after": after_seq, "most": most, "number": number},
            ).fetchall()
            changes = []
            for seq, of, raw, concealed in rows:
                record = decode(raw)
                changes.append((Change(record, seq, of, seq, record.kind, record.slot), concealed))
            differing = rewrite_differing(connection, changes, self._rules(), self._known_words)
            return (rows[-1][0] if len(rows) == most else None), differing

        return await self.database.write(rewrite)

    # -- one transaction

    def _drop(
        self,
        connection: Connection,
        suspects: Sequence[HouseholdId],
        stands: Callable[[Envelope], bool],
        batch: _Batch,
    ) -> int:
        gone: list[tuple[int, int, Envelope]] = []
        for household in suspects:
            number = self._households.get(household)
            rows = connection.execute(
                "SELECT seq, raw FROM record WHERE household = ?", (number,)
            ).fetchall()
            records = ((seq, decode(raw)) for seq, raw in rows)
            lost = [(seq, number or 0, record) for seq, record in records if not stands(record)]
            if household == self.own:
                set_aside(connection, [record for _, _, record in lost])
            gone += lost
        self._delete(connection, gone, batch)
        return len(gone)

    def _delete(
        self, connection: Connection, gone: Sequence[tuple[int, int, Envelope]], batch: _Batch
    ) -> None:
        """Delete records, given with their row and the number of their household."""
        connection.executemany("DELETE FROM record WHERE seq = ?", [(seq,) for seq, _, _ in gone])
        changes = [Change(None, 0, n, seq, r.kind, r.slot) for seq, n, r in gone]
        write_views(connection, changes, self._rules(), self._known_words)
        batch.removed += [(r.kind, r.created_at_ms, r.id) for _, _, r in gone]

    def _write(self, connection: Connection, records: Sequence[Envelope], batch: _Batch) -> None:
        note_entries(connection, records)
        winners: dict[Register, Envelope] = {}
        for record in records:
            held = winners.get(record.register)
            if held is None:
                winners[record.register] = record
                continue
            batch.superseded += 1
            if supersedes(record, held):
                del winners[record.register]  # re-insert at the end: order of arrival
                winners[record.register] = record
        changes: list[Change] = []
        rows: list[tuple[object, ...]] = []
        replaced: list[tuple[int]] = []
        for record in winners.values():
            number = self._number(connection, record.household, batch)
            standing = connection.execute(
                "SELECT seq, raw FROM record WHERE household = ? AND kind = ? AND slot = ?",
                (number, record.kind, record.slot),
            ).fetchone()
            replaced_seq = None
            if standing is not None:
                replaced_seq, old = standing[0], decode(standing[1])
                if not supersedes(record, old):
                    batch.superseded += 1
                    continue
                replaced.append((replaced_seq,))
                batch.removed.append((old.kind, old.created_at_ms, old.id))
            seq = batch.next_seq
            batch.next_seq += 1
            rows.append(
                (
                    seq,
                    record.id,
                    number,
                    record.kind,
                    record.slot,
                    record.created_at_ms,
                    record.expires_at_ms,
                    record.raw,
                )
            )
            changes.append(Change(record, seq, number, replaced_seq, record.kind, record.slot))
            batch.added.append(record)
        connection.executemany("DELETE FROM record WHERE seq = ?", replaced)
        connection.executemany("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        write_views(connection, changes, self._rules(), self._known_words)

    def _number(self, connection: Connection, household: HouseholdId, batch: _Batch) -> int:
        number = self._households.get(household) or batch.households.get(household)
        if number is None:
            number = connection.execute(
                "INSERT INTO household (id) VALUES (?)", (household,)
            ).lastrowid
            batch.households[household] = number
        return number

    def _follow(self, batch: _Batch) -> None:
        self._households.update(batch.households)
        self._next_seq = batch.next_seq
        for kind, created_at_ms, id in batch.removed:
            self.items(is_membership(kind)).discard(created_at_ms, RecordId(id))
        for membership in (True, False):
            added = [
                (record.created_at_ms, record.id)
                for record in batch.added
                if is_membership(record.kind) is membership
            ]
            if added:
                self.items(membership).add_many(added)
