"""Another Wi-Fi, another cable, another lease: what was is let go of, and all begins anew."""

import pytest
import trio
import trio.testing

from node.network import attachment
from node.network.attachment import Attachment, changes, read_attachment
from node.network.libp2p import open_libp2p
from node.network.libp2p.dial_back import Opinion
from node.network.libp2p.outside_view import OutsideView
from node.network.libp2p.settings import MuxerLimits
from node.network.libp2p.yamux_wire import Type
from node.network.port import Connection, HostKey

HOME = Attachment(frozenset({"192.168.7.2"}), ("192.168.7.2",))
CAFE = Attachment(frozenset({"10.3.0.9"}), ("10.3.0.9",))
NOWHERE = Attachment(frozenset(), ())
ECHO = "/test/echo/1"


@pytest.fixture
def move(monkeypatch):
    """Says that the machine has moved, to every host that is opened afterwards."""
    tell, told = trio.open_memory_channel(10)

    async def moves():
        async for each in told:
            yield each

    monkeypatch.setattr("node.network.libp2p.supervisor.changes", moves)
    return lambda before, now: tell.send_nowait((before, now))


async def test_only_an_attachment_that_differs_is_told(autojump_clock):
    seen = [HOME, HOME, NOWHERE, NOWHERE, CAFE, HOME]
    told = []
    with trio.move_on_after(attachment.LOOK_EVERY_S * 4.5):
        async for before, now in changes(lambda: seen.pop(0)):
            told.append((before, now))
    assert told == [(HOME, NOWHERE), (NOWHERE, CAFE)]


def test_an_attachment_names_no_address_that_means_this_machine_only():
    found = read_attachment()
    assert not any(each.startswith(("127.", "fe80:", "::1")) for each in found.hosts)
    assert set(found.ways) <= found.hosts


def test_a_further_interface_beside_the_way_out_is_no_other_place():
    docked = Attachment(HOME.hosts | {"172.17.0.1"}, HOME.ways)
    assert docked.leads_out_as(HOME)
    assert not CAFE.leads_out_as(HOME)
    # Without a way out nothing tells.
    assert not NOWHERE.leads_out_as(NOWHERE)


async def test_after_a_move_only_who_gives_a_sign_of_life_stays(
    settings_of, member_gate, new_listener, hostile, move
):
    listener = new_listener()
    async with (
        open_libp2p(settings_of(1))(member_gate(), listener) as a,
        open_libp2p(settings_of(2))(member_gate(), new_listener()) as b,
    ):
        await b.dial(a.addresses()[0])
        mute = await hostile(a.addresses()[0])
        await listener.wait_until(lambda each: len(each.connected) == 2)
        move(HOME, CAFE)
        await listener.wait_until(lambda each: bool(each.disconnected))
        assert listener.moves == 1
        assert listener.disconnected == [mute.host_key]
        assert [each.peer for each in a.connections()] == [b.host_key]
        assert listener.misconduct == []


async def test_when_everybody_is_gone_at_once_the_router_is_asked_for_its_address(
    settings_of, member_gate, new_listener
):
    class Router:
        address = None
        asked = 0

        def moved(self):
            self.asked += 1

    listener = new_listener()
    async with (
        open_libp2p(settings_of(1))(member_gate(), listener) as a,
        open_libp2p(settings_of(2))(member_gate(), new_listener()) as b,
        open_libp2p(settings_of(3))(member_gate(), new_listener()) as c,
    ):
        a._mapping = router = Router()
        for each in (b, c):
            await each.dial(a.addresses()[0])
        await listener.wait_until(lambda each: len(each.connected) == 2)
        await a.disconnect(b.host_key)
        await listener.wait_until(lambda each: len(each.disconnected) == 1)
        assert router.asked == 0
        await a.disconnect(c.host_key)
        await listener.wait_until(lambda each: len(each.disconnected) == 2)
        await trio.testing.wait_all_tasks_blocked()
        assert router.asked == 1
        a._mapping = None


async def test_an_interface_that_flaps_does_not_keep_a_host_busy(
    settings_of, member_gate, new_listener, move
):
    listener = new_listener()
    async with open_libp2p(settings_of(1))(member_gate(), listener) as a:
        for _ in range(10):
            move(HOME, CAFE)
        await listener.wait_until(lambda each: each.moves == 6)
        await trio.testing.wait_all_tasks_blocked()
        assert a.counters()["moved"] == listener.moves == 6


@pytest.mark.covers("TRN-91")
async def test_who_dials_again_takes_the_place_of_its_connection_that_died(
    settings_of, member_gate, new_listener, hostile, monkeypatch
):
    monkeypatch.setattr("node.network.libp2p.swarm._SETTLED_S", 0.0)
    monkeypatch.setattr("node.network.libp2p.swarm._PROBE_S", 0.1)
    listener = new_listener()
    async with open_libp2p(settings_of(1))(member_gate(), listener) as a:
        lost = await hostile(a.addresses()[0])
        await listener.wait_until(lambda each: bool(each.connected))
        again = await hostile(a.addresses()[0])
        await listener.wait_until(lambda each: len(each.connected) == 2)
        # Services began anew, so that none waits for the connection that is gone.
        assert listener.disconnected == [lost.host_key] == [again.host_key]
        await lost.wait_until_cut_off()
        assert len(a._host._swarm.get_connections()) == 1


@pytest.mark.covers("TRN-91")
async def test_who_dials_again_though_its_connection_lives_keeps_it(
    settings_of, member_gate, new_listener, monkeypatch
):
    monkeypatch.setattr("node.network.libp2p.swarm._SETTLED_S", 0.0)
    monkeypatch.setattr("node.network.libp2p.swarm._PROBE_S", 30.0)
    listener = new_listener()
    async with (
        open_libp2p(settings_of(1))(member_gate(), listener) as a,
        open_libp2p(settings_of(2))(member_gate(), new_listener()) as b,
    ):
        bare = a.addresses()[0].partition("/p2p/")[0]
        for _ in range(2):
            assert await b.dial(bare) == a.host_key
        with trio.fail_after(60):
            while len(a._host._swarm.get_connections()) < 2:
                await trio.lowlevel.checkpoint()
        assert len(listener.connected) == 1
        assert listener.disconnected == []


@pytest.mark.covers("TRN-15")
async def test_data_that_nothing_follows_is_a_reason_to_ask(
    settings_of, member_gate, new_listener, hostile
):
    limits = MuxerLimits(ping_interval_s=3600.0, reply_wait_s=0.05, ping_timeout_s=0.05)
    listener = new_listener()
    async with open_libp2p(settings_of(1, muxer=limits))(member_gate(), listener) as a:
        peer = await hostile(a.addresses()[0])
        await listener.wait_until(lambda each: bool(each.connected))
        async with trio.open_nursery() as nursery:
            with trio.fail_after(60):
                kind = None
                while kind != Type.PING:  # what it says of gossip is data
                    _, kind, *_ = await peer.receive()
            await listener.wait_until(lambda each: bool(each.disconnected))
            nursery.cancel_scope.cancel()


async def test_who_is_reached_by_ipv6_only_still_wants_a_relay_for_the_others(autojump_clock):
    neighbours = [
        Connection(HostKey(bytes([n]) * 32), f"/ip6/2a01:4f8::{n}/tcp/4001", True) for n in (1, 2)
    ]
    answers = [Opinion("/ip6/2a01:4f8::9/tcp/4001", None), Opinion("/ip4/11.0.0.9/tcp/4001", None)]

    async def ask(peer, addresses):
        return answers.pop(0)

    listening = ["/ip6/2a01:4f8::9/tcp/4001"]
    view = OutsideView(ask, lambda: neighbours[:1], lambda: listening, lambda: None)
    await view._round()
    assert view.is_reachable
    assert not view.is_reachable_by_ipv4
    view._neighbours = lambda: neighbours
    await view._round()
    assert view.is_reachable_by_ipv4


async def test_what_was_said_of_another_place_counts_no_more(autojump_clock):
    ruth = Connection(HostKey(b"r" * 32), "/ip4/11.0.0.2/tcp/4001", True)
    asked, own = [], ["/ip4/192.168.7.2/tcp/4001"]

    async def ask(peer, addresses):
        asked.append(tuple(addresses))
        return Opinion("/ip4/11.0.0.11/tcp/4001", None) if len(asked) == 1 else Opinion(False, None)

    view = OutsideView(ask, lambda: [ruth], lambda: own, lambda: None)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(view.run)
        await trio.testing.wait_all_tasks_blocked()
        assert view.is_reachable
        view.forget()
        assert view.is_reachable is None
        await trio.testing.wait_all_tasks_blocked()
        assert len(asked) == 2
        assert view.is_reachable is False
        nursery.cancel_scope.cancel()
