"""The receipt in which a trade ends: both households sign the same digest (spec 10 §receipt).

It holds no position in any chain, so that concurrent trades need not wait for each other.
What was agreed is in it as a salted hash only: the terms stay with the two.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from protocol import limits, wire
from protocol.errors import RemoteError
from protocol.ids import ID_BYTES, CommunityId, DeviceKey, HouseholdId
from protocol.listing import ListingKind
from protocol.signing import SIGNATURE_BYTES, KeyPair, Purpose, verify
from protocol.wire import Fields, Value

RECEIPT_VERSION = 1
_ARITY: Final = 12
_DIGEST_PERSON = b"p2pm-receipt"
FIRST_MONTH, LAST_MONTH = 1970_01, 9999_12


class Outcome(IntEnum):
    """How a trade ended."""

    COMPLETED = 1
    CANCELLED = 2
    NO_SHOW = 3


@dataclass(frozen=True, slots=True)
class Receipt:
    """What both sign. Raises RemoteError ``body-invalid`` if it contradicts itself.

    trade: the trade's id, 32 bytes. month: yyyymm of the message that concluded the trade,
    UTC. terms_hash: 32 bytes, over terms and salt that only the two know. credit: units of
    the community's credit that go from the taker to the giver (the publisher, unless the
    listing was a wish); None, or 1 … MAX_CREDIT in a public receipt of a completed trade.
    at_fault: None if completed; who cancelled (None: by consent); who did not come.
    public: whether it may be linked for all to see, as agreed at the promise.
    """

    community: CommunityId
    trade: bytes
    publisher: HouseholdId
    seeker: HouseholdId
    listing_kind: ListingKind
    month: int
    outcome: Outcome
    terms_hash: bytes
    credit: int | None
    at_fault: HouseholdId | None
    public: bool

    def __post_init__(self) -> None:
        def require(holds: bool, field: str) -> None:
            if not holds:
                raise RemoteError("body-invalid", field=field)

        for field, octets in (
            ("community", self.community),
            ("trade", self.trade),
            ("publisher", self.publisher),
            ("seeker", self.seeker),
            ("terms_hash", self.terms_hash),
        ):
            require(len(octets) == ID_BYTES, field)
        require(self.publisher != self.seeker, "seeker")
        require(FIRST_MONTH <= self.month <= LAST_MONTH, "month")
        require(1 <= self.month % 100 <= 12, "month")
        completed = self.outcome is Outcome.COMPLETED
        if self.credit is not None:
            require(1 <= self.credit <= limits.MAX_CREDIT, "credit")
            require(completed and self.public, "credit")
        if self.at_fault is None:
            require(self.outcome is not Outcome.NO_SHOW, "at_fault")
        else:
            require(not completed and self.at_fault in self.parties, "at_fault")

    @property
    def parties(self) -> tuple[HouseholdId, HouseholdId]:
        """The publisher and the seeker."""
        return self.publisher, self.seeker

    @property
    def giver(self) -> HouseholdId:
        """Who gave, lent or helped: to whom credit goes."""
        wanted = self.listing_kind is ListingKind.WANTED
        return self.seeker if wanted else self.publisher

    @property
    def taker(self) -> HouseholdId:
        """Who received: from whom credit comes."""
        return self.other(self.giver)

    def other(self, household: HouseholdId) -> HouseholdId:
        """Return the party that ``household``, one of the two, traded with."""
        return self.seeker if household == self.publisher else self.publisher

    def digest(self) -> bytes:
        """Return the 32 bytes that both sign, and by which the receipt is named."""
        packed = wire.pack(self.as_value())
        return hashlib.blake2b(packed, digest_size=ID_BYTES, person=_DIGEST_PERSON).digest()

    def as_value(self) -> Value:
        """Return the fields in their order on the wire."""
        return (
            RECEIPT_VERSION,
            self.community,
            self.trade,
            self.publisher,
            self.seeker,
            int(self.listing_kind),
            self.month,
            int(self.outcome),
            self.terms_hash,
            self.credit,
            self.at_fault,
            self.public,
        )


def read_receipt(value: Value) -> Receipt:
    """Read a receipt's decoded array. Raises RemoteError ``body-invalid``."""
    fields = Fields(value, _ARITY, "receipt")
    fields.integer("receipt_version", RECEIPT_VERSION, RECEIPT_VERSION)
    return Receipt(
        community=CommunityId(fields.octets("community", ID_BYTES)),
        trade=fields.octets("trade", ID_BYTES),
        publisher=HouseholdId(fields.octets("publisher", ID_BYTES)),
        seeker=HouseholdId(fields.octets("seeker", ID_BYTES)),
        listing_kind=ListingKind(fields.integer("listing_kind", 1, max(ListingKind))),
        month=fields.integer("month", FIRST_MONTH, LAST_MONTH),
        outcome=Outcome(fields.integer("outcome", 1, max(Outcome))),
        terms_hash=fields.octets("terms_hash", ID_BYTES),
        credit=fields.optional_integer("credit", 1, limits.MAX_CREDIT),
        at_fault=_optional_household(fields.optional("at_fault")),
        public=fields.boolean("public"),
    )


def hash_of_terms(packed_terms: bytes, salt: bytes) -> bytes:
    """Return a receipt's terms_hash. salt: 16 random bytes that only the two know."""
    return hashlib.blake2b(packed_terms, digest_size=ID_BYTES, key=salt).digest()


def month_of(at_ms: int) -> int:
    """Return the month (yyyymm, UTC) of a time in Unix milliseconds; no clock, no time zone.

    at_ms: 0 … MAX_TIME_MS; the years beyond 9999 count as its last month.
    """
    # Days since 0000-03-01, so that a leap day ends its year (Hinnant, "chrono-compatible
    # low-level date algorithms"); 400 years are an era of 146,097 days.
    days = at_ms // limits.DAY_MS + 719_468
    era, of_era = divmod(days, 146_097)
    year_of_era = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    from_march = (5 * of_year + 2) // 153
    month = from_march + 3 if from_march < 10 else from_march - 9
    year = era * 400 + year_of_era + (month <= 2)
    return min(year * 100 + month, LAST_MONTH)


def sign_receipt(receipt: Receipt, signer: KeyPair) -> bytes:
    """Return the 64-byte signature of a party's device."""
    return signer.sign(Purpose.RECEIPT, receipt.digest())


def receipt_signature_holds(receipt: Receipt, device: bytes, signature: bytes) -> bool:
    """Tell whether the device signed exactly this receipt; whose it is, membership tells."""
    return verify(device, Purpose.RECEIPT, receipt.digest(), signature)


@dataclass(frozen=True, slots=True)
class CoSigned:
    """A receipt with the signatures there are; a side that has not signed has None twice.

    Nothing is verified here: see :meth:`signatures_hold`. A signature is 64 bytes.
    """

    receipt: Receipt
    publisher_device: DeviceKey | None = None
    publisher_signature: bytes | None = None
    seeker_device: DeviceKey | None = None
    seeker_signature: bytes | None = None

    def __post_init__(self) -> None:
        for device, signature in (self._publisher, self._seeker):
            missing = device is None and signature is None
            whole = (
                device is not None
                and signature is not None
                and len(device) == ID_BYTES
                and len(signature) == SIGNATURE_BYTES
            )
            if not missing and not whole:
                raise RemoteError("body-invalid", field="signature")

    @property
    def _publisher(self) -> tuple[DeviceKey | None, bytes | None]:
        return self.publisher_device, self.publisher_signature

    @property
    def _seeker(self) -> tuple[DeviceKey | None, bytes | None]:
        return self.seeker_device, self.seeker_signature

    @property
    def complete(self) -> bool:
        """Whether both have signed. A receipt that is not complete counts for nothing."""
        return self.publisher_device is not None and self.seeker_device is not None

    def device_of(self, household: HouseholdId) -> DeviceKey | None:
        """Return the device that signed for one of the parties."""
        own = household == self.receipt.publisher
        return self.publisher_device if own else self.seeker_device

    def signatures_hold(self) -> bool:
        """Tell whether each signature that is there is that of the device it names."""
        return all(
            device is None
            or signature is None
            or receipt_signature_holds(self.receipt, device, signature)
            for device, signature in (self._publisher, self._seeker)
        )


def _optional_household(value: Value) -> HouseholdId | None:
    if value is None:
        return None
    if type(value) is not bytes or len(value) != ID_BYTES:
        raise RemoteError("body-invalid", field="at_fault")
    return HouseholdId(value)
