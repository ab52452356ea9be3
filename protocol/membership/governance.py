"""The bodies by which a community governs itself (spec 11).

Who agrees says so in a record of their own household, with the same words as everybody who
agrees: there is no proposal that another record points to, and so none that can be missing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from protocol import limits, wire
from protocol.charter import Charter, read_charter
from protocol.errors import RemoteError
from protocol.ids import ID_BYTES, HouseholdId
from protocol.wire import Fields

BODY_VERSION = 1
FIRST_AMENDMENT = 2
"""The founding charter is number 1."""
_DIGEST_PERSON: Final = b"p2pm-amendment"


@dataclass(frozen=True, slots=True)
class Seat:
    """What a household says of another's (or its own) seat among the stewards.

    wanted: true for, false against. Of its own: whether it takes the seat.
    """

    household: HouseholdId
    wanted: bool


@dataclass(frozen=True, slots=True)
class Seats:
    """Whom the author wants as stewards, and whom not: the first mention of each counts."""

    seats: tuple[Seat, ...]

    def pack(self) -> bytes:
        """Return the body's canonical bytes."""
        seats = tuple((seat.household, seat.wanted) for seat in self.seats)
        return wire.pack((BODY_VERSION, seats))


def read_seats(body: bytes) -> Seats:
    """Read a record of kind 7. Raises RemoteError ``body-invalid`` or ``wire-…``."""
    fields = Fields(wire.unpack(body, limits.MAX_RECORD_BYTES), 2, "seats")
    fields.integer("version", BODY_VERSION, BODY_VERSION)
    seats: list[Seat] = []
    for value in fields.array("seats", limits.MAX_SEATS_IN_RECORD):
        seat = Fields(value, 2, "seat")
        seats.append(Seat(HouseholdId(seat.octets("household", ID_BYTES)), seat.boolean("wanted")))
    return Seats(tuple(seats))


@dataclass(frozen=True, slots=True)
class Amendment:
    """A version of the charter that the author wants in force. Raises RemoteError.

    number: 2 … MAX_AMENDMENT; of those that enough stewards want the highest is in force.
    previous: digest of the version it was written against (of number 1 the community's id),
    so that people can be shown the difference; it decides nothing.
    """

    number: int
    previous: bytes
    charter: Charter

    def __post_init__(self) -> None:
        if not FIRST_AMENDMENT <= self.number <= limits.MAX_AMENDMENT:
            raise RemoteError("body-invalid", field="number")
        if len(self.previous) != ID_BYTES:
            raise RemoteError("body-invalid", field="previous")

    def pack(self) -> bytes:
        """Return the body's canonical bytes."""
        return wire.pack((BODY_VERSION, self.number, self.previous, self.charter.pack()))

    def digest(self) -> bytes:
        """Return the 32 bytes by which this version is named."""
        return hashlib.blake2b(self.pack(), digest_size=ID_BYTES, person=_DIGEST_PERSON).digest()

    def keeps_foundations(self, founding: Charter) -> bool:
        """Tell whether what the founding charter fixes for good is unchanged.

        Credit once given is not to lose its value: where there was some from the beginning, the
        limit may only be raised.
        """
        before, now = founding.credit, self.charter.credit
        return (
            before is None
            or (now is not None and now.unit == before.unit and now.limit >= before.limit)
        ) and (
            self.charter.salt == founding.salt
            and self.charter.quorum == founding.quorum
            and self.charter.invite_budget == founding.invite_budget
            and self.charter.subtree == founding.subtree
        )


def read_amendment(body: bytes) -> Amendment:
    """Read a record of kind 8. Raises RemoteError ``body-invalid`` or ``wire-…``."""
    fields = Fields(wire.unpack(body, limits.MAX_RECORD_BYTES), 4, "amendment")
    fields.integer("version", BODY_VERSION, BODY_VERSION)
    number = fields.integer("number", FIRST_AMENDMENT, limits.MAX_AMENDMENT)
    previous = fields.octets("previous", ID_BYTES)
    raw = fields.optional("charter")
    if type(raw) is not bytes:
        raise RemoteError("body-invalid", field="charter")
    return Amendment(number, previous, read_charter(raw))


@dataclass(frozen=True, slots=True)
class Consent:
    """A household agrees to live by a version of the charter. digest: 32 bytes, which."""

    digest: bytes

    def pack(self) -> bytes:
        """Return the body's canonical bytes."""
        return wire.pack((BODY_VERSION, self.digest))


def read_consent(body: bytes) -> Consent:
    """Read a record of kind 9. Raises RemoteError ``body-invalid`` or ``wire-…``."""
    fields = Fields(wire.unpack(body, limits.MAX_RECORD_BYTES), 2, "consent")
    fields.integer("version", BODY_VERSION, BODY_VERSION)
    return Consent(fields.octets("digest", ID_BYTES))


@dataclass(frozen=True, slots=True)
class Vouches:
    """Households whom the author knows and speaks for; it decides nothing about who belongs."""

    households: tuple[HouseholdId, ...]

    def pack(self) -> bytes:
        """Return the body's canonical bytes."""
        return wire.pack((BODY_VERSION, self.households))


def read_vouches(body: bytes) -> Vouches:
    """Read a record of kind 10. Raises RemoteError ``body-invalid`` or ``wire-…``."""
    fields = Fields(wire.unpack(body, limits.MAX_RECORD_BYTES), 2, "vouches")
    fields.integer("version", BODY_VERSION, BODY_VERSION)
    households: list[HouseholdId] = []
    for value in fields.array("households", limits.MAX_VOUCHES_IN_RECORD):
        if type(value) is not bytes or len(value) != ID_BYTES:
            raise RemoteError("body-invalid", field="households")
        households.append(HouseholdId(value))
    return Vouches(tuple(households))
