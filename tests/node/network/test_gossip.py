"""Gossip against members that misuse it, and under load."""

import pytest
import trio
from libp2p.pubsub.pb import rpc_pb2
from libp2p.pubsub.validators import PUBSUB_SIGNING_PREFIX
from nacl.signing import SigningKey

from node.network.libp2p import gossip_rpc, open_libp2p
from node.network.libp2p.addresses import peer_id_bytes_of
from node.network.libp2p.byte_reader import encode_varint
from node.network.libp2p.settings import GossipLimits
from node.network.port import MAX_GOSSIP_BYTES, HostKey

MESHSUB = "/meshsub/1.1.0"
AUTHOR = SigningKey(bytes([77]) * 32)
TOPIC = "/p2pmarket/records/1/test"


def signed(data, sequence):
    """A message of AUTHOR's."""
    from_id = peer_id_bytes_of(HostKey(bytes(AUTHOR.verify_key)))
    seqno = sequence.to_bytes(8, "big")
    message = rpc_pb2.Message(from_id=from_id, data=data, seqno=seqno, topicIDs=[TOPIC])
    payload = PUBSUB_SIGNING_PREFIX.encode() + message.SerializeToString()
    message.signature = AUTHOR.sign(payload).signature
    message.key = from_id[2:]
    return message


def record(data, /, sequence=1, **changes):
    """An RPC with one message of AUTHOR's, with some of its fields changed after signing."""
    rpc = rpc_pb2.RPC(publish=[signed(data, sequence)])
    for name, value in changes.items():
        if name == "topicIDs":
            del rpc.publish[0].topicIDs[:]
            rpc.publish[0].topicIDs.extend(value)
        elif value is None:
            rpc.publish[0].ClearField(name)
        else:
            setattr(rpc.publish[0], name, value)
    return rpc.SerializeToString()


async def gossip(peer, rpc, stream_id=1):
    await peer.send_data(stream_id, encode_varint(len(rpc)) + rpc)


@pytest.fixture
async def host(settings_of, member_gate, new_listener):
    listener = new_listener(verdict=lambda data: not data.startswith(b"bad"))
    async with open_libp2p(settings_of(1))(member_gate(), listener) as network:
        yield network, listener


async def still_hears_gossip(network, listener, hostile):
    peer = await hostile(network.addresses()[0], number=98)
    await peer.open_stream(1, MESHSUB)
    await gossip(peer, record(b"after all that", sequence=1 << 40))
    await listener.wait_until(lambda each: b"after all that" in each.gossip)


@pytest.mark.covers("TRN-19", "TRN-21")
@pytest.mark.parametrize(
    ("rpc", "reason"),
    [
        (b"\xff\xff\xff\xff", "gossip-frame"),
        (b"\x12\x7f\x00", "gossip-frame"),
        (record(b"x", key=b"junk"), "gossip-key"),
        (record(b"x", key=b"\x08\x01\x12\x20" + bytes(32)), "gossip-key"),
        (record(b"x", from_id=b"junk"), "gossip-source"),
        (record(b"x", from_id=None), "gossip-source"),
        (record(b"x", from_id=peer_id_bytes_of(HostKey(bytes(32))), key=None), "gossip-signature"),
        (record(b"x", signature=None), "gossip-unsigned"),
        (record(b"x", seqno=None), "gossip-unsigned"),
        (record(b"x", signature=bytes(64)), "gossip-signature"),
        (record(b"x", signature=b"short"), "gossip-signature"),
        (record(b"x", data=b"another"), "gossip-signature"),
        (record(b"x", topicIDs=[TOPIC, "another"]), "gossip-topics"),
        (record(bytes(MAX_GOSSIP_BYTES + 1)), "gossip-size"),
    ],
)
async def test_gossip_that_nobody_honest_sends_ends_the_connection(host, hostile, rpc, reason):
    """Trap 2: in libp2p malformed bytes or a junk key end the whole process."""
    network, listener = host
    peer = await hostile(network.addresses()[0])
    await peer.open_stream(1, MESHSUB)
    await gossip(peer, rpc)
    await peer.wait_until_cut_off()
    await listener.wait_until(lambda each: bool(each.disconnected))
    assert listener.misconduct == [(peer.host_key, reason)]
    assert listener.gossip == []
    await still_hears_gossip(network, listener, hostile)


@pytest.mark.covers("TRN-21")
async def test_a_gossip_frame_above_the_limit_ends_the_connection(host, hostile):
    network, listener = host
    peer = await hostile(network.addresses()[0])
    await peer.open_stream(1, MESHSUB)
    await peer.send_data(1, encode_varint(gossip_rpc.MAX_RPC_BYTES + 1))
    await peer.wait_until_cut_off()
    await listener.wait_until(lambda each: bool(each.disconnected))
    assert listener.reasons == ["frame"]


async def test_gossip_of_another_topic_is_not_looked_at(host, hostile):
    network, listener = host
    peer = await hostile(network.addresses()[0])
    await peer.open_stream(1, MESHSUB)
    await gossip(peer, record(b"x", topicIDs=["another"]))
    await gossip(peer, record(b"mine"))
    await listener.wait_until(lambda each: bool(each.gossip))
    assert listener.gossip == [b"mine"]


@pytest.mark.covers("TRN-20")
async def test_copies_that_arrive_during_a_validation_are_not_validated(
    settings_of, member_gate, new_listener, hostile
):
    """Trap 11: libp2p validated a message 140 times for 144 copies."""
    is_validating, may_end = trio.Event(), trio.Event()

    class Slow(new_listener):
        async def on_gossip(self, forwarder, data):
            is_validating.set()
            await may_end.wait()
            return await super().on_gossip(forwarder, data)

    listener = Slow()
    async with open_libp2p(settings_of(1))(member_gate(), listener) as network:
        peer = await hostile(network.addresses()[0])
        await peer.open_stream(1, MESHSUB)
        await gossip(peer, record(b"once"))
        with trio.fail_after(60):
            await is_validating.wait()
        for _ in range(20):
            await gossip(peer, record(b"once"))
        may_end.set()
        await gossip(peer, record(b"last", sequence=2))
        await listener.wait_until(lambda each: b"last" in each.gossip)
        assert listener.gossip.count(b"once") == 1


@pytest.mark.covers("TRN-20")
async def test_a_forged_copy_does_not_keep_the_true_message_out(host, hostile):
    network, listener = host
    forger = await hostile(network.addresses()[0], number=90)
    await forger.open_stream(1, MESHSUB)
    await gossip(forger, record(b"forged", signature=bytes(64)))
    await forger.wait_until_cut_off()
    peer = await hostile(network.addresses()[0], number=91)
    await peer.open_stream(1, MESHSUB)
    await gossip(peer, record(b"true"))
    await listener.wait_until(lambda each: bool(each.gossip))
    assert listener.gossip == [b"true"]


@pytest.mark.covers("TRN-20")
async def test_a_signer_that_repeats_a_number_never_gets_past_the_validator(host, hostile):
    """Trap 10: libp2p's validation cache, keyed so, let the second one through unseen."""
    network, listener = host
    peer = await hostile(network.addresses()[0])
    await peer.open_stream(1, MESHSUB)
    await gossip(peer, record(b"good"))
    await listener.wait_until(lambda each: bool(each.gossip))
    # Within the two minutes it is taken for a copy; after them it is judged like any other.
    await gossip(peer, record(b"bad, under the number of a good one"))
    await gossip(peer, record(b"next", sequence=2))
    await listener.wait_until(lambda each: b"next" in each.gossip)
    assert listener.gossip == [b"good", b"next"]
    network._host._pubsub.seen_messages._seen.clear()
    await gossip(peer, record(b"bad, under the number of a good one"))
    await listener.wait_until(lambda each: len(each.gossip) == 3)


@pytest.mark.covers("TRN-25")
async def test_a_peer_that_keeps_sending_bad_records_is_cut_off(host, hostile):
    network, listener = host
    peer = await hostile(network.addresses()[0])
    await peer.open_stream(1, MESHSUB)
    for sequence in range(GossipLimits().max_rejected):
        await gossip(peer, record(b"bad", sequence=sequence))
    await listener.wait_until(lambda each: bool(each.disconnected))
    assert listener.misconduct == [(peer.host_key, "gossip-rejected")]
    await still_hears_gossip(network, listener, hostile)


async def test_a_message_that_the_listener_ends_goes_no_further_and_costs_nothing(
    host, hostile, new_listener, settings_of, member_gate
):
    network, listener = host
    listener._verdict = {b"good": True, b"end": None}.get
    behind = new_listener()
    async with open_libp2p(settings_of(3))(member_gate(), behind) as other:
        await other.dial(network.addresses()[0])
        peer = await hostile(network.addresses()[0])
        await peer.open_stream(1, MESHSUB)
        for sequence in range(2 * GossipLimits().max_rejected):
            await gossip(peer, record(b"end", sequence=sequence))
        sequence = 1000
        with trio.fail_after(60):
            while b"good" not in behind.gossip:
                await gossip(peer, record(b"good", sequence=sequence))
                sequence += 1
                with trio.move_on_after(0.1):
                    await behind.wait_until(lambda each: b"good" in each.gossip)
        assert b"end" not in behind.gossip
        assert listener.reasons == []


@pytest.mark.covers("TRN-22")
async def test_peers_recommended_in_a_prune_are_not_dialed(
    host, hostile, settings_of, member_gate, new_listener
):
    """Trap 12: libp2p acts on peer exchange even when it is switched off."""
    network, listener = host
    elsewhere = new_listener()
    async with open_libp2p(settings_of(3))(member_gate(), elsewhere) as other:
        peer = await hostile(network.addresses()[0])
        await peer.open_stream(1, MESHSUB)
        prune = rpc_pb2.ControlPrune(topicID=TOPIC, backoff=60)
        prune.peers.append(rpc_pb2.PeerInfo(peerID=peer_id_bytes_of(other.host_key)))
        rpc = rpc_pb2.RPC(control=rpc_pb2.ControlMessage(prune=[prune]))
        await gossip(peer, rpc.SerializeToString())
        await gossip(peer, record(b"after"))
        await listener.wait_until(lambda each: bool(each.gossip))
        assert [c.peer for c in network.connections()] == [peer.host_key]
        assert elsewhere.connected == []


@pytest.mark.covers("TRN-24")
async def test_a_burst_of_gossip_loses_nothing(settings_of, member_gate, new_listener):
    """Trap 9: in libp2p a burst of 200 delivered 32, silently."""
    listeners = [new_listener() for _ in range(3)]
    opened = [
        open_libp2p(settings_of(n + 1))(member_gate(), each) for n, each in enumerate(listeners)
    ]
    async with opened[0] as a, opened[1] as b, opened[2] as c:
        await a.dial(b.addresses()[0])
        await a.dial(c.addresses()[0])
        await b.dial(c.addresses()[0])
        with trio.fail_after(60):
            while not all(b"ready" in each.gossip for each in listeners[1:]):
                await a.publish(b"ready")
                with trio.move_on_after(0.1):
                    await listeners[1].wait_until(lambda each: b"ready" in each.gossip)
        burst = {b"record %d" % n for n in range(1000)}
        for data in burst:
            await a.publish(data)
        for each in listeners[1:]:
            await each.wait_until(lambda one: burst <= set(one.gossip))
            received = [data for data in each.gossip if data in burst]
            assert len(received) == len(burst)


async def test_a_peer_that_takes_no_gossip_does_not_hold_up_the_others(
    settings_of, member_gate, new_listener, hostile
):
    listener = new_listener()
    small = GossipLimits(max_queued_bytes=4096)
    async with (
        open_libp2p(settings_of(1, gossip=small))(member_gate(), new_listener()) as a,
        open_libp2p(settings_of(2))(member_gate(), listener) as b,
    ):
        stuck = await hostile(a.addresses()[0])
        await stuck.open_stream(1, MESHSUB)
        subscription = rpc_pb2.RPC.SubOpts(subscribe=True, topicid=TOPIC)
        await gossip(stuck, rpc_pb2.RPC(subscriptions=[subscription]).SerializeToString())
        await a.dial(b.addresses()[0])
        with trio.fail_after(60):
            for n in range(10_000):
                if len(listener.gossip) >= 100:
                    break
                await a.publish(b"%d" % n)
