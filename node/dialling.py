"""Reaching one host that may be at any of several addresses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

from node.address_book import Candidate
from node.network.port import NetworkError, Refused

_STAGGER_S = 2.0
"""Before the next address is tried beside one that is silent (RFC 8305, less hasty)."""

Dial = Callable[[str], Awaitable[None]]


async def reach(candidate: Candidate, dial: Dial, on_failure: Callable[[], None]) -> bool:
    """Try a host's addresses until one answers; whether one did.

    One after the other, but none waits long for those before it; and an address that is learnt
    meanwhile has its turn too. What answers will be tried first next time, what was tried in
    vain last. dial: raises NetworkError. on_failure: called for each address that failed.
    Raises Refused: then no other address helps.
    """
    race = _Race(candidate, dial, on_failure)
    try:
        async with trio.open_nursery() as nursery:
            await race.run(nursery)
    except* Refused as group:
        refusal: BaseException = group
        while isinstance(refusal, BaseExceptionGroup):
            refusal = refusal.exceptions[0]
        raise refusal from None
    return race.has_won


class _Race:
    def __init__(self, candidate: Candidate, dial: Dial, on_failure: Callable[[], None]) -> None:
        self._candidate = candidate
        self._dial = dial
        self._on_failure = on_failure
        self._under_way = 0
        self._is_over = False
        self.has_won = False

    async def run(self, nursery: trio.Nursery) -> None:
        tried: set[str] = set()
        while not self._is_over:
            self._candidate.stirred = trio.Event()
            address = next((a for a in self._candidate.addresses if a not in tried), None)
            if address is not None:
                tried.add(address)
                self._candidate.prefer(address, works=False)
                self._under_way += 1
                nursery.start_soon(self._try, address)
            elif not self._under_way:
                return
            patience_s = float("inf") if address is None else _STAGGER_S
            with trio.move_on_after(patience_s):
                await self._candidate.stirred.wait()
        nursery.cancel_scope.cancel()

    async def _try(self, address: str) -> None:
        try:
            await self._dial(address)
        except Refused:
            self._is_over = True
            raise
        except NetworkError:
            self._on_failure()
        else:
            self._is_over = self.has_won = True
            self._candidate.prefer(address, works=True)
        finally:
            self._under_way -= 1
            self._candidate.stirred.set()
