"""Which of the receipts that hold count, and in which order (spec 10 §which receipts count).

A trade that was settled after a dispute may have left two receipts with both signatures: it
counts once all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from protocol.ids import HouseholdId
from protocol.ledger.chain import LedgerReport
from protocol.ledger.receipt import Receipt


@dataclass(frozen=True, slots=True)
class Dated:
    """A receipt that holds. at_ms: the latest time of the links that hold it, Unix ms.

    A link's time is the latest creation of its chain's links up to it: nobody dates a receipt
    behind what its own chain says already.
    """

    receipt: Receipt
    digest: bytes
    at_ms: int

    @property
    def place(self) -> tuple[int, bytes]:
        """What puts receipts in order: the time, and of two at one time the digest."""
        return self.at_ms, self.digest

    @property
    def trade(self) -> tuple[bytes, frozenset[HouseholdId]]:
        """What a trade is known by: its id, and who took part.

        The id alone would not do: two others could sign a receipt with it, and so take the
        place of somebody's trade.
        """
        return self.receipt.trade, frozenset(self.receipt.parties)


def dated(reports: Iterable[LedgerReport]) -> list[Dated]:
    """Return every receipt that holds in any of the ledgers, each digest once, in order."""
    found: dict[bytes, Dated] = {}
    for report in reports:
        for digest, signed in report.receipts.items():
            at_ms = report.linked_at_ms[digest]
            known = found.get(digest)
            if known is None or known.at_ms < at_ms:
                found[digest] = Dated(signed.receipt, digest, at_ms)
    return sorted(found.values(), key=lambda one: one.place)


def once_a_trade(receipts: Iterable[Dated]) -> list[Dated]:
    """Return one receipt of each trade, the first of it, in order."""
    found: dict[tuple[bytes, frozenset[HouseholdId]], Dated] = {}
    for one in sorted(receipts, key=lambda one: one.place):
        found.setdefault(one.trade, one)
    return list(found.values())
