"""A device's public mail keys, told to the community as a record (spec 08 §cards)."""

from __future__ import annotations

from dataclasses import dataclass

from protocol import limits, wire
from protocol.envelope import Envelope
from protocol.errors import RemoteError
from protocol.ids import ID_BYTES, CommunityId, DeviceKey
from protocol.kinds import Kind
from protocol.signing import SIGNATURE_BYTES, KeyPair, Purpose, verify
from protocol.wire import Fields

BODY_VERSION = 1
OLM_KEY_BYTES = 32
HPKE_PUBLIC_BYTES = 1_216


@dataclass(frozen=True, slots=True)
class Card:
    """olm_identity, olm_fallback: Curve25519 keys, 32 bytes each.

    hpke_public: an X-Wing key, 1,184 bytes of ML-KEM-768 and 32 of X25519.
    binding: the device's signature that the Olm identity is its own.
    """

    olm_identity: bytes
    olm_fallback: bytes
    hpke_public: bytes
    binding: bytes

    def pack(self) -> bytes:
        """Return the body's canonical bytes."""
        return wire.pack(
            (BODY_VERSION, self.olm_identity, self.olm_fallback, self.hpke_public, self.binding)
        )


def read_card(body: bytes) -> Card:
    """Read the body. Raises RemoteError ``body-invalid`` or ``wire-…``."""
    fields = Fields(wire.unpack(body, limits.MAX_RECORD_BYTES), 5, "mail card")
    fields.integer("version", BODY_VERSION, BODY_VERSION)
    return Card(
        fields.octets("olm_identity", OLM_KEY_BYTES),
        fields.octets("olm_fallback", OLM_KEY_BYTES),
        fields.octets("hpke_public", HPKE_PUBLIC_BYTES),
        fields.octets("binding", SIGNATURE_BYTES),
    )


def card_in(record: Envelope) -> Card | None:
    """Return the card that an admitted record holds for the device that signed it.

    None where there is no usable one: a withdrawn or unreadable record, a slot that no device
    can have, or a binding of another device.
    """
    if record.kind != Kind.MAIL_CARD or record.withdrawn or record.slot >= limits.DEVICE_SLOTS:
        return None
    try:
        card = read_card(record.body)
    except RemoteError:
        return None
    holds = binding_holds(record.community, record.device, card.olm_identity, card.binding)
    return card if holds else None


def bind(community: CommunityId, device: KeyPair, olm_identity: bytes) -> bytes:
    """Return the signature by which a device vouches for its Olm identity."""
    return device.sign(Purpose.MAIL, community + olm_identity)


def binding_holds(
    community: CommunityId, device: DeviceKey, olm_identity: bytes, binding: bytes
) -> bool:
    """Tell whether the device has vouched for this Olm identity."""
    assert len(community) == ID_BYTES
    return verify(device, Purpose.MAIL, community + olm_identity, binding)
