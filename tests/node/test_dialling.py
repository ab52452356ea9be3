"""Reaching a host that may be at any of several addresses, with time that is moved."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from node.address_book import Candidate
from node.dialling import reach
from node.network.port import DialFailed, Refused

GOOD, SILENT, DEAD, SHUT = "/memory/good", "/memory/silent", "/memory/dead", "/memory/shut"


async def silence(seconds: float) -> None:
    """Nothing happens for so long, by the clock that jumps."""
    with trio.move_on_after(seconds):
        await trio.sleep_forever()


class Dialled:
    """Addresses that behave as their names say, and when each was dialled."""

    def __init__(self, *addresses: str) -> None:
        self.candidate = Candidate(dict.fromkeys(addresses))
        self.at: dict[str, float] = {}
        self.failures = 0
        self._began = trio.current_time()

    async def reach(self) -> bool:
        return await reach(self.candidate, self._dial, self._fail)

    def _fail(self) -> None:
        self.failures += 1

    async def _dial(self, address: str) -> None:
        self.at[address] = trio.current_time() - self._began
        if SILENT in address:
            await silence(10)
        if SHUT in address:
            raise Refused("removed", by_us=False)
        if GOOD not in address:
            raise DialFailed("nobody")


async def test_an_address_that_is_silent_keeps_none_waiting_long(
    autojump_clock: MockClock,
) -> None:
    host = Dialled(SILENT, f"{SILENT}-too", GOOD)
    assert await host.reach()
    assert host.at == {SILENT: 0, f"{SILENT}-too": 2, GOOD: 4}
    assert next(iter(host.candidate.addresses)) == GOOD


async def test_an_address_that_fails_at_once_costs_no_time(
    autojump_clock: MockClock,
) -> None:
    host = Dialled(DEAD, f"{DEAD}-too", GOOD)
    assert await host.reach()
    assert host.at[GOOD] == 0
    assert host.failures == 2


async def test_an_address_learnt_meanwhile_has_its_turn(
    autojump_clock: MockClock,
) -> None:
    host = Dialled(SILENT)

    async def learn() -> None:
        await silence(3)
        host.candidate.addresses[GOOD] = None
        host.candidate.stirred.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(learn)
        assert await host.reach()
    assert host.at[GOOD] == 3


async def test_without_an_answer_every_address_was_tried_once(
    autojump_clock: MockClock,
) -> None:
    host = Dialled(SILENT, DEAD, f"{SILENT}-too")
    assert not await host.reach()
    assert len(host.at) == host.failures == 3
    assert not await Dialled().reach()


async def test_a_gate_that_refuses_ends_the_search(
    autojump_clock: MockClock,
) -> None:
    host = Dialled(SILENT, SHUT, GOOD)
    with pytest.raises(Refused) as refusal:
        await host.reach()
    assert refusal.value.reason == "removed"
    assert GOOD not in host.at
