"""The bodies of the membership records (spec 04 §records).

A household joins with a certificate that its invite's secret has signed too; it is
provisional until a member confirms it. Devices are certified by the household's own key.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol import limits, wire
from protocol.errors import RemoteError
from protocol.ids import ID_BYTES, THING_KEY_BYTES, CommunityId, HouseholdId, ThingKey
from protocol.signing import SIGNATURE_BYTES, KeyPair, Purpose, verify
from protocol.text import is_harmless
from protocol.wire import Fields

BODY_VERSION = 1
_SIGNERS_VERSION = 2
"""Of a removal: version 1 and what the removed household's devices have signed till when."""
MAX_SIGNERS = limits.DEVICE_SLOTS
_LAST = 999_912
"""A month: no receipt bears a later one."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A household's own statement that it joined, by which member's which invite.

    proof: the invite secret's signature over community and household (spec 04 §proof).
    """

    inviter: HouseholdId
    invite: ThingKey
    invite_public: bytes
    proof: bytes

    def pack(self) -> bytes:
        """Return the body's canonical bytes."""
        return wire.pack((BODY_VERSION, self.inviter, self.invite, self.invite_public, self.proof))

    def proof_holds(self, community: CommunityId, household: HouseholdId) -> bool:
        """Tell whether the holder of the invite's secret let exactly this household in."""
        message = community + household
        return verify(self.invite_public, Purpose.INVITE, message, self.proof)


def certify(
    community: CommunityId,
    household: HouseholdId,
    inviter: HouseholdId,
    invite: ThingKey,
    secret: KeyPair,
) -> Certificate:
    """Return the certificate of a household that holds the invite's secret half."""
    proof = secret.sign(Purpose.INVITE, community + household)
    return Certificate(inviter, invite, secret.public, proof)


def read_certificate(body: bytes) -> Certificate:
    """Read a certificate's body. Raises RemoteError ``body-invalid`` or ``wire-…``."""
    fields = Fields(wire.unpack(body, limits.MAX_RECORD_BYTES), 5, "certificate")
    fields.integer("version", BODY_VERSION, BODY_VERSION)
    return Certificate(
        HouseholdId(fields.octets("inviter", ID_BYTES)),
        ThingKey(fields.octets("invite", THING_KEY_BYTES)),
        fields.octets("invite_public", ID_BYTES),
        fields.octets("proof", SIGNATURE_BYTES),
    )


@dataclass(frozen=True, slots=True)
class Device:
    """A device's public keys, one for each purpose: signing records, and its network host."""

    signing: bytes
    host: bytes

    def pack(self) -> bytes:
        """Return the body's canonical bytes."""
        return wire.pack((BODY_VERSION, self.signing, self.host))


def read_device(body: bytes) -> Device:
    """Read a device's body. Raises RemoteError ``body-invalid`` or ``wire-…``."""
    fields = Fields(wire.unpack(body, limits.MAX_RECORD_BYTES), 3, "device")
    fields.integer("version", BODY_VERSION, BODY_VERSION)
    return Device(fields.octets("signing", ID_BYTES), fields.octets("host", ID_BYTES))


@dataclass(frozen=True, slots=True)
class Invite:
    """A member's invitation. public: the key whose secret half the invited hold.

    uses: how many households it may bring. valid_until_ms: a certificate created later is
    not provisional under it.
    """

    public: bytes
    uses: int
    valid_until_ms: int

    def __post_init__(self) -> None:
        if not 1 <= self.uses <= limits.MAX_INVITE_USES:
            raise RemoteError("body-invalid", field="uses")

    def pack(self) -> bytes:
        """Return the body's canonical bytes."""
        return wire.pack((BODY_VERSION, self.public, self.uses, self.valid_until_ms))


def read_invite(body: bytes) -> Invite:
    """Read an invite's body. Raises RemoteError ``body-invalid`` or ``wire-…``."""
    fields = Fields(wire.unpack(body, limits.MAX_RECORD_BYTES), 4, "invite")
    fields.integer("version", BODY_VERSION, BODY_VERSION)
    return Invite(
        fields.octets("public", ID_BYTES),
        fields.integer("uses", 1, limits.MAX_INVITE_USES),
        fields.integer("valid_until_ms", 0, limits.MAX_TIME_MS),
    )


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A member stands for a household that joined with the member's (or another's) invite."""

    household: HouseholdId
    invite: ThingKey

    def pack(self) -> bytes:
        """Return the body's canonical bytes."""
        return wire.pack((BODY_VERSION, self.household, self.invite))


def read_confirmation(body: bytes) -> Confirmation:
    """Read a confirmation's body. Raises RemoteError ``body-invalid`` or ``wire-…``."""
    fields = Fields(wire.unpack(body, limits.MAX_RECORD_BYTES), 3, "confirmation")
    fields.integer("version", BODY_VERSION, BODY_VERSION)
    return Confirmation(
        HouseholdId(fields.octets("household", ID_BYTES)),
        ThingKey(fields.octets("invite", THING_KEY_BYTES)),
    )


@dataclass(frozen=True, slots=True)
class Signer:
    """A removed household's device, and up to which month (yyyymm) receipts may bear its name.

    device: its signing key. What others signed together with it does not end with the removal.
    """

    device: bytes
    month: int


@dataclass(frozen=True, slots=True)
class Removal:
    """A household is removed, for a reason that all can read.

    standing: the households it confirmed that stay members; all others of them are void.
    signers: at most MAX_SIGNERS; they have no say in who belongs.
    reason: without control and bidi characters, and otherwise any text: who belongs must not
    depend on a reader's Unicode tables, so normalisation and white space are not judged.
    """

    household: HouseholdId
    reason: str
    standing: tuple[HouseholdId, ...] = ()
    signers: tuple[Signer, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= len(self.reason) <= limits.MAX_REASON or not is_harmless(self.reason):
            raise RemoteError("body-invalid", field="reason")

    def pack(self) -> bytes:
        """Return the body's canonical bytes: version 2 only where signers are named."""
        fields = (self.household, self.reason, self.standing)
        if not self.signers:
            return wire.pack((BODY_VERSION, *fields))
        signers = tuple((signer.device, signer.month) for signer in self.signers)
        return wire.pack((_SIGNERS_VERSION, *fields, signers))


def read_removal(body: bytes) -> Removal:
    """Read a removal's body. Raises RemoteError ``body-invalid`` or ``wire-…``."""
    value = wire.unpack(body, limits.MAX_RECORD_BYTES)
    names_signers = type(value) is tuple and len(value) == 5
    fields = Fields(value, 5 if names_signers else 4, "removal")
    version = _SIGNERS_VERSION if names_signers else BODY_VERSION
    fields.integer("version", version, version)
    household = HouseholdId(fields.octets("household", ID_BYTES))
    reason = fields.text("reason")
    standing: list[HouseholdId] = []
    for item in fields.array("standing", limits.MAX_RECORD_BYTES // ID_BYTES):
        if type(item) is not bytes or len(item) != ID_BYTES:
            raise RemoteError("body-invalid", field="standing")
        standing.append(HouseholdId(item))
    signers = _read_signers(fields) if names_signers else ()
    return Removal(household, reason, tuple(standing), signers)


def _read_signers(fields: Fields) -> tuple[Signer, ...]:
    found: list[Signer] = []
    for item in fields.array("signers", MAX_SIGNERS):
        signer = Fields(item, 2, "signer")
        found.append(Signer(signer.octets("device", ID_BYTES), signer.integer("month", 0, _LAST)))
    if not found:
        raise RemoteError("body-invalid", field="signers")
    return tuple(found)
