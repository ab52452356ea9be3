# mypy: allow-subclassing-any
"""libp2p's GossipSub router, with what 0.8.1 gets wrong put right (docs/adr/0003)."""

from __future__ import annotations

from collections.abc import Iterable

from libp2p.custom_types import TProtocol
from libp2p.peer.id import ID
from libp2p.pubsub.gossipsub import PROTOCOL_ID, PROTOCOL_ID_V11, GossipSub
from libp2p.pubsub.mcache import MessageCache
from libp2p.pubsub.pb import rpc_pb2

from node.network.libp2p.settings import GossipLimits

PROTOCOLS = (TProtocol(PROTOCOL_ID_V11), TProtocol(PROTOCOL_ID))
_GOSSIP_WINDOWS = 3
_HISTORY_WINDOWS = 5
_MAX_WINDOW_BYTES = 2 << 20
_PRUNE_BACKOFF_S = 60
_MAX_PENDING = 32


class BoundedCache(MessageCache):
    """Recent messages for those who ask; libp2p's holds what comes in five heartbeats."""

    def __init__(self) -> None:
        super().__init__(_GOSSIP_WINDOWS, _HISTORY_WINDOWS)
        self._window_bytes = 0

    def put(self, msg: rpc_pb2.Message) -> None:
        """Keep a message, if there is room in this heartbeat's window."""
        if self._window_bytes < _MAX_WINDOW_BYTES:
            self._window_bytes += msg.ByteSize()
            super().put(msg)

    def shift(self) -> None:
        """A heartbeat has passed."""
        super().shift()
        self._window_bytes = 0


class CommunityGossipSub(GossipSub):
    """The mesh of one community's topic."""

    def __init__(self, limits: GossipLimits) -> None:
        super().__init__(
            protocols=PROTOCOLS,
            degree=limits.degree,
            degree_low=limits.degree_low,
            degree_high=limits.degree_high,
            gossip_window=_GOSSIP_WINDOWS,
            gossip_history=_HISTORY_WINDOWS,
            heartbeat_interval=limits.heartbeat_s,
            prune_back_off=_PRUNE_BACKOFF_S,
            adaptive_gossip_enabled=False,
            spam_protection_enabled=False,
            eclipse_protection_enabled=False,
            max_pending_messages_per_peer=_MAX_PENDING,
        )
        self.mcache = BoundedCache()
        # Never fed with anything but penalties, and forgotten when a peer reconnects.
        self.scorer = None

    async def _emit_control_msgs(
        self,
        peers_to_graft: dict[ID, list[str]],
        peers_to_prune: dict[ID, list[str]],
        peers_to_gossip: dict[ID, dict[str, list[bytes]]],
    ) -> None:
        """To each peer what is meant for it (trap 12: libp2p adds what was for others)."""
        for peer in {*peers_to_graft, *peers_to_prune, *peers_to_gossip}:
            pruned = peers_to_prune.get(peer, ())
            for topic in pruned:
                self._add_back_off(peer, topic, is_unsubscribe=False)
            offered = peers_to_gossip.get(peer, {})
            control = self.pack_control_msgs(
                [rpc_pb2.ControlIHave(topicID=t, messageIDs=ids) for t, ids in offered.items()],
                [rpc_pb2.ControlGraft(topicID=t) for t in peers_to_graft.get(peer, ())],
                [rpc_pb2.ControlPrune(topicID=t, backoff=self.prune_back_off) for t in pruned],
            )
            await self.emit_control_message(control, peer)

    def _check_equivocation(self, msg: rpc_pb2.Message) -> bool:
        """The inbox knows records by their own ids; libp2p would keep whole messages here."""
        return True

    def _periodic_security_cleanup(self) -> None:
        """Once a heartbeat. libp2p notes the time of every delivery and never forgets one."""
        super()._periodic_security_cleanup()
        self.recent_message_deliveries.clear()

    def _get_peers_to_send(
        self,
        topic_ids: Iterable[str],
        msg_forwarder: ID,
        origin: ID,
        msg_id: bytes | None = None,
    ) -> Iterable[ID]:
        """Our own messages go to everybody who listens: flood publishing of GossipSub 1.1."""
        if self.pubsub is not None and msg_forwarder == self.pubsub.my_id:
            return [peer for t in topic_ids for peer in self.pubsub.peer_topics.get(t, ())]
        return list(super()._get_peers_to_send(topic_ids, msg_forwarder, origin, msg_id))

    def send_rpc(self, peer_id: ID, rpc: rpc_pb2.RPC, priority: bool = False) -> None:
        """Queue an RPC, without the record of the sender's addresses: nobody looks at it."""
        rpc.ClearField("senderRecord")
        super().send_rpc(peer_id, rpc, priority)
