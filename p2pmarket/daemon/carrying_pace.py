"""How much is written for one author: who edits without end makes nobody else do so."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from node.network.token_bucket import TokenBucket
from protocol.ids import CommunityId, HouseholdId
from protocol.windows import MAX_CARRIED_OF_ONE

Wish = tuple[CommunityId, CommunityId, HouseholdId]
"""From where, into where, and whose."""

_BURST: Final = 3.0 * MAX_CARRIED_OF_ONE
_PER_S: Final = 0.2
_REMEMBERED: Final = 4_096


class CarryingPace:
    """What a carrier publishes or edits for each author; withdrawing is always free."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[Wish, TokenBucket] = OrderedDict()

    def take(self, wish: Wish, now_s: float) -> bool:
        """Whether one more record may be written for an author now."""
        bucket = self._buckets.setdefault(wish, TokenBucket(_PER_S, _BURST))
        self._buckets.move_to_end(wish)
        if len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)
        return bucket.take(now_s)
