"""How many households each may let in, so that nobody's invitations grow without bound (MEM-34).

The bound on a whole subtree is handed down in shares: what one household does with its share
takes nothing from another's, and nobody who belongs is put out by somebody who comes later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from protocol.charter import Charter
from protocol.ids import HouseholdId


class Allowances:
    """What is left for the households below each household that belongs.

    founding: with ``subtree`` 0 only its invite budget bounds whom a household lets in.
    stewards: they let in as many as their slots hold, whatever is left above them.
    """

    def __init__(self, founding: Charter, stewards: Iterable[HouseholdId]) -> None:
        self._stewards = frozenset(stewards)
        self._subtree = founding.subtree
        self._budget = founding.invite_budget
        self._left: dict[HouseholdId, int] = {}

    def covered(
        self, inviter: HouseholdId, confirmations: Sequence[tuple[int, HouseholdId]]
    ) -> list[HouseholdId]:
        """Return whom the confirmations of a household that belongs can bring, by slot."""
        allowed = self.direct(inviter)
        return [whom for slot, whom in confirmations if allowed is None or slot < allowed]

    def direct(self, inviter: HouseholdId) -> int | None:
        """Return how many households one may confirm itself; None: as many as it has slots."""
        if inviter in self._stewards:
            return None
        return min(self._budget, self._left.get(inviter, self._budget))

    def pass_on(self, inviter: HouseholdId, household: HouseholdId) -> None:
        """Give a household that was let in its equal share of what is below its inviter."""
        if not self._subtree:
            return
        left = self._left.get(inviter)
        if inviter in self._stewards or left is None:
            self._left[household] = self._subtree
        else:
            direct = min(self._budget, left)
            self._left[household] = (left - direct) // direct if direct else 0
