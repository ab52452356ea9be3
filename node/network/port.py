"""What the node needs of a network, and nothing more.

Two adapters satisfy it: ``node.network.libp2p`` (TCP, Noise, Yamux, GossipSub) and
``node.network.memory`` (same behaviour in one process, with seeded faults, for tests).
A network carries one community: one host key, one gossip topic, one gate.

Whatever arrives is hostile until the caller has checked it; whatever is sent may be lost.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import Enum
from typing import NewType, Protocol

HostKey = NewType("HostKey", bytes)
"""The 32-byte Ed25519 public key of a device's network host: who is at the other end."""

MAX_FRAME_BYTES = 1 << 20
"""One frame on a stream. Larger ones end the connection: they are never legitimate."""

MAX_GOSSIP_BYTES = 16 << 10
"""One gossiped message: a single record (at most 8 KiB) with room for its envelope."""

GATE_DEADLINE_S = 5.0
"""From the end of the Noise handshake to the gate's verdict (spec 07)."""


class NetworkError(Exception):
    """The other side could not be reached, went away, or broke the framing."""


class DialFailed(NetworkError):
    """No connection: nobody listens, the network key differs, or the deadline passed."""


class StreamClosed(NetworkError):
    """The stream or its connection ended in the middle of a frame or an exchange."""


class FrameTooLarge(NetworkError):
    """A peer announced a frame above the limit; its connection is closed."""


class Refused(NetworkError):
    """A gate said no. ``reason`` is one of the codes of spec 07 §gate, e.g. ``"stranger"``."""

    def __init__(self, reason: str, by_us: bool) -> None:
        super().__init__(f"{'we' if by_us else 'they'} refused: {reason}")
        self.reason = reason
        self.by_us = by_us


class Channel(Protocol):
    """The secured, not yet multiplexed connection on which a gate runs."""

    async def send(self, message: bytes) -> None:
        """Send one message (a 2-byte big-endian length precedes it on the wire)."""

    async def receive(self, max_bytes: int) -> bytes:
        """Return the next message. FrameTooLarge beyond max_bytes, StreamClosed at the end."""


class Gate(Protocol):
    """Decides, before any stream or gossip code runs, whether a host may connect."""

    async def admit(self, channel: Channel, remote: HostKey, is_dialer: bool) -> None:
        """Exchange membership proofs. Raises Refused; returning means both sides agreed.

        The adapter enforces GATE_DEADLINE_S around this call and closes the connection
        if it raises anything.
        """


class Stream(Protocol):
    """A bidirectional stream of length-prefixed frames (unsigned varint, then the bytes)."""

    @property
    def remote(self) -> HostKey: ...

    async def send_frame(self, frame: bytes, deadline_s: float = 30.0) -> None:
        """Send one frame of at most MAX_FRAME_BYTES.

        If the deadline passes or the caller is cancelled during the write, the whole
        connection is dropped: half a frame under back-pressure cannot be taken back.
        Raises StreamClosed.
        """

    async def receive_frame(
        self, max_bytes: int = MAX_FRAME_BYTES, deadline_s: float = 30.0
    ) -> bytes | None:
        """Return the next frame, or None when the peer closed its side between frames.

        Raises StreamClosed (also when the deadline passes) and FrameTooLarge.
        """

    async def aclose(self) -> None:
        """Close both directions. Never raises."""


StreamHandler = Callable[[Stream], Awaitable[None]]
"""Serves one inbound stream; the adapter closes it afterwards and survives any exception."""


class Listener(Protocol):
    """What a network tells its owner. All calls happen on the trio thread."""

    async def on_gossip(self, forwarder: HostKey, data: bytes) -> bool | None:
        """A gossiped message: True to forward it, None to let it end here.

        False only for provably bad bytes: it costs the forwarder.

        Must be total: it never raises, whatever the bytes.
        """

    def on_connected(self, peer: HostKey, address: str, outbound: bool) -> None:
        """A connection passed the gate (the first to this peer; further ones are not told)."""

    def on_disconnected(self, peer: HostKey) -> None:
        """The last connection to this peer is gone."""

    def on_moved(self) -> None:
        """This machine has another address, or another way out: what failed may work now."""

    def on_misconduct(self, peer: HostKey | None, reason: str) -> None:
        """A peer broke the rules below us (malformed frames, too many streams, ...): count it."""

    def party_of(self, peer: HostKey) -> bytes:
        """Who answers for a connected host: its household, or the host itself if unknown."""


@dataclass(frozen=True, slots=True)
class Connection:
    """An open, gated connection."""

    peer: HostKey
    address: str
    outbound: bool


class Verdict(Enum):
    """How others can dial this host."""

    UNKNOWN = "unknown"
    """Nobody outside the home network has been asked yet."""
    PUBLIC = "public"
    """From anywhere: a neighbour outside has dialled back."""
    RELAYED = "relayed"
    """Only through neighbours' nodes that volunteer."""
    HOME = "home"
    """Only in the home network."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How this host is reached, and what it carries for others.

    relays: the hosts through which it is reached. public: addresses at which neighbours
    outside have dialled back. mapped: the address that the router has opened, if it has.
    has_way_out: whether this machine has a way to what is far, as far as it knows itself.
    """

    verdict: Verdict
    relays: tuple[HostKey, ...] = ()
    public: tuple[str, ...] = ()
    mapped: str | None = None
    volunteers: bool = False
    reservations: int = 0
    circuits: int = 0
    has_way_out: bool = True


class Network(Protocol):
    """One host on one community's private network."""

    @property
    def host_key(self) -> HostKey: ...

    def addresses(self) -> Sequence[str]:
        """Multiaddrs that others can dial, 0.0.0.0 expanded, ending in ``/p2p/<peer id>``.

        Those of this machine first, then what is known of the outside, then through relays.
        """

    def connections(self) -> Sequence[Connection]:
        """At most one per peer."""

    async def dial(self, address: str, deadline_s: float = 10.0) -> HostKey:
        """Connect to a multiaddr (with or without ``/p2p/``) and pass both gates.

        Returns at once if that peer is connected already. Raises DialFailed, or Refused
        if either gate said no (with the other side's reason where it gave one).
        """

    async def open_stream(self, peer: HostKey, protocol: str, deadline_s: float = 10.0) -> Stream:
        """Open a stream of ``protocol`` (e.g. ``/p2pmarket/catchup/1``) to a connected peer.

        Raises NetworkError.
        """

    def serve(self, protocol: str, handler: StreamHandler) -> None:
        """Answer inbound streams of ``protocol``. Call before the first connection."""

    async def publish(self, data: bytes) -> None:
        """Gossip one message of at most MAX_GOSSIP_BYTES to the community, unreliably.

        Returns when it is queued; a pacer sends at a rate the router sustains. A full
        queue waits: the caller feels back-pressure.
        """

    async def disconnect(self, peer: HostKey) -> None:
        """Close every connection to a peer. Never raises."""

    def volunteer(self, wanted: bool) -> None:
        """Carry connections between members that cannot reach each other, or no longer."""

    def reach(self) -> Reach:
        """How this host can be dialled at the moment."""

    def counters(self) -> Mapping[str, int]:
        """What was carried, refused and lost below the records so far, by reason."""


OpenNetwork = Callable[[Gate, Listener], AbstractAsyncContextManager[Network]]
"""How the composition root gets a network: an adapter with its settings filled in."""
