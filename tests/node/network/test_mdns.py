"""Discovery on the local network: found by members, opaque to others, never in the way."""

import re
import threading

import pytest
import trio
import trio_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from node.network import mdns, mdns_record
from node.network.mdns import open_mdns

KEY = bytes(range(32))
NOON_MS = 1_700_000_000_000
DAY_MS = 24 * 60 * 60 * 1000
LOOPBACK = ("127.0.0.1",)


class Finder:
    """Remembers what was found and lets a test wait for it."""

    def __init__(self):
        self.found = []
        self._changed = trio.lowlevel.ParkingLot()

    def __call__(self, addresses):
        self.found.append(list(addresses))
        self._changed.unpark_all()

    async def wait_for(self, address):
        with trio.fail_after(60):
            while not any(address in each for each in self.found):
                await self._changed.park()


def open_node(address, finder, *, key=KEY, now_ms=lambda: NOON_MS, **more):
    addresses = address if callable(address) else (lambda: [address])
    return open_mdns(key, addresses, finder, now_ms, interfaces=LOOPBACK, **more)


async def test_two_members_find_each_other_and_a_stranger_finds_neither():
    """Trap 19: zeroconf in threads of its own, the text record parsed by us."""
    threads = threading.active_count()
    one, two, stranger = Finder(), Finder(), Finder()
    async with (
        open_node("/ip4/127.0.0.1/tcp/1111", one),
        open_node("/ip4/127.0.0.1/tcp/3333", stranger, key=bytes(32)),
        open_node("/ip4/127.0.0.1/tcp/2222", two) as discovery,
    ):
        await one.wait_for("/ip4/127.0.0.1/tcp/2222")
        await two.wait_for("/ip4/127.0.0.1/tcp/1111")
        assert discovery.failure is None
    assert stranger.found == []
    assert not any("3333" in str(each) for each in one.found + two.found)
    left = [t for t in threading.enumerate() if "zeroconf" in t.name.lower()]
    assert left == []
    # Only trio's own idle worker threads may remain; they end by themselves.
    assert threading.active_count() - threads <= 4


def test_members_find_each_other_while_trio_asyncio_runs():
    """trio-asyncio replaces the source of event loops in all threads, zeroconf's included."""

    async def find() -> None:
        one, two = Finder(), Finder()
        async with (
            open_node("/ip4/127.0.0.1/tcp/1111", one),
            open_node("/ip4/127.0.0.1/tcp/2222", two) as discovery,
        ):
            await one.wait_for("/ip4/127.0.0.1/tcp/2222")
            assert discovery.failure is None

    trio_asyncio.run(find)


async def test_a_new_address_and_a_new_day_are_announced_anew():
    finder = Finder()
    addresses = ["/ip4/127.0.0.1/tcp/1111"]
    now_ms = NOON_MS
    async with (
        open_node("/ip4/127.0.0.1/tcp/2222", finder),
        open_node(lambda: addresses, Finder(), now_ms=lambda: now_ms, check_every_s=0.05),
    ):
        await finder.wait_for("/ip4/127.0.0.1/tcp/1111")
        addresses[0] = "/ip4/127.0.0.1/tcp/1112"
        await finder.wait_for("/ip4/127.0.0.1/tcp/1112")
        finder.found.clear()
        now_ms += DAY_MS
        await finder.wait_for("/ip4/127.0.0.1/tcp/1112")


@pytest.mark.covers("TRN-29")
async def test_the_names_in_an_announcement_are_random():
    def announce():
        found, _ = trio.open_memory_channel(1)
        addresses = ["/ip4/10.0.0.1/tcp/4001"]
        service = mdns._Service(KEY, addresses, lambda: NOON_MS, LOOPBACK, found)
        return service._announcement()

    one, other = announce(), announce()
    for info in (one, other):
        host = info.server.removesuffix(".local.")
        assert info.name == f"{host}.{mdns_record.SERVICE_TYPE}"
        assert re.fullmatch("[0-9a-f]{32}", host)
        assert info.port == 4001
    assert one.name != other.name


async def test_without_multicast_there_is_no_discovery_and_one_reason():
    finder = Finder()
    opened = open_mdns(
        KEY, lambda: ["/ip4/127.0.0.1/tcp/1"], finder, lambda: NOON_MS, interfaces=("192.0.2.1",)
    )
    async with opened as discovery:
        with trio.fail_after(60):
            await discovery.announced.wait()
        assert discovery.failure
        assert discovery.failures == 1
    assert finder.found == []


@pytest.mark.covers("TRN-27", "TRN-28")
def test_a_tag_is_good_for_the_day_before_and_the_day_after():
    txt = mdns_record.encode(KEY, NOON_MS, ["/ip4/10.0.0.1/tcp/4001"])
    for days, expected in ((-2, 0), (-1, 1), (0, 1), (1, 1), (2, 0)):
        assert len(mdns_record.decode(KEY, NOON_MS + days * DAY_MS, txt)) == expected
    assert mdns_record.decode(bytes(32), NOON_MS, txt) == []
    assert mdns_record.tag(KEY, NOON_MS) == mdns_record.tag(KEY, NOON_MS + 1000)
    assert mdns_record.tag(KEY, NOON_MS) != mdns_record.tag(KEY, NOON_MS + DAY_MS)


@pytest.mark.covers("TRN-27")
def test_the_tag_of_a_day_is_fixed():
    assert mdns_record.tag(KEY, NOON_MS) == "9c275049ba6958cdef655b9f45a4c2e6"


@pytest.mark.covers("TRN-26")
def test_the_text_record_holds_a_tag_and_addresses_only():
    addresses = [f"/ip4/10.0.0.{n}/tcp/4001" for n in range(20)]
    txt = mdns_record.encode(KEY, NOON_MS, [*addresses[:2], "/dns4/" + "x" * 300, *addresses[2:]])
    strings = list(mdns_record._strings(txt))
    assert strings[0] == b"tag=" + mdns_record.tag(KEY, NOON_MS).encode()
    assert strings[1:] == [b"a=" + each.encode() for each in addresses[:7]]
    assert len(txt) <= 1200


@pytest.mark.parametrize(
    "txt",
    [
        b"",
        b"\x00",
        b"\xff",
        b"\x04tag=",
        b"\x05a=/ip",
        b"\x03a=\xff",
        b"\x24tag=" + mdns_record.tag(KEY, NOON_MS).encode() + b"\x03a=x",
        (b"\x24tag=" + mdns_record.tag(KEY, NOON_MS).encode()) * 2 + b"\x04a=/x",
    ],
)
def test_a_malformed_text_record_holds_no_addresses(txt):
    assert mdns_record.decode(KEY, NOON_MS, txt) == []


@settings(deadline=None)
@given(st.binary(max_size=600))
def test_decoding_is_total(txt):
    for address in mdns_record.decode(KEY, NOON_MS, txt):
        assert address.startswith("/")
