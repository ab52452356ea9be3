"""How often a neighbour is asked for what it keeps: ever less, if it hands over nonsense.

What a holder answers costs decryption, whatever it is, and most of it is no proof of a lie: any
member can have junk kept for somebody. So what comes from one holder in a day is bounded, and
junk uses that up faster. Lives longer than a connection: coming back is no clean slate.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from random import Random

from node.network.token_bucket import TokenBucket
from protocol.mail.limits import HELD_PARCELS
from protocol.mail.post import Code

FIRST_PAUSE_S = 60.0
LONGEST_PAUSE_S = 3_600.0
_FORGIVEN_AFTER_S = 86_400.0
_A_DAY = float(HELD_PARCELS)
"""Parcels from one holder: as many as it may keep for all. Honest ones come nowhere near."""
_WEIGHTS = {Code.UNDECIPHERABLE: 4.0, Code.LATER: 0.25, Code.FULL: 0.25}
"""Against one of a parcel that is taken or known: what waits here is fetched again and again."""
_HOLDERS_REMEMBERED = 512


class _Record:
    def __init__(self) -> None:
        self.parcels = TokenBucket(_A_DAY / 86_400, _A_DAY)
        self.pause_s = 0.0
        self.fault_at_s = 0.0
        self.again_s = 0.0


class HolderConduct:
    """The standing of each holder by what it handed over; on trio's thread."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._records: OrderedDict[bytes, _Record] = OrderedDict()

    def again_s(self, holder: bytes) -> float:
        """Return when (trio's clock) a holder may be asked again; 0 if it always could."""
        record = self._records.get(holder)
        return 0.0 if record is None else record.again_s

    def handed_over(self, holder: bytes, codes: Iterable[Code], now_s: float) -> bool:
        """Note what became of parcels; False if a holder hands over too much by now."""
        weight = sum(_WEIGHTS.get(code, 1.0) for code in codes)
        return self._record(holder).parcels.take(now_s, weight)

    def fault(self, holder: bytes, now_s: float) -> None:
        """Leave a holder alone for a while, twice as long each time within a day."""
        record = self._record(holder)
        is_first = record.pause_s == 0.0 or now_s - record.fault_at_s > _FORGIVEN_AFTER_S
        record.pause_s = FIRST_PAUSE_S if is_first else min(LONGEST_PAUSE_S, 2 * record.pause_s)
        record.fault_at_s = now_s
        record.again_s = now_s + record.pause_s * self._random.uniform(0.8, 1.2)

    def _record(self, holder: bytes) -> _Record:
        record = self._records.setdefault(holder, _Record())
        self._records.move_to_end(holder)
        while len(self._records) > _HOLDERS_REMEMBERED:
            self._records.popitem(last=False)
        return record
