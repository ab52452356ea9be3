"""One neighbour's mail: a stream on which parcels are delivered, deposited and collected."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from random import Random

import trio

from node.conduct import Conduct
from node.mail.dispatch import FIRST_DELAY_S, LONGEST_DELAY_S, Dispatch, Jobs
from node.mail.holder_conduct import HolderConduct
from node.mail.mailroom import Brought, Mailroom
from node.mail.outbox_reading import parcels
from node.network.port import HostKey, Network, NetworkError, Stream, StreamClosed
from protocol.errors import LocalError, RemoteError
from protocol.mail import post as messages
from protocol.mail.limits import MAX_PARCELS
from protocol.mail.parcel import parcel_id
from protocol.mail.post import (
    Code,
    Collect,
    Collected,
    Deliver,
    Deposit,
    Leave,
    Parcels,
    Result,
    Waiting,
)

COLLECT_S = 60.0
_DEADLINE_S = 30.0
_MAX_ROUNDS = 256
"""Frames of collected parcels in one go: more than one mailbox may hold."""
Way = Deliver | Deposit | Leave
_DONE = frozenset({Code.TAKEN, Code.KNOWN, Code.HELD})


class Courier:
    """Works for one connected host until its task is cancelled."""

    def __init__(
        self,
        host: HostKey,
        network: Network,
        mailroom: Mailroom,
        dispatch: Dispatch,
        conduct: Conduct,
        holders: HolderConduct,
        random: Random,
        on_fault: Callable[[HostKey, str], None],
    ) -> None:
        self.is_paused = False
        self._host = host
        self._network = network
        self._mailroom = mailroom
        self._dispatch = dispatch
        self._conduct = conduct
        self._holders = holders
        self._random = random
        self._on_fault = on_fault
        self._jobs = Jobs()
        self._collects = True
        self._tells = False
        self._stream: Stream | None = None
        self._wake = trio.Event()
        self._pause_s = 0.0
        self._after = 0
        self._again_s = 0.0
        self._again_after_s = 0.0

    def give(self, jobs: Jobs) -> None:
        """Have parcels brought to the host."""
        self._jobs.add(jobs)
        self._wake.set()

    def collect(self) -> None:
        """Fetch what the host keeps for this device."""
        self._collects = True
        self._wake.set()

    def tell_waiting(self) -> None:
        """Tell the host that something is kept here for it."""
        self._tells = True
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            while True:
                self._wake = trio.Event()
                await self._work()
                if self._jobs.rows or self._collects or self._tells:
                    continue
                with trio.move_on_after(COLLECT_S * self._random.uniform(0.8, 1.2)) as waiting:
                    await self._wake.wait()
                self._collects |= waiting.cancelled_caught
        finally:
            with trio.CancelScope(shield=True):
                await self._close()

    async def _work(self) -> None:
        """Do what there is to do; after a failure wait, longer each time."""
        jobs, self._jobs = self._jobs, Jobs()
        try:
            if self._tells:
                self._tells = False
                await self._ask(messages.write(Waiting()), parcels=0)
            await self._bring(jobs.deliver, Deliver)
            if self._collects:
                self._collects = False
                await self._collect()
            await self._bring(jobs.deposit, Deposit)
            await self._bring(jobs.leave, Leave)
        except (NetworkError, RemoteError, LocalError) as error:
            self._note_failure(error)
            self._dispatch.failed(jobs.rows, self._host, trio.current_time(), FIRST_DELAY_S)
            await self._close()
            await self._pause()
        else:
            self._pause_s = 0.0

    def _note_failure(self, error: Exception) -> None:
        if isinstance(error, RemoteError):
            self._on_fault(self._host, error.code)
        else:
            is_network = isinstance(error, NetworkError)
            self._conduct.count("mail-broken" if is_network else "mail-not-stored")

    async def _pause(self) -> None:
        """Let others have what this host would not take."""
        self._pause_s = min(LONGEST_DELAY_S, max(FIRST_DELAY_S, 2 * self._pause_s))
        self.is_paused = True
        self._mailroom.wake()
        await trio.sleep(self._pause_s * self._random.uniform(0.8, 1.2))
        self.is_paused = False
        self._mailroom.wake()

    # -- bringing

    async def _bring(self, rows: Sequence[int], way: type[Way]) -> None:
        rest = list(rows)
        while rest:
            part = rest[:MAX_PARCELS]
            found = await self._bytes_of(part)
            gone = [n for n in part if n not in found]  # settled meanwhile, or sealed anew
            self._dispatch.done(gone, self._host)
            sent = [n for n in part if n in found]
            sent = sent[: messages.fit([found[n] for n in sent])]
            if sent:
                await self._hand_over(sent, tuple(found[n] for n in sent), way)
            rest = [n for n in rest if n not in {*gone, *sent}]

    async def _bytes_of(self, rows: Sequence[int]) -> Mapping[int, bytes]:
        return await self._mailroom.database.read(
            lambda connection: dict(parcels(connection, rows))
        )

    async def _hand_over(
        self, rows: Sequence[int], raws: tuple[bytes, ...], way: type[Way]
    ) -> None:
        is_deposit = way is not Deliver
        codes = await self._ask(messages.write(way(raws)), len(raws))
        results = [
            Brought(n, parcel_id(raw), code) for n, raw, code in zip(rows, raws, codes, strict=True)
        ]
        if is_deposit:
            await self._mailroom.note_deposit(self._host, results)
        else:
            await self._mailroom.note_delivery(results)
        now_s = trio.current_time()
        for result in results:
            if result.code in _DONE or (result.code is Code.REFUSED and not is_deposit):
                self._dispatch.done([result.n], self._host)
            else:
                first_s = _first_delay_s(result.code, is_deposit)
                self._dispatch.failed([result.n], self._host, now_s, first_s)
        self._mailroom.wake()

    # -- collecting

    async def _collect(self) -> None:
        """Fetch what is new; what could not be taken is fetched again after a while.

        Nothing is asked of a holder whose answers were of no use a while ago.
        """
        holder = self._mailroom.household_of(self._host) or self._host
        if trio.current_time() < self._holders.again_s(holder):
            return
        try:
            await self._collect_from(holder)
        except RemoteError:
            self._holders.fault(holder, trio.current_time())
            raise

    async def _collect_from(self, holder: bytes) -> None:
        if trio.current_time() >= self._again_s:
            self._after = 0
        left_some = False
        for _ in range(_MAX_ROUNDS):
            answer = await self._exchange(messages.write(Collect(self._after)))
            if not isinstance(answer, Parcels):
                raise RemoteError("mail-unexpected")
            if not answer.parcels:
                break
            if answer.last <= self._after:
                raise RemoteError("mail-endless")
            codes = await self._mailroom.take(answer.parcels, self._host)
            useful = self._holders.handed_over(holder, codes, trio.current_time())
            settled = tuple(
                parcel_id(raw)
                for raw, code in zip(answer.parcels, codes, strict=True)
                if code not in (Code.LATER, Code.FULL)
            )
            if settled:
                await self._ask(messages.write(Collected(settled)), parcels=0)
            left_some |= len(settled) < len(codes)
            self._after = answer.last
            if not useful:
                raise RemoteError("mail-useless")
        else:
            raise RemoteError("mail-endless")
        if left_some:
            self._again_after_s = min(LONGEST_DELAY_S, max(COLLECT_S, 2 * self._again_after_s))
            self._again_s = trio.current_time() + self._again_after_s
        elif trio.current_time() >= self._again_s:
            self._again_after_s, self._again_s = 0.0, math.inf

    # -- the stream

    async def _ask(self, frame: bytes, parcels: int) -> tuple[Code, ...]:
        answer = await self._exchange(frame)
        if not isinstance(answer, Result) or len(answer.codes) != parcels:
            raise RemoteError("mail-unexpected")
        return answer.codes

    async def _exchange(self, frame: bytes) -> messages.Message:
        """Send one frame and return the answer; on a new stream if the old one has ended."""
        if self._stream is not None:
            try:
                return await self._exchange_on(self._stream, frame)
            except NetworkError:
                await self._close()
        self._stream = await self._network.open_stream(self._host, messages.PROTOCOL)
        return await self._exchange_on(self._stream, frame)

    async def _exchange_on(self, stream: Stream, frame: bytes) -> messages.Message:
        await stream.send_frame(frame, _DEADLINE_S)
        answer = await stream.receive_frame(deadline_s=_DEADLINE_S)
        if answer is None:
            raise StreamClosed("the neighbour ended the exchange")
        return messages.read(answer)

    async def _close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.aclose()


def _first_delay_s(code: Code, is_deposit: bool) -> float:
    """Return how long to wait before asking again."""
    if code is Code.UNDECIPHERABLE:
        return 0.0  # it has been sealed anew
    return LONGEST_DELAY_S if is_deposit and code is not Code.LATER else FIRST_DELAY_S
