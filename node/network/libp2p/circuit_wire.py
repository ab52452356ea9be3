"""The messages of circuit relay v2 (libp2p specs, relay/circuit-v2).

They are libp2p's own; its service is not used (docs/adr/0015).
"""

from __future__ import annotations

from libp2p.custom_types import TProtocol
from libp2p.relay.circuit_v2.pb.circuit_pb2 import HopMessage, Limit, PeerId, Status, StopMessage

from node.network.libp2p.addresses import host_key_of_bytes, peer_id_bytes_of
from node.network.libp2p.misconduct import Misconduct
from node.network.port import HostKey

__all__ = ["HOP", "STOP", "HopMessage", "Limit", "Status", "StopMessage"]

HOP = TProtocol("/libp2p/circuit/relay/0.2.0/hop")
"""Spoken by a volunteer: RESERVE asks it for a place, CONNECT for a circuit to a host."""
STOP = TProtocol("/libp2p/circuit/relay/0.2.0/stop")
"""Spoken by whoever has a place: the volunteer brings it a circuit."""


def peer_of(message: HopMessage | StopMessage) -> HostKey:
    """The host that a CONNECT names. Misconduct ``relay-message`` if it names none."""
    try:
        return host_key_of_bytes(message.peer.id)
    except ValueError as error:
        raise Misconduct("relay-message") from error


def peer(host: HostKey) -> PeerId:
    """The field that names a host."""
    return PeerId(id=peer_id_bytes_of(host))
