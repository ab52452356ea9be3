"""Membership records with their bodies read, ready for evaluation (spec 04 §evaluation)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from protocol.charter import Charter, read_charter
from protocol.envelope import Envelope
from protocol.errors import RemoteError
from protocol.kinds import Kind
from protocol.membership.bodies import (
    Certificate,
    Confirmation,
    Device,
    Invite,
    Removal,
    read_certificate,
    read_confirmation,
    read_device,
    read_invite,
    read_removal,
)
from protocol.membership.governance import (
    Amendment,
    Consent,
    Seats,
    Vouches,
    read_amendment,
    read_consent,
    read_seats,
    read_vouches,
)

Body = (
    Charter
    | Certificate
    | Device
    | Invite
    | Confirmation
    | Removal
    | Seats
    | Amendment
    | Consent
    | Vouches
)

_READERS: dict[Kind, Callable[[bytes], Body]] = {
    Kind.CHARTER: read_charter,
    Kind.CERTIFICATE: read_certificate,
    Kind.DEVICE: read_device,
    Kind.INVITE: read_invite,
    Kind.CONFIRMATION: read_confirmation,
    Kind.REMOVAL: read_removal,
    Kind.SEATS: read_seats,
    Kind.AMENDMENT: read_amendment,
    Kind.CONSENT: read_consent,
    Kind.VOUCHES: read_vouches,
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One standing membership record. body: None where this version cannot use it.

    An unusable body (a later version, or nonsense) keeps the record in the set and out of
    the evaluation: what is in the set never depends on who reads bodies how well.
    """

    record: Envelope
    body: Body | None


def read_fact(record: Envelope, proven: bool = False) -> Fact:
    """Read the body of a membership record whose signature has been checked. Total.

    proven: the proof inside a certificate has been checked before, too.
    """
    reader = _READERS.get(Kind(record.kind)) if record.kind in _KNOWN else None
    if reader is None:
        return Fact(record, None)
    try:
        body = reader(record.body)
    except RemoteError:
        return Fact(record, None)
    if isinstance(body, Certificate) and not (
        proven or body.proof_holds(record.community, record.household)
    ):
        return Fact(record, None)
    return Fact(record, body)


_KNOWN = frozenset(int(kind) for kind in _READERS)
