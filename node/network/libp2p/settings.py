"""What a libp2p host is opened with. The defaults suit a household's node."""

from __future__ import annotations

from dataclasses import dataclass, field

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class MuxerLimits:
    """Bounds of one multiplexed connection (spec 06, Yamux)."""

    max_inbound_streams: int = 32
    max_outbound_streams: int = 64
    streams_per_s: float = 50.0
    """New inbound streams in the long run; beyond it the connection is closed."""
    stream_burst: float = 200.0
    ping_interval_s: float = 15.0
    """Silence after which a ping asks whether the peer still lives."""
    reply_wait_s: float = 5.0
    """The same where data was sent since: it may be going nowhere."""
    ping_timeout_s: float = 10.0
    """Further silence after which the connection is dropped."""


@dataclass(frozen=True, slots=True)
class GossipLimits:
    """GossipSub parameters (spec 06, gossip) and the bounds of our queues."""

    degree: int = 6
    degree_low: int = 4
    degree_high: int = 12
    heartbeat_s: float = 1.0
    max_queued_bytes: int = 1 << 20
    """Waiting for one peer; what exceeds it is dropped, reconciliation repairs it."""
    max_validations: int = 128
    """Messages of one peer under validation at once; then its stream is not read."""
    max_rejected: int = 16
    """Messages the listener called bad before the forwarder's connection is closed."""
    publish_per_s: float = 400.0
    publish_burst: float = 64.0
    publish_queue: int = 64


@dataclass(frozen=True, slots=True)
class RelayLimits:
    """What a volunteer gives at most, all circuits together unless it says otherwise."""

    max_reservations: int = 32
    max_circuits: int = 64
    max_circuits_per_party: int = 16
    """Of one household, at either end; beyond this its muxer would have no streams left."""
    max_circuit_bytes: int = 256 << 20
    """Both directions of one circuit; then it is closed and may be asked for anew."""
    max_circuit_s: float = 4 * 3600.0
    max_idle_s: float = 60.0
    """Without a byte in one direction. Our muxer's pings come more often."""
    bytes_per_s: float = 512 << 10
    burst_bytes: float = 1 << 20
    requests_per_s: float = 0.5
    """Of one household, reservations and circuits together, after a burst."""
    request_burst: float = 32.0


@dataclass(frozen=True, slots=True)
class HostSettings:
    """One host on one community's private network."""

    host_seed: bytes
    """32 bytes: the seed of the host's Ed25519 key."""
    network_key: bytes
    """32 bytes: the libp2p pre-shared key of the community."""
    topic: str
    listen: tuple[str, ...]
    """Multiaddrs such as ``/ip4/0.0.0.0/tcp/4001``; port 0 picks a free one."""
    max_connections: int = 128
    """In all; a fifth of them is left to those that this host dials itself: nobody from outside
    can keep it from reaching whom it knows."""
    max_connections_per_peer: int = 3
    """Both sides may dial at the same moment; the oldest goes when there are more."""
    max_half_open: int = 64
    """Inbound connections that have not passed the gate yet."""
    max_half_open_per_ip: int = 8
    upgrade_deadline_s: float = 10.0
    """From accept to a multiplexed connection: private network, Noise, gate, Yamux."""
    muxer: MuxerLimits = field(default_factory=MuxerLimits)
    gossip: GossipLimits = field(default_factory=GossipLimits)
    map_port: bool = False
    """Whether to ask the home's router to open the port, where it offers that."""
    volunteers: bool = False
    """Whether it carries connections of members that cannot reach each other."""
    relay: RelayLimits = field(default_factory=RelayLimits)

    def __post_init__(self) -> None:
        if len(self.host_seed) != KEY_BYTES or len(self.network_key) != KEY_BYTES:
            raise ValueError("host_seed and network_key are 32 bytes each")
