"""The port's Stream: varint-framed messages on one of libp2p's streams."""

from __future__ import annotations

import trio
from libp2p.abc import INetStream
from libp2p.io.exceptions import IOException
from libp2p.network.stream.exceptions import StreamEOF

from node.network.libp2p.addresses import host_key_of_id
from node.network.libp2p.byte_reader import ByteReader, encode_varint
from node.network.port import MAX_FRAME_BYTES, FrameTooLarge, HostKey, StreamClosed


class FramedStream:
    """Frames both ways, with a deadline on each."""

    def __init__(self, stream: INetStream) -> None:
        """stream: negotiated, on a connection of ours."""
        self._stream = stream
        self._connection = stream.muxed_conn
        self._remote = host_key_of_id(stream.muxed_conn.peer_id)
        self._reader = ByteReader(self._receive)
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
                    await self._stream.write(encode_varint(len(frame)) + frame)
                    is_written = True
        except trio.TooSlowError as error:
            raise StreamClosed("the peer did not take a frame in time") from error
        except IOException as error:
            is_written = True  # nothing is left half-way: the stream is gone
            raise StreamClosed(str(error.__cause__ or error)) from error
        finally:
            # Half a frame cannot be taken back (docs/adr/0003, trap 6).
            if is_begun and not is_written:
                self._connection.drop()

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
            self._connection.drop("frame")
            raise
        except trio.TooSlowError as error:
            raise StreamClosed("no frame came in time") from error
        finally:
            if not is_received:
                with trio.CancelScope(shield=True):
                    await self._stream.reset()

    async def aclose(self) -> None:
        """See the port."""
        with trio.CancelScope(shield=True):
            await self._stream.close()

    async def _receive(self) -> bytes:
        try:
            return bytes(await self._stream.read())
        except StreamEOF:
            return b""
        except IOException as error:
            raise StreamClosed(str(error.__cause__ or error)) from error
