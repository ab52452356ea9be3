"""Community credit: balances folded from co-signed receipts alone (spec 10 §credit).

No coin is made or moved: what one side has given more than received, others have received.
The balances of a community always add up to nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from protocol.charter import CreditRules
from protocol.ids import HouseholdId
from protocol.ledger.receipt import CoSigned


def balances(receipts: Iterable[CoSigned]) -> dict[HouseholdId, int]:
    """Return what each household has given less what it has received, in whole units.

    receipts: those that hold (:func:`protocol.ledger.chain.verify`), each once or several
    times, in any order: a digest counts once, wherever it is linked.
    """
    moved = {
        signed.receipt.digest(): signed.receipt
        for signed in receipts
        if signed.receipt.credit is not None
    }
    found: dict[HouseholdId, int] = defaultdict(int)
    for receipt in moved.values():
        found[receipt.giver] += receipt.credit or 0
        found[receipt.taker] -= receipt.credit or 0
    return dict(found)


def exceeds(balance: int, promised: int, amount: int, rules: CreditRules) -> bool:
    """Tell whether a taker would owe more than the charter allows.

    balance: of the taker, from records. promised: what it owes by promises that have not
    ended in a receipt yet, as far as the asking node knows. amount: of the new promise.
    """
    return balance - promised - amount < -rules.limit
