"""How far this node sees: whether one household's guests could be all that it meets.

What a neighbour leaves out cannot be seen; that nobody but the guests of one household would
have to leave it out can. So this says from how many branches of the invitation tree the sets
were equal lately, and what came to light when another one was reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import trio

from node.anchors import Anchors
from node.branches import branch_of
from node.clock import Clock
from node.conduct import Conduct
from node.inbox import Inbox
from node.network.port import HostKey, Network
from node.shown import Shown
from node.store.profiles import read_profiles
from node.store.records import RecordStore
from node.sync import Sync
from protocol.envelope import Envelope
from protocol.ids import HouseholdId

LATELY_MS = 24 * 3_600_000
"""Neighbours switch their computers off at night: less would alarm for nothing."""
NEWCOMER_MS = 3_600_000
"""For who has never met a second branch: everything here came from one side."""
SETTLED_MS = 600_000
"""A record of this age has reached everybody who is not cut off (clocks may differ as much)."""
_RUNNING_S = 3_600.0
"""After a start others get time to come back."""


class Outlook(Enum):
    """What can be said."""

    ALONE = "alone"
    """No neighbour is connected."""
    FEW = "few"
    """Nobody else stands in any second branch, as far as is known: there is nothing to compare."""
    SEVERAL = "several"
    """Neighbours of several branches were lately found equal."""
    ONE = "one"
    """Only neighbours of one branch lately, but not for long."""
    SURROUNDED = "surrounded"
    """Only neighbours of one branch for so long that it should be looked into."""


@dataclass(frozen=True, slots=True)
class HorizonView:
    """anchors: connections dialled by this node, spread over branches. reached: branches with
    a connection now; known: branches in which somebody else stands.

    only: the name of the household whose guests are all that was met (ONE, SURROUNDED).
    since_ms: when a neighbour of a second branch was last found equal; None: never.
    holding_back: names of households whose nodes hold back records that they must have.
    late: records of some age that came only from another branch than those that had been
    found equal before; late_from: the household that brought the last of them.
    """

    outlook: Outlook
    anchors: int
    reached: int
    known: int
    only: str | None
    since_ms: int | None
    holding_back: tuple[str, ...]
    late: int
    late_from: str | None


class Horizon:
    """Watches from which branches records come; answers :meth:`view`."""

    def __init__(
        self,
        network: Network,
        store: RecordStore,
        inbox: Inbox,
        clock: Clock,
        conduct: Conduct,
        sync: Sync,
        anchors: Anchors,
        shown: Shown,
        own: HouseholdId,
    ) -> None:
        self._network = network
        self._store = store
        self._inbox = inbox
        self._clock = clock
        self._conduct = conduct
        self._sync = sync
        self._anchors = anchors
        self._shown = shown
        self._own = own
        self._started_s = trio.current_time()
        self._late = 0
        self._late_from: HouseholdId | None = None
        inbox.on_stored.append(self._look_for_late_ones)

    async def view(self) -> HorizonView:
        """Return what can be said now."""
        profiles = await read_profiles(self._store.database)

        def name(household: HouseholdId | None) -> str:
            return profiles[household].name if household in profiles else ""

        outlook, only, since_ms = self._outlook()
        holding_back = dict.fromkeys(
            household
            for connection in self._network.connections()
            if self._shown.hides(connection.peer)
            and (household := self._sync.household_of(connection.peer)) is not None
        )
        return HorizonView(
            outlook,
            len(self._anchors.current()),
            len(self._anchors.branches_reached()),
            len(self._anchors.branches_known()),
            None if only is None else name(only),
            since_ms,
            tuple(map(name, holding_back)),
            self._late,
            None if self._late_from is None else name(self._late_from),
        )

    def _outlook(self) -> tuple[Outlook, HouseholdId | None, int | None]:
        """Return what can be said, of which branch, and when a second one was last equal."""
        reached, met = self._anchors.branches_reached(), self._met()
        latest = sorted(met.items(), key=lambda item: item[1])
        second_ms = latest[-2][1] if len(latest) > 1 else None
        if not reached:
            return Outlook.ALONE, None, second_ms
        if len(self._anchors.branches_known()) < 2:
            return Outlook.FEW, None, second_ms
        now_ms = self._clock.now_ms()
        if second_ms is not None and second_ms >= now_ms - LATELY_MS:
            return Outlook.SEVERAL, None, second_ms
        only = latest[-1][0] if latest else next(iter(reached))
        member = self._inbox.members.member(self._own)
        if second_ms is None:
            joined_ms = now_ms if member is None else member.joined_at_ms
            long = now_ms - joined_ms >= NEWCOMER_MS
        else:
            long = trio.current_time() - self._started_s >= _RUNNING_S
        return (Outlook.SURROUNDED if long else Outlook.ONE), only, second_ms

    def _met(self) -> dict[HouseholdId, int]:
        """Return branch → when the sets were last equal with somebody of it (Unix ms)."""
        met: dict[HouseholdId, int] = {}
        for household, at_ms in self._sync.last_equal.items():
            head = branch_of(self._inbox.members, household)
            if head is not None and household != self._own:
                met[head] = max(at_ms, met.get(head, 0))
        return met

    def _look_for_late_ones(self, records: Sequence[Envelope], origin: HostKey | None) -> None:
        """Count records that neighbours of other branches should have had when last equal.

        They may have been cut off themselves; and whoever brings records can antedate its own.
        So this is shown, and changes nothing.
        """
        settled_ms = self._clock.now_ms() - SETTLED_MS
        old = [r for r in records if r.created_at_ms < settled_ms]
        household = None if origin is None or not old else self._sync.household_of(origin)
        if household is None or household == self._own:
            return
        head = branch_of(self._inbox.members, household)
        others = (at_ms for other, at_ms in self._met().items() if other != head)
        equal_ms = max(others, default=0)
        late = sum(record.created_at_ms + SETTLED_MS < equal_ms for record in old)
        if late:
            self._conduct.count("late-records", late)
            self._late += late
            self._late_from = household
