"""One gated connection: its muxer, and the tasks that answer the peer's streams."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import trio

from node.network.libp2p import negotiation
from node.network.libp2p.frames import FramedStream
from node.network.libp2p.misconduct import Misconduct
from node.network.libp2p.secure_channel import SecureChannel
from node.network.libp2p.settings import MuxerLimits
from node.network.libp2p.yamux import Yamux
from node.network.libp2p.yamux_stream import YamuxStream
from node.network.port import HostKey, NetworkError, StreamHandler

NEGOTIATION_DEADLINE_S = 10.0
_log = logging.getLogger(__name__)


class PeerConnection:
    """Run it as a task; everything that belongs to the connection ends with it."""

    def __init__(
        self,
        channel: SecureChannel,
        address: str,
        outbound: bool,
        limits: MuxerLimits,
        handlers: Mapping[str, StreamHandler],
    ) -> None:
        """handlers: by protocol id; looked up when a stream arrives."""
        self.peer: HostKey = channel.remote
        self.address = address
        self.outbound = outbound
        self.opened_at = trio.current_time()
        self.closed = trio.Event()
        self._channel = channel
        self._handlers = handlers
        self._muxer = Yamux(channel, outbound, limits, self._on_stream)
        self._nursery: trio.Nursery | None = None
        self._misconduct: str | None = None

    async def run(self) -> None:
        """Serve the peer until the connection ends. Raises Misconduct if it misbehaved."""
        try:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                try:
                    await self._muxer.run()
                except Misconduct as misconduct:
                    self._misconduct = misconduct.reason
                # Handlers live no longer than what they serve.
                nursery.cancel_scope.cancel()
        finally:
            self._nursery = None
            with trio.CancelScope(shield=True):
                await self._channel.close()
        if self._misconduct is not None:
            raise Misconduct(self._misconduct)

    async def open_stream(self, protocols: Sequence[str], deadline_s: float) -> FramedStream:
        """Open a stream of the first protocol that the peer has. NetworkError."""
        stream = self._muxer.open_stream()
        framed = FramedStream(stream, self.peer, self.drop)
        is_open = False
        try:
            with trio.fail_after(deadline_s):
                await negotiation.ask(framed, protocols)
            is_open = True
        except trio.TooSlowError as error:
            raise NetworkError("the peer did not answer in time") from error
        finally:
            if not is_open:
                stream.reset()
        return framed

    def drop(self, misconduct: str | None = None) -> None:
        """Close at once; misconduct: what the peer did, if that is why."""
        self._misconduct = self._misconduct or misconduct
        self._muxer.stop()

    def _on_stream(self, stream: YamuxStream) -> None:
        if self._nursery is not None:
            self._nursery.start_soon(self._answer, stream)

    async def _answer(self, stream: YamuxStream) -> None:
        """Whatever the peer sends or the handler raises ends here (trap 2)."""
        framed = FramedStream(stream, self.peer, self.drop)
        try:
            with trio.fail_after(NEGOTIATION_DEADLINE_S):
                protocol = await negotiation.choose(framed, self._handlers)
            await self._handlers[protocol](framed)
        except Misconduct as misconduct:
            self.drop(misconduct.reason)
        except (NetworkError, trio.TooSlowError) as error:
            _log.debug("stream from a peer ended: %r", error)
        except Exception:
            _log.exception("a stream handler raised")
        finally:
            stream.close()
