"""Catch-up: on connect and every minute, two neighbours make their sets of records equal.

Gossip is a hint; this is the guarantee. Each side begins exchanges of its own, so each knows
by its own work when it was last equal with whom.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

import trio

from node.conduct import Conduct
from node.inbox import Inbox
from node.network.port import HostKey, Network, NetworkError, Stream, StreamClosed
from node.store.records import RecordStore
from protocol import catchup as messages
from protocol.admission import Admit
from protocol.catchup import Compare, Fetch, Offer, Records, Taken
from protocol.envelope import decode
from protocol.errors import LocalError, RemoteError
from protocol.limits import MAX_RECORD_BYTES
from protocol.reconcile import Initiator, Item, Wanted, respond
from protocol.reconcile.limits import MAX_ROUNDS

INTERVAL_S = 60.0
_DEADLINE_S = 60.0
_MAX_EXCHANGES = 4
"""At once, over all neighbours: more only compete for the disk."""
_PATIENCE_S = 120.0
"""For an exchange, and a second more for each _SLOWEST_PER_S records that move."""
_SLOWEST_PER_S = 20.0
_MAX_WITHHELD = 2_000
"""Records that a neighbour may list and then not give: a removal may have voided some."""
_MAX_IDLE_RECORDS = 1_000
"""What one stream may ask or offer in vain, beyond twice the size of the set."""
_BULK = 1_000
"""Records from one reply; above it only one neighbour at a time is asked."""
_MAX_LACKING = 4_096
"""What a neighbour lacked is told to others, up to this number."""
_MAX_COMPARES = 2 * MAX_ROUNDS
"""On one stream: both scopes at their longest (spec 05)."""
_NEARLY_FULL_BYTES = messages.MAX_BATCH_BYTES - MAX_RECORD_BYTES
_FIRST_FETCH = 192
"""Records of 4 KiB on average fit one answer."""
_FETCH = min(messages.MAX_FETCH, messages.MAX_BATCH_BYTES // MAX_RECORD_BYTES * 4)


@dataclass(slots=True)
class Exchange:
    """What one exchange did. Bytes are those of comparing, both ways; records come extra.

    lacking: the first records that the neighbour lacked; it has been given them.
    """

    round_trips: int = 0
    compared_bytes: int = 0
    fetched: int = 0
    admitted: int = 0
    offered: int = 0
    missing: int = 0
    record_bytes: int = 0
    withheld: int = 0
    lacking: list[Item] = field(default_factory=list)
    scope: trio.CancelScope | None = None

    def moved(self, records: int) -> None:
        """Records came or went: there is time for more."""
        if self.scope is not None:
            self.scope.deadline += records / _SLOWEST_PER_S


class _BulkUnderWay(Exception):
    """Another neighbour is just sending what this one could send too."""


class Catchup:
    """Serves the catch-up protocol and runs the own side of it for each neighbour."""

    def __init__(
        self,
        network: Network,
        store: RecordStore,
        inbox: Inbox,
        conduct: Conduct,
        random: Random,
        on_equal: Callable[[HostKey, Exchange], None],
    ) -> None:
        self._network = network
        self._store = store
        self._inbox = inbox
        self._conduct = conduct
        self._random = random
        self._on_equal = on_equal
        self._slots = trio.CapacityLimiter(_MAX_EXCHANGES)
        self._wakes: dict[HostKey, trio.Event] = {}
        self._serving: dict[HostKey, trio.CancelScope] = {}
        self._served = trio.Event()
        self._bulk = trio.Lock()
        self.missing: dict[HostKey, int] = {}
        network.serve(messages.PROTOCOL, self._serve)

    def nudge(self, apart_from: HostKey | None = None) -> None:
        """Begin an exchange with every neighbour soon: there is more than gossip carries.

        apart_from: the one from whom it came.
        """
        for peer, wake in self._wakes.items():
            if peer != apart_from:
                wake.set()

    async def keep_equal(self, peer: HostKey, begin_after_s: float) -> None:
        """Exchange with one neighbour now and every minute; cancelled when it disconnects."""
        wake = self._wakes[peer] = trio.Event()
        try:
            with trio.move_on_after(begin_after_s):
                await wake.wait()
            while True:
                await self._while_served(peer)
                wake = self._wakes[peer] = trio.Event()
                try:
                    async with self._slots:
                        await self._exchange_in_time(peer)
                except _BulkUnderWay:
                    async with self._bulk:
                        continue
                except NetworkError:
                    self._conduct.count("catchup-broken")
                except RemoteError as error:
                    self._inbox.on_fault(peer, error.code)
                except LocalError:
                    self._conduct.count("catchup-not-stored")
                with trio.move_on_after(INTERVAL_S * self._random.uniform(0.8, 1.2)):
                    await wake.wait()
        finally:
            # A peer that has reconnected meanwhile has an event of its own already.
            if self._wakes.get(peer) is wake:
                del self._wakes[peer]
                self.missing.pop(peer, None)

    async def _while_served(self, peer: HostKey) -> None:
        """Let an exchange that the neighbour began end first: ours would bring the same."""
        with trio.move_on_after(INTERVAL_S):
            while peer in self._serving:
                await self._served.wait()

    async def _exchange_in_time(self, peer: HostKey) -> None:
        """Exchange while records move: who only spins it out must not keep others waiting."""
        with trio.move_on_after(_PATIENCE_S) as scope:
            await self.exchange(peer, scope)
        if scope.cancelled_caught:
            raise RemoteError("catchup-slow")

    async def exchange(self, peer: HostKey, scope: trio.CancelScope | None = None) -> Exchange:
        """Make both sets equal with one neighbour, membership first.

        scope: its deadline moves on with the records that move.
        Raises NetworkError, RemoteError (they broke the protocol) or LocalError.
        """
        done = Exchange(scope=scope)
        stream = await self._network.open_stream(peer, messages.PROTOCOL)
        try:
            for membership in (True, False):
                await self._compare(stream, peer, membership, done)
        finally:
            await stream.aclose()
        self.missing.pop(peer, None)
        self._on_equal(peer, done)
        if done.admitted:
            self.nudge(peer)
        return done

    # -- the own side

    async def _compare(
        self, stream: Stream, peer: HostKey, membership: bool, done: Exchange
    ) -> None:
        initiator = Initiator(self._store.items(membership), jitter=self._random.randrange(256))
        outgoing: bytes | None = initiator.initiate()
        while outgoing is not None:
            await stream.send_frame(messages.write(Compare(membership, outgoing)), _DEADLINE_S)
            answer = await _receive(stream)
            if not isinstance(answer, Compare):
                raise RemoteError("catchup-unexpected")
            done.round_trips += 1
            done.compared_bytes += len(outgoing) + len(answer.message)
            outgoing, have, need = initiator.reconcile(answer.message)
            done.missing += len(need)
            self.missing[peer] = done.missing - done.fetched
            await self._fetch_in_turn(stream, peer, need, done)
            await self._offer(stream, have, done)
            done.lacking += have[: _MAX_LACKING - len(done.lacking)]

    async def _fetch_in_turn(
        self, stream: Stream, peer: HostKey, need: Sequence[Wanted], done: Exchange
    ) -> None:
        """Fetch; much at a time from one neighbour only, or each would send the same.

        Raises _BulkUnderWay if another exchange is fetching much: compare again after it.
        """
        if len(need) <= _BULK:
            await self._fetch(stream, peer, need, done)
            return
        try:
            self._bulk.acquire_nowait()
        except trio.WouldBlock:
            raise _BulkUnderWay from None
        try:
            await self._fetch(stream, peer, need, done)
        finally:
            self._bulk.release()

    async def _fetch(
        self, stream: Stream, peer: HostKey, need: Sequence[Wanted], done: Exchange
    ) -> None:
        """Fetch in batches, the next one asked for while the last one is being stored."""
        waiting, asked = deque(need), deque[tuple[Wanted, ...]]()
        fits = _FIRST_FETCH

        async def ask() -> None:
            if waiting:
                asked.append(tuple(waiting.popleft() for _ in range(min(fits, len(waiting)))))
                await stream.send_frame(messages.write(Fetch(asked[-1])), _DEADLINE_S)

        await ask()
        while asked:
            answer = await _receive(stream)
            part = asked.popleft()
            if not isinstance(answer, Records) or len(answer.raws) > 2 * len(part):
                raise RemoteError("catchup-unexpected")
            rest, fits = _cut_off(part, answer.raws), _how_many_fit(answer.raws, fits)
            waiting.extendleft(reversed(rest))
            await ask()
            done.withheld += max(0, len(part) - len(rest) - len(answer.raws))
            if done.withheld > _MAX_WITHHELD:
                raise RemoteError("catchup-withheld")
            done.record_bytes += sum(map(len, answer.raws))
            verdicts = await self._inbox.submit(answer.raws, peer)
            admitted = sum(isinstance(verdict, Admit) for verdict in verdicts)
            done.admitted += admitted
            done.moved(admitted)
            done.fetched += len(part) - len(rest)
            self.missing[peer] = done.missing - done.fetched

    async def _offer(self, stream: Stream, have: Sequence[Item], done: Exchange) -> None:
        for at in range(0, len(have), _FETCH):
            part = [Wanted(item.created_at_ms, item.id[:16]) for item in have[at : at + _FETCH]]
            raws = await self._store.raws(part)
            for batch in messages.batches(raws):
                await stream.send_frame(messages.write(Offer(batch)), _DEADLINE_S)
                if not isinstance(await _receive(stream), Taken):
                    raise RemoteError("catchup-unexpected")
                done.offered += len(batch)
                done.moved(len(batch))
                done.record_bytes += sum(map(len, batch))

    # -- the other side

    async def _serve(self, stream: Stream) -> None:
        peer = stream.remote
        before = self._serving.get(peer)
        if before is not None:
            # The peer has given up that exchange, even if we have not heard of it yet.
            self._conduct.count("catchup-twice")
            before.cancel()
        scope = self._serving[peer] = trio.CancelScope()
        try:
            with scope:
                await self._serve_until_end(stream, peer)
        except NetworkError:
            self._conduct.count("catchup-broken")
        except RemoteError as error:
            self._inbox.on_fault(peer, error.code)
        except LocalError:
            self._conduct.count("catchup-not-stored")
        finally:
            if self._serving[peer] is scope:
                del self._serving[peer]
                self._served.set()
                self._served = trio.Event()

    async def _serve_until_end(self, stream: Stream, peer: HostKey) -> None:
        comparing = idle = taken = 0
        while (frame := await stream.receive_frame(deadline_s=_DEADLINE_S)) is not None:
            message = messages.read(frame)
            comparing += isinstance(message, Compare)
            answer, asked_for = await self._answer(message, peer)
            idle += asked_for
            taken += answer.stored if isinstance(answer, Taken) else 0
            size = len(self._store.items(True)) + len(self._store.items(False))
            if comparing > _MAX_COMPARES or idle > 2 * size + _MAX_IDLE_RECORDS:
                raise RemoteError("catchup-endless")
            await stream.send_frame(messages.write(answer), _DEADLINE_S)
        if taken:
            self.nudge(peer)

    async def _answer(
        self, message: messages.Message, peer: HostKey
    ) -> tuple[messages.Message, int]:
        """Return the answer, and how many records were asked for, or offered in vain."""
        match message:
            case Compare(membership, content):
                return Compare(membership, respond(self._store.items(membership), content)), 0
            case Fetch(wanted):
                raws = await self._store.raws(wanted)
                return Records(messages.batches(raws)[0] if raws else ()), len(wanted)
            case Offer(raws):
                verdicts = await self._inbox.submit(raws, peer)
                stored = sum(isinstance(verdict, Admit) for verdict in verdicts)
                return Taken(stored), len(raws) - stored
        raise RemoteError("catchup-unexpected")


def _how_many_fit(raws: Sequence[bytes], so_far: int) -> int:
    """Return how many records to ask for next, so that an answer has room for them all."""
    size = sum(map(len, raws))
    if size == 0:
        return so_far
    usual = messages.MAX_BATCH_BYTES * 4 * len(raws) // (5 * size)
    return min(max(usual, messages.MAX_BATCH_BYTES // MAX_RECORD_BYTES), messages.MAX_FETCH)


def _cut_off(part: Sequence[Wanted], raws: Sequence[bytes]) -> Sequence[Wanted]:
    """Return those wanted that an answer had no more room for: what follows its last record."""
    if len(raws) >= len(part) or sum(map(len, raws)) <= _NEARLY_FULL_BYTES:
        return ()
    try:
        last = decode(raws[-1])
    except RemoteError:
        return ()
    wanted = Wanted(last.created_at_ms, last.id[:16])
    return part[part.index(wanted) + 1 :] if wanted in part else ()


async def _receive(stream: Stream) -> messages.Message:
    frame = await stream.receive_frame(deadline_s=_DEADLINE_S)
    if frame is None:
        raise StreamClosed("the neighbour ended the exchange")
    return messages.read(frame)
