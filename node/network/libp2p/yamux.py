"""A Yamux connection that enforces what it grants.

libp2p 0.8.1's ignores its receive window and has no cap on a peer's streams, so one peer
could make the process grow without end (docs/adr/0003, trap 4). Here a peer that sends more
than its window, opens streams in a flood or breaks the framing loses the connection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import trio

from node.network.libp2p import yamux_wire as wire
from node.network.libp2p.byte_reader import ByteReader
from node.network.libp2p.misconduct import Misconduct
from node.network.libp2p.send_queue import SendQueue
from node.network.libp2p.settings import MuxerLimits
from node.network.libp2p.yamux_stream import WINDOW_BYTES, YamuxStream
from node.network.libp2p.yamux_wire import Flag, Type
from node.network.port import NetworkError, StreamClosed
from node.network.token_bucket import TokenBucket

_STRAY_FRAMES_PER_S = 200.0
_STRAY_FRAMES_BURST = 2000.0


class Channel(Protocol):
    """What the connection runs on: a secured stream of bytes."""

    async def read_some(self) -> bytes: ...

    async def write(self, plain: bytes) -> None: ...


class Yamux:
    """Streams over one channel. Run it as a task; it ends when the connection does."""

    def __init__(
        self,
        channel: Channel,
        is_dialer: bool,
        limits: MuxerLimits,
        on_stream: Callable[[YamuxStream], None],
    ) -> None:
        """on_stream: told of each stream the peer opens."""
        self._channel = channel
        self._limits = limits
        self._on_stream = on_stream
        self._reader = ByteReader(self._receive)
        self._queue = SendQueue()
        self._scope = trio.CancelScope()
        self._streams: dict[int, YamuxStream] = {}
        # Yamux gives the dialer the odd stream ids.
        self._parity = 1 if is_dialer else 0
        self._next_id = 1 if is_dialer else 2
        self._new_streams = TokenBucket(limits.streams_per_s, limits.stream_burst)
        self._stray_frames = TokenBucket(_STRAY_FRAMES_PER_S, _STRAY_FRAMES_BURST)
        self._misconduct: Misconduct | None = None
        self._heard_at = 0.0
        self._heard = trio.lowlevel.ParkingLot()

    async def run(self) -> None:
        """Serve the connection until it ends. Raises Misconduct if the peer ended it so."""
        self._heard_at = trio.current_time()
        try:
            with self._scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._read)
                    nursery.start_soon(self._write)
                    nursery.start_soon(self._watch)
        finally:
            self._queue.close()
            for stream in self._streams.values():
                stream.lose("connection lost")
            self._streams.clear()
        if self._misconduct is not None:
            raise self._misconduct

    def stop(self) -> None:
        """End the connection now."""
        self._scope.cancel()

    def open_stream(self) -> YamuxStream:
        """Open a stream to the peer. NetworkError if too many are open."""
        ours = sum(1 for _ in self._ids(self._parity))
        if ours >= self._limits.max_outbound_streams:
            raise NetworkError("too many streams open to this peer")
        stream = self._new_stream(self._next_id)
        self._next_id += 2
        self._answer(Type.WINDOW_UPDATE, Flag.SYN, stream.stream_id, 0)
        return stream

    # What streams ask for.

    async def wait_for_room(self) -> None:
        """Return when a data frame may be sent. StreamClosed."""
        await self._queue.wait_for_room()

    def send_data(self, stream_id: int, chunk: bytes) -> None:
        """Queue one data frame. Right after wait_for_room."""
        self._queue.put(wire.encode(Type.DATA, Flag.NONE, stream_id, len(chunk)) + chunk)

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
        chunk = await self._channel.read_some()
        self._heard_at = trio.current_time()
        self._heard.unpark_all()
        return chunk

    async def _read(self) -> None:
        try:
            while True:
                await self._accept_frame(await self._reader.read(wire.HEADER_BYTES))
        except Misconduct as misconduct:
            self._misconduct = misconduct
        except StreamClosed:
            pass
        self.stop()

    async def _write(self) -> None:
        try:
            while True:
                await self._channel.write(await self._queue.take_batch())
        except StreamClosed:
            self.stop()

    async def _watch(self) -> None:
        """Drop a peer that fell silent: TCP alone notices after minutes (trap 7)."""
        while True:
            await trio.sleep_until(self._heard_at + self._limits.ping_interval_s)
            if trio.current_time() - self._heard_at < self._limits.ping_interval_s:
                continue
            asked_at = trio.current_time()
            self._answer(Type.PING, Flag.SYN, 0, 0)
            with trio.move_on_after(self._limits.ping_timeout_s):
                while self._heard_at <= asked_at:
                    await self._heard.park()
            if self._heard_at <= asked_at:
                self.stop()

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
        self._on_stream(stream)

    def _new_stream(self, stream_id: int) -> YamuxStream:
        stream = YamuxStream(self, stream_id)
        self._streams[stream_id] = stream
        return stream

    def _ids(self, parity: int) -> Iterator[int]:
        return (stream_id for stream_id in self._streams if stream_id % 2 == parity)

    def _answer(self, kind: Type, flags: Flag, stream_id: int, value: int) -> None:
        if not self._queue.put(wire.encode(kind, flags, stream_id, value)):
            self._misconduct = Misconduct("unread-answers")
            self.stop()
