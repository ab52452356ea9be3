"""The wires between in-memory hosts: who can reach whom, and what gets lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from node.network.port import DialFailed
from protocol.errors import LocalError

if TYPE_CHECKING:
    from node.network.memory import MemoryNetwork


@dataclass(frozen=True, slots=True)
class Faults:
    """What happens to gossip on its way over one connection. Streams are reliable."""

    loss: float = 0.0
    duplication: float = 0.0
    delay_s: tuple[float, float] = (0.0, 0.0)
    """The least and the greatest; different delays also change the order."""
    reordering: float = 0.0
    reordering_delay_s: float = 1.0
    """What a reordered message waits in addition."""

    def arrivals_s(self, rng: Random) -> list[float]:
        """After how many seconds copies of one message arrive; empty if it is lost."""
        if rng.random() < self.loss:
            return []
        copies = 2 if rng.random() < self.duplication else 1
        return [self._arrival_s(rng) for _ in range(copies)]

    def _arrival_s(self, rng: Random) -> float:
        late_s = self.reordering_delay_s if rng.random() < self.reordering else 0.0
        return rng.uniform(*self.delay_s) + late_s


class Switchboard:
    """Where in-memory hosts attach, by name."""

    def __init__(self, seed: int, faults: Faults | None = None) -> None:
        """seed: of all randomness; the same seed gives every message the same fate."""
        self.faults = faults or Faults()
        self._seed = seed
        self._attached: dict[str, MemoryNetwork] = {}
        self._cuts: set[frozenset[str]] = set()

    def attach(self, name: str, network: MemoryNetwork) -> None:
        """A host starts. LocalError ``port-in-use`` if the name is taken."""
        if name in self._attached:
            raise LocalError("port-in-use", address=f"/memory/{name}")
        self._attached[name] = network

    def detach(self, name: str, network: MemoryNetwork) -> None:
        """A host has stopped."""
        if self._attached.get(name) is network:
            del self._attached[name]

    def reach(self, caller: str, name: str) -> MemoryNetwork:
        """The host of that name. DialFailed if there is none or the wire is cut."""
        if name not in self._attached or not self.is_whole(caller, name):
            raise DialFailed(f"nobody answers at /memory/{name}")
        return self._attached[name]

    def is_whole(self, one: str, other: str) -> bool:
        """Whether the wire between two names is whole."""
        return frozenset((one, other)) not in self._cuts

    def fate(self, sender: str, receiver: str, message_id: str) -> list[float]:
        """After how many seconds copies of a gossiped message arrive.

        Drawn for each message by itself, as trio does not promise the order of tasks.
        """
        rng = Random(f"{self._seed}/{sender}/{receiver}/{message_id}")
        return self.faults.arrivals_s(rng)

    def cut(self, some: Iterable[str], others: Iterable[str]) -> None:
        """Part two groups: connections between them break, dials fail until heal()."""
        apart = list(others)
        self._cuts.update(frozenset((a, b)) for a in some for b in apart if a != b)
        for network in list(self._attached.values()):
            network.break_cut_connections()

    def heal(self) -> None:
        """Make every wire whole. Nobody reconnects by itself."""
        self._cuts.clear()

    def crash(self, name: str) -> None:
        """All connections of a host break at once, and it cannot be reached.

        Its network object is dead; open a new one under the same name.
        """
        network = self._attached.pop(name)
        network.stop()
