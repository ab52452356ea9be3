"""Nodes without a network: what admission makes of the records that each was given."""

from __future__ import annotations

from collections.abc import Iterable

from protocol.admission import Admit, Park, admit_all
from protocol.envelope import Envelope, Register, supersedes
from protocol.ids import RecordId
from protocol.kinds import is_membership
from protocol.membership.members import Members


class Replica:
    """A node's set, as chapter 02 §§5 and 6 describe it, with a place for what is parked.

    remembers: whether what no longer stands is parked too, as a node does with its own.
    """

    def __init__(self, members: Members, now_ms: int, remembers: bool = False) -> None:
        self.remembers = remembers
        self.now_ms = now_ms
        self.members = members
        self.content: dict[Register, Envelope] = {}
        self.parked: dict[RecordId, Envelope] = {}

    @property
    def records(self) -> dict[RecordId, Envelope]:
        """Everything that stands, by id."""
        return {r.id: r for r in (*self.members.records, *self.content.values())}

    def take(self, records: Iterable[Envelope]) -> None:
        """Admit what arrived together, and what waited for it."""
        pending = {record.id: record for record in (*self.parked.values(), *records)}
        for _ in range(30):
            standing = {record.register: record for record in self.members.records}
            verdicts, self.members = admit_all(
                [record.raw for record in pending.values()], self.now_ms, self.members, self._knows
            )
            stood = standing | self.content
            self.content = {r.register: r for r in self.content.values() if self._stands(r)}
            for verdict in verdicts:
                if isinstance(verdict, Admit) and not is_membership(verdict.record.kind):
                    held = self.content.get(verdict.record.register)
                    if held is None or supersedes(verdict.record, held):
                        self.content[verdict.record.register] = verdict.record
            parked = [verdict.record for verdict in verdicts if isinstance(verdict, Park)]
            self.parked = {record.id: record for record in parked}
            if self.remembers:
                stand_now = self.records
                self.parked |= {r.id: r for r in stood.values() if r.id not in stand_now}
            if standing == {record.register: record for record in self.members.records}:
                return
            pending = dict(self.parked)
        raise AssertionError("what is parked never comes to rest")

    def _knows(self, record: Envelope) -> bool:
        held = self.content.get(record.register)
        return self.members.holds(record) or (held is not None and held.id == record.id)

    def _stands(self, record: Envelope) -> bool:
        household, device = record.household, record.device
        slots = self.members.slots(household, record.kind)
        return record.slot < slots and self.members.signs_for(device, household)


def exchange(a: Replica, b: Replica) -> bool:
    """One reconciliation; whether there was anything to tell."""
    of_a, of_b = a.records, b.records
    b.take([record for id, record in of_a.items() if id not in of_b])
    a.take([record for id, record in of_b.items() if id not in of_a])
    return set(of_a) != set(of_b)
