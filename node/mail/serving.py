"""The other side of the mail stream: what neighbours deliver, deposit and collect here."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection

import trio

from node.conduct import Conduct
from node.mail import holding
from node.mail.mailroom import Mailroom
from node.network.port import HostKey, Network, NetworkError, Stream
from node.network.token_bucket import TokenBucket
from node.store.database import Connection
from protocol.errors import LocalError, RemoteError
from protocol.ids import HouseholdId
from protocol.mail import limits
from protocol.mail import post as messages
from protocol.mail.parcel import read_parcel
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

IDLE_S = 180.0
"""A courier collects every minute: a stream on which nothing comes for so long is dead."""
_PER_S = 100.0
_BURST = 2_000.0
_HOUSEHOLDS_REMEMBERED = 512


class Serving:
    """Answers mail streams; one a neighbour, a second one takes its place."""

    def __init__(
        self,
        network: Network,
        mailroom: Mailroom,
        conduct: Conduct,
        on_fault: Callable[[HostKey, str], None],
        on_waiting: Callable[[HostKey], None],
        on_deposited: Callable[[Collection[bytes]], None],
    ) -> None:
        """on_waiting: told that a host keeps something. on_deposited: told under which tags."""
        self._mailroom = mailroom
        self._conduct = conduct
        self._on_fault = on_fault
        self._on_waiting = on_waiting
        self._on_deposited = on_deposited
        self._serving: dict[HostKey, trio.CancelScope] = {}
        self._buckets: OrderedDict[bytes, TokenBucket] = OrderedDict()
        self._deposits: OrderedDict[bytes, TokenBucket] = OrderedDict()
        network.serve(messages.PROTOCOL, self._serve)

    async def _serve(self, stream: Stream) -> None:
        peer = stream.remote
        before = self._serving.get(peer)
        if before is not None:
            before.cancel()
        scope = self._serving[peer] = trio.CancelScope()
        try:
            with scope:
                while (frame := await stream.receive_frame(deadline_s=IDLE_S)) is not None:
                    answer = await self._answer(messages.read(frame), peer)
                    await stream.send_frame(messages.write(answer))
        except NetworkError:
            self._conduct.count("mail-stream-ended")
        except RemoteError as error:
            self._on_fault(peer, error.code)
        except LocalError:
            self._conduct.count("mail-not-stored")
        finally:
            if self._serving.get(peer) is scope:
                del self._serving[peer]

    async def _answer(self, message: messages.Message, peer: HostKey) -> messages.Message:
        household = self._mailroom.household_of(peer)
        match message:
            case Deliver(raws) | Deposit(raws) | Leave(raws):
                if household is None or not self._may(household, 1 + len(raws)):
                    return Result((Code.LATER,) * len(raws))
                if not raws:
                    return Result(())
                if not isinstance(message, Deliver):
                    is_note = isinstance(message, Leave)
                    return Result(await self._deposit(raws, household, is_note))
                return Result(tuple(await self._mailroom.take(raws, peer)))
            case Collect() | Collected() | Waiting():
                if household is not None and not self._may(household, 1):
                    raise RemoteError("mail-too-fast")
        match message:
            case Collect(after):
                return await self._collect(self._mailroom.tags_at(peer), after)
            case Collected(ids):
                tags = self._mailroom.tags_at(peer)
                await self._mailroom.database.write(
                    lambda connection: holding.let_go(connection, ids, tags)
                )
                return Result(())
            case Waiting():
                self._on_waiting(peer)
                return Result(())
        raise RemoteError("mail-unexpected")

    async def _deposit(
        self, raws: tuple[bytes, ...], household: HouseholdId, is_note: bool
    ) -> tuple[Code, ...]:
        if not self._may_deposit(household, len(raws)):
            return (Code.LATER,) * len(raws)
        times_ms, confirmed = self._mailroom.times_ms(), self._mailroom.is_confirmed(household)

        def keep(connection: Connection) -> list[Code]:
            if is_note:
                return holding.leave(connection, raws, household, times_ms)
            return holding.deposit(connection, raws, household, confirmed, times_ms)

        codes = await self._mailroom.database.write(keep)
        for code in codes:
            self._conduct.count(f"mail-{'note' if is_note else 'deposit'}:{code.name.lower()}")
        kept = {
            read_parcel(r).tag for r, code in zip(raws, codes, strict=True) if code is Code.HELD
        }
        if kept:
            self._on_deposited(kept)
        return tuple(codes)

    async def _collect(self, tags: Collection[bytes], after: int) -> Parcels:
        now_ms = min(self._mailroom.times_ms())
        last, raws = await self._mailroom.database.read(
            lambda connection: holding.held_for(connection, tags, after, now_ms)
        )
        return Parcels(last, tuple(raws))

    def _may(self, household: HouseholdId, tokens: float) -> bool:
        """Whether a household may send this much more now; else it is told to wait."""
        return self._take(self._buckets, household, _PER_S, _BURST, tokens)

    def _may_deposit(self, household: HouseholdId, parcels: int) -> bool:
        """Whether a household has not had too much kept today, for whomever."""
        most = float(limits.DEPOSITS_A_DAY)
        return self._take(self._deposits, household, most / 86_400, most, parcels)

    def _take(
        self,
        buckets: OrderedDict[bytes, TokenBucket],
        household: HouseholdId,
        per_s: float,
        burst: float,
        tokens: float,
    ) -> bool:
        bucket = buckets.pop(household, None) or TokenBucket(per_s, burst)
        buckets[household] = bucket
        while len(buckets) > _HOUSEHOLDS_REMEMBERED:
            buckets.popitem(last=False)
        if bucket.take(trio.current_time(), tokens):
            return True
        self._conduct.count("mail-throttled")
        return False
