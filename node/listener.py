"""What the network tells the node, passed to the services; one task keeps each peer equal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import trio

from node.catchup import Catchup, Exchange
from node.conduct import Conduct
from node.gossip import Gossip
from node.mail.post import Post
from node.membership_gate import Passed
from node.neighbourhood import Neighbourhood
from node.network.port import HostKey, Network
from node.sync import Sync
from protocol.errors import LocalError

_ANSWERING_WAITS_S = 2.0
"""The dialler of a connection catches up at once, the other side this much later."""
_MISCONDUCT_WEIGHT = 5.0
_WEIGHTS = {"catchup-slow": 10.0, "catchup-endless": 10.0, "catchup-withheld": 10.0}
"""Of what ties up more than one message does: once a minute must not be forgiven for ever."""


class NodeListener:
    """Deaf until :meth:`attach`, which hands it the services of a node that runs."""

    def __init__(self, conduct: Conduct) -> None:
        self._conduct = conduct
        self._nursery: trio.Nursery | None = None
        self._peers: dict[HostKey, trio.CancelScope] = {}

    def attach(
        self,
        nursery: trio.Nursery,
        gossip: Gossip,
        catchup: Catchup,
        sync: Sync,
        neighbourhood: Neighbourhood,
        learn: Callable[[Passed], Awaitable[None]],
        take_leave: Callable[[HostKey, Sequence[bytes]], Awaitable[None]],
        network: Network,
        post: Post,
    ) -> None:
        """Begin to act on what the network tells, until :meth:`detach`."""
        self._nursery = nursery
        self._gossip = gossip
        self._catchup = catchup
        self._sync = sync
        self._neighbourhood = neighbourhood
        self._learn = learn
        self._take_leave = take_leave
        self._network = network
        self._post = post

    def detach(self) -> None:
        """Turn deaf again: the services end, and the network goes on for a moment."""
        self._nursery = None

    async def on_gossip(self, forwarder: HostKey, data: bytes) -> bool | None:
        """As the port says: total, False only for provably bad bytes."""
        if self._nursery is None:
            return None
        return await self._gossip.receive(forwarder, data)

    def on_connected(self, peer: HostKey, address: str, outbound: bool) -> None:
        """Keep equal with a new neighbour until it goes."""
        if self._nursery is not None:
            scope = self._peers[peer] = trio.CancelScope()
            self._nursery.start_soon(self._keep, scope, peer, address, outbound)

    def on_disconnected(self, peer: HostKey) -> None:
        """End what was done for that neighbour, and let it be dialled again."""
        scope = self._peers.pop(peer, None)
        if scope is not None:
            scope.cancel()
        if self._nursery is not None:
            self._neighbourhood.disconnected(peer)

    def on_moved(self) -> None:
        """Dial anew, and tell the neighbours where this node is now."""
        if self._nursery is not None:
            self._neighbourhood.moved()

    def on_misconduct(self, peer: HostKey | None, reason: str) -> None:
        """Count a rule broken below us; the adapter has closed the connection."""
        if peer is None:
            self._conduct.count(f"fault:{reason}")
        else:
            self._fault(peer, reason, _MISCONDUCT_WEIGHT)

    def party_of(self, peer: HostKey) -> bytes:
        """Return the household of a host that has passed the gate, or else the host."""
        return self._conduct.party_of(peer)

    def on_fault(self, peer: HostKey, reason: str) -> None:
        """Count a provably bad record or message."""
        self._fault(peer, reason, _WEIGHTS.get(reason, 1.0))

    def on_passed(self, passed: Passed) -> None:
        """Learn from the records by which somebody passed the gate."""
        if self._nursery is not None:
            self._conduct.introduce(passed.host, passed.member.household)
            self._sync.introduce(passed.host, passed.member.household)
            self._nursery.start_soon(self._try, self._learn, passed)

    def on_left(self, peer: HostKey, goodbyes: Sequence[bytes]) -> None:
        """Take in that a household left, which it says itself at the gate."""
        if self._nursery is not None:
            self._nursery.start_soon(self._try, self._take_leave, peer, goodbyes)

    def on_equal(self, peer: HostKey, done: Exchange) -> None:
        """Note that the sets are equal with a neighbour."""
        self._conduct.count("catchup-rounds", done.round_trips)
        self._conduct.count("catchup-fetched", done.fetched)
        self._conduct.count("catchup-offered", done.offered)
        if self._nursery is not None:
            self._nursery.start_soon(self._try, self._sync.note_equal, peer)
            self._nursery.start_soon(self._try, self._neighbourhood.note_equal, peer)

    async def _keep(
        self, scope: trio.CancelScope, peer: HostKey, address: str, outbound: bool
    ) -> None:
        with scope:
            self._neighbourhood.connected(peer, address, outbound)
            if outbound:
                await self._try(self._neighbourhood.remember, peer, address)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._post.keep, peer)
                wait_s = 0.0 if outbound else _ANSWERING_WAITS_S
                nursery.start_soon(self._catchup.keep_equal, peer, wait_s)

    async def _try(self, note: Callable[..., Awaitable[None]], *what: object) -> None:
        """Note something; a full disk must not end the node."""
        try:
            await note(*what)
        except LocalError:
            self._conduct.count("store-failed")

    def _fault(self, peer: HostKey, reason: str, weight: float) -> None:
        cut_off = self._conduct.fault(peer, reason, trio.current_time(), weight)
        if cut_off and self._nursery is not None:
            for connection in self._network.connections():
                if self._conduct.banned(connection.peer, trio.current_time()):
                    self._nursery.start_soon(self._network.disconnect, connection.peer)
