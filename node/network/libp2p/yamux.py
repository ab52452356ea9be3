# mypy: allow-subclassing-any
"""A Yamux connection that enforces what it grants, as libp2p's muxed connection.

libp2p 0.8.1's ignores its receive window and has no cap on a peer's streams, so one peer
could make the process grow without end (docs/adr/0003, trap 4). Here a peer that sends more
than its window, opens streams in a flood or breaks the framing loses the connection.
"""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import trio
from libp2p.abc import IMuxedConn, ISecureConn
from libp2p.connection_types import ConnectionType
from libp2p.peer.id import ID
from libp2p.stream_muxer.exceptions import MuxedConnUnavailable
from multiaddr import Multiaddr

from node.network.libp2p import yamux_wire as wire
from node.network.libp2p.byte_reader import ByteReader
from node.network.libp2p.misconduct import Misconduct
from node.network.libp2p.send_queue import SendQueue
from node.network.libp2p.settings import MuxerLimits
from node.network.libp2p.yamux_stream import WINDOW_BYTES, YamuxStream
from node.network.libp2p.yamux_wire import Flag, Type
from node.network.port import StreamClosed
from node.network.token_bucket import TokenBucket

_log = logging.getLogger(__name__)
_STRAY_FRAMES_PER_S = 200.0
_STRAY_FRAMES_BURST = 2000.0


class BoundedYamux(IMuxedConn):
    """Streams over one secured connection. ``start`` serves it until it ends."""

    on_close: Callable[[], Awaitable[None]]
    """Set by libp2p's SwarmConn."""

    def __init__(
        self,
        conn: ISecureConn,
        peer_id: ID,
        limits: MuxerLimits,
        tell_misconduct: Callable[[ID, str], None],
    ) -> None:
        """limits and tell_misconduct: bound before libp2p, which passes the others, sees it."""
        self.peer_id = peer_id
        self.event_started = trio.Event()
        self.event_closed = trio.Event()
        self.announced = trio.Event()
        """Set once the owner knows of the connection; nothing is read before."""
        self.opened_at = trio.current_time()
        self._conn = conn
        self._limits = limits
        self._tell_misconduct = tell_misconduct
        self._reader = ByteReader(self._receive)
        self._queue = SendQueue()
        self._scope = trio.CancelScope()
        self._scopes: set[trio.CancelScope] = set()
        self._streams: dict[int, YamuxStream] = {}
        self._accepted: deque[YamuxStream] = deque()
        self._news = trio.lowlevel.ParkingLot()
        # Yamux gives the dialer the odd stream ids.
        self._parity = 1 if conn.is_initiator else 0
        self._next_id = 1 if conn.is_initiator else 2
        self._new_streams = TokenBucket(limits.streams_per_s, limits.stream_burst)
        self._stray_frames = TokenBucket(_STRAY_FRAMES_PER_S, _STRAY_FRAMES_BURST)
        self._is_stopped = False
        self._heard_at = 0.0
        self._unanswered_at = math.inf  # when data was first sent since something was heard
        self._asking = trio.CancelScope()
        self._heard = trio.lowlevel.ParkingLot()

    # libp2p's muxed connection.

    @property
    def is_initiator(self) -> bool:
        """Whether we dialed."""
        return bool(self._conn.is_initiator)

    @property
    def is_established(self) -> bool:
        """Whether streams can be opened."""
        return self.event_started.is_set() and not self.is_closed

    @property
    def is_closed(self) -> bool:
        """Whether it has ended, or is about to."""
        return self._is_stopped

    async def start(self) -> None:
        """Serve the connection until it ends. Never raises: that would end the swarm."""
        self._heard_at = trio.current_time()
        self.event_started.set()
        try:
            with self._scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._read)
                    nursery.start_soon(self._write)
                    nursery.start_soon(self._watch)
        finally:
            self.drop()
            with trio.CancelScope(shield=True):
                await self._conn.close()
            self.event_closed.set()
        try:
            await self.on_close()
        except Exception:
            _log.exception("libp2p failed to clean up after a connection")

    async def close(self) -> None:
        """End the connection now."""
        self.drop()
        await self._conn.close()

    async def open_stream(self) -> YamuxStream:
        """Open a stream. MuxedConnUnavailable if the connection has ended or has too many."""
        if self._is_stopped:
            raise MuxedConnUnavailable("connection lost")
        ours = sum(1 for _ in self._ids(self._parity))
        if ours >= self._limits.max_outbound_streams:
            raise MuxedConnUnavailable("too many streams open to this peer")
        stream = self._new_stream(self._next_id)
        self._next_id += 2
        self._answer(Type.WINDOW_UPDATE, Flag.SYN, stream.stream_id, 0)
        return stream

    async def accept_stream(self) -> YamuxStream:
        """Wait for a stream of the peer's. MuxedConnUnavailable when the connection ends."""
        while not self._accepted:
            if self._is_stopped:
                raise MuxedConnUnavailable("connection lost")
            await self._news.park()
        return self._accepted.popleft()

    def get_remote_address(self) -> tuple[str, int] | None:
        """IP address and port of the peer."""
        remote: tuple[str, int] | None = self._conn.get_remote_address()
        return remote

    def get_transport_addresses(self) -> list[Multiaddr]:
        """See PrivateConnection."""
        return list(self._conn.get_transport_addresses())

    def get_connection_type(self) -> ConnectionType:
        """See PrivateConnection."""
        return self._conn.get_connection_type()

    # What we need besides.

    async def probe(self, timeout_s: float) -> bool:
        """Ask for a sign of life; False if none came in time, and then the connection ends."""
        asked_at = trio.current_time()
        self._answer(Type.PING, Flag.SYN, 0, 0)
        with trio.move_on_after(timeout_s):
            while self._heard_at <= asked_at and not self._is_stopped:
                await self._heard.park()
        if self._heard_at <= asked_at:
            self.drop()
        return not self._is_stopped

    def drop(self, misconduct: str | None = None) -> None:
        """End the connection without waiting; misconduct: what the peer did, if that is why."""
        if self._is_stopped:
            return
        self._is_stopped = True
        if misconduct is not None:
            self._tell_misconduct(self.peer_id, misconduct)
        self._queue.close()
        for stream in self._streams.values():
            stream.lose("connection lost")
        self._streams.clear()
        self._accepted.clear()
        self._news.unpark_all()
        self._heard.unpark_all()
        for scope in self._scopes:
            scope.cancel()
        self._scope.cancel()

    @contextmanager
    def lifetime(self) -> Iterator[None]:
        """A ``with`` block that is cancelled when the connection ends."""
        with trio.CancelScope() as scope:
            if self._is_stopped:
                scope.cancel()
            self._scopes.add(scope)
            try:
                yield
            finally:
                self._scopes.discard(scope)

    # What streams ask for.

    async def wait_for_room(self) -> None:
        """Return when a data frame may be sent, or the connection has ended."""
        await self._queue.wait_for_room()

    def send_data(self, stream_id: int, chunk: bytes) -> None:
        """Queue one data frame. Right after wait_for_room."""
        self._queue.put(wire.encode(Type.DATA, Flag.NONE, stream_id, len(chunk)) + chunk)
        if self._unanswered_at == math.inf:
            self._unanswered_at = trio.current_time()
            self._asking.deadline = self._ask_at()  # wakes nobody: data is answered mostly

    def grant(self, stream_id: int, increment: int) -> None:
        """Allow the peer to send that much more on the stream."""
        self._answer(Type.WINDOW_UPDATE, Flag.NONE, stream_id, increment)

    def end(self, stream_id: int, *, is_reset: bool) -> None:
        """Tell the peer that we have ended the stream, and forget it."""
        self._streams.pop(stream_id, None)
        flag = Flag.RST if is_reset else Flag.FIN
        self._answer(Type.WINDOW_UPDATE, flag, stream_id, 0)

    # The three tasks of a connection.

    async def _receive(self) -> bytes:
        chunk: bytes = await self._conn.read()
        self._heard_at = trio.current_time()
        self._unanswered_at = math.inf
        self._heard.unpark_all()
        return chunk

    async def _read(self) -> None:
        await self.announced.wait()
        try:
            while True:
                await self._accept_frame(await self._reader.read(wire.HEADER_BYTES))
        except Misconduct as misconduct:
            self.drop(misconduct.reason)
        except StreamClosed:
            self.drop()

    async def _write(self) -> None:
        try:
            while True:
                await self._conn.write(await self._queue.take_batch())
        except StreamClosed:
            self.drop()

    async def _watch(self) -> None:
        """Drop a peer that fell silent: TCP alone notices after minutes (trap 7)."""
        while True:
            with trio.CancelScope(deadline=self._ask_at()) as self._asking:
                await trio.sleep(math.inf)
            if trio.current_time() >= self._ask_at():
                await self.probe(self._limits.ping_timeout_s)

    def _ask_at(self) -> float:
        """When to ask whether the peer still lives, if nothing is heard until then."""
        limits = self._limits
        silent_until = self._heard_at + limits.ping_interval_s
        return min(silent_until, self._unanswered_at + limits.reply_wait_s)

    # What the peer sends.

    async def _accept_frame(self, header: bytes) -> None:
        version, kind, flags, stream_id, value = wire.decode(header)
        if version != wire.VERSION or kind > Type.GO_AWAY:
            raise Misconduct("yamux-frame")
        if kind == Type.PING:
            if Flag.SYN in flags:
                self._answer(Type.PING, Flag.ACK, 0, value)
        elif kind == Type.GO_AWAY:
            raise StreamClosed("the peer said goodbye")
        else:
            await self._accept_stream_frame(Type(kind), flags, stream_id, value)

    async def _accept_stream_frame(
        self, kind: Type, flags: Flag, stream_id: int, value: int
    ) -> None:
        if Flag.SYN in flags:
            self._accept_stream(stream_id)
        stream = self._streams.get(stream_id)
        if kind is Type.DATA:
            await self._accept_data(stream, stream_id, value)
        elif stream is not None and not stream.accept_window(value):
            raise Misconduct("yamux-window")
        if stream is None:
            if not self._stray_frames.take(trio.current_time()):
                raise Misconduct("yamux-stray-frames")
            return
        if Flag.RST in flags:
            self._streams.pop(stream_id, None)
            stream.lose("reset by the peer")
        elif Flag.FIN in flags:
            stream.accept_end()

    async def _accept_data(self, stream: YamuxStream | None, stream_id: int, length: int) -> None:
        # Looked at before the data is read: the length alone may promise gigabytes.
        if length > WINDOW_BYTES:
            raise Misconduct("yamux-window")
        if stream is not None and length and not stream.may_receive(length):
            raise Misconduct("yamux-window")
        chunk = await self._reader.read(length)
        if stream is not None and stream_id in self._streams:
            if chunk:
                stream.accept_data(chunk)
        elif chunk:
            # Already ended here, and the peer may not know: it is told once more.
            self._answer(Type.WINDOW_UPDATE, Flag.RST, stream_id, 0)

    def _accept_stream(self, stream_id: int) -> None:
        if stream_id == 0 or stream_id % 2 == self._parity or stream_id in self._streams:
            raise Misconduct("yamux-stream-id")
        if not self._new_streams.take(trio.current_time()):
            raise Misconduct("stream-flood")
        theirs = sum(1 for _ in self._ids(1 - self._parity))
        if theirs >= self._limits.max_inbound_streams:
            self._answer(Type.WINDOW_UPDATE, Flag.RST, stream_id, 0)
            return
        stream = self._new_stream(stream_id)
        self._answer(Type.WINDOW_UPDATE, Flag.ACK, stream_id, 0)
        self._accepted.append(stream)
        self._news.unpark_all()

    def _new_stream(self, stream_id: int) -> YamuxStream:
        stream = YamuxStream(self, stream_id)
        self._streams[stream_id] = stream
        return stream

    def _ids(self, parity: int) -> Iterator[int]:
        return (stream_id for stream_id in self._streams if stream_id % 2 == parity)

    def _answer(self, kind: Type, flags: Flag, stream_id: int, value: int) -> None:
        if not self._queue.put(wire.encode(kind, flags, stream_id, value)):
            self.drop("unread-answers")
