"""Gossip between connected peers: streams, validation and queues around the mesh."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Awaitable, Callable, Iterable, Sequence
from random import Random

import trio
from nacl.signing import SigningKey

from node.network.libp2p import gossip_wire as wire
from node.network.libp2p.gossip_mesh import Mesh, Outgoing
from node.network.libp2p.gossip_outbox import Outbox
from node.network.libp2p.misconduct import Misconduct
from node.network.libp2p.settings import GossipLimits
from node.network.port import FrameTooLarge, HostKey, NetworkError, Stream

_OPEN_DEADLINE_S = 10.0
_REOPEN_AFTER_S = 1.0
_ROOM_DEADLINE_S = 1.0
_log = logging.getLogger(__name__)

Validate = Callable[[HostKey, bytes], Awaitable[bool]]


class Gossip:
    """GossipSub v1.1 on one topic. Run it as a task; peers come and go meanwhile."""

    def __init__(
        self,
        seed: bytes,
        topic: str,
        limits: GossipLimits,
        validate: Validate,
        open_stream: Callable[[HostKey, Sequence[str], float], Awaitable[Stream]],
        drop: Callable[[HostKey, str], None],
    ) -> None:
        """seed: of the host key. validate: the listener's on_gossip, which is total.

        drop: closes a peer's connections, for the misconduct it is told.
        """
        self._signing_key = SigningKey(seed)
        self._topic = topic
        self._limits = limits
        self._validate = validate
        self._open_stream = open_stream
        self._drop = drop
        self._mesh = Mesh(topic, limits, Random())
        self._outboxes: dict[HostKey, Outbox] = {}
        self._rejections: dict[HostKey, int] = {}
        self._under_validation: set[bytes] = set()
        # Anywhere, so that a restart does not repeat numbers that peers have just seen.
        self._sequence = int.from_bytes(os.urandom(7), "big")
        self._nursery: trio.Nursery | None = None

    async def run(self) -> None:
        """Serve until cancelled."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            while True:
                await trio.sleep(self._limits.heartbeat_s)
                self._send(self._mesh.on_heartbeat(trio.current_time()))

    def add_peer(self, peer: HostKey) -> None:
        """A peer is connected: talk to it until it is removed."""
        if self._nursery is not None and peer not in self._outboxes:
            outbox = Outbox(self._limits.max_queued_bytes)
            self._outboxes[peer] = outbox
            self._mesh.add_peer(peer)
            self._nursery.start_soon(self._speak, peer, outbox)

    def remove_peer(self, peer: HostKey) -> None:
        """A peer's last connection is gone."""
        outbox = self._outboxes.pop(peer, None)
        if outbox is not None:
            outbox.close()
        self._mesh.remove_peer(peer)
        self._rejections.pop(peer, None)

    async def publish(self, data: bytes) -> None:
        """Send one message to everybody who listens, when their queues have room."""
        self._sequence += 1
        message = wire.sign(self._signing_key, self._sequence, data, self._topic)
        self._mesh.mark_seen(message.id, trio.current_time())
        self._mesh.remember(message)
        for peer in self._mesh.recipients(message, forwarder=None):
            outbox = self._outboxes.get(peer)
            if outbox is not None:
                # One that does not take its queue in time loses it to reconciliation.
                await outbox.wait_for_room(_ROOM_DEADLINE_S)
                outbox.put(message.encoded, message.id)

    async def listen(self, stream: Stream) -> None:
        """Serve a peer's gossip stream. Misconduct if it sends what nobody honest would."""
        validations = trio.CapacityLimiter(self._limits.max_validations)
        while True:
            try:
                frame = await stream.receive_frame(wire.MAX_RPC_BYTES, math.inf)
            except FrameTooLarge as error:
                raise Misconduct("gossip-frame") from error
            if frame is None:
                return
            rpc = wire.decode(frame, self._topic)
            self._accept_control(stream.remote, rpc)
            for message in rpc.messages:
                await self._accept_message(stream.remote, message, validations)

    # What a peer sends.

    def _accept_control(self, peer: HostKey, rpc: wire.Rpc) -> None:
        now = trio.current_time()
        if rpc.subscribed is not None:
            self._send(self._mesh.on_subscription(peer, rpc.subscribed, now))
        if rpc.is_graft:
            self._send(self._mesh.on_graft(peer, now))
        if rpc.prune_backoff_s is not None:
            self._mesh.on_prune(peer, rpc.prune_backoff_s, now)
        if rpc.offered:
            self._send(self._mesh.on_offer(peer, rpc.offered))
        if rpc.wanted:
            self._send(self._mesh.on_request(peer, rpc.wanted))

    async def _accept_message(
        self, forwarder: HostKey, message: wire.Message, validations: trio.CapacityLimiter
    ) -> None:
        """Validate each message once, though copies arrive meanwhile (trap 11)."""
        if self._mesh.is_seen(message.id) or message.id in self._under_validation:
            self._mesh.mark_known(forwarder, message.id)
            return
        # Before anything is remembered under its id: the id is the source's to give.
        message.verify()
        self._mesh.mark_known(forwarder, message.id)
        self._under_validation.add(message.id)
        try:
            # A slow validator makes us read slower, and so the peer send slower.
            await validations.acquire_on_behalf_of(message.id)
        except BaseException:
            self._under_validation.discard(message.id)
            raise
        if self._nursery is None:
            return
        self._nursery.start_soon(self._judge, forwarder, message, validations)

    async def _judge(
        self, forwarder: HostKey, message: wire.Message, validations: trio.CapacityLimiter
    ) -> None:
        is_valid = True
        try:
            is_valid = await self._validate(forwarder, message.data)
        except Exception:
            _log.exception("on_gossip raised")
            return
        finally:
            self._under_validation.discard(message.id)
            validations.release_on_behalf_of(message.id)
        self._mesh.mark_seen(message.id, trio.current_time())
        if is_valid:
            self._mesh.remember(message)
            for peer in self._mesh.recipients(message, forwarder):
                outbox = self._outboxes.get(peer)
                if outbox is not None:
                    outbox.put(message.encoded, message.id)
        else:
            self._count_rejection(forwarder)

    def _count_rejection(self, forwarder: HostKey) -> None:
        if forwarder in self._outboxes:
            count = self._rejections.get(forwarder, 0) + 1
            self._rejections[forwarder] = count
            if count >= self._limits.max_rejected:
                self._drop(forwarder, "gossip-rejected")

    # What we send.

    def _send(self, outgoing: Iterable[Outgoing]) -> None:
        for peer, rpc in outgoing:
            outbox = self._outboxes.get(peer)
            if outbox is not None:
                outbox.put(rpc, None)

    async def _speak(self, peer: HostKey, outbox: Outbox) -> None:
        """Keep a gossip stream open to a peer for as long as it is connected."""
        while not outbox.is_closed:
            try:
                stream = await self._open_stream(peer, wire.PROTOCOLS, _OPEN_DEADLINE_S)
                await stream.send_frame(wire.subscription(self._topic, True))
                while (batch := await outbox.take(self._is_news(peer))) is not None:
                    await stream.send_frame(batch)
                await stream.aclose()
            except NetworkError as error:
                _log.debug("gossip stream to a peer ended: %r", error)
                await trio.sleep(_REOPEN_AFTER_S)

    def _is_news(self, peer: HostKey) -> Callable[[bytes], bool]:
        return lambda message_id: self._mesh.needs(peer, message_id)
