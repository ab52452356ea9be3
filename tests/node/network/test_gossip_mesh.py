"""The mesh as a pure state machine."""

from random import Random

import pytest
from libp2p.pubsub.pb import rpc_pb2
from nacl.signing import SigningKey

from node.network.libp2p import gossip_wire as wire
from node.network.libp2p.gossip_mesh import Mesh
from node.network.libp2p.gossip_outbox import Outbox
from node.network.libp2p.settings import GossipLimits
from node.network.port import HostKey

LIMITS = GossipLimits()
AUTHOR = SigningKey(bytes([7]) * 32)


def peers(count):
    return [HostKey(bytes([n + 1]) * 32) for n in range(count)]


def mesh_of(listeners):
    mesh = Mesh("t", LIMITS, Random(1))
    for peer in listeners:
        mesh.add_peer(peer)
        mesh.on_subscription(peer, True, now=0.0)
    return mesh


def controls(outgoing):
    return [(peer, rpc_pb2.RPC.FromString(rpc).control) for peer, rpc in outgoing]


def message(number, data=b"x"):
    return wire.sign(AUTHOR, number, data, "t")


@pytest.mark.covers("TRN-18")
def test_the_first_peers_are_grafted_as_they_subscribe():
    mesh = Mesh("t", LIMITS, Random(1))
    grafted = []
    for peer in peers(10):
        mesh.add_peer(peer)
        grafted += [p for p, c in controls(mesh.on_subscription(peer, True, 0.0)) if c.graft]
    assert grafted == peers(LIMITS.degree)
    assert mesh.mesh == frozenset(grafted)


@pytest.mark.covers("TRN-18")
def test_the_mesh_is_refilled_when_it_is_too_small_and_pruned_when_too_large():
    everyone = peers(20)
    mesh = mesh_of(everyone)
    for peer in everyone[:3]:
        mesh.remove_peer(peer)
    mesh.on_heartbeat(1.0)
    assert len(mesh.mesh) == LIMITS.degree
    for peer in everyone[3:]:
        mesh.on_graft(peer, 2.0)
    assert len(mesh.mesh) == LIMITS.degree_high
    mesh._mesh.update(everyone[3:])
    pruned = [p for p, c in controls(mesh.on_heartbeat(3.0)) if c.prune]
    assert len(mesh.mesh) == LIMITS.degree
    assert not mesh.mesh & set(pruned)


def test_each_peer_gets_only_its_own_control_messages():
    """Trap 12: libp2p repeats one peer's GRAFT, PRUNE and IHAVE to the next one."""
    everyone = peers(20)
    mesh = mesh_of(everyone)
    for peer in everyone[:3]:
        mesh.remove_peer(peer)
    mesh.remember(message(1))
    outgoing = controls(mesh.on_heartbeat(1.0))
    grafted = [p for p, c in outgoing if c.graft]
    offered = [p for p, c in outgoing if c.ihave]
    assert len(set(grafted)) == len(grafted) == 3
    assert len(set(offered)) == len(offered) == 6
    for _, control in outgoing:
        assert len(control.graft) + len(control.ihave) + len(control.prune) == 1


@pytest.mark.covers("TRN-18")
def test_a_graft_during_the_backoff_is_answered_with_a_prune():
    one, *_ = everyone = peers(3)
    mesh = mesh_of(everyone)
    mesh.on_prune(one, backoff_s=30, now=10.0)
    assert one not in mesh.mesh
    ((peer, control),) = controls(mesh.on_graft(one, now=20.0))
    assert peer == one
    assert control.prune[0].backoff > 0
    assert list(control.prune[0].peers) == []
    assert mesh.on_graft(one, now=200.0) == []
    assert one in mesh.mesh


def test_a_backoff_of_centuries_is_cut():
    one, *_ = everyone = peers(3)
    mesh = mesh_of(everyone)
    mesh.on_prune(one, backoff_s=2**63, now=0.0)
    mesh.on_heartbeat(601.0)
    assert one in mesh.mesh


@pytest.mark.covers("TRN-24")
def test_ones_own_message_goes_to_everybody_who_listens():
    everyone = peers(20)
    mesh = mesh_of(everyone)
    mesh.on_subscription(everyone[0], False, 1.0)
    assert set(mesh.recipients(message(1), forwarder=None)) == set(everyone[1:])


def test_a_forwarded_message_goes_neither_back_nor_to_who_has_it():
    forwarder, has_it, *others = everyone = peers(5)
    mesh = mesh_of(everyone)
    one = message(1)
    mesh.mark_known(has_it, one.id)
    assert set(mesh.recipients(one, forwarder)) == set(others)
    assert not mesh.needs(has_it, one.id)


@pytest.mark.covers("TRN-23")
def test_offered_messages_are_asked_for_once_and_within_bounds():
    one, *_ = everyone = peers(2)
    mesh = mesh_of(everyone)
    mesh.mark_seen(b"old", 0.0)
    offers = [b"old", *(b"%d" % n for n in range(2000))]
    ((_, control),) = controls(mesh.on_offer(one, offers))
    assert len(control.iwant[0].messageIDs) == 500
    assert b"old" not in control.iwant[0].messageIDs
    assert mesh.on_offer(one, offers) == []
    mesh.on_heartbeat(1.0)
    assert mesh.on_offer(one, offers)


@pytest.mark.covers("TRN-23")
def test_a_message_is_sent_on_request_three_times_at_most_and_only_while_recent():
    one, *_ = everyone = peers(2)
    mesh = mesh_of(everyone)
    mesh.remember(message(1))
    for _ in range(3):
        assert mesh.on_request(one, [message(1).id] * 5) == [(one, message(1).encoded)]
    assert mesh.on_request(one, [message(1).id]) == []
    mesh.remember(message(2))
    for beat in range(5):
        mesh.on_heartbeat(float(beat))
    assert mesh.on_request(one, [message(2).id]) == []


def test_what_is_remembered_is_bounded():
    one, *_ = everyone = peers(2)
    mesh = mesh_of(everyone)
    for n in range(60_000):
        mesh.mark_seen(b"%d" % n, 0.0)
        mesh.mark_known(one, b"%d" % n)
    for n in range(300):
        mesh.remember(message(n, bytes(16 << 10)))
    assert len(mesh._seen) <= 50_000
    assert len(mesh._peers[one].known) <= 4096
    assert sum(len(c.encoded) for c in mesh._windows[0].values()) <= (2 << 20) + (17 << 10)
    mesh.on_heartbeat(500.0)
    assert not mesh.is_seen(b"59999")


def test_strangers_control_messages_change_nothing():
    (stranger,) = peers(1)
    mesh = Mesh("t", LIMITS, Random(1))
    mesh.on_prune(stranger, 1, 0.0)
    assert mesh.on_graft(stranger, 0.0) == []
    assert mesh.on_subscription(stranger, True, 0.0) == []
    assert mesh.on_offer(stranger, [b"x"]) == []
    assert mesh.mesh == frozenset()


async def test_an_outbox_drops_what_does_not_fit_and_what_is_no_news():
    outbox = Outbox(max_bytes=100)
    outbox.put(bytes(60), b"first")
    outbox.put(bytes(60), b"does not fit")
    outbox.put(bytes(20), b"stale")
    outbox.put(b"control", None)
    assert outbox.dropped == 1
    batch = await outbox.take(lambda message_id: message_id != b"stale")
    assert batch == bytes(60) + b"control"
    outbox.close()
    assert await outbox.take(lambda _: True) is None
