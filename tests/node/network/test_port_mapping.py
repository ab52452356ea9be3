"""Asking a router to open a port: a real HTTP server and real datagrams, on loopback."""

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random

import pytest
import trio

from node.network.igd import find_gateway
from node.network.port_mapping import PortMapping

FAKE = Path(__file__).parents[2] / "netns" / "fake_igd.py"
PORT = 4001


class FakeRouter:
    """The process, and what it was asked for."""

    def __init__(self, behave, external):
        command = [sys.executable, str(FAKE), "127.0.0.1", "--external", external]
        self._process = subprocess.Popen(
            [*command, "--behave", behave], stdout=subprocess.PIPE, text=True
        )
        self.search_port = int(self._process.stdout.readline().split()[0])
        self.find = partial(find_gateway, ("127.0.0.1", self.search_port))

    def close(self):
        """End it and return the lines that it wrote."""
        if self._process.poll() is None:
            self._process.kill()
            written, _ = self._process.communicate()
            self._asked = [line.split() for line in written.splitlines()]
        return self._asked


@pytest.fixture
def router():
    opened = []

    def new(behave="well", external="11.0.0.11"):
        opened.append(FakeRouter(behave, external))
        return opened[-1]

    yield new
    for each in opened:
        each.close()


async def mapped(router):
    """Run a mapping until it has asked once; its address then, what it counted and asked."""
    counts = Counter()
    mapping = PortMapping(PORT, counts, Random(1), [router.find])
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(mapping.run)
            while not counts:
                await trio.lowlevel.checkpoint()
            address = mapping.address
            nursery.cancel_scope.cancel()
    assert mapping.address is None
    return address, dict(counts), router.close()


async def test_a_port_is_opened_and_closed_again_at_the_end(router):
    address, counts, asked = await mapped(router())
    assert address == f"/ip4/11.0.0.11/tcp/{PORT}"
    assert counts == {"port-mapping:open": 1}
    assert asked == [
        ["AddPortMapping", str(PORT), "127.0.0.1", "3600"],
        ["GetExternalIPAddress"],
        ["DeletePortMapping", str(PORT)],
    ]


async def test_another_port_is_taken_where_this_one_is(router):
    address, counts, asked = await mapped(router("conflict"))
    port = address.rpartition("/")[2]
    assert int(port) >= 49_152
    assert asked[-1] == ["DeletePortMapping", port]
    assert counts == {"port-mapping:open": 1}


async def test_a_router_that_knows_no_leases_is_asked_without(router):
    address, _, asked = await mapped(router("permanent"))
    assert address is not None
    assert asked[1] == ["AddPortMapping", str(PORT), "127.0.0.1", "0"]
    assert asked[-1] == ["DeletePortMapping", str(PORT)]


async def test_behind_a_second_translation_an_open_port_is_of_no_use(router):
    address, counts, asked = await mapped(router(external="100.64.7.7"))
    assert address is None
    assert counts == {"port-mapping:not-public": 1}
    assert asked[-1] == ["DeletePortMapping", str(PORT)]


@pytest.mark.parametrize(
    ("behave", "reason"),
    [
        ("refuse", "refused"),
        ("garbage", "no-router"),
        ("entities", "no-router"),
        ("huge", "no-router"),
        ("elsewhere", "no-router"),
    ],
)
async def test_a_router_that_does_something_else_opens_nothing(router, behave, reason):
    address, counts, asked = await mapped(router(behave))
    assert address is None
    assert counts == {f"port-mapping:{reason}": 1}
    assert [each[0] for each in asked] == (["AddPortMapping"] if behave == "refuse" else [])


async def test_a_router_that_says_nothing_is_given_up(router, monkeypatch):
    monkeypatch.setattr("node.network.igd._REQUEST_S", 0.2)
    address, counts, _ = await mapped(router("silent"))
    assert (address, counts) == (None, {"port-mapping:no-router": 1})


async def test_without_a_router_nothing_happens(monkeypatch):
    monkeypatch.setattr("node.network.igd._SEARCH_S", 0.05)
    assert await find_gateway(("127.0.0.1", 9)) is None


async def test_after_a_move_the_router_is_asked_at_once_and_gets_the_old_port_back(router):
    fake, counts = router(), Counter()
    inside = ["127.0.0.1", "127.0.0.1", "127.0.0.2"]

    async def find():
        return replace(await fake.find(), local=inside.pop(0))

    mapping = PortMapping(PORT, counts, Random(1), [find])
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(mapping.run)
            for times in (1, 2, 3):
                while counts["port-mapping:open"] < times:
                    await trio.lowlevel.checkpoint()
                assert mapping.address == f"/ip4/11.0.0.11/tcp/{PORT}"
                await trio.testing.wait_all_tasks_blocked()
                if inside:
                    mapping.moved()
            nursery.cancel_scope.cancel()
    added = ["AddPortMapping", str(PORT), "127.0.0.1", "3600"]
    moved = ["AddPortMapping", str(PORT), "127.0.0.2", "3600"]
    asked, deleted = ["GetExternalIPAddress"], ["DeletePortMapping", str(PORT)]
    assert fake.close() == [added, asked, added, asked, deleted, moved, asked, deleted]
