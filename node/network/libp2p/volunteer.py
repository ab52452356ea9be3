"""A volunteer: carries circuits between members that cannot reach each other.

The relaying side of circuit relay v2 (libp2p specs, relay/circuit-v2), within bounds. What
it carries is a whole connection under the private network's cipher and Noise: it sees who
talks to whom, how much and when, and nothing else.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

import trio
from libp2p.abc import INetStream
from multiaddr import Multiaddr

from node.network.libp2p.addresses import host_key_of_id, is_circuit
from node.network.libp2p.byte_stream import ByteStream
from node.network.libp2p.circuit_wire import (
    HopMessage,
    Limit,
    Status,
    StopMessage,
    peer,
    peer_of,
)
from node.network.libp2p.delimited import receive, send
from node.network.libp2p.misconduct import Misconduct
from node.network.libp2p.pace import Pace
from node.network.libp2p.settings import RelayLimits
from node.network.port import HostKey, NetworkError
from node.network.token_bucket import TokenBucket

_REQUEST_DEADLINE_S = 10.0
_STOP_DEADLINE_S = 10.0
RESERVATION_S = 3600.0
_PARTIES_REMEMBERED = 512
_PIECE_BYTES = 16 << 10
"""Circuits take turns by the piece: nobody's ping waits behind another's photo."""


class Volunteer:
    """Serves the hop protocol. Reservations end with the connection of whoever holds them."""

    def __init__(
        self,
        limits: RelayLimits,
        open_stop: Callable[[HostKey], Awaitable[INetStream]],
        is_direct: Callable[[HostKey], bool],
        party_of: Callable[[HostKey], bytes],
        addresses: Callable[[], Sequence[str]],
        counts: Counter[str],
    ) -> None:
        """open_stop: opens a stop stream to a connected host; NetworkError.

        is_direct: whether a host is connected without a relay. party_of: the household that
        answers for a host. addresses: where this host can be dialled. counts: by reason.
        """
        self._limits = limits
        self._open_stop = open_stop
        self._is_direct = is_direct
        self._party_of = party_of
        self._addresses = addresses
        self._counts = counts
        self._reserved: dict[HostKey, float] = {}
        self._circuits: Counter[bytes] = Counter()
        self._requests: OrderedDict[bytes, TokenBucket] = OrderedDict()
        self._pace = Pace(limits.bytes_per_s, limits.burst_bytes)
        self._scopes: set[trio.CancelScope] = set()
        self.carried = 0
        """How many circuits there are now."""

    @property
    def reservations(self) -> int:
        """How many hosts hold a place now."""
        self._forget_lapsed()
        return len(self._reserved)

    def stop(self) -> tuple[HostKey, ...]:
        """End every circuit and every reservation; return whose they were.

        The protocol has no word for it: a reservation ends with its connection.
        """
        held = tuple(self._reserved)
        self._reserved.clear()
        for scope in self._scopes:
            scope.cancel()
        return held

    async def answer(self, net_stream: INetStream) -> None:
        """Serve one hop stream. Raises NetworkError, which ends it."""
        stream = ByteStream(net_stream)
        source = host_key_of_id(net_stream.muxed_conn.peer_id)
        try:
            with trio.fail_after(_REQUEST_DEADLINE_S):
                request = await receive(stream, HopMessage)
        except trio.TooSlowError:
            self._counts["relay-refused:silent"] += 1
            return
        except Misconduct:
            await self._refuse(stream, "malformed", Status.MALFORMED_MESSAGE)
            raise
        addresses = net_stream.muxed_conn.get_transport_addresses()
        if any(is_circuit(str(each)) for each in addresses):
            await self._refuse(stream, "relayed", Status.PERMISSION_DENIED)
        elif not self._may_ask(source):
            await self._refuse(stream, "too-often", Status.RESOURCE_LIMIT_EXCEEDED)
        elif request.HasField("type") and request.type == HopMessage.RESERVE:
            await self._reserve(stream, source)
        elif request.type == HopMessage.CONNECT:
            await self._connect(stream, source, peer_of(request))
        else:
            await self._refuse(stream, "malformed", Status.UNEXPECTED_MESSAGE)

    async def _refuse(self, stream: ByteStream, why: str, status: Status.ValueType) -> None:
        self._counts[f"relay-refused:{why}"] += 1
        with trio.move_on_after(_REQUEST_DEADLINE_S):
            await send(stream, HopMessage(type=HopMessage.STATUS, status=status))

    def _may_ask(self, source: HostKey) -> bool:
        party = self._party_of(source)
        bucket = self._requests.pop(party, None) or TokenBucket(
            self._limits.requests_per_s, self._limits.request_burst
        )
        self._requests[party] = bucket
        while len(self._requests) > _PARTIES_REMEMBERED:
            self._requests.popitem(last=False)
        return bucket.take(trio.current_time())

    def _limit(self) -> Limit:
        limits = self._limits
        return Limit(duration=int(limits.max_circuit_s), data=limits.max_circuit_bytes)

    # A place, so that others can ask for circuits to it.

    async def _reserve(self, stream: ByteStream, source: HostKey) -> None:
        self._forget_lapsed()
        if source not in self._reserved and len(self._reserved) >= self._limits.max_reservations:
            await self._refuse(stream, "reservations", Status.RESERVATION_REFUSED)
            return
        self._reserved[source] = trio.current_time() + RESERVATION_S
        answer = HopMessage(type=HopMessage.STATUS, status=Status.OK, limit=self._limit())
        # The standard wants the wall clock here; ours goes by its own, from when it was asked.
        answer.reservation.expire = int(time.time() + RESERVATION_S)
        answer.reservation.addrs.extend(Multiaddr(a).to_bytes() for a in self._addresses())
        await send(stream, answer)

    def _forget_lapsed(self) -> None:
        now = trio.current_time()
        for host, until in list(self._reserved.items()):
            if until <= now or not self._is_direct(host):
                del self._reserved[host]

    # A circuit.

    async def _connect(self, stream: ByteStream, source: HostKey, target: HostKey) -> None:
        self._forget_lapsed()
        parties = {self._party_of(source), self._party_of(target)}
        if target not in self._reserved:
            await self._refuse(stream, "no-reservation", Status.NO_RESERVATION)
        elif self.carried >= self._limits.max_circuits:
            await self._refuse(stream, "circuits", Status.RESOURCE_LIMIT_EXCEEDED)
        elif any(self._circuits[each] >= self._limits.max_circuits_per_party for each in parties):
            await self._refuse(stream, "household-circuits", Status.RESOURCE_LIMIT_EXCEEDED)
        else:
            with self._place(parties) as scope, scope:
                await self._bring_together(stream, source, target)

    @contextmanager
    def _place(self, parties: set[bytes]) -> Iterator[trio.CancelScope]:
        scope = trio.CancelScope()
        self._scopes.add(scope)
        self.carried += 1
        self._circuits.update(parties)
        try:
            yield scope
        finally:
            self._scopes.discard(scope)
            self.carried -= 1
            self._circuits.subtract(parties)
            for party in parties:
                if not self._circuits[party]:
                    del self._circuits[party]

    async def _bring_together(self, near: ByteStream, source: HostKey, target: HostKey) -> None:
        far: ByteStream | None = None
        try:
            try:
                with trio.fail_after(_STOP_DEADLINE_S):
                    far = ByteStream(await self._open_stop(target))
                    offer = StopMessage(
                        type=StopMessage.CONNECT, peer=peer(source), limit=self._limit()
                    )
                    await send(far, offer)
                    answer = await receive(far, StopMessage)
            except (NetworkError, trio.TooSlowError):
                await self._refuse(near, "target-silent", Status.CONNECTION_FAILED)
                return
            if answer.type != StopMessage.STATUS or answer.status != Status.OK:
                await self._refuse(near, "target-refused", Status.CONNECTION_FAILED)
                return
            await send(
                near, HopMessage(type=HopMessage.STATUS, status=Status.OK, limit=self._limit())
            )
            self._counts["relay-circuits"] += 1
            await self._carry(near, far)
        finally:
            if far is not None:
                await far.aclose()

    async def _carry(self, near: ByteStream, far: ByteStream) -> None:
        left = self._limits.max_circuit_bytes
        ended = "closed"

        async def copy(source: ByteStream, target: ByteStream) -> None:
            nonlocal left, ended
            try:
                while True:
                    with trio.fail_after(self._limits.max_idle_s):
                        chunk = await source.receive_some()
                    left -= len(chunk)
                    if not chunk or left < 0:
                        ended = "bytes" if chunk else "closed"
                        break
                    for at in range(0, len(chunk), _PIECE_BYTES):
                        piece = chunk[at : at + _PIECE_BYTES]
                        await self._pace.wait(len(piece))
                        await target.send_all(piece)
            except trio.TooSlowError:
                ended = "idle"
            except trio.BrokenResourceError:
                ended = "broken"
            nursery.cancel_scope.cancel()

        with trio.move_on_after(self._limits.max_circuit_s) as lifetime:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(copy, near, far)
                nursery.start_soon(copy, far, near)
        self._counts[f"relay-ended:{'duration' if lifetime.cancelled_caught else ended}"] += 1
