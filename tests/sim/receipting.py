"""Words for receipts in a simulated world: who traded with whom, and what the ledgers say."""

from __future__ import annotations

from itertools import count
from typing import Any

from node.ledger.ledger import Ledger
from protocol.ids import DeviceKey
from protocol.ledger.chain import LedgerReport
from protocol.ledger.receipt import CoSigned, Outcome, Receipt, month_of, sign_receipt
from protocol.listing import ListingKind
from protocol.signing import KeyPair
from tests.sim.trading import eventually
from tests.sim.world import Household, World

_TRADES = count(1)


def ledger(household: Household) -> Ledger:
    """The running node's ledger."""
    return household.node.ledger


def key_of(household: Household) -> KeyPair:
    """The key with which a household's running device signs."""
    return household.node.market._author._keys.device


def receipt(publisher: Household, seeker: Household, **fields: Any) -> Receipt:
    """What both will sign: a public receipt of a completed gift, of this month."""
    trade = next(_TRADES)
    usual: dict[str, Any] = {
        "community": publisher.node.community.id,
        "trade": trade.to_bytes(32, "big"),
        "publisher": publisher.id,
        "seeker": seeker.id,
        "listing_kind": ListingKind.GIVE,
        "month": month_of(publisher.clock.now_ms()),
        "outcome": Outcome.COMPLETED,
        "terms_hash": bytes(32),
        "credit": None,
        "at_fault": None,
        "public": True,
    }
    return Receipt(**{**usual, **fields})


def signed_by(of: Receipt, publisher: Household | None, seeker: Household | None) -> CoSigned:
    """A receipt with the signatures of those named."""
    sides: list[Any] = []
    for side in (publisher, seeker):
        if side is None:
            sides += [None, None]
        else:
            key = key_of(side)
            sides += [DeviceKey(key.public), sign_receipt(of, key)]
    return CoSigned(of, *sides)


async def trade(publisher: Household, seeker: Household, **fields: Any) -> CoSigned:
    """Have two households end a trade: both sign, and keep the receipt."""
    signed = signed_by(receipt(publisher, seeker, **fields), publisher, seeker)
    for side in (publisher, seeker):
        await ledger(side).link(signed, side.clock.now_ms())
    return signed


async def report_of(household: Household, at: Household) -> LedgerReport:
    """How one household's ledger looks at another's node."""
    return await ledger(at).verify(household.id)


async def until_linked(world: World, of: Household, at: Household, receipts: int) -> LedgerReport:
    """Wait until so many receipts of a household hold at another's node."""

    async def so_many() -> bool:
        return len((await report_of(of, at)).receipts) == receipts

    await eventually(world, so_many)
    return await report_of(of, at)


def flaws(report: LedgerReport) -> list[tuple[str, int]]:
    """What was found, and where."""
    return [(finding.flaw.value, finding.index) for finding in report.findings]
