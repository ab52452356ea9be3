"""What the neighbours outside say of how this host can be dialled."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address

import trio

from node.network.libp2p.addresses import is_public
from node.network.libp2p.dial_back import Opinion
from node.network.port import Connection, HostKey, NetworkError

_WANTED = 3
"""Opinions: one neighbour may be wrong, or lie."""
_MOST_NAMED = 16
_ASK_AGAIN_S = 600.0
_LOOK_AGAIN_S = 30.0
_BY_IPV4 = ("/ip4/", "/dns4/")

Ask = Callable[[HostKey, Sequence[str]], Awaitable[Opinion | None]]


class OutsideView:
    """Asks neighbours with a public address to dial back, now and then."""

    def __init__(
        self,
        ask: Ask,
        neighbours: Callable[[], Sequence[Connection]],
        addresses: Callable[[], Sequence[str]],
        on_change: Callable[[], None],
    ) -> None:
        """ask: as ``dial_back.ask``, of a connected neighbour. neighbours: without a relay.

        addresses: where this host listens, and what the router has opened for it.
        """
        self._ask = ask
        self._neighbours = neighbours
        self._addresses = addresses
        self._on_change = on_change
        self._opinions: OrderedDict[HostKey, Opinion] = OrderedDict()
        self._asked_at: dict[HostKey, float] = {}
        self._asked_with: tuple[str, ...] = ()
        self._changed = trio.Event()

    @property
    def is_reachable(self) -> bool | None:
        """Whether this host can be dialled from outside; None while nobody has said."""
        if not self._opinions:
            return None
        well = sum(bool(opinion.reached) for opinion in self._opinions.values())
        return well * 2 >= len(self._opinions)

    @property
    def seen_at(self) -> str | None:
        """This host's IPv4 address as a neighbour outside sees it, if the last one said so."""
        for opinion in reversed(self._opinions.values()):
            seen = opinion.seen
            if seen is not None and ip_address(seen).version == 4 and ip_address(seen).is_global:
                return seen
        return None

    @property
    def is_reachable_by_ipv4(self) -> bool:
        """Whether also those can dial this host that have no IPv6."""
        return any(each.startswith(_BY_IPV4) for each in self.addresses())

    def addresses(self) -> tuple[str, ...]:
        """Where neighbours outside have dialled back, without a peer id."""
        if not self.is_reachable:
            return ()
        found = [each.reached for each in self._opinions.values() if each.reached]
        return tuple(dict.fromkeys(found))

    def forget(self) -> None:
        """This host is somewhere else now: what was said of it counts no more."""
        self._opinions.clear()
        self._asked_at.clear()
        self._changed.set()

    def wake(self) -> None:
        """Somebody has come or gone."""
        self._changed.set()

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            self._changed = trio.Event()
            await self._round()
            with trio.move_on_after(_LOOK_AGAIN_S):
                await self._changed.wait()

    async def _round(self) -> None:
        addresses = tuple(self._addresses())[:_MOST_NAMED]
        if addresses != self._asked_with:
            # Moved, or the router has opened a port: what was said before counts no more.
            self._asked_with = addresses
            self._asked_at.clear()
        outside = [each.peer for each in self._neighbours() if is_public(each.address)]
        self._asked_at = {peer: at for peer, at in self._asked_at.items() if peer in outside}
        now = trio.current_time()
        fresh = [peer for peer, at in self._asked_at.items() if now - at < _ASK_AGAIN_S]
        for peer in outside:
            if len(fresh) >= _WANTED or not addresses:
                break
            if peer not in fresh:
                fresh.append(peer)
                self._asked_at[peer] = now
                await self._hear(peer, addresses)

    async def _hear(self, peer: HostKey, addresses: Sequence[str]) -> None:
        before = self.is_reachable, self.addresses(), self.seen_at
        try:
            opinion = await self._ask(peer, addresses)
        except NetworkError:
            return
        if opinion is None or (opinion.reached and not is_public(opinion.reached)):
            return
        self._opinions.pop(peer, None)
        self._opinions[peer] = opinion
        while len(self._opinions) > _WANTED:
            self._opinions.popitem(last=False)
        if (self.is_reachable, self.addresses(), self.seen_at) != before:
            self._on_change()
