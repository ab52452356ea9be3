"""Channels and streams between two hosts in one process."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import trio

from node.network.port import MAX_FRAME_BYTES, FrameTooLarge, HostKey, StreamClosed

_BUFFER_BYTES = 256 << 10
_MAX_CHANNEL_MESSAGE_BYTES = 0xFFFF


class Pipe:
    """Frames one way, with a bound on the bytes that wait."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._is_ended = False
        self._lost: str | None = None
        self._changed = trio.lowlevel.ParkingLot()

    async def put(self, frame: bytes) -> None:
        """Wait for room, then add a frame. StreamClosed."""
        await trio.lowlevel.checkpoint()
        while self._lost is None and self._frames and self._bytes >= _BUFFER_BYTES:
            await self._changed.park()
        if self._lost is not None or self._is_ended:
            raise StreamClosed(self._lost or "closed here")
        self._frames.append(frame)
        self._bytes += len(frame)
        self._changed.unpark_all()

    async def take(self) -> bytes | None:
        """Return the next frame, None after the last. StreamClosed if there is no last."""
        await trio.lowlevel.checkpoint()
        while not self._frames:
            if self._lost is not None:
                raise StreamClosed(self._lost)
            if self._is_ended:
                return None
            await self._changed.park()
        frame = self._frames.popleft()
        self._bytes -= len(frame)
        self._changed.unpark_all()
        return frame

    def end(self) -> None:
        """No more frames follow; those that wait can be taken."""
        self._is_ended = True
        self._changed.unpark_all()

    def lose(self, why: str) -> None:
        """Both ends fail from now on, unless the frames were ended in order."""
        if not self._is_ended:
            self._frames.clear()
            self._lost = self._lost or why
        self._changed.unpark_all()

    def refuse(self) -> None:
        """The taker has gone: whatever is put fails."""
        self._frames.clear()
        self._lost = self._lost or "closed by the peer"
        self._changed.unpark_all()


class MemoryChannel:
    """The port's Channel: what a gate talks through."""

    def __init__(self, outgoing: Pipe, incoming: Pipe) -> None:
        self._outgoing = outgoing
        self._incoming = incoming

    async def send(self, message: bytes) -> None:
        """See the port."""
        if len(message) > _MAX_CHANNEL_MESSAGE_BYTES:
            raise ValueError("a gate's message has at most 65,535 bytes")
        await self._outgoing.put(message)

    async def receive(self, max_bytes: int) -> bytes:
        """See the port."""
        message = await self._incoming.take()
        if message is None:
            raise StreamClosed("ended in the middle")
        if len(message) > max_bytes:
            raise FrameTooLarge(f"{len(message)} bytes at the gate")
        return message

    def end(self) -> None:
        """Nothing more is sent; what was sent can still be received."""
        self._outgoing.end()


def channel_pair() -> tuple[MemoryChannel, MemoryChannel]:
    """The two ends of a connection before it is gated."""
    one, other = Pipe(), Pipe()
    return MemoryChannel(one, other), MemoryChannel(other, one)


class MemoryStream:
    """The port's Stream."""

    def __init__(
        self,
        remote: HostKey,
        outgoing: Pipe,
        incoming: Pipe,
        drop_connection: Callable[[str | None], None],
        forget: Callable[[MemoryStream], None],
    ) -> None:
        """drop_connection: told the misconduct, if it was one. forget: called once closed."""
        self._remote = remote
        self._outgoing = outgoing
        self._incoming = incoming
        self._drop_connection = drop_connection
        self._forget = forget
        self._sending = trio.Lock()

    @property
    def remote(self) -> HostKey:
        """Who is at the other end."""
        return self._remote

    async def send_frame(self, frame: bytes, deadline_s: float = 30.0) -> None:
        """See the port."""
        if len(frame) > MAX_FRAME_BYTES:
            raise ValueError(f"a frame has at most {MAX_FRAME_BYTES} bytes")
        is_written = is_begun = False
        try:
            with trio.fail_after(deadline_s):
                async with self._sending:
                    is_begun = True
                    await self._outgoing.put(bytes(frame))
                    is_written = True
        except trio.TooSlowError as error:
            raise StreamClosed("the peer did not take a frame in time") from error
        except StreamClosed:
            is_written = True  # nothing is under way that could be left half written
            raise
        finally:
            if is_begun and not is_written:
                self._drop_connection(None)

    async def receive_frame(
        self, max_bytes: int = MAX_FRAME_BYTES, deadline_s: float = 30.0
    ) -> bytes | None:
        """See the port."""
        is_received = False
        try:
            with trio.fail_after(deadline_s):
                frame = await self._incoming.take()
            if frame is not None and len(frame) > max_bytes:
                self._drop_connection("frame")
                raise FrameTooLarge(f"{len(frame)} bytes")
            is_received = True
            return frame
        except trio.TooSlowError as error:
            raise StreamClosed("no frame came in time") from error
        finally:
            if not is_received:
                self.lose("reset")

    async def aclose(self) -> None:
        """See the port."""
        self._outgoing.end()
        self._incoming.refuse()
        self._forget(self)

    def lose(self, why: str) -> None:
        """End both directions at once."""
        self._outgoing.lose(why)
        self._incoming.lose(why)
        self._forget(self)


StreamMaker = Callable[[Pipe, Pipe], MemoryStream]


def stream_pair(near: StreamMaker, far: StreamMaker) -> tuple[MemoryStream, MemoryStream]:
    """The two ends of a new stream."""
    one, other = Pipe(), Pipe()
    return near(one, other), far(other, one)
