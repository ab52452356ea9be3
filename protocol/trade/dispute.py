"""Disputes: a third household that both accept looks at it and rules (spec 09 §disputes)."""

from __future__ import annotations

from dataclasses import dataclass

from protocol import wire
from protocol.errors import RemoteError
from protocol.ids import ID_BYTES, CommunityId, DeviceKey, HouseholdId
from protocol.ledger.receipt import Outcome
from protocol.signing import SIGNATURE_BYTES, KeyPair, Purpose, verify
from protocol.text import is_text
from protocol.trade.limits import MAX_MESSAGE_BYTES, MAX_TEXT
from protocol.trade.types import require
from protocol.wire import Fields, Value

RULING_VERSION = 1


@dataclass(frozen=True, slots=True)
class Dispute:
    """One side asks that a third household looks at it."""

    steward: HouseholdId
    text: str = ""

    def __post_init__(self) -> None:
        require(is_text(self.text, MAX_TEXT, lines=True), "text")

    def as_value(self) -> Value:
        """Return the body's array."""
        return (self.steward, self.text)


@dataclass(frozen=True, slots=True)
class Steward:
    """The other side accepts the household that a dispute named."""

    steward: HouseholdId

    def as_value(self) -> Value:
        """Return the body's array."""
        return (self.steward,)


@dataclass(frozen=True, slots=True)
class RulingCopy:
    """What the steward has signed, as one of the two received it."""

    raw: bytes

    def as_value(self) -> Value:
        """Return the body's array."""
        return (self.raw,)


@dataclass(frozen=True, slots=True)
class Settle:
    """How one side would end the dispute; if the other says the same, it is so."""

    outcome: Outcome

    def __post_init__(self) -> None:
        require(self.outcome is not Outcome.NO_SHOW, "outcome")

    def as_value(self) -> Value:
        """Return the body's array."""
        return (int(self.outcome),)


@dataclass(frozen=True, slots=True)
class Ruling:
    """How the steward that both accepted would have the trade end.

    dispute: the id of the DISPUTE that named the steward, so that a ruling that came too late
    for one dispute decides no later one. outcome: COMPLETED or CANCELLED (by consent: nobody
    is at fault). raw: the signed bytes.
    """

    community: CommunityId
    trade: bytes
    dispute: bytes
    steward: HouseholdId
    device: DeviceKey
    outcome: Outcome
    text: str
    raw: bytes


def rule(
    community: CommunityId,
    trade: bytes,
    dispute: bytes,
    steward: HouseholdId,
    outcome: Outcome,
    text: str,
    signer: KeyPair,
) -> Ruling:
    """Sign a ruling with a device of the steward. Raises RemoteError ``body-invalid``."""
    unsigned = (
        RULING_VERSION, community, trade, dispute, steward, signer.public, int(outcome), text,
    )  # fmt: skip
    signature = signer.sign(Purpose.RULING, wire.pack(unsigned))
    return read_ruling(wire.pack((*unsigned, signature)))


def read_ruling(raw: bytes) -> Ruling:
    """Read a ruling and check its signature; whose device signed, membership tells.

    Raises RemoteError ``body-invalid``, ``wire-…`` or ``signature``.
    """
    value = wire.unpack(raw, MAX_MESSAGE_BYTES)
    fields = Fields(value, 9, "ruling")
    fields.integer("version", RULING_VERSION, RULING_VERSION)
    ruling = Ruling(
        CommunityId(fields.octets("community", ID_BYTES)),
        fields.octets("trade", ID_BYTES),
        fields.octets("dispute", ID_BYTES),
        HouseholdId(fields.octets("steward", ID_BYTES)),
        DeviceKey(fields.octets("device", ID_BYTES)),
        Outcome(fields.integer("outcome", 1, 2)),
        fields.text("text"),
        raw,
    )
    require(is_text(ruling.text, MAX_TEXT, lines=True), "text")
    signature = fields.octets("signature", SIGNATURE_BYTES)
    assert type(value) is tuple
    if not verify(ruling.device, Purpose.RULING, wire.pack(value[:-1]), signature):
        raise RemoteError("signature")
    return ruling
