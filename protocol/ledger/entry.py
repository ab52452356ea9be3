"""One link of a device's chain: the body of a LEDGER record (spec 10 §entries).

A device numbers its entries from 0, and each names the record of the one before, so that
none can be hidden or changed later without it showing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from protocol import limits, wire
from protocol.envelope import Envelope
from protocol.errors import RemoteError
from protocol.ids import ID_BYTES, DeviceKey, RecordId
from protocol.kinds import Kind
from protocol.ledger.receipt import CoSigned, read_receipt
from protocol.ledger.review import Review
from protocol.signing import SIGNATURE_BYTES
from protocol.wire import Fields, Value

BODY_VERSION = 1
_ARITY: Final = 4
NO_ENTRY = RecordId(bytes(ID_BYTES))
"""Stands for the entry before the first."""


@dataclass(frozen=True, slots=True)
class Head:
    """How long a chain is, and the record id of its last entry (NO_ENTRY of an empty one)."""

    count: int
    id: RecordId

    def as_value(self) -> Value:
        """Return the fields in their order on the wire."""
        return (self.count, self.id)


EMPTY = Head(0, NO_ENTRY)

_PUBLIC, _PRIVATE, _REVIEW, _ADOPTION = 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class PrivateReceipt:
    """A receipt that stays between the two: its digest holds a place in the chain, no more."""

    digest: bytes


@dataclass(frozen=True, slots=True)
class Adoption:
    """This chain continues that of a device which the household has withdrawn.

    device: whose. head, count: the last entry that the household stands by, and how many
    there are up to it. Its receipts and reviews follow, linked anew.
    """

    device: DeviceKey
    head: RecordId
    count: int


Content = CoSigned | PrivateReceipt | Review | Adoption
"""A CoSigned here is public, and both have signed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The body of a LEDGER record. Raises RemoteError ``body-invalid``.

    index: 0 … MAX_LEDGER_ENTRIES − 1. previous: the record id of the entry before it;
    NO_ENTRY exactly if index is 0.
    """

    index: int
    previous: RecordId
    content: Content

    def __post_init__(self) -> None:
        if not 0 <= self.index < limits.MAX_LEDGER_ENTRIES:
            raise RemoteError("body-invalid", field="index")
        if (self.index == 0) != (self.previous == NO_ENTRY):
            raise RemoteError("body-invalid", field="previous")
        if isinstance(self.content, CoSigned) and not (
            self.content.complete and self.content.receipt.public
        ):
            raise RemoteError("body-invalid", field="receipt")

    def pack(self) -> bytes:
        """Return the body's canonical bytes."""
        return wire.pack((BODY_VERSION, self.index, self.previous, content_value(self.content)))


def read_entry(body: bytes) -> Entry:
    """Read a ledger record's body. Raises RemoteError ``body-invalid`` or ``wire-…``."""
    fields = Fields(wire.unpack(body, limits.MAX_SMALL_RECORD_BYTES), _ARITY, "entry")
    fields.integer("version", BODY_VERSION, BODY_VERSION)
    return Entry(
        fields.integer("index", 0, limits.MAX_LEDGER_ENTRIES - 1),
        RecordId(fields.octets("previous", ID_BYTES)),
        _read_content(fields.array("content", _MOST_FIELDS)),
    )


def entry_of(record: Envelope) -> Entry | None:
    """Return what a record says as a link of a chain; None if it is none that can be read."""
    if record.kind != Kind.LEDGER or record.withdrawn:
        return None
    try:
        return read_entry(record.body)
    except RemoteError:
        return None


def content_value(content: Content) -> Value:
    """Return an entry's content in the order of the wire."""
    match content:
        case CoSigned():
            return (
                _PUBLIC,
                content.receipt.as_value(),
                content.publisher_device,
                content.publisher_signature,
                content.seeker_device,
                content.seeker_signature,
            )
        case PrivateReceipt(digest):
            return (_PRIVATE, digest)
        case Review():
            return (_REVIEW, *content.as_values())
        case Adoption(device, head, count):
            return (_ADOPTION, device, head, count)


_MOST_FIELDS = 6


def _read_content(values: tuple[Value, ...]) -> Content:
    match values[:1]:
        case (1,):
            return _read_public(Fields(values, 6, "content"))
        case (2,):
            fields = Fields(values, 2, "content")
            fields.integer("type", _PRIVATE, _PRIVATE)
            return PrivateReceipt(fields.octets("digest", ID_BYTES))
        case (3,):
            fields = Fields(values, 6, "content")
            fields.integer("type", _REVIEW, _REVIEW)
            return Review.read(fields)
        case (4,):
            return _read_adoption(Fields(values, 4, "content"))
    raise RemoteError("body-invalid", field="content")


def _read_public(fields: Fields) -> CoSigned:
    fields.integer("type", _PUBLIC, _PUBLIC)
    return CoSigned(
        read_receipt(fields.optional("receipt")),
        DeviceKey(fields.octets("publisher_device", ID_BYTES)),
        fields.octets("publisher_signature", SIGNATURE_BYTES),
        DeviceKey(fields.octets("seeker_device", ID_BYTES)),
        fields.octets("seeker_signature", SIGNATURE_BYTES),
    )


def _read_adoption(fields: Fields) -> Adoption:
    fields.integer("type", _ADOPTION, _ADOPTION)
    return Adoption(
        DeviceKey(fields.octets("device", ID_BYTES)),
        RecordId(fields.octets("head", ID_BYTES)),
        fields.integer("count", 1, limits.MAX_LEDGER_ENTRIES),
    )


def receipt_of(content: Content) -> bytes | None:
    """Return the digest of the receipt that an entry links; None for others."""
    match content:
        case CoSigned():
            return content.receipt.digest()
        case PrivateReceipt(digest):
            return digest
    return None
