"""The messages of the mail stream (spec 08 §stream): pure, one frame each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from protocol import limits, wire
from protocol.errors import RemoteError
from protocol.ids import ID_BYTES
from protocol.mail.limits import MAX_BATCH_BYTES, MAX_PARCEL_BYTES, MAX_PARCELS
from protocol.wire import Fields, Value

PROTOCOL = "/p2pmarket/mail/1"
MAX_FRAME_BYTES = 1 << 20
_HIGHEST_CODE = 255


class Tag(IntEnum):
    """The first field of each message."""

    DELIVER = 0
    RESULT = 1
    DEPOSIT = 2
    COLLECT = 3
    PARCELS = 4
    COLLECTED = 5
    WAITING = 6
    LEAVE = 7


class Code(IntEnum):
    """What became of one parcel."""

    TAKEN = 0
    KNOWN = 1
    UNDECIPHERABLE = 2
    REFUSED = 3
    FULL = 4
    LATER = 5
    HELD = 6


@dataclass(frozen=True, slots=True)
class Deliver:
    """Parcels for the device at the other end."""

    parcels: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Deposit:
    """Parcels for the other end to keep for somebody."""

    parcels: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Leave:
    """Delivery notes for the other end to keep for somebody, as long as there is room for them."""

    parcels: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Collect:
    """Asks for what is kept for the asker's device. after: the ``last`` of the answer before."""

    after: int


@dataclass(frozen=True, slots=True)
class Parcels:
    """Answers a Collect; empty at the end. last: the holder's number of the last one."""

    last: int
    parcels: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Collected:
    """Ids of parcels that need not be kept any longer."""

    ids: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something for the other end's device is kept here: it may come and collect it."""


@dataclass(frozen=True, slots=True)
class Result:
    """One code for each parcel of a Deliver, Deposit or Leave, in order; none for other messages.

    codes: of Code; one that this version does not know is read as LATER.
    """

    codes: tuple[Code, ...]


Message = Deliver | Deposit | Leave | Collect | Parcels | Collected | Waiting | Result


def write(message: Message) -> bytes:
    """Return the frame of a message."""
    match message:
        case Deliver(parcels):
            return wire.pack((int(Tag.DELIVER), parcels))
        case Deposit(parcels):
            return wire.pack((int(Tag.DEPOSIT), parcels))
        case Leave(parcels):
            return wire.pack((int(Tag.LEAVE), parcels))
        case Collect(after):
            return wire.pack((int(Tag.COLLECT), after))
        case Parcels(last, parcels):
            return wire.pack((int(Tag.PARCELS), last, parcels))
        case Collected(ids):
            return wire.pack((int(Tag.COLLECTED), ids))
        case Waiting():
            return wire.pack((int(Tag.WAITING),))
        case Result(codes):
            return wire.pack((int(Tag.RESULT), tuple(map(int, codes))))


def read(frame: bytes) -> Message:
    """Read a frame. Raises RemoteError."""
    value = wire.unpack(frame, MAX_FRAME_BYTES)
    if type(value) is not tuple or not value or type(value[0]) is not int:
        raise RemoteError("mail-malformed")
    match value[0]:
        case Tag.DELIVER:
            return Deliver(_parcels(_fields(value, 2)))
        case Tag.DEPOSIT:
            return Deposit(_parcels(_fields(value, 2)))
        case Tag.LEAVE:
            return Leave(_parcels(_fields(value, 2)))
        case Tag.COLLECT:
            return Collect(_fields(value, 2).integer("after", 0, limits.MAX_TIME_MS))
        case Tag.PARCELS:
            fields = _fields(value, 3)
            return Parcels(fields.integer("last", 0, limits.MAX_TIME_MS), _parcels(fields))
        case Tag.COLLECTED:
            return Collected(_ids(_fields(value, 2)))
        case Tag.WAITING:
            _fields(value, 1)
            return Waiting()
        case Tag.RESULT:
            codes = _fields(value, 2).array("codes", MAX_PARCELS)
            return Result(tuple(map(_code, codes)))
    raise RemoteError("mail-malformed")


def fit(raws: Sequence[bytes]) -> int:
    """Return how many parcels from the front fit one frame."""
    size = 0
    for count, raw in enumerate(raws[:MAX_PARCELS]):
        size += len(raw)
        if size > MAX_BATCH_BYTES:
            return count
    return min(len(raws), MAX_PARCELS)


def _fields(value: tuple[Value, ...], arity: int) -> Fields:
    fields = Fields(value, arity, "mail")
    fields.optional("tag")
    return fields


def _parcels(fields: Fields) -> tuple[bytes, ...]:
    raws: list[bytes] = []
    for item in fields.array("parcels", MAX_PARCELS):
        if type(item) is not bytes or len(item) > MAX_PARCEL_BYTES:
            raise RemoteError("mail-malformed")
        raws.append(item)
    return tuple(raws)


def _ids(fields: Fields) -> tuple[bytes, ...]:
    found: list[bytes] = []
    for item in fields.array("ids", MAX_PARCELS):
        if type(item) is not bytes or len(item) != ID_BYTES:
            raise RemoteError("mail-malformed")
        found.append(item)
    return tuple(found)


def _code(value: Value) -> Code:
    if type(value) is not int or not 0 <= value <= _HIGHEST_CODE:
        raise RemoteError("mail-malformed")
    return Code(value) if value <= Code.HELD else Code.LATER
