"""The envelope: one signed, immutable record of any kind (spec 02).

A record is a canonical array of fourteen fields, the last one the signature over the
encodings of the other thirteen. The exact bytes received are what is stored, hashed and
forwarded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import msgpack

from protocol import limits, wire
from protocol.errors import RemoteError
from protocol.ids import (
    ID_BYTES,
    NO_COMMUNITY,
    THING_KEY_BYTES,
    CommunityId,
    DeviceKey,
    HouseholdId,
    RecordId,
    ThingKey,
    record_id,
)
from protocol.kinds import AFTER_LAST, ROOT_SIGNED, SIGNER_FIXED, lifetime_ms, max_bytes
from protocol.signing import SIGNATURE_BYTES, KeyPair, Purpose, verify

VERSION = 1
ARITY = 14
_ARRAY_OF_14 = b"\x9e"
_SIGNATURE_HEADER = b"\xc4\x40"
_TAIL_BYTES = len(_SIGNATURE_HEADER) + SIGNATURE_BYTES


class Register(NamedTuple):
    """The place for which records compete: one record stands in each (spec 02 §registers)."""

    household: HouseholdId
    kind: int
    slot: int


@dataclass(frozen=True, slots=True)
class Draft:
    """What the author of a record decides; :func:`seal` adds version and signature.

    generation_ms: when this thing was first published; a later thing in the same slot has a
    later generation. revision: counts edits within the generation, from 0.
    withdrawn: ends the generation, whatever revisions of it may still arrive.
    """

    community: CommunityId
    kind: int
    household: HouseholdId
    slot: int
    key: ThingKey
    generation_ms: int
    revision: int
    created_at_ms: int
    expires_at_ms: int
    withdrawn: bool
    body: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """A decoded record whose form is valid; its signature may not have been checked yet.

    Times are Unix milliseconds, UTC. ``raw`` are the exact bytes, ``id`` their hash.
    """

    community: CommunityId
    kind: int
    household: HouseholdId
    device: DeviceKey
    slot: int
    key: ThingKey
    generation_ms: int
    revision: int
    created_at_ms: int
    expires_at_ms: int
    withdrawn: bool
    body: bytes
    raw: bytes
    id: RecordId

    @property
    def register(self) -> Register:
        """The place this record competes for."""
        return Register(self.household, self.kind, self.slot)

    @property
    def precedence(self) -> tuple[int, bool, int, bytes]:
        """Totally ordered: of two records in one register the greater one stands."""
        return (self.generation_ms, self.withdrawn, self.revision, self.id)

    @property
    def root_signed(self) -> bool:
        """Whether the household's own key signed, not one of its devices."""
        return bytes(self.device) == self.household

    def signature_holds(self) -> bool:
        """Check the signature against the device key named in the envelope."""
        return verify(
            self.device, Purpose.RECORD, self.raw[1:-_TAIL_BYTES], self.raw[-SIGNATURE_BYTES:]
        )


def supersedes(new: Envelope, old: Envelope) -> bool:
    """Tell whether ``new`` takes the register from ``old``; both compete for the same one.

    Deterministic, and independent of the order of arrival: a maximum (spec 02 §registers).
    """
    assert new.register == old.register
    return new.precedence > old.precedence


def seal(draft: Draft, signer: KeyPair) -> Envelope:
    """Sign a draft. signer: the household's own key for ROOT_SIGNED kinds, else a device's.

    Raises RemoteError if the result would be refused by others: the one check for both ways.
    """
    fields = (
        VERSION,
        draft.community,
        int(draft.kind),
        draft.household,
        signer.public,
        draft.slot,
        draft.key,
        draft.generation_ms,
        draft.revision,
        draft.created_at_ms,
        draft.expires_at_ms,
        draft.withdrawn,
        draft.body,
    )
    unsigned = b"".join(wire.pack(field) for field in fields)
    signature = signer.sign(Purpose.RECORD, unsigned)
    return decode(_ARRAY_OF_14 + unsigned + _SIGNATURE_HEADER + signature)


def decode(raw: bytes) -> Envelope:
    """Read one record and check its form; the signature is the caller's next step.

    raw: at most MAX_RECORD_BYTES bytes. Raises RemoteError: ``wire-…`` for bytes that are not
    canonical, ``envelope-…`` for a field out of its bounds.
    """
    if len(raw) > limits.MAX_RECORD_BYTES:
        raise RemoteError("wire-too-long", bytes=len(raw), max_bytes=limits.MAX_RECORD_BYTES)
    try:
        fields = msgpack.unpackb(raw, use_list=False)
    except (ValueError, msgpack.UnpackException, RecursionError, TypeError, OverflowError):
        raise RemoteError("wire-malformed") from None
    if type(fields) is not tuple or len(fields) != ARITY:
        raise RemoteError("envelope-arity")
    (
        version,
        community,
        kind,
        household,
        device,
        slot,
        key,
        generation_ms,
        revision,
        created_at_ms,
        expires_at_ms,
        withdrawn,
        body,
        signature,
    ) = fields
    if type(version) is not int or version != VERSION:
        raise RemoteError("envelope-version")
    for value, length in (
        (community, ID_BYTES),
        (household, ID_BYTES),
        (device, ID_BYTES),
        (key, THING_KEY_BYTES),
        (signature, SIGNATURE_BYTES),
    ):
        if type(value) is not bytes or len(value) != length:
            raise RemoteError("envelope-field")
    for number in (kind, slot, generation_ms, revision, created_at_ms, expires_at_ms):
        if type(number) is not int or not 0 <= number <= limits.MAX_TIME_MS:
            raise RemoteError("envelope-field")
    if type(withdrawn) is not bool or type(body) is not bytes:
        raise RemoteError("envelope-field")
    # Every field is of an allowed type now, so one comparison settles canonicity.
    if msgpack.packb(fields) != raw:
        raise RemoteError("wire-not-canonical")
    _check_bounds(kind, revision, generation_ms, created_at_ms, expires_at_ms)
    if len(raw) > max_bytes(kind):
        raise RemoteError("wire-too-long", bytes=len(raw), max_bytes=max_bytes(kind))
    if kind in SIGNER_FIXED and (kind in ROOT_SIGNED) != (device == household):
        raise RemoteError("envelope-signer", kind=kind)
    return Envelope(
        CommunityId(community),
        kind,
        HouseholdId(household),
        DeviceKey(device),
        slot,
        ThingKey(key),
        generation_ms,
        revision,
        created_at_ms,
        expires_at_ms,
        withdrawn,
        body,
        raw,
        record_id(raw),
    )


def _check_bounds(
    kind: int, revision: int, generation_ms: int, created_at_ms: int, expires_at_ms: int
) -> None:
    if not 1 <= kind < AFTER_LAST:
        raise RemoteError("envelope-kind", kind=kind)
    if generation_ms > created_at_ms:
        raise RemoteError("envelope-generation")
    if not created_at_ms < expires_at_ms <= created_at_ms + lifetime_ms(kind):
        raise RemoteError("envelope-expiry")
    allowed = limits.FREE_REVISIONS + (created_at_ms - generation_ms) // limits.REVISION_MS
    if revision > min(allowed, limits.MAX_REVISION):
        raise RemoteError("envelope-revision")


def read_genesis(raw: bytes) -> Envelope:
    """Read a founding charter and check its signature; its id is the community's.

    Raises RemoteError ``genesis-invalid`` (or as :func:`decode`).
    """
    envelope = decode(raw)
    if (
        len(raw) > limits.MAX_GENESIS_BYTES
        or envelope.kind != 1
        or envelope.community != NO_COMMUNITY
        or envelope.withdrawn
        or not envelope.signature_holds()
    ):
        raise RemoteError("genesis-invalid")
    return envelope
