"""What a household may know about its neighbours' presence: honest numbers for every answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from node.clock import Clock
from node.inbox import Inbox
from node.network.port import HostKey, Network
from node.store.neighbours import last_synced, note_synced
from node.store.profiles import read_profiles
from node.store.records import RecordStore
from protocol.ids import HouseholdId


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One household: reachable now or not, and when the sets were last equal (Unix ms)."""

    household: HouseholdId
    name: str
    connected: bool
    last_synced_at_ms: int | None
    address: str | None


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """neighbours_synced: connected ones with which the sets were equal at least once.

    since_ms: the oldest of their last syncs. missing: records known to be still missing.
    """

    neighbours_connected: int
    neighbours_synced: int
    neighbours_known: int
    neighbours: list[Neighbour]
    missing: int
    since_ms: int | None


class Sync:
    """Remembers, across restarts, when the sets were equal with whom."""

    def __init__(
        self,
        network: Network,
        store: RecordStore,
        inbox: Inbox,
        clock: Clock,
        own: HouseholdId,
        missing: Callable[[], int],
        is_further_device: bool,
    ) -> None:
        """is_further_device: whether the household has had another one from the beginning."""
        self._network = network
        self._store = store
        self._inbox = inbox
        self._clock = clock
        self._own = own
        self._missing = missing
        self._is_further_device = is_further_device
        self._last: dict[HouseholdId, int] = {}
        self._proven: dict[HostKey, HouseholdId] = {}

    def introduce(self, peer: HostKey, household: HouseholdId) -> None:
        """Note whom a host proved to be at the gate.

        Another household may name the same host in a device record of its own; what counts
        is what the gate has judged.
        """
        self._proven[peer] = household

    def household_of(self, peer: HostKey) -> HouseholdId | None:
        """Return the standing household that a connected host speaks for."""
        household = self._proven.get(peer)
        if household is None or not self._inbox.members.is_host_of(peer, household):
            return None
        return household

    @property
    def last_equal(self) -> Mapping[HouseholdId, int]:
        """Household → when the sets were last equal with one of its hosts (Unix ms)."""
        return self._last

    async def load(self) -> None:
        """Recall the last syncs from the file."""
        self._last = await last_synced(self._store.database)

    async def note_equal(self, peer: HostKey) -> None:
        """Note that the sets were equal with a host's household just now."""
        household = self.household_of(peer)
        if household is None:
            return
        self._last[household] = self._clock.now_ms()
        number = self._store.number_of(household)
        if number is not None:
            await note_synced(self._store.database, number, self._clock.now_ms())

    def _has_other_devices(self) -> bool:
        """Whether the own household counts as a neighbour: it has been heard of elsewhere."""
        own = self._inbox.members.member(self._own)
        several = own is not None and len(own.devices) > 1
        return several and (self._is_further_device or self._own in self._last)

    async def status(self) -> SyncStatus:
        """Return how things stand now."""
        profiles = await read_profiles(self._store.database)
        connected: dict[HouseholdId, str] = {}
        for connection in self._network.connections():
            household = self.household_of(connection.peer)
            if household is not None:
                connected[household] = connection.address
        neighbours = [
            Neighbour(
                household,
                profiles[household].name if household in profiles else "",
                household in connected,
                self._last.get(household),
                connected.get(household),
            )
            for household, member in self._inbox.members.households.items()
            if member.stands
            and (household != self._own or household in connected or self._has_other_devices())
        ]
        synced = [at for household, at in self._last.items() if household in connected]
        return SyncStatus(
            len(connected),
            len(synced),
            len(neighbours),
            neighbours,
            self._missing(),
            min(synced) if synced else None,
        )
