"""Who gets which message when: GossipSub v1.1 as a pure state machine.

No streams, clock or randomness of its own: time and the random source are passed in, and
what is to be sent is returned. The router of libp2p 0.8.1 was not taken because it mixes
peers' control messages, acts on peer exchange that is switched off, keys its caches on
what a signer may repeat, and grows (docs/adr/0003). Left out on purpose: peer exchange
(our peer book knows better) and scoring (a small community removes a member instead).
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from node.network.libp2p import gossip_wire as wire
from node.network.libp2p.settings import GossipLimits
from node.network.port import HostKey

_SEEN_S = 120.0
_MAX_SEEN = 50_000
_MAX_KNOWN = 4096
_HISTORY_WINDOWS = 5
_GOSSIP_WINDOWS = 3
_MAX_WINDOW_BYTES = 2 << 20
_LAZY_PEERS = 6
_PRUNE_BACKOFF_S = 60
_MAX_BACKOFF_S = 600
_MAX_IHAVE_IDS = 500
_MAX_IWANT_SENDS = 3

T = TypeVar("T")

Outgoing = tuple[HostKey, bytes]
"""To whom, and the RPC."""


@dataclass(slots=True)
class _Peer:
    subscribed: bool = False
    backoff_until: float = 0.0
    ids_requested: int = 0
    """Since the last heartbeat, on the peer's offers."""
    known: OrderedDict[bytes, None] = field(default_factory=OrderedDict)
    """Messages it has, because it sent them: no need to send them back."""


@dataclass(slots=True)
class _Cached:
    encoded: bytes
    sends: Counter[HostKey] = field(default_factory=Counter)


class Mesh:
    """One topic's peers, mesh and recent messages."""

    def __init__(self, topic: str, limits: GossipLimits, rng: Random) -> None:
        self._topic = topic
        self._limits = limits
        self._rng = rng
        self._peers: dict[HostKey, _Peer] = {}
        self._mesh: set[HostKey] = set()
        self._seen: OrderedDict[bytes, float] = OrderedDict()
        self._windows: list[dict[bytes, _Cached]] = [{}]
        self._window_bytes = 0

    @property
    def mesh(self) -> frozenset[HostKey]:
        """The peers that forward everything to each other."""
        return frozenset(self._mesh)

    def add_peer(self, peer: HostKey) -> None:
        """A peer is connected."""
        self._peers.setdefault(peer, _Peer())

    def remove_peer(self, peer: HostKey) -> None:
        """A peer is gone."""
        self._peers.pop(peer, None)
        self._mesh.discard(peer)

    # Messages.

    def is_seen(self, message_id: bytes) -> bool:
        """Whether the message was marked in the last two minutes."""
        return message_id in self._seen

    def mark_seen(self, message_id: bytes, now: float) -> None:
        """Never look at this message again for two minutes."""
        if len(self._seen) >= _MAX_SEEN:
            self._seen.popitem(last=False)
        self._seen[message_id] = now

    def mark_known(self, peer: HostKey, message_id: bytes) -> None:
        """A peer sent a message, so it need not get it."""
        state = self._peers.get(peer)
        if state is not None:
            state.known[message_id] = None
            if len(state.known) > _MAX_KNOWN:
                state.known.popitem(last=False)

    def needs(self, peer: HostKey, message_id: bytes) -> bool:
        """Whether a queued message is still news to the peer."""
        state = self._peers.get(peer)
        return state is not None and message_id not in state.known

    def remember(self, message: wire.Message) -> None:
        """Keep a valid message for those who ask for it."""
        if self._window_bytes < _MAX_WINDOW_BYTES:
            self._windows[0][message.id] = _Cached(message.encoded)
            self._window_bytes += len(message.encoded)

    def recipients(self, message: wire.Message, forwarder: HostKey | None) -> Sequence[HostKey]:
        """To whom a valid message goes now; forwarder: None for one of our own."""
        if forwarder is None:
            # Flood publishing (v1.1): one's own go to everybody who listens.
            return [peer for peer, state in self._peers.items() if state.subscribed]
        apart = {forwarder, message.source}
        return [p for p in self._mesh if p not in apart and self.needs(p, message.id)]

    # Control messages.

    def on_subscription(self, peer: HostKey, subscribed: bool, now: float) -> list[Outgoing]:
        """A peer listens to the topic, or no longer does."""
        state = self._peers.get(peer)
        if state is None:
            return []
        state.subscribed = subscribed
        if not subscribed:
            self._mesh.discard(peer)
        elif peer not in self._mesh and len(self._mesh) < self._limits.degree:
            return self._graft([peer], now)
        return []

    def on_graft(self, peer: HostKey, now: float) -> list[Outgoing]:
        """A peer put us in its mesh: take it in ours, or say no."""
        state = self._peers.get(peer)
        if state is None or peer in self._mesh:
            return []
        if now < state.backoff_until or len(self._mesh) >= self._limits.degree_high:
            return self._prune([peer], now)
        self._mesh.add(peer)
        return []

    def on_prune(self, peer: HostKey, backoff_s: int, now: float) -> None:
        """A peer took us out of its mesh. The peers it recommends are not looked at."""
        state = self._peers.get(peer)
        if state is not None:
            self._mesh.discard(peer)
            wait_s = min(backoff_s, _MAX_BACKOFF_S) or _PRUNE_BACKOFF_S
            state.backoff_until = max(state.backoff_until, now + wait_s)

    def on_offer(self, peer: HostKey, ids: Iterable[bytes]) -> list[Outgoing]:
        """A peer outside the mesh has messages: ask for those never seen."""
        state = self._peers.get(peer)
        if state is None:
            return []
        wanted = [i for i in dict.fromkeys(ids) if i not in self._seen]
        wanted = wanted[: max(0, _MAX_IHAVE_IDS - state.ids_requested)]
        state.ids_requested += len(wanted)
        return [(peer, wire.iwant(wanted))] if wanted else []

    def on_request(self, peer: HostKey, ids: Iterable[bytes]) -> list[Outgoing]:
        """A peer wants messages; each is sent to it three times at most."""
        found: list[Outgoing] = []
        for message_id in dict.fromkeys(ids):
            cached = self._cached(message_id)
            if cached is not None and cached.sends[peer] < _MAX_IWANT_SENDS:
                cached.sends[peer] += 1
                found.append((peer, cached.encoded))
        return found

    def on_heartbeat(self, now: float) -> list[Outgoing]:
        """Keep the mesh in bounds, offer recent messages outside it, forget the old."""
        outgoing: list[Outgoing] = []
        if len(self._mesh) < self._limits.degree_low:
            free = [p for p in self._outside() if now >= self._peers[p].backoff_until]
            outgoing += self._graft(self._some(free, self._limits.degree - len(self._mesh)), now)
        elif len(self._mesh) > self._limits.degree_high:
            spare = self._some(list(self._mesh), len(self._mesh) - self._limits.degree)
            outgoing += self._prune(spare, now)
        recent = [i for window in self._windows[:_GOSSIP_WINDOWS] for i in window]
        if recent:
            offered = wire.ihave(self._topic, self._some(recent, _MAX_IHAVE_IDS))
            for peer in self._some(list(self._outside()), _LAZY_PEERS):
                outgoing.append((peer, offered))
        self._windows = [{}, *self._windows[: _HISTORY_WINDOWS - 1]]
        self._window_bytes = 0
        for state in self._peers.values():
            state.ids_requested = 0
        self._forget_seen(now)
        return outgoing

    def _graft(self, peers: Sequence[HostKey], now: float) -> list[Outgoing]:
        peers = [p for p in peers if now >= self._peers[p].backoff_until]
        self._mesh.update(peers)
        return [(peer, wire.graft(self._topic)) for peer in peers]

    def _prune(self, peers: Sequence[HostKey], now: float) -> list[Outgoing]:
        self._mesh.difference_update(peers)
        for peer in peers:
            state = self._peers[peer]
            state.backoff_until = max(state.backoff_until, now + _PRUNE_BACKOFF_S)
        return [(peer, wire.prune(self._topic, _PRUNE_BACKOFF_S)) for peer in peers]

    def _outside(self) -> Iterator[HostKey]:
        return (p for p, s in self._peers.items() if s.subscribed and p not in self._mesh)

    def _some(self, of: Sequence[T], count: int) -> list[T]:
        return self._rng.sample(of, min(count, len(of)))

    def _cached(self, message_id: bytes) -> _Cached | None:
        for window in self._windows:
            if message_id in window:
                return window[message_id]
        return None

    def _forget_seen(self, now: float) -> None:
        while self._seen:
            message_id, at = self._seen.popitem(last=False)
            if at > now - _SEEN_S:
                self._seen[message_id] = at
                self._seen.move_to_end(message_id, last=False)
                break
