"""A host that falls is started again, and one that is left leaves nothing behind."""

import contextlib
import errno
import gc
import logging
import threading

import pytest
import trio
import trio.testing

from node.network.libp2p import open_libp2p
from node.network.libp2p.addresses import host_key_of_id
from node.network.libp2p.gossipsub import CommunityGossipSub
from node.network.libp2p.settings import GossipLimits
from node.network.libp2p.tcp import close_sockets, open_sockets
from node.network.port import DialFailed, NetworkError
from protocol.errors import LocalError

ECHO = "/test/echo/1"
QUICK = GossipLimits(heartbeat_s=0.01)


async def echo(stream):
    while (frame := await stream.receive_frame()) is not None:
        await stream.send_frame(frame)


def fail_once(monkeypatch, network):
    """The next heartbeat of a node's host meets a bug."""
    original = CommunityGossipSub.mesh_heartbeat
    failed = trio.Event()

    def broken(self):
        if host_key_of_id(self.pubsub.my_id) != network.host_key:
            return original(self)
        failed.set()
        monkeypatch.setattr(CommunityGossipSub, "mesh_heartbeat", original)
        raise RuntimeError("a bug")

    monkeypatch.setattr(CommunityGossipSub, "mesh_heartbeat", broken)
    return failed


async def test_a_host_that_falls_comes_back_at_the_same_address(
    settings_of, member_gate, new_listener, monkeypatch, caplog
):
    """Trap 2: whatever ends the host, the node stays up."""
    host, friend = new_listener(), new_listener()
    async with (
        open_libp2p(settings_of(1, gossip=QUICK))(member_gate(), host) as a,
        open_libp2p(settings_of(2))(member_gate(), friend) as b,
    ):
        a.serve(ECHO, echo)
        address = a.addresses()[0]
        await b.dial(address)
        await host.wait_until(lambda each: bool(each.connected))
        fail_once(monkeypatch, a)
        await host.wait_until(lambda each: bool(each.disconnected))
        await friend.wait_until(lambda each: bool(each.disconnected))
        assert not a.connections()
        with trio.fail_after(60):
            while True:
                try:
                    await b.dial(address)
                    break
                except DialFailed:
                    await trio.lowlevel.checkpoint()
        assert a.restarts == 1
        assert a.addresses()[0] == address
        stream = await b.open_stream(a.host_key, ECHO)
        await stream.send_frame(b"as before")
        assert await stream.receive_frame() == b"as before"
        with trio.fail_after(60):
            while not friend.gossip:
                await a.publish(b"as before")
                with trio.move_on_after(0.1):
                    await friend.wait_until(lambda each: bool(each.gossip))


async def test_between_two_hosts_everything_fails_cleanly(
    settings_of, member_gate, new_listener, monkeypatch, caplog
):
    monkeypatch.setattr("node.network.libp2p.supervisor._FIRST_PAUSE_S", 1e9)
    async with open_libp2p(settings_of(1, gossip=QUICK))(member_gate(), new_listener()) as a:
        address = a.addresses()[0]
        failed = fail_once(monkeypatch, a)
        with trio.fail_after(60):
            await failed.wait()
        await trio.testing.wait_all_tasks_blocked()
        assert a.restarts == 1
        assert not a.connections()
        with pytest.raises(DialFailed):
            await a.dial(address)
        with pytest.raises(NetworkError):
            await a.open_stream(a.host_key, ECHO)
        await a.disconnect(a.host_key)
        await a.publish(b"waits for the next host")
        assert a.addresses()[0] == address


async def test_nothing_is_left_of_a_network_that_was_left(settings_of, member_gate, new_listener):
    """Trap 15: libp2p leaks a thread for each Pubsub, tasks, and the listening socket."""
    threads = threading.active_count()
    tasks = _count_tasks()
    async with open_libp2p(settings_of(1))(member_gate(), new_listener()) as a:
        address = a.addresses()[0]
        async with open_libp2p(settings_of(2))(member_gate(), new_listener()) as b:
            a.serve(ECHO, echo)
            await b.dial(address)
            b_sees_a = await b.open_stream(a.host_key, ECHO)
            await b_sees_a.send_frame(b"x")
    gc.collect()
    assert threading.active_count() == threads
    assert _count_tasks() == tasks
    port = int(address.split("/")[4])
    with pytest.raises(OSError, match="all attempts to connect"):
        await trio.open_tcp_stream("127.0.0.1", port)


def _count_tasks():
    count, waiting = 0, [trio.lowlevel.current_root_task()]
    while waiting:
        task = waiting.pop()
        count += 1
        for nursery in task.child_nurseries:
            waiting.extend(nursery.child_tasks)
    return count


async def test_a_normal_life_is_not_logged(settings_of, member_gate, new_listener, caplog):
    """Trap 17: libp2p logs an ERROR for a normal close."""
    caplog.set_level(logging.INFO)
    stranger = member_gate(card=b"forged")
    async with (
        open_libp2p(settings_of(1))(member_gate(), new_listener()) as a,
        open_libp2p(settings_of(2))(member_gate(), new_listener()) as b,
        open_libp2p(settings_of(3))(stranger, new_listener()) as c,
    ):
        a.serve(ECHO, echo)
        await b.dial(a.addresses()[0])
        stream = await b.open_stream(a.host_key, ECHO)
        await stream.send_frame(b"x")
        await stream.receive_frame()
        with pytest.raises(NetworkError):
            await c.dial(a.addresses()[0])
        await b.disconnect(a.host_key)
    assert [record.getMessage() for record in caplog.records] == []


@pytest.mark.parametrize(
    ("listen", "code"),
    [
        ("/ip4/127.0.0.1/udp/1", "listen-address-malformed"),
        ("not an address", "listen-address-malformed"),
        ("/ip4/192.0.2.1/tcp/0", "listen-address-unavailable"),
    ],
)
async def test_an_address_that_cannot_be_bound_is_a_clear_error(
    settings_of, member_gate, new_listener, listen, code
):
    opener = open_libp2p(settings_of(1, listen=("/ip4/127.0.0.1/tcp/0", listen)))
    with pytest.raises(LocalError) as error:
        async with opener(member_gate(), new_listener()):
            pass
    assert (error.value.code, error.value.fields["address"]) == (code, listen)


async def test_a_host_that_listens_nowhere_can_dial(settings_of, member_gate, new_listener):
    async with (
        open_libp2p(settings_of(1, listen=()))(member_gate(), new_listener()) as a,
        open_libp2p(settings_of(2))(member_gate(), new_listener()) as b,
    ):
        assert a.addresses() == ()
        assert await a.dial(b.addresses()[0]) == b.host_key


async def test_a_name_can_be_dialed(settings_of, member_gate, new_listener):
    """libp2p asks name servers only, which do not know this one."""
    async with (
        open_libp2p(settings_of(1))(member_gate(), new_listener()) as a,
        open_libp2p(settings_of(2))(member_gate(), new_listener()) as b,
    ):
        address = b.addresses()[0].replace("/ip4/127.0.0.1/", "/dns4/localhost/")
        assert await a.dial(address) == b.host_key
        assert [c.address for c in a.connections()] == [address]
        with pytest.raises(DialFailed):
            await a.dial("/dns4/nobody.invalid/tcp/1")


async def test_a_wildcard_is_expanded_to_addresses_that_can_be_dialed(
    settings_of, member_gate, new_listener
):
    settings = settings_of(1, listen=("/ip4/0.0.0.0/tcp/0",))
    async with open_libp2p(settings)(member_gate(), new_listener()) as a:
        assert a.addresses()
        assert not any("/0.0.0.0/" in address for address in a.addresses())


async def test_a_free_port_is_the_same_for_both_versions_where_it_can_be(monkeypatch):
    bound = []

    async def bind(host, port):
        bound.append((host, port))
        if host == "::":
            raise OSError(errno.EAFNOSUPPORT, "no IPv6 here")
        return list(await trio.open_tcp_listeners(port, host=host))

    monkeypatch.setattr("node.network.libp2p.tcp._bound", bind)
    sockets = await open_sockets(["/ip4/127.0.0.1/tcp/0", "/ip6/::/tcp/0"])
    (only,) = sockets
    port = only.socket.getsockname()[1]
    # Without IPv6 a node does without; asked for nothing else, it says so.
    assert bound == [("127.0.0.1", 0), ("::", port), ("::", 0)]
    await close_sockets(sockets)
    with pytest.raises(LocalError, match="listen-address-unavailable"):
        await open_sockets(["/ip6/::/tcp/0"])


async def test_more_connections_than_allowed_are_closed_at_once(
    settings_of, member_gate, new_listener
):
    host = new_listener()
    async with (
        open_libp2p(settings_of(1, max_connections=1))(member_gate(), host) as a,
        open_libp2p(settings_of(2))(member_gate(), new_listener()) as b,
        open_libp2p(settings_of(3))(member_gate(), new_listener()) as c,
    ):
        await b.dial(a.addresses()[0])
        await host.wait_until(lambda each: bool(each.connected))
        with pytest.raises(DialFailed):
            await c.dial(a.addresses()[0])
        assert host.reasons == ["no-place"]


async def test_those_who_come_leave_room_for_those_who_are_dialled(
    settings_of, member_gate, new_listener
):
    host = new_listener()
    async with (
        open_libp2p(settings_of(1, max_connections=5))(member_gate(), host) as a,
        contextlib.AsyncExitStack() as crowd,
    ):
        for number in range(2, 6):
            peer = await crowd.enter_async_context(
                open_libp2p(settings_of(number))(member_gate(), new_listener())
            )
            await peer.dial(a.addresses()[0])
        await host.wait_until(lambda each: len(each.connected) == 4)
        known, stranger = [
            await crowd.enter_async_context(
                open_libp2p(settings_of(number))(member_gate(), new_listener())
            )
            for number in (6, 7)
        ]
        with pytest.raises(DialFailed):
            await stranger.dial(a.addresses()[0])
        assert await a.dial(known.addresses()[0]) == known.host_key


async def test_of_too_many_connections_of_one_peer_the_oldest_goes(
    settings_of, member_gate, new_listener, hostile
):
    host = new_listener()
    settings = settings_of(1, max_connections_per_peer=2)
    async with open_libp2p(settings)(member_gate(), host) as a:
        oldest, *others = [await hostile(a.addresses()[0]) for _ in range(3)]
        await oldest.wait_until_cut_off()
        assert [c.peer for c in a.connections()] == [oldest.host_key]
        assert len(host.connected) == 1
        assert host.disconnected == []
        for peer in others:
            await peer.connection.close()
        await host.wait_until(lambda each: bool(each.disconnected))


async def test_a_second_connection_to_a_peer_of_long_standing_is_not_kept(
    settings_of, member_gate, new_listener, monkeypatch
):
    monkeypatch.setattr("node.network.libp2p.swarm._SIMULTANEOUS_DIAL_S", -1.0)
    async with (
        open_libp2p(settings_of(1))(member_gate(), new_listener()) as a,
        open_libp2p(settings_of(2))(member_gate(), new_listener()) as b,
    ):
        bare = b.addresses()[0].partition("/p2p/")[0]
        for _ in range(3):
            assert await a.dial(bare) == b.host_key
        swarm = a._host._swarm
        with trio.fail_after(60):
            while [len(each) for each in swarm.connections.values()] != [1]:
                await trio.lowlevel.checkpoint()
