"""Invites as people hand them on: one text, the same in a link, a QR code or on paper (spec 04).

The text is ``P2PM1-`` and upper-case base32 of the canonical array, with a checksum against
typing errors. Whoever holds it can join: treat it like a house key.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol import limits, wire
from protocol.envelope import Envelope, decode
from protocol.errors import LocalError, RemoteError
from protocol.ids import ID_BYTES, CommunityId
from protocol.keys import NETWORK_KEY_BYTES
from protocol.kinds import Kind
from protocol.membership.bodies import Invite, read_invite
from protocol.pasted import read_pasted, write_pasted
from protocol.signing import KeyPair, Seed
from protocol.wire import Fields

PREFIX = "P2PM1-"
_MAX_BYTES = 2_048
MAX_ADDRESSES = 6


@dataclass(frozen=True, slots=True)
class InviteText:
    """Everything a new household needs to join.

    secret: the seed of the invite's key. addresses: multiaddrs of members, best first.
    record: the inviter's signed invite record.
    """

    community: CommunityId
    network_key: bytes
    secret: Seed
    addresses: tuple[str, ...]
    record: Envelope

    @property
    def terms(self) -> Invite:
        """Uses and validity, from the signed record."""
        return read_invite(self.record.body)


def write_invite(invite: InviteText) -> str:
    """Return the text of an invite: some 700 characters of the QR alphanumeric set."""
    packed = wire.pack(
        (
            1,
            invite.community,
            invite.network_key,
            invite.secret,
            invite.addresses[:MAX_ADDRESSES],
            invite.record.raw,
        )
    )
    return write_pasted(PREFIX, packed)


def read_invite_text(text: str) -> InviteText:
    """Read what a person pasted, typed or scanned; spaces, line breaks and case do not matter.

    Raises LocalError ``invite-unreadable`` (cut off, mistyped, or something else).
    """
    try:
        return _read(read_pasted(PREFIX, text, _MAX_BYTES))
    except (ValueError, RemoteError):
        raise LocalError("invite-unreadable") from None


def _read(packed: bytes) -> InviteText:
    fields = Fields(wire.unpack(packed, _MAX_BYTES), 6, "invite")
    fields.integer("version", 1, 1)
    community = CommunityId(fields.octets("community", ID_BYTES))
    network_key = fields.octets("network_key", NETWORK_KEY_BYTES)
    secret = Seed(fields.octets("secret", ID_BYTES))
    addresses = fields.texts("addresses", MAX_ADDRESSES)
    if not all(map(is_address, addresses)):
        raise RemoteError("body-invalid", field="addresses")
    raw = fields.optional("record")
    if type(raw) is not bytes or len(raw) > limits.MAX_RECORD_BYTES:
        raise RemoteError("body-invalid", field="record")
    record = decode(raw)
    if (
        record.kind != Kind.INVITE
        or record.community != community
        or not record.signature_holds()
        or read_invite(record.body).public != KeyPair(secret).public
    ):
        raise RemoteError("body-invalid", field="record")
    return InviteText(community, network_key, secret, addresses, record)


def is_address(address: str) -> bool:
    """Tell whether a text may be a multiaddr: what it names shows when it is dialled."""
    return address.startswith("/") and address.isascii() and address.isprintable()
