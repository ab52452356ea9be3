"""A chain that was continued twice: two entries with one number, and a proof for anyone.

A device that is not copied never signs two (spec 10 §forks).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from protocol import limits, wire
from protocol.envelope import Envelope, decode
from protocol.errors import RemoteError
from protocol.ids import DeviceKey, HouseholdId, RecordId
from protocol.kinds import Kind
from protocol.ledger.entry import entry_of
from protocol.ledger.signers import was_device
from protocol.membership.members import Members
from protocol.wire import Fields

BODY_VERSION = 1
_ARITY: Final = 3


@dataclass(frozen=True, slots=True)
class Fork:
    """A device of a household signed two entries with the same index; a has the lower id."""

    household: HouseholdId
    device: DeviceKey
    index: int
    a: Envelope
    b: Envelope

    @property
    def ids(self) -> frozenset[RecordId]:
        """The two records."""
        return frozenset((self.a.id, self.b.id))

    def pack(self) -> bytes:
        """Return the body of a FORK_PROOF record."""
        return wire.pack((BODY_VERSION, self.a.raw, self.b.raw))


def fork_of(one: Envelope, other: Envelope) -> Fork | None:
    """Return the fork that two records with valid signatures show, or None."""
    first, second = entry_of(one), entry_of(other)
    if first is None or second is None or one.id == other.id:
        return None
    if (one.community, one.household, one.device) != (
        other.community,
        other.household,
        other.device,
    ):
        return None
    if first.index != second.index:
        return None
    a, b = sorted((one, other), key=lambda record: record.id)
    return Fork(one.household, one.device, first.index, a, b)


def read_fork_proof(record: Envelope) -> Fork | None:
    """Return what a FORK_PROOF record proves, whoever signed it; None if it proves nothing.

    The signatures inside are checked here. Whether the device is one of the household's,
    :func:`accuses` tells.
    """
    if record.kind != Kind.FORK_PROOF or record.withdrawn:
        return None
    try:
        fields = Fields(wire.unpack(record.body, limits.MAX_RECORD_BYTES), _ARITY, "fork")
        fields.integer("version", BODY_VERSION, BODY_VERSION)
        a, b = (decode(_octets(fields.optional(name))) for name in ("a", "b"))
    except RemoteError:
        return None
    fork = fork_of(a, b)
    if fork is None or fork.a is not a or a.community != record.community:
        return None
    return fork if a.signature_holds() and b.signature_holds() else None


def accuses(fork: Fork, members: Members) -> bool:
    """Tell whether the fork is by a device that its household certified, now or before."""
    return was_device(members, fork.household, fork.device)


def _octets(value: wire.Value) -> bytes:
    if type(value) is not bytes:
        raise RemoteError("body-invalid", field="fork")
    return value
