"""The port's Stream: varint-framed messages on one Yamux stream."""

from __future__ import annotations

from collections.abc import Callable

import trio

from node.network.libp2p.byte_reader import ByteReader, encode_varint
from node.network.libp2p.yamux_stream import YamuxStream
from node.network.port import MAX_FRAME_BYTES, FrameTooLarge, HostKey, StreamClosed


class FramedStream:
    """Frames both ways, with a deadline on each."""

    def __init__(
        self, stream: YamuxStream, remote: HostKey, drop_connection: Callable[[str | None], None]
    ) -> None:
        """drop_connection: closes the whole connection; told the misconduct, if it was one."""
        self._stream = stream
        self._remote = remote
        self._drop_connection = drop_connection
        self._reader = ByteReader(stream.receive_some)
        self._sending = trio.Lock()

    @property
    def remote(self) -> HostKey:
        """Who is at the other end."""
        return self._remote

    async def read(self, n: int) -> bytes:
        """Exactly n bytes, for the negotiation that precedes the frames."""
        return await self._reader.read(n)

    async def write(self, plain: bytes) -> None:
        """Raw bytes, for the negotiation that precedes the frames."""
        await self._stream.send_all(plain)

    async def send_frame(self, frame: bytes, deadline_s: float = 30.0) -> None:
        """See the port."""
        if len(frame) > MAX_FRAME_BYTES:
            raise ValueError(f"a frame has at most {MAX_FRAME_BYTES} bytes")
        is_written = is_begun = False
        try:
            with trio.fail_after(deadline_s):
                async with self._sending:
                    is_begun = True
                    await self._stream.send_all(encode_varint(len(frame)) + frame)
                    is_written = True
        except trio.TooSlowError as error:
            raise StreamClosed("the peer did not take a frame in time") from error
        finally:
            # Half a frame cannot be taken back.
            if is_begun and not is_written:
                self._drop_connection(None)

    async def receive_frame(
        self, max_bytes: int = MAX_FRAME_BYTES, deadline_s: float = 30.0
    ) -> bytes | None:
        """See the port."""
        is_received = False
        try:
            with trio.fail_after(deadline_s):
                length = await self._reader.read_varint(max_bytes)
                frame = None if length is None else await self._reader.read(length)
                is_received = True
                return frame
        except FrameTooLarge:
            self._drop_connection("frame")
            raise
        except trio.TooSlowError as error:
            raise StreamClosed("no frame came in time") from error
        finally:
            if not is_received:
                self._stream.reset()

    async def aclose(self) -> None:
        """See the port."""
        self._stream.close()
