"""Community credit: balances folded from co-signed receipts alone (spec 10 §credit).

No coin is made or moved: what one side has given more than received, others have received.
The balances of a community always add up to nothing, and none is below the charter's limit: two
in league can sign what they like, it waits until the taker has given as much.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from protocol.charter import CreditRules
from protocol.ids import HouseholdId
from protocol.ledger.counting import Dated, once_a_trade
from protocol.ledger.receipt import Receipt


@dataclass(frozen=True, slots=True)
class Credit:
    """Balances, of each household that gave or took for credit, and what does not count yet.

    counted: the receipts that make them up. waiting: those that their taker has not covered: each
    counts as soon as it is the first of its taker's and the taker has given enough. Both in order.
    """

    balances: Mapping[HouseholdId, int] = field(default_factory=dict)
    counted: Sequence[Receipt] = ()
    waiting: Sequence[Receipt] = ()

    def balance(self, household: HouseholdId) -> int:
        """Return what a household has given less what it has taken, in whole units."""
        return self.balances.get(household, 0)

    def uncovered(self, household: HouseholdId) -> int:
        """Return how much a household has taken that waits, in whole units."""
        return sum(receipt.credit or 0 for receipt in self.waiting if receipt.taker == household)


def fold(receipts: Iterable[Dated], rules: CreditRules) -> Credit:
    """Return the balances. receipts: those that hold, of everybody, in any order.

    Which of the first receipts that fit is counted first makes no difference: it only ever
    raises the balances of others than its taker.
    """
    moving = once_a_trade(one for one in receipts if one.receipt.credit is not None)
    queues: dict[HouseholdId, deque[Dated]] = defaultdict(deque)
    for one in moving:
        queues[one.receipt.taker].append(one)
    found = dict.fromkeys((party for one in moving for party in one.receipt.parties), 0)
    trying = list(queues)
    while trying:
        taker = trying.pop()
        queue = queues[taker]
        while queue and found[taker] - _amount(queue[0]) >= -rules.limit:
            first = queue.popleft()
            giver = first.receipt.giver
            found[taker] -= _amount(first)
            found[giver] += _amount(first)
            if queues.get(giver):
                trying.append(giver)
    left = {one.digest for queue in queues.values() for one in queue}
    return Credit(
        found,
        tuple(one.receipt for one in moving if one.digest not in left),
        tuple(one.receipt for one in moving if one.digest in left),
    )


def _amount(one: Dated) -> int:
    return one.receipt.credit or 0


def exceeds(credit: Credit, taker: HouseholdId, promised: int, amount: int, limit: int) -> bool:
    """Tell whether a taker would owe more than the charter allows.

    What waits is owed too. promised: what the taker owes by promises that have not ended in a
    receipt yet, as far as the asking node knows. amount: of the new promise.
    """
    return room(credit, taker, limit) < promised + amount


def room(credit: Credit, taker: HouseholdId, limit: int) -> int:
    """Return how much a taker may still promise, in whole units; 0 if nothing."""
    return max(0, credit.balance(taker) - credit.uncovered(taker) + limit)
