"""The messages of the catch-up stream (spec 07 §catch-up): pure, one frame each.

The initiator compares one scope after the other (membership first), fetches what it lacks
in ascending order of creation and offers what the other lacks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from protocol import limits, wire
from protocol.errors import RemoteError
from protocol.reconcile import Wanted
from protocol.wire import Fields, Value

PROTOCOL = "/p2pmarket/catchup/1"
MAX_FRAME_BYTES = 1 << 20
MAX_FETCH = 500
MAX_BATCH_BYTES = 768 << 10
_PREFIX_BYTES = 16


class Tag(IntEnum):
    """The first field of each message."""

    COMPARE = 0
    FETCH = 1
    RECORDS = 2
    OFFER = 3
    TAKEN = 4


@dataclass(frozen=True, slots=True)
class Compare:
    """One step of reconciliation, either way. membership: which of the two sets."""

    membership: bool
    message: bytes


@dataclass(frozen=True, slots=True)
class Fetch:
    """Asks for records, at most MAX_FETCH."""

    wanted: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True)
class Records:
    """Answers a Fetch: the records that still stand, in the order wanted."""

    raws: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """Records that the responder lacks."""

    raws: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """Answers an Offer once it is durable. stored: how many took their register."""

    stored: int


Message = Compare | Fetch | Records | Offer | Taken


def write(message: Message) -> bytes:
    """Return the frame of a message."""
    match message:
        case Compare(membership, content):
            return wire.pack((int(Tag.COMPARE), membership, content))
        case Fetch(wanted):
            return wire.pack(
                (int(Tag.FETCH), tuple((w.created_at_ms, w.id_prefix) for w in wanted))
            )
        case Records(raws):
            return wire.pack((int(Tag.RECORDS), raws))
        case Offer(raws):
            return wire.pack((int(Tag.OFFER), raws))
        case Taken(stored):
            return wire.pack((int(Tag.TAKEN), stored))


def read(frame: bytes) -> Message:
    """Read a frame. Raises RemoteError."""
    value = wire.unpack(frame, MAX_FRAME_BYTES)
    if type(value) is not tuple or not value or type(value[0]) is not int:
        raise RemoteError("catchup-malformed")
    match value[0]:
        case Tag.COMPARE:
            fields = _fields(value, 3)
            membership = fields.boolean("membership")
            content = fields.optional("message")
            if type(content) is not bytes:
                raise RemoteError("catchup-malformed")
            return Compare(membership, content)
        case Tag.FETCH:
            return Fetch(tuple(map(_wanted, _fields(value, 2).array("wanted", MAX_FETCH))))
        case Tag.RECORDS:
            return Records(_raws(_fields(value, 2)))
        case Tag.OFFER:
            return Offer(_raws(_fields(value, 2)))
        case Tag.TAKEN:
            return Taken(_fields(value, 2).integer("stored", 0, limits.MAX_TIME_MS))
    raise RemoteError("catchup-malformed")


def batches(raws: Sequence[bytes]) -> list[tuple[bytes, ...]]:
    """Cut records into batches that fit a frame each: MAX_BATCH_BYTES of records (TRN-53)."""
    cut: list[tuple[bytes, ...]] = []
    current: list[bytes] = []
    size = 0
    for raw in raws:
        if current and (size + len(raw) > MAX_BATCH_BYTES or len(current) == MAX_FETCH):
            cut.append(tuple(current))
            current, size = [], 0
        current.append(raw)
        size += len(raw)
    if current:
        cut.append(tuple(current))
    return cut


def _fields(value: tuple[Value, ...], arity: int) -> Fields:
    fields = Fields(value, arity, "catchup")
    fields.optional("tag")
    return fields


def _wanted(value: Value) -> Wanted:
    fields = Fields(value, 2, "wanted")
    return Wanted(
        fields.integer("created_at_ms", 0, limits.MAX_TIME_MS),
        fields.octets("id_prefix", _PREFIX_BYTES),
    )


def _raws(fields: Fields) -> tuple[bytes, ...]:
    raws: list[bytes] = []
    for item in fields.array("raws", MAX_FETCH):
        if type(item) is not bytes or len(item) > limits.MAX_RECORD_BYTES:
            raise RemoteError("catchup-malformed")
        raws.append(item)
    return tuple(raws)
