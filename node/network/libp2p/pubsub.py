# mypy: allow-subclassing-any
"""libp2p's Pubsub, with what 0.8.1 gets wrong put right (docs/adr/0003).

Its reader is replaced: there a malformed RPC, a junk key or a raising validator ends the
process (docs/adr/0003, trap 2), and every message becomes a task, however many there are.
"""

from __future__ import annotations

import logging
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import trio
from libp2p.abc import IHost, INetStream
from libp2p.host.exceptions import HostException
from libp2p.network.exceptions import SwarmException
from libp2p.peer.id import ID
from libp2p.pubsub.pb import rpc_pb2
from libp2p.pubsub.pubsub import Pubsub
from libp2p.pubsub.rpc_queue import RpcQueue

from node.network.libp2p import gossip_rpc
from node.network.libp2p.addresses import host_key_of_id
from node.network.libp2p.frames import FramedStream
from node.network.libp2p.gossip_queue import BoundedRpcQueue, SeenMessages
from node.network.libp2p.gossipsub import CommunityGossipSub
from node.network.libp2p.misconduct import Misconduct
from node.network.libp2p.settings import GossipLimits
from node.network.port import HostKey, NetworkError
from node.network.token_bucket import TokenBucket

_ROOM_DEADLINE_S = 1.0
_WRITE_DEADLINE_S = 30.0
_SUBSCRIPTIONS_PER_S = 1.0
_SUBSCRIPTIONS_BURST = 20.0
_log = logging.getLogger(__name__)

Validate = Callable[[HostKey, bytes], Awaitable[bool | None]]


class CommunityPubsub(Pubsub):
    """Gossip on one topic. Every message is verified once and validated once."""

    seen_messages: Any

    def __init__(
        self,
        host: IHost,
        router: CommunityGossipSub,
        topic: str,
        limits: GossipLimits,
        validate: Validate,
        drop: Callable[[ID, str | None], None],
    ) -> None:
        """validate: the listener's on_gossip, which is total. drop: ends all connections
        of a peer, for the misconduct it is told."""
        super().__init__(
            host,
            router,
            max_inbound_rpc_size=gossip_rpc.MAX_RPC_BYTES,
            allowed_topics={topic},
        )
        self.seen_messages.stop()  # its thread, of which each Pubsub leaks one
        self.seen_messages = SeenMessages()
        # libp2p counts on from the time in seconds: a burst and a quick restart repeat numbers.
        self.counter = time.time_ns()
        self._topic = topic
        self._limits = limits
        self._validate = validate
        self._drop = drop
        self._in_flight: set[bytes] = set()
        self._rejections: Counter[ID] = Counter()
        self._readers: Counter[ID] = Counter()

    async def gossip(self, data: bytes) -> None:
        """Publish a message of our own when the peers' queues have room for it."""
        for queue in list(self.peer_queues.values()):
            if isinstance(queue, BoundedRpcQueue):
                # A peer that does not take its queue in time loses it to reconciliation.
                await queue.wait_for_room(_ROOM_DEADLINE_S)
        await self.publish(self._topic, data)

    # Inbound.

    async def stream_handler(self, stream: INetStream) -> None:
        """Serve a peer's gossip stream, and cut the peer off for what nobody honest sends."""
        peer_id = stream.muxed_conn.peer_id
        self._readers[peer_id] += 1
        try:
            async with trio.open_nursery() as nursery:
                try:
                    await self._read(FramedStream(stream), peer_id, nursery)
                except Misconduct as misconduct:
                    self._drop(peer_id, misconduct.reason)
                except NetworkError as error:
                    _log.debug("a gossip stream ended: %r", error)
        finally:
            self._readers[peer_id] -= 1
            self._forget_all_subscriptions(peer_id)

    async def _read(self, stream: FramedStream, peer_id: ID, nursery: trio.Nursery) -> None:
        validations = trio.CapacityLimiter(self._limits.max_validations)
        subscriptions = TokenBucket(_SUBSCRIPTIONS_PER_S, _SUBSCRIPTIONS_BURST)
        while True:
            frame = await stream.receive_frame(gossip_rpc.MAX_RPC_BYTES, math.inf)
            if frame is None:
                return
            rpc = gossip_rpc.decode(frame, self._topic)
            for subscription in rpc.subscriptions:
                if not subscriptions.take(trio.current_time()):
                    raise Misconduct("gossip-subscriptions")
                self.handle_subscription(peer_id, subscription)
            if rpc.HasField("control"):
                await self.router.handle_rpc(rpc, peer_id)
            for message in rpc.publish:
                await self._accept(peer_id, message, validations, nursery)

    async def _accept(
        self,
        forwarder: ID,
        message: rpc_pb2.Message,
        validations: trio.CapacityLimiter,
        nursery: trio.Nursery,
    ) -> None:
        """Validate each message once, though copies arrive meanwhile (trap 11)."""
        message_id = self.get_message_id(message)
        if self.seen_messages.has(message_id) or message_id in self._in_flight:
            return
        # Before anything is remembered under its id: the id is the source's to give.
        gossip_rpc.verify(message)
        self._in_flight.add(message_id)
        try:
            # A slow validator makes us read slower, and so the peer send slower.
            await validations.acquire_on_behalf_of(message_id)
        except BaseException:
            self._in_flight.discard(message_id)
            raise
        nursery.start_soon(self._judge, forwarder, message, message_id, validations)

    async def _judge(
        self,
        forwarder: ID,
        message: rpc_pb2.Message,
        message_id: bytes,
        validations: trio.CapacityLimiter,
    ) -> None:
        try:
            is_valid = await self._validate(host_key_of_id(forwarder), message.data)
        except Exception:
            _log.exception("on_gossip raised")
            return
        finally:
            self._in_flight.discard(message_id)
            validations.release_on_behalf_of(message_id)
        self.seen_messages.add(message_id)
        if is_valid:
            await self.router.publish(forwarder, message)
        if is_valid is not False:
            return
        self._rejections[forwarder] += 1
        if self._rejections[forwarder] >= self._limits.max_rejected:
            self._drop(forwarder, "gossip-rejected")

    # Outbound.

    async def push_msg(self, msg_forwarder: ID, msg: rpc_pb2.Message) -> None:
        """Send a message of our own: the last step of libp2p's ``publish``."""
        self._mark_msg_seen(msg)
        await self.router.publish(msg_forwarder, msg)

    async def _handle_new_peer(self, peer_id: ID) -> None:
        """Open our stream to a peer. libp2p tries again, but only after a SwarmException."""
        try:
            await super()._handle_new_peer(peer_id)
        except HostException as error:
            raise SwarmException("no gossip stream") from error

    async def handle_sending_messages(
        self, peer_id: ID, stream: INetStream, queue: RpcQueue
    ) -> None:
        """Serve our stream to a peer, from a queue with more room than libp2p's.

        libp2p notices that the stream is gone when it next has something to say. A peer that
        is back by then is never told again what we listen to, and falls silent.
        """
        if self.peer_queues.get(peer_id) is queue:
            queue = BoundedRpcQueue(self._limits.max_queued_bytes, queue)
            self.peer_queues[peer_id] = queue
        with stream.muxed_conn.lifetime():
            await super().handle_sending_messages(peer_id, stream, queue)
        if self.peers.get(peer_id) is stream:
            self._handle_dead_peer(peer_id)

    async def write_msg(self, stream: INetStream, rpc_msg: rpc_pb2.RPC) -> bool:
        """Write an RPC. A peer that does not take it in time loses its connection (trap 6)."""
        rpc_msg.ClearField("senderRecord")
        is_written: bool = False
        with trio.move_on_after(_WRITE_DEADLINE_S) as scope:
            is_written = await super().write_msg(stream, rpc_msg)
        if scope.cancelled_caught:
            stream.muxed_conn.drop()
        return is_written

    # Peers that come and go.

    def _handle_dead_peer(self, peer_id: ID) -> None:
        if not self._peer_is_connected(peer_id):
            self._rejections.pop(peer_id, None)
        super()._handle_dead_peer(peer_id)

    def _forget_all_subscriptions(self, peer_id: ID) -> None:
        """A subscription lasts as long as the stream on which it came.

        libp2p forgets it when our own stream to the peer fails, and then never gossips to
        the peer again: it has no reason to repeat what it told us on a stream that lives.
        """
        if self._readers[peer_id] <= 0:
            del self._readers[peer_id]
            super()._forget_all_subscriptions(peer_id)
