"""Receipts and chains with keys that are counted up, for vectors and protocol tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from vector_world import DAY_MS, START_MS, Household, World

from protocol.envelope import Envelope
from protocol.ids import DeviceKey
from protocol.kinds import Kind
from protocol.ledger.entry import NO_ENTRY, Content, Entry
from protocol.ledger.receipt import CoSigned, Outcome, Receipt, month_of, sign_receipt
from protocol.ledger.review import Review
from protocol.listing import ListingKind
from protocol.membership.members import Members

WORLD = World()
FOUNDER, ANA, BEN, CEM = WORLD.founder, Household(2), Household(3), Household(4)
STRANGER = Household(9)
SALT = bytes(range(16))


def membership(world: World = WORLD) -> list[Envelope]:
    """The founder's device; Ana and Ben, confirmed by the founder; Cem, confirmed by Ana."""
    records = [world.certify_device(FOUNDER)]
    records += world.joined(ANA, FOUNDER, slot=0)
    records += world.joined(BEN, FOUNDER, slot=1)
    return records + world.joined(CEM, ANA)


def members(*more: Envelope) -> Members:
    """Who belongs, with these records besides."""
    return WORLD.found().extended([*membership(), *more])


def receipt(
    publisher: Household = ANA, seeker: Household = BEN, trade: int = 1, **fields: Any
) -> Receipt:
    """A public receipt of a completed gift, in the month after the founding."""
    usual: dict[str, Any] = {
        "community": WORLD.community,
        "trade": trade.to_bytes(32, "big"),
        "publisher": publisher.id,
        "seeker": seeker.id,
        "listing_kind": ListingKind.GIVE,
        "month": month_of(START_MS),
        "outcome": Outcome.COMPLETED,
        "terms_hash": (trade + 1_000).to_bytes(32, "big"),
        "credit": None,
        "at_fault": None,
        "public": True,
    }
    return Receipt(**{**usual, **fields})


def co_signed(
    of: Receipt,
    publisher: Household = ANA,
    seeker: Household = BEN,
    devices: tuple[int, int] = (0, 0),
) -> CoSigned:
    """A receipt that both have signed, with their devices of these numbers."""
    first, second = publisher.device(devices[0]), seeker.device(devices[1])
    return CoSigned(
        of,
        DeviceKey(first.public),
        sign_receipt(of, first),
        DeviceKey(second.public),
        sign_receipt(of, second),
    )


def traded(
    publisher: Household = ANA, seeker: Household = BEN, trade: int = 1, **fields: Any
) -> CoSigned:
    """A receipt between two households, signed by both."""
    return co_signed(receipt(publisher, seeker, trade, **fields), publisher, seeker)


def review(
    of: CoSigned, author: Household, text: str = "Friendly.", recommends: bool = True
) -> Review:
    """What one side of a receipt says of the other."""
    return Review(of.receipt.digest(), of.receipt.other(author.id), recommends, text, SALT)


@dataclass
class Chain:
    """Writes the chain of one device, a link a day."""

    of: Household
    device: int = 0
    records: list[Envelope] = field(default_factory=list)
    world: World = field(default_factory=lambda: WORLD)

    def link(self, content: Content, **fields: Any) -> Envelope:
        """Sign the next link. index, previous: others than the right ones."""
        index = fields.pop("index", len(self.records))
        previous = self.records[-1].id if self.records else NO_ENTRY
        record = self.sign(Entry(index, fields.pop("previous", previous), content).pack(), **fields)
        self.records.append(record)
        return record

    def sign(self, body: bytes, **fields: Any) -> Envelope:
        """Sign a ledger record with any body, in the next slot of this device."""
        number = len(self.records)
        return self.world.sign(
            self.of,
            Kind.LEDGER,
            body,
            **{
                "at_ms": START_MS + (number + 2) * DAY_MS,
                "device": self.device,
                "slot": self.device + 8 * number,
                **fields,
            },
        )
