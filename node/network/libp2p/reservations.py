"""Places at volunteers: kept at two of them while this node cannot be dialled from outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import trio

from node.network.libp2p.addresses import circuit_address, is_public
from node.network.libp2p.circuits import Circuits, Place
from node.network.port import Connection, HostKey, NetworkError

WANTED = 2
"""Reservations: one volunteer may leave at any time."""
_RENEW_S = 600.0
_ASK_AGAIN_S = 120.0
"""A neighbour that does not volunteer may begin to, and one that is full may get room."""


@dataclass(frozen=True, slots=True)
class Held:
    """A reservation. addresses: where the volunteer can be dialled, best first."""

    addresses: tuple[str, ...]
    renew_at: float


class Reservations:
    """Asks the neighbours one by one until enough have granted a place."""

    def __init__(
        self,
        own: HostKey,
        circuits: Circuits,
        neighbours: Callable[[], Sequence[Connection]],
        is_wanted: Callable[[], bool],
        counts: Counter[str],
    ) -> None:
        """neighbours: those connected without a relay. is_wanted: whether places are of use."""
        self._own = own
        self._circuits = circuits
        self._neighbours = neighbours
        self._is_wanted = is_wanted
        self._counts = counts
        self._held: dict[HostKey, Held] = {}
        self._asking: HostKey | None = None
        self._ask_at: dict[HostKey, float] = {}
        self._changed = trio.Event()

    def holds(self, relay: HostKey) -> bool:
        """Whether circuits may come through this neighbour."""
        return relay in self._held or relay == self._asking

    def relays(self) -> tuple[HostKey, ...]:
        """The volunteers through which this node can be reached."""
        return tuple(self._held)

    def addresses(self) -> list[str]:
        """The multiaddrs that lead here through the volunteers."""
        return [
            circuit_address(address, relay, self._own)
            for relay, held in self._held.items()
            for address in held.addresses
        ]

    def wake(self) -> None:
        """Somebody has come or gone, or the verdict on how we are reached has changed."""
        self._changed.set()

    async def run(self) -> None:
        """Ask and renew until cancelled."""
        while True:
            self._changed = trio.Event()
            due_at = await self._round()
            with trio.move_on_at(due_at):
                await self._changed.wait()

    async def _round(self) -> float:
        """Do what is due; return when to look again."""
        neighbours = {each.peer: each for each in self._neighbours()}
        for relay in [each for each in self._held if each not in neighbours]:
            del self._held[relay]
        if not self._is_wanted():
            self._held.clear()  # they lapse by themselves
            return trio.current_time() + _ASK_AGAIN_S
        self._ask_at = {p: at for p, at in self._ask_at.items() if p in neighbours}
        for relay, held in list(self._held.items()):
            if held.renew_at <= trio.current_time():
                await self._ask(neighbours[relay])
        for peer, connection in neighbours.items():
            if len(self._held) >= WANTED:
                break
            if peer not in self._held and self._ask_at.get(peer, 0.0) <= trio.current_time():
                await self._ask(connection)
        times = [held.renew_at for held in self._held.values()]
        if len(self._held) < WANTED:
            times += [at for peer, at in self._ask_at.items() if peer not in self._held]
        return min(times, default=trio.current_time() + _ASK_AGAIN_S)

    async def _ask(self, connection: Connection) -> None:
        relay, now = connection.peer, trio.current_time()
        self._asking = relay  # a circuit may come before the answer has been read
        try:
            place = await self._circuits.reserve(relay)
        except NetworkError:
            self._held.pop(relay, None)
            self._ask_at[relay] = now + _ASK_AGAIN_S
        else:
            if relay not in self._held:
                self._counts["reservations"] += 1
            self._held[relay] = Held(_dialable(connection, place), now + _RENEW_S)
        finally:
            self._asking = None


def _dialable(connection: Connection, place: Place) -> tuple[str, ...]:
    """Where others best dial a volunteer: in public, or else where we did."""
    own = (connection.address.partition("/p2p/")[0],) if connection.outbound else ()
    known = list(dict.fromkeys([*own, *place.addresses]))
    return tuple([each for each in known if is_public(each)][:1] or known[:1] or [""])
