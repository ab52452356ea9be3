"""The libp2p adapter of the network port. Nothing else in the project imports libp2p."""

from node.network.libp2p.settings import GossipLimits, HostSettings, MuxerLimits, RelayLimits
from node.network.libp2p.supervisor import open_libp2p

__all__ = ["GossipLimits", "HostSettings", "MuxerLimits", "RelayLimits", "open_libp2p"]
