"""The network port inside one process, for tests and simulated worlds.

Runs the real gates; bounds, deadlines and errors are those of the libp2p adapter. Time
is trio's alone, so that a mock clock moves it.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import trio
from nacl.signing import SigningKey

from node.network.memory_stream import (
    MemoryChannel,
    MemoryStream,
    Pipe,
    StreamMaker,
    channel_pair,
    stream_pair,
)
from node.network.nursery import open_background_nursery
from node.network.port import (
    GATE_DEADLINE_S,
    MAX_GOSSIP_BYTES,
    Connection,
    DialFailed,
    FrameTooLarge,
    Gate,
    HostKey,
    Listener,
    Network,
    NetworkError,
    OpenNetwork,
    Reach,
    Refused,
    Stream,
    StreamHandler,
    Verdict,
)
from node.network.switchboard import Faults, Switchboard

__all__ = ["Faults", "MemoryNetwork", "Switchboard", "open_memory"]

_MAX_SEEN = 100_000
_INBOX_MESSAGES = 1024
_VALIDATIONS = 16
_PUBLISH_QUEUE = 64
_log = logging.getLogger(__name__)


def open_memory(switchboard: Switchboard, host_seed: bytes, name: str) -> OpenNetwork:
    """The in-memory adapter with its settings filled in.

    host_seed: 32 bytes. name: unique on the switchboard, or LocalError ``port-in-use``.
    """

    @asynccontextmanager
    async def open_network(gate: Gate, listener: Listener) -> AsyncIterator[Network]:
        async with open_background_nursery() as nursery:
            network = MemoryNetwork(switchboard, host_seed, name, gate, listener, nursery)
            switchboard.attach(name, network)
            nursery.start_soon(network.run)
            try:
                yield network
            finally:
                switchboard.detach(name, network)
                network.stop()

    return open_network


@dataclass(slots=True, eq=False)
class _End:
    """One host's end of a connection."""

    peer: HostKey
    peer_name: str
    outbound: bool
    far: MemoryNetwork
    streams: set[MemoryStream] = field(default_factory=set)
    answers: set[trio.CancelScope] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Gossip:
    id: str
    data: bytes


class MemoryNetwork:
    """The port's Network. Made by open_memory."""

    def __init__(
        self,
        switchboard: Switchboard,
        host_seed: bytes,
        name: str,
        gate: Gate,
        listener: Listener,
        nursery: trio.Nursery,
    ) -> None:
        self.name = name
        self._switchboard = switchboard
        self._host_key = HostKey(bytes(SigningKey(host_seed).verify_key))
        self._gate = gate
        self._listener = listener
        self._nursery = nursery
        self._handlers: dict[str, StreamHandler] = {}
        self._ends: dict[HostKey, _End] = {}
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._published = 0
        self._is_stopped = False
        self._volunteers = False
        self._to_publish, self._publications = trio.open_memory_channel[bytes](_PUBLISH_QUEUE)
        self._to_inbox, self._inbox = trio.open_memory_channel[tuple[HostKey, _Gossip]](
            _INBOX_MESSAGES
        )

    @property
    def host_key(self) -> HostKey:
        """See the port."""
        return self._host_key

    def addresses(self) -> Sequence[str]:
        """``/memory/<name>/p2p/<host key in hex>``."""
        return (f"/memory/{self.name}/p2p/{self._host_key.hex()}",)

    def connections(self) -> Sequence[Connection]:
        """See the port."""
        return [
            Connection(end.peer, f"/memory/{end.peer_name}", end.outbound)
            for end in self._ends.values()
        ]

    # Dialing.

    async def dial(self, address: str, deadline_s: float = 10.0) -> HostKey:
        """See the port."""
        await trio.lowlevel.checkpoint()
        name, expected = _parse(address)
        if self._is_stopped:
            raise DialFailed("this host has stopped")
        far = self._switchboard.reach(self.name, name)
        if far is self:
            raise DialFailed("that is this node")
        if expected not in (None, far.host_key):
            raise DialFailed("another host answers there")
        if far.host_key not in self._ends:
            try:
                with trio.fail_after(deadline_s):
                    await self._pass_gates(far)
            except trio.TooSlowError as error:
                raise DialFailed("no answer in time") from error
            self._connect(far)
        return far.host_key

    async def _pass_gates(self, far: MemoryNetwork) -> None:
        near_channel, far_channel = channel_pair()
        verdicts: dict[bool, Exception | None] = {}

        async def ask(network: MemoryNetwork, channel: MemoryChannel, is_dialer: bool) -> None:
            remote = far.host_key if is_dialer else self.host_key
            verdicts[is_dialer] = await network.verdict(channel, remote, is_dialer)
            channel.end()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask, self, near_channel, True)
            nursery.start_soon(ask, far, far_channel, False)
        ours, theirs = verdicts[True], verdicts[False]
        if isinstance(ours, Refused):
            raise ours
        if ours is not None or theirs is not None:
            raise DialFailed("the gate did not come to an end")

    async def verdict(
        self, channel: MemoryChannel, remote: HostKey, is_dialer: bool
    ) -> Exception | None:
        """Run our gate on a connection that is being made. None if it lets it pass."""
        try:
            with trio.fail_after(GATE_DEADLINE_S):
                await self._gate.admit(channel, remote, is_dialer)
        except (Refused, NetworkError, trio.TooSlowError) as error:
            if not is_dialer and not isinstance(error, Refused):
                is_long = isinstance(error, FrameTooLarge)
                self._listener.on_misconduct(None, "gate-message" if is_long else "gate-deadline")
            return error
        except Exception as error:
            _log.exception("the gate raised")
            return error
        return None

    def _connect(self, far: MemoryNetwork) -> None:
        # The wire may have been cut while the gates talked, or the other side dialed too.
        if self._is_stopped or self._switchboard.reach(self.name, far.name) is not far:
            raise DialFailed("connection lost")
        if far.host_key not in self._ends:
            self.add_end(far, outbound=True)
            far.add_end(self, outbound=False)

    def add_end(self, far: MemoryNetwork, *, outbound: bool) -> None:
        """Both gates have passed: keep our end of the connection.

        Another host with the same key loses its place, as where a device's keys were copied.
        """
        before = self._ends.get(far.host_key)
        if before is not None and before.far is not far:
            self._break(far.host_key)
        self._ends[far.host_key] = _End(far.host_key, far.name, outbound, far)
        self._listener.on_connected(far.host_key, f"/memory/{far.name}", outbound)

    # Everybody reaches everybody here, unless a wire is cut.

    def volunteer(self, wanted: bool) -> None:
        """See the port."""
        self._volunteers = wanted

    def reach(self) -> Reach:
        """See the port."""
        return Reach(Verdict.UNKNOWN, volunteers=self._volunteers)

    def counters(self) -> Mapping[str, int]:
        """See the port."""
        return {}

    # Leaving.

    async def disconnect(self, peer: HostKey) -> None:
        """See the port."""
        await trio.lowlevel.checkpoint()
        self._break(peer)

    def break_cut_connections(self) -> None:
        """Lose the connections whose wire is no longer whole."""
        for end in list(self._ends.values()):
            if not self._switchboard.is_whole(self.name, end.peer_name):
                self._break(end.peer)

    def stop(self) -> None:
        """Lose every connection, for good."""
        self._is_stopped = True
        for end in list(self._ends.values()):
            self._break(end.peer)

    def _break(self, peer: HostKey) -> None:
        end = self._ends.get(peer)
        if end is not None:
            self.lose_end(peer)
            far_end = end.far._ends.get(self.host_key)
            if far_end is not None and far_end.far is self:
                end.far.lose_end(self.host_key)

    def lose_end(self, peer: HostKey) -> None:
        """A connection has broken: our end goes, with all that ran on it."""
        end = self._ends.pop(peer, None)
        if end is None:
            return
        for stream in list(end.streams):
            stream.lose("connection lost")
        for scope in end.answers:
            scope.cancel()
        self._listener.on_disconnected(peer)

    # Streams.

    def serve(self, protocol: str, handler: StreamHandler) -> None:
        """See the port."""
        self._handlers[protocol] = handler

    async def open_stream(self, peer: HostKey, protocol: str, deadline_s: float = 10.0) -> Stream:
        """See the port."""
        await trio.lowlevel.checkpoint()
        end = self._ends.get(peer)
        if end is None:
            raise NetworkError("not connected")
        if protocol not in end.far._handlers:
            raise NetworkError("the peer does not speak this protocol")
        far_end = end.far._ends.get(self.host_key)
        if far_end is None or far_end.far is not self:
            raise NetworkError("another host with the same key has taken the place")
        near, far = stream_pair(self._stream_maker(end), end.far._stream_maker(far_end))
        end.far._nursery.start_soon(end.far._answer, far_end, far, protocol)
        return near

    def _stream_maker(self, end: _End) -> StreamMaker:
        def make(outgoing: Pipe, incoming: Pipe) -> MemoryStream:
            stream = MemoryStream(end.peer, outgoing, incoming, drop, end.streams.discard)
            end.streams.add(stream)
            return stream

        def drop(misconduct: str | None) -> None:
            if misconduct is not None:
                self._listener.on_misconduct(end.peer, misconduct)
            self._break(end.peer)

        return make

    async def _answer(self, end: _End, stream: MemoryStream, protocol: str) -> None:
        scope = trio.CancelScope()
        end.answers.add(scope)
        try:
            with scope:
                await self._handlers[protocol](stream)
        except NetworkError as error:
            _log.debug("stream from a peer ended: %r", error)
        except Exception:
            _log.exception("a stream handler raised")
        finally:
            end.answers.discard(scope)
            await stream.aclose()

    # Gossip.

    async def publish(self, data: bytes) -> None:
        """See the port."""
        if len(data) > MAX_GOSSIP_BYTES:
            raise ValueError(f"gossip has at most {MAX_GOSSIP_BYTES} bytes")
        await self._to_publish.send(data)

    async def run(self) -> None:
        """Serve until cancelled."""
        async with trio.open_nursery() as nursery:
            for _ in range(_VALIDATIONS):
                nursery.start_soon(self._validate)
            async for data in self._publications:
                self._published += 1
                message = _Gossip(f"{self.name}/{self._published}", data)
                self._mark_seen(message)
                self._flood(message, apart_from=None)

    async def _validate(self) -> None:
        async for forwarder, message in self._inbox:
            try:
                is_valid = await self._listener.on_gossip(forwarder, message.data)
            except Exception:
                _log.exception("on_gossip raised")
                continue
            if is_valid:
                self._flood(message, apart_from=forwarder)

    def _flood(self, message: _Gossip, apart_from: HostKey | None) -> None:
        for end in list(self._ends.values()):
            if end.peer != apart_from:
                for delay_s in self._switchboard.fate(self.name, end.peer_name, message.id):
                    self._nursery.start_soon(self._deliver, end, message, delay_s)

    async def _deliver(self, end: _End, message: _Gossip, delay_s: float) -> None:
        await trio.sleep(delay_s)
        if self._ends.get(end.peer) is end:
            end.far.hear(self.host_key, message)

    def hear(self, forwarder: HostKey, message: _Gossip) -> None:
        """A peer's gossip arrives; beyond what fits the queue it is lost."""
        if message.id not in self._seen:
            try:
                self._to_inbox.send_nowait((forwarder, message))
            except trio.WouldBlock:
                return
            self._mark_seen(message)

    def _mark_seen(self, message: _Gossip) -> None:
        self._seen[message.id] = None
        if len(self._seen) > _MAX_SEEN:
            self._seen.popitem(last=False)


def _parse(address: str) -> tuple[str, HostKey | None]:
    parts = address.split("/")
    if len(parts) not in (3, 5) or parts[:2] != ["", "memory"]:
        raise DialFailed(f"not an in-memory address: {address!r}")
    if len(parts) == 3:
        return parts[2], None
    try:
        return parts[2], HostKey(bytes.fromhex(parts[4]))
    except ValueError as error:
        raise DialFailed(f"not an in-memory address: {address!r}") from error
