"""What libp2p 0.8.1 gets wrong below the port, and the subclasses that put it right.

The traps are numbered in docs/adr/0003; most are shown through the port in other files.
"""

import gc

import pytest
import trio
from libp2p.network.connection.swarm_connection import SwarmConn
from libp2p.pubsub.pb import rpc_pb2
from libp2p.pubsub.rpc_queue import RpcQueue
from libp2p.tools.anyio_service.trio_tasks import FunctionTask
from multiaddr import Multiaddr

from node.network.libp2p import gossip_rpc, open_libp2p
from node.network.libp2p.addresses import id_of
from node.network.libp2p.byte_reader import encode_varint
from node.network.libp2p.gossip_queue import BoundedRpcQueue, SeenMessages
from node.network.libp2p.gossipsub import BoundedCache, CommunityGossipSub
from node.network.libp2p.settings import GossipLimits, MuxerLimits
from node.network.libp2p.yamux import BoundedYamux
from node.network.port import HostKey, NetworkError

TOPIC = "/p2pmarket/records/1/test"
ECHO = "/test/echo/1"
IDLE = "/test/idle/1"


def peers(count):
    return [id_of(HostKey(bytes([n + 1]) * 32)) for n in range(count)]


def message(number, data=b"x"):
    source = peers(1)[0].to_bytes()
    return rpc_pb2.Message(
        from_id=source, seqno=number.to_bytes(8, "big"), data=data, topicIDs=[TOPIC]
    )


def publish(number, data=b"x"):
    return rpc_pb2.RPC(publish=[message(number, data)])


async def echo(stream):
    while (frame := await stream.receive_frame()) is not None:
        await stream.send_frame(frame)


async def idle(stream):
    await trio.sleep_forever()


async def until_heard(sender, listener, data):
    with trio.fail_after(60):
        while data not in listener.gossip:
            await sender.publish(data)
            with trio.move_on_after(0.1):
                await listener.wait_until(lambda each: data in each.gossip)


async def test_nothing_is_kept_of_connections_that_ended(settings_of, member_gate, new_listener):
    """Trap 3: libp2p keeps a socket, a slot and a task of each until shutdown."""
    host = new_listener()
    async with (
        open_libp2p(settings_of(1))(member_gate(), host) as a,
        open_libp2p(settings_of(2))(member_gate(), new_listener()) as b,
    ):
        a.serve(ECHO, echo)
        for _ in range(30):
            await b.dial(a.addresses()[0])
            stream = await b.open_stream(a.host_key, ECHO)
            await stream.send_frame(b"x")
            await stream.receive_frame()
            await b.disconnect(a.host_key)
        await host.wait_until(lambda each: len(each.disconnected) == 30)
        kept = [30]
        with trio.fail_after(60):
            while max(kept) > 5:
                await trio.lowlevel.checkpoint()
                gc.collect()
                alive = [type(each) for each in gc.get_objects()]
                kept = [alive.count(each) for each in (SwarmConn, BoundedYamux)]
                kept.append(alive.count(FunctionTask) - 20)
        assert not a._host._swarm.health_data
        assert not a._host._pubsub.peers


async def test_a_peer_may_open_as_many_streams_as_agreed_and_no_more(
    settings_of, member_gate, new_listener
):
    """Trap 4: libp2p's 257th stream waits for ever."""
    limits = MuxerLimits(max_outbound_streams=4)
    async with (
        open_libp2p(settings_of(1, muxer=limits))(member_gate(), new_listener()) as a,
        open_libp2p(settings_of(2))(member_gate(), new_listener()) as b,
    ):
        b.serve(IDLE, idle)
        await a.dial(b.addresses()[0])
        streams = []
        try:
            while len(streams) < 10:
                streams.append(await a.open_stream(b.host_key, IDLE))
        except NetworkError as error:
            refused = error
        assert "stream" in str(refused)
        assert len(streams) in (3, 4)  # gossip has one too, as soon as it is negotiated
        await streams[0].aclose()
        await a.open_stream(b.host_key, IDLE)


async def test_several_silent_peers_are_noticed_together(
    settings_of, member_gate, new_listener, hostile
):
    """Trap 7: libp2p's health monitor asks one peer after the other."""
    listener = new_listener()
    limits = MuxerLimits(ping_interval_s=0.2, ping_timeout_s=0.2)
    settings = settings_of(1, muxer=limits, max_half_open_per_ip=20)
    async with open_libp2p(settings)(member_gate(), listener) as a:
        for number in range(50, 55):
            await hostile(a.addresses()[0], number=number)
        await listener.wait_until(lambda each: len(each.disconnected) == 5)
        assert listener.misconduct == []


async def test_two_writers_to_one_stream_do_not_mix_their_bytes(
    settings_of, member_gate, new_listener
):
    """libp2p's router writes to a gossip stream from several tasks."""
    received = []
    is_received = trio.Event()

    async def collect(stream):
        while len(received) < 4:
            received.append(await stream.receive_frame())
        is_received.set()

    async with (
        open_libp2p(settings_of(1))(member_gate(), new_listener()) as a,
        open_libp2p(settings_of(2))(member_gate(), new_listener()) as b,
    ):
        b.serve(IDLE, collect)
        await a.dial(b.addresses()[0])
        stream = await a._host._host.new_stream(id_of(b.host_key), [IDLE])
        frames = [bytes([n]) * 700_000 for n in range(4)]
        async with trio.open_nursery() as nursery:
            for frame in frames:
                nursery.start_soon(stream.write, encode_varint(len(frame)) + frame)
        with trio.fail_after(60):
            await is_received.wait()
        assert sorted(received) == frames


async def test_libp2p_dials_nobody_of_its_own_accord(settings_of, member_gate, new_listener):
    async with (
        open_libp2p(settings_of(1))(member_gate(), new_listener()) as a,
        open_libp2p(settings_of(2))(member_gate(), new_listener()) as b,
    ):
        swarm = a._host._swarm
        swarm.peerstore.add_addrs(id_of(b.host_key), [Multiaddr(b.addresses()[0])], 1000)
        await swarm.auto_connector.maybe_connect()
        assert a.connections() == b.connections() == []


async def test_a_queue_counts_bytes_and_tells_when_there_is_room():
    """Trap 9: libp2p's holds 32 RPCs of any size, and tells nobody."""
    first = RpcQueue()
    first.push(publish(0, bytes(100)))
    size = publish(0, bytes(100)).ByteSize()
    queue = BoundedRpcQueue(10 * size, first)
    assert [queue.push(publish(n, bytes(100))) for n in range(1, 11)] == [True] * 9 + [False]
    assert queue.dropped == 1
    async with trio.open_nursery() as nursery:
        nursery.start_soon(queue.wait_for_room, 60.0)
        for expected in range(5):
            rpc = await queue.pop()
            assert int.from_bytes(rpc.publish[0].seqno, "big") == expected
    assert queue.push(publish(11, bytes(100)))


async def test_a_peer_that_takes_nothing_is_waited_for_once(autojump_clock):
    queue = BoundedRpcQueue(300, RpcQueue())
    queue.push(publish(0, bytes(150)))
    started = trio.current_time()
    for _ in range(5):
        await queue.wait_for_room(1.0)
    assert trio.current_time() - started == 1.0
    queue.close()
    await queue.wait_for_room(1.0)


async def test_message_ids_are_forgotten_after_two_minutes_and_bounded(autojump_clock):
    """Traps 10 and 15: libp2p's cache has no bound, and a thread of its own."""
    seen = SeenMessages(keep_s=120.0, at_most=1000)
    assert seen.add(b"first")
    assert not seen.add(b"first")
    autojump_clock.jump(119)
    assert seen.has(b"first")
    autojump_clock.jump(1)
    assert not seen.has(b"first")
    for n in range(1500):
        seen.add(b"%d" % n)
    assert len(seen._seen) == 1000
    assert seen.has(b"1499")


async def test_a_restarted_host_does_not_repeat_its_numbers(settings_of, member_gate, new_listener):
    """libp2p counts on from the time in seconds, so a burst runs ahead of the clock."""
    async with open_libp2p(settings_of(1))(member_gate(), new_listener()) as a:
        used = [a._host._pubsub._next_seqno() for _ in range(5000)]
    async with open_libp2p(settings_of(1))(member_gate(), new_listener()) as a:
        assert a._host._pubsub._next_seqno() > max(used)


async def test_each_peer_gets_only_its_own_control_messages(monkeypatch):
    """Trap 12: libp2p repeats one peer's GRAFT, PRUNE and IHAVE to the next one."""
    router = CommunityGossipSub(GossipLimits())
    sent = {}

    async def note(control, peer):
        sent[peer] = control

    monkeypatch.setattr(router, "emit_control_message", note)
    grafted, also_grafted, pruned, told, all_three = peers(5)
    await router._emit_control_msgs(
        {grafted: [TOPIC], all_three: [TOPIC], also_grafted: [TOPIC]},
        {pruned: [TOPIC], all_three: [TOPIC]},
        {told: {TOPIC: [b"id"]}, all_three: {TOPIC: [b"id"]}},
    )
    counts = {p: (len(c.graft), len(c.prune), len(c.ihave)) for p, c in sent.items()}
    assert counts == {
        grafted: (1, 0, 0),
        also_grafted: (1, 0, 0),
        pruned: (0, 1, 0),
        told: (0, 0, 1),
        all_three: (1, 1, 1),
    }
    assert sent[pruned].prune[0].backoff == 60
    assert router._check_back_off(pruned, TOPIC)


@pytest.mark.covers("TRN-22", "TRN-23")
def test_of_control_messages_only_what_concerns_us_is_kept_and_in_bounds():
    """Trap 12, and caches of libp2p's that grow with every topic and id that a peer names."""
    message_id = message(1).from_id + message(1).seqno
    control = rpc_pb2.ControlMessage()
    for topic in ("another", TOPIC):
        control.graft.add(topicID=topic)
        control.prune.add(topicID=topic, backoff=2**40).peers.add(peerID=b"recommended")
        ids = [message_id, message_id, b"junk", bytes(46)]
        ids += [n.to_bytes(46, "big") for n in range(10_000)]
        control.ihave.add(topicID=topic, messageIDs=ids)
        control.iwant.add(messageIDs=ids)
    control.idontwant.add(messageIDs=[message_id])
    subscriptions = [
        rpc_pb2.RPC.SubOpts(subscribe=True, topicid="another"),
        rpc_pb2.RPC.SubOpts(subscribe=True, topicid=TOPIC),
        rpc_pb2.RPC.SubOpts(subscribe=False, topicid=TOPIC),
    ]
    rpc = rpc_pb2.RPC(control=control, subscriptions=subscriptions, senderRecord=b"junk")
    kept = gossip_rpc.decode(rpc.SerializeToString(), TOPIC)
    assert [s.subscribe for s in kept.subscriptions] == [False]
    assert not kept.HasField("senderRecord")
    assert [g.topicID for g in kept.control.graft] == [TOPIC]
    (prune,) = kept.control.prune
    assert (prune.topicID, prune.backoff, list(prune.peers)) == (TOPIC, 600, [])
    assert [len(i.messageIDs) for i in kept.control.ihave] == [500]
    assert [len(i.messageIDs) for i in kept.control.iwant] == [500]
    assert kept.control.iwant[0].messageIDs[0] == message_id
    assert not kept.control.idontwant


def test_the_routers_memory_of_messages_is_bounded():
    """libp2p keeps each message for a thousand others, and the time of each for ever."""
    router = CommunityGossipSub(GossipLimits())
    for number in range(2000):
        assert router._check_equivocation(message(number))
        router.recent_message_deliveries[TOPIC].append(float(number))
    router._periodic_security_cleanup()
    assert not router.equivocation_detection
    assert not router.recent_message_deliveries
    cache = BoundedCache()
    for number in range(300):
        cache.put(message(number, bytes(16 << 10)))
    assert sum(m.ByteSize() for m in cache.msgs.values()) <= (2 << 20) + (17 << 10)
    for _ in range(5):
        cache.shift()
    assert not cache.msgs
    cache.put(message(1))
    assert cache.msgs


async def test_gossip_goes_on_when_our_stream_to_a_peer_ends(
    settings_of, member_gate, new_listener
):
    """libp2p then forgets what the peer listens to, and the peer has no reason to repeat it."""
    one, two = new_listener(), new_listener()
    async with (
        open_libp2p(settings_of(1))(member_gate(), one) as a,
        open_libp2p(settings_of(2))(member_gate(), two) as b,
    ):
        await a.dial(b.addresses()[0])
        await until_heard(a, two, b"before, one way")
        await until_heard(b, one, b"before, the other")
        pubsub = a._host._pubsub
        await pubsub.peers[id_of(b.host_key)].reset()
        await until_heard(a, two, b"after, one way")
        await until_heard(b, one, b"after, the other")
        assert id_of(b.host_key) in pubsub.peer_topics[TOPIC]


async def test_gossip_goes_on_when_one_of_two_connections_ends(
    settings_of, member_gate, new_listener
):
    one, two = new_listener(), new_listener()
    async with (
        open_libp2p(settings_of(1))(member_gate(), one) as a,
        open_libp2p(settings_of(2))(member_gate(), two) as b,
    ):
        bare = b.addresses()[0].partition("/p2p/")[0]
        await a.dial(bare)
        await until_heard(a, two, b"on the first")
        await until_heard(b, one, b"on the first too")
        await a.dial(bare)
        swarm = a._host._swarm
        first, _second = swarm.get_connections(id_of(b.host_key))
        first.muxed_conn.drop()
        await until_heard(a, two, b"on the second")
        await until_heard(b, one, b"on the second too")
        assert one.disconnected == two.disconnected == []


async def test_gossip_goes_on_after_a_quick_reconnection(settings_of, member_gate, new_listener):
    """libp2p sees the end of a connection after 0.1 s, and takes the new stream for the old."""
    one, two = new_listener(), new_listener()
    async with (
        open_libp2p(settings_of(1))(member_gate(), one) as a,
        open_libp2p(settings_of(2))(member_gate(), two) as b,
    ):
        await a.dial(b.addresses()[0])
        await until_heard(a, two, b"before, one way")
        await until_heard(b, one, b"before, the other")
        await a.disconnect(b.host_key)
        await a.dial(b.addresses()[0])
        await until_heard(b, one, b"after, the other")
        await until_heard(a, two, b"after, one way")


@pytest.mark.covers("TRN-24")
async def test_own_messages_go_to_everybody_who_listens(settings_of, member_gate, new_listener):
    """libp2p sends them to the mesh only."""
    listener = new_listener()
    no_mesh = GossipLimits(degree=0, degree_low=0, degree_high=0, heartbeat_s=1e6)
    async with (
        open_libp2p(settings_of(1, gossip=no_mesh))(member_gate(), new_listener()) as a,
        open_libp2p(settings_of(2, gossip=no_mesh))(member_gate(), listener) as b,
    ):
        await a.dial(b.addresses()[0])
        await until_heard(a, listener, b"first")
        router, own_id = a._host._router, id_of(a.host_key)
        assert not router.mesh[TOPIC]
        assert list(router._get_peers_to_send([TOPIC], own_id, own_id)) == [id_of(b.host_key)]
        others = id_of(HostKey(bytes(32)))
        assert list(router._get_peers_to_send([TOPIC], others, others)) == []
