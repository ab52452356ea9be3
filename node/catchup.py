"""Catch-up: on connect and every minute, two neighbours make their sets of records equal.

Gossip is a hint; this is the guarantee. Each side begins exchanges of its own, so each knows
by its own work when it was last equal with whom.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import trio

from node.conduct import Conduct
from node.inbox import Inbox
from node.network.port import HostKey, Network, NetworkError, Stream
from node.store.records import RecordStore
from protocol import catchup as messages
from protocol.catchup import Compare, Fetch, Offer, Records, Taken
from protocol.errors import LocalError, RemoteError
from protocol.limits import MAX_RECORD_BYTES
from protocol.reconcile import Initiator, Item, Wanted, respond
from protocol.reconcile.limits import MAX_ROUNDS

INTERVAL_S = 60.0
_DEADLINE_S = 60.0
_MAX_EXCHANGES = 4
"""At once, over all neighbours: more only compete for the disk."""
_MAX_COMPARES = 2 * MAX_ROUNDS
"""On one stream: both scopes at their longest (spec 05)."""
_FETCH = min(messages.MAX_FETCH, messages.MAX_BATCH_BYTES // MAX_RECORD_BYTES * 4)


@dataclass(slots=True)
class Exchange:
    """What one exchange did. Bytes are those of comparing, both ways; records come extra."""

    round_trips: int = 0
    compared_bytes: int = 0
    fetched: int = 0
    offered: int = 0
    missing: int = 0
    record_bytes: int = 0


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
        self._serving: set[HostKey] = set()
        self.missing: dict[HostKey, int] = {}
        network.serve(messages.PROTOCOL, self._serve)

    def nudge(self) -> None:
        """Begin an exchange with every neighbour soon: there is more than gossip carries."""
        for wake in self._wakes.values():
            wake.set()

    async def keep_equal(self, peer: HostKey, begin_after_s: float) -> None:
        """Exchange with one neighbour now and every minute; cancelled when it disconnects."""
        self._wakes[peer] = trio.Event()
        try:
            with trio.move_on_after(begin_after_s):
                await self._wakes[peer].wait()
            while True:
                self._wakes[peer] = trio.Event()
                try:
                    async with self._slots:
                        await self.exchange(peer)
                except NetworkError:
                    self._conduct.count("catchup-broken")
                except RemoteError as error:
                    self._inbox.on_fault(peer, error.code)
                except LocalError:
                    self._conduct.count("catchup-not-stored")
                with trio.move_on_after(INTERVAL_S * self._random.uniform(0.8, 1.2)):
                    await self._wakes[peer].wait()
        finally:
            self._wakes.pop(peer, None)
            self.missing.pop(peer, None)

    async def exchange(self, peer: HostKey) -> Exchange:
        """Make both sets equal with one neighbour, membership first.

        Raises NetworkError, RemoteError (they broke the protocol) or LocalError.
        """
        done = Exchange()
        stream = await self._network.open_stream(peer, messages.PROTOCOL)
        try:
            for membership in (True, False):
                await self._compare(stream, peer, membership, done)
        finally:
            await stream.aclose()
        self.missing.pop(peer, None)
        self._on_equal(peer, done)
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
            await self._fetch(stream, peer, need, done)
            await self._offer(stream, have, done)

    async def _fetch(
        self, stream: Stream, peer: HostKey, need: Sequence[Wanted], done: Exchange
    ) -> None:
        """Fetch in batches, the next one asked for while the last one is being stored."""
        parts = [tuple(need[at : at + _FETCH]) for at in range(0, len(need), _FETCH)]
        if parts:
            await stream.send_frame(messages.write(Fetch(parts[0])), _DEADLINE_S)
        for index, part in enumerate(parts):
            answer = await _receive(stream)
            if not isinstance(answer, Records) or len(answer.raws) > 2 * len(part):
                raise RemoteError("catchup-unexpected")
            if index + 1 < len(parts):
                await stream.send_frame(messages.write(Fetch(parts[index + 1])), _DEADLINE_S)
            done.record_bytes += sum(map(len, answer.raws))
            await self._inbox.submit(answer.raws, peer)
            done.fetched += len(part)
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
                done.record_bytes += sum(map(len, batch))

    # -- the other side

    async def _serve(self, stream: Stream) -> None:
        peer = stream.remote
        if peer in self._serving:
            self._conduct.count("catchup-twice")
            return
        self._serving.add(peer)
        try:
            comparing = 0
            while (frame := await stream.receive_frame(deadline_s=_DEADLINE_S)) is not None:
                message = messages.read(frame)
                comparing += isinstance(message, Compare)
                if comparing > _MAX_COMPARES:
                    raise RemoteError("catchup-endless")
                await stream.send_frame(
                    messages.write(await self._answer(message, peer)), _DEADLINE_S
                )
        except NetworkError:
            self._conduct.count("catchup-broken")
        except RemoteError as error:
            self._inbox.on_fault(peer, error.code)
        except LocalError:
            self._conduct.count("catchup-not-stored")
        finally:
            self._serving.discard(peer)

    async def _answer(self, message: messages.Message, peer: HostKey) -> messages.Message:
        match message:
            case Compare(membership, content):
                return Compare(membership, respond(self._store.items(membership), content))
            case Fetch(wanted):
                raws = await self._store.raws(wanted)
                return Records(messages.batches(raws)[0] if raws else ())
            case Offer(raws):
                before = self._conduct.counts["stored"]
                await self._inbox.submit(raws, peer)
                return Taken(self._conduct.counts["stored"] - before)
        raise RemoteError("catchup-unexpected")


async def _receive(stream: Stream) -> messages.Message:
    frame = await stream.receive_frame(deadline_s=_DEADLINE_S)
    if frame is None:
        raise RemoteError("catchup-ended")
    return messages.read(frame)
