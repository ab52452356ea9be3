"""A letter sealed for one device: what travels, and what holders keep (spec 08 §parcels)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from protocol import limits, wire
from protocol.errors import RemoteError
from protocol.ids import ID_BYTES, CommunityId, DeviceKey, HouseholdId
from protocol.mail.card import OLM_KEY_BYTES
from protocol.mail.limits import MAX_PARCEL_BYTES, PADDED_BYTES, SEALED_BYTES
from protocol.signing import SIGNATURE_BYTES
from protocol.wire import Fields

VERSION = 1
TAG_BYTES = 16
_INFO = b"p2pmarket/parcel/1"
_LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True)
class Parcel:
    """tag: of the recipient's mailbox in the week of sealing. sealed: HPKE, spec 08 §seal."""

    tag: bytes
    expires_at_ms: int
    sealed: bytes

    def pack(self) -> bytes:
        """Return the canonical bytes; their hash names the parcel."""
        return wire.pack((VERSION, self.tag, self.expires_at_ms, self.sealed))


def read_parcel(raw: bytes) -> Parcel:
    """Read what can be read without a key. Raises RemoteError."""
    fields = Fields(wire.unpack(raw, MAX_PARCEL_BYTES), 4, "parcel")
    fields.integer("version", VERSION, VERSION)
    tag = fields.octets("tag", TAG_BYTES)
    expires_at_ms = fields.integer("expires_at_ms", 0, limits.MAX_TIME_MS)
    sealed = fields.optional("sealed")
    if type(sealed) is not bytes or len(sealed) not in SEALED_BYTES:
        raise RemoteError("body-invalid", field="sealed")
    return Parcel(tag, expires_at_ms, sealed)


def parcel_id(raw: bytes) -> bytes:
    """Return the 32-byte id of a parcel's exact bytes."""
    return hashlib.blake2b(raw, digest_size=ID_BYTES).digest()


def seal_info(community: CommunityId, device: DeviceKey, tag: bytes, expires_at_ms: int) -> bytes:
    """Return HPKE's info: a parcel opens for this device, under this tag and time, only."""
    return _INFO + community + device + tag + expires_at_ms.to_bytes(8, "big")


@dataclass(frozen=True, slots=True)
class Inner:
    """What the recipient alone sees: who sent it, and the ratchet's message.

    olm_type: 0 for a prekey message, 1 for all others. binding: as in a card.
    """

    household: HouseholdId
    device: DeviceKey
    olm_identity: bytes
    binding: bytes
    olm_type: int
    olm_message: bytes

    def pack(self) -> bytes:
        """Return the canonical bytes."""
        return wire.pack(
            (
                VERSION,
                self.household,
                self.device,
                self.olm_identity,
                self.binding,
                self.olm_type,
                self.olm_message,
            )
        )


def read_inner(raw: bytes) -> Inner:
    """Read the opened and unpadded part of a parcel. Raises RemoteError."""
    fields = Fields(wire.unpack(raw, max(PADDED_BYTES)), 7, "inner")
    fields.integer("version", VERSION, VERSION)
    household = HouseholdId(fields.octets("household", ID_BYTES))
    device = DeviceKey(fields.octets("device", ID_BYTES))
    olm_identity = fields.octets("olm_identity", OLM_KEY_BYTES)
    binding = fields.octets("binding", SIGNATURE_BYTES)
    olm_type = fields.integer("olm_type", 0, 1)
    olm_message = fields.optional("olm_message")
    if type(olm_message) is not bytes:
        raise RemoteError("body-invalid", field="olm_message")
    return Inner(household, device, olm_identity, binding, olm_type, olm_message)


def pad(inner: bytes) -> bytes:
    """Return length, bytes and zeros up to the next size. Raises ValueError beyond the last."""
    needed = _LENGTH_BYTES + len(inner)
    size = next((size for size in PADDED_BYTES if size >= needed), None)
    if size is None:
        raise ValueError(f"{len(inner)} bytes fit no parcel")
    return (len(inner).to_bytes(_LENGTH_BYTES, "big") + inner).ljust(size, b"\0")


def unpad(padded: bytes) -> bytes:
    """Return what :func:`pad` was given. Raises RemoteError ``parcel-padding``."""
    length = int.from_bytes(padded[:_LENGTH_BYTES], "big")
    end = _LENGTH_BYTES + length
    if (
        len(padded) not in PADDED_BYTES
        or end > len(padded)
        or padded[end:] != bytes(len(padded) - end)
    ):
        raise RemoteError("parcel-padding")
    return padded[_LENGTH_BYTES:end]
