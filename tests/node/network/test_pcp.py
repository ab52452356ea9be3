"""Asking a router to open a port in a datagram: PCP and NAT-PMP, on loopback."""

import subprocess
import sys
from collections import Counter
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from node.network import pcp
from node.network.pcp import find_pcp
from node.network.port_mapping import PortMapping
from node.network.router import Opened, RouterError, default_gateway

FAKE = Path(__file__).parents[2] / "netns" / "fake_pcp.py"
PORT = 4001
NONCE = bytes(range(12))
ROUTES = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
wlan0\t00000000\t0107A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
eth0\t00000000\t0108A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
tun0\t00000000\t00000000\t0001\t0\t0\t50\t00000000\t0\t0\t0
down0\t00000000\t0109A8C0\t0002\t0\t0\t1\t00000000\t0\t0\t0
eth0\t0008A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
"""


class FakeRouter:
    """The process, and what it was asked for."""

    def __init__(self, speaks, behave, external):
        command = [sys.executable, str(FAKE), "127.0.0.1", "--external", external]
        self._process = subprocess.Popen(
            [*command, "--speaks", speaks, "--behave", behave], stdout=subprocess.PIPE, text=True
        )
        self.port = int(self._process.stdout.readline())
        self.find = partial(find_pcp, NONCE, lambda: "127.0.0.1", self.port)

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

    def new(speaks="pcp", behave="well", external="11.0.0.11"):
        opened.append(FakeRouter(speaks, behave, external))
        return opened[-1]

    yield new
    for each in opened:
        each.close()


async def mapped(router, *finds):
    """Run a mapping until it has asked once; its address then, what it counted and asked."""
    counts = Counter()
    mapping = PortMapping(PORT, counts, Random(1), [router.find, *finds])
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(mapping.run)
            while not counts:
                await trio.lowlevel.checkpoint()
            address = mapping.address
            nursery.cancel_scope.cancel()
    assert mapping.address is None
    return address, dict(counts), router.close()


async def test_pcp_opens_a_port_and_closes_it_again_at_the_end(router):
    address, counts, asked = await mapped(router())
    assert address == f"/ip4/11.0.0.11/tcp/{PORT}"
    assert counts == {"port-mapping:open": 1}
    assert asked == [["MAP", str(PORT), str(PORT), "3600"], ["MAP", str(PORT), "0", "0"]]


async def test_a_router_that_knows_nat_pmp_only_is_asked_in_that(router):
    address, counts, asked = await mapped(router("nat-pmp"))
    assert address == f"/ip4/11.0.0.11/tcp/{PORT}"
    assert counts == {"port-mapping:open": 1}
    assert asked == [
        ["MAP", str(PORT), str(PORT), "3600"],
        ["ADDRESS"],
        ["MAP", str(PORT), "0", "0"],
    ]


@pytest.mark.parametrize("speaks", ["pcp", "nat-pmp"])
async def test_the_port_that_the_router_chose_counts(router, speaks):
    address, _, _ = await mapped(router(speaks, "other-port"))
    assert address == "/ip4/11.0.0.11/tcp/50000"


@pytest.mark.parametrize("speaks", ["pcp", "nat-pmp"])
async def test_a_short_lease_is_renewed_in_time(router, speaks, monkeypatch):
    opened = await (await router(speaks).find()).open(PORT, PORT, 3600)
    assert opened == Opened(PORT, 120, "11.0.0.11")
    mapping = PortMapping(PORT, Counter(), Random(1), [])
    mapping._opened, mapping.address = (None, opened), "/ip4/11.0.0.11/tcp/4001"
    assert mapping._renew_after_s() == 60


async def test_a_datagram_that_is_lost_is_sent_again(router):
    _, counts, _ = await mapped(router(behave="lossy"))
    assert counts == {"port-mapping:open": 1}


async def test_only_who_opened_a_port_can_close_it(router):
    fake = router()
    owner = await fake.find()
    await owner.open(PORT, PORT, 3600)
    other = await find_pcp(bytes(12), lambda: "127.0.0.1", fake.port)
    with pytest.raises(RouterError, match="result 2"):
        await other.close(Opened(PORT, 120, "11.0.0.11"), PORT)
    assert (await owner.open(PORT, PORT, 3600)).external == PORT


@pytest.mark.parametrize("outside", ["100.64.7.7", "224.0.0.7"])
@pytest.mark.parametrize("speaks", ["pcp", "nat-pmp"])
async def test_behind_a_second_translation_an_open_port_is_closed_again(router, speaks, outside):
    address, counts, asked = await mapped(router(speaks, external=outside))
    assert address is None
    assert counts == {"port-mapping:not-public": 1}
    assert asked[-1] == ["MAP", str(PORT), "0", "0"]


@pytest.mark.parametrize(
    ("speaks", "behave", "reason"),
    [
        ("pcp", "refuse", "refused"),
        ("nat-pmp", "refuse", "refused"),
        ("nat-pmp", "no-address", "refused"),
        ("pcp", "deaf-to-maps", "refused"),
        ("pcp", "port-0", "refused"),
        ("pcp", "no-time", "refused"),
        ("nat-pmp", "port-0", "refused"),
        ("nat-pmp", "no-time", "refused"),
        ("pcp", "other-nonce", "refused"),
        ("pcp", "garbage", "no-router"),
        ("pcp", "silent", "no-router"),
    ],
)
async def test_a_router_that_does_something_else_opens_nothing(
    router, speaks, behave, reason, monkeypatch
):
    monkeypatch.setattr("node.network.pcp._PATIENCE_S", (0.2, 0.2))
    address, counts, asked = await mapped(router(speaks, behave))
    assert address is None
    assert counts == {f"port-mapping:{reason}": 1}
    if behave == "no-address":
        assert asked[-1] == ["MAP", str(PORT), "0", "0"]


async def test_where_one_protocol_is_refused_the_next_is_tried(router):
    other = router("nat-pmp")
    address, counts, _ = await mapped(router(behave="refuse"), other.find)
    assert address == f"/ip4/11.0.0.11/tcp/{PORT}"
    assert counts == {"port-mapping:open": 1}
    assert other.close()[0] == ["MAP", str(PORT), str(PORT), "3600"]


@given(
    st.binary(max_size=80)
    | st.tuples(st.sampled_from([b"\x02\x81", b"\x02\x80", b"\0\x82", b"\0\x80"]), st.binary()).map(
        b"".join
    )
)
def test_whatever_arrives_is_understood_or_passed_over(datagram):
    for read in (
        pcp._read_version,
        pcp._read_address,
        partial(pcp._read_mapping, NONCE, PORT),
        partial(pcp._read_pmp_mapping, PORT),
    ):
        with suppress(RouterError):
            read(datagram)


async def test_without_a_gateway_nobody_is_asked():
    assert await find_pcp(NONCE, lambda: None) is None


def test_the_default_gateway_is_that_of_the_best_route_that_is_up(tmp_path):
    routes = tmp_path / "route"
    assert default_gateway(routes) is None
    routes.write_text(ROUTES)
    assert default_gateway(routes) == "192.168.8.1"
    routes.write_text(ROUTES.splitlines()[0] + "\nnonsense\neth0\t00000000\tzz\n")
    assert default_gateway(routes) is None
