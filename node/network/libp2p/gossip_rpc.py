"""What a peer may gossip: the RPCs of libp2p's pubsub, as far as they concern our topic.

Strict signing: every message names its Ed25519 source, bears a sequence number and a
signature; whatever lacks one is refused (libp2p specs, pubsub/README.md). Nothing here
trusts a field before it has looked at it (docs/adr/0003, trap 2).
"""

from __future__ import annotations

from google.protobuf.message import DecodeError
from libp2p.pubsub.pb import rpc_pb2
from libp2p.pubsub.validators import signature_validator

from node.network.libp2p.addresses import host_key_of_bytes
from node.network.libp2p.misconduct import Misconduct
from node.network.port import MAX_GOSSIP_BYTES

MAX_RPC_BYTES = 256 << 10
_MAX_IDS = 500
_MAX_BACKOFF_S = 600
_SEQUENCE_BYTES = 8
_PEER_ID_MULTIHASH_BYTES = 2
_MESSAGE_ID_BYTES = 46  # the source's peer id and the sequence number (trap 10)


def decode(frame: bytes, topic: str) -> rpc_pb2.RPC:
    """Take a frame apart and keep what concerns our topic, in bounded amounts.

    Misconduct if an honest peer would never have sent it.
    """
    try:
        rpc = rpc_pb2.RPC.FromString(frame)
    except DecodeError as error:
        raise Misconduct("gossip-frame") from error
    kept = rpc_pb2.RPC()
    subscriptions = [each for each in rpc.subscriptions if each.topicid == topic]
    kept.subscriptions.extend(subscriptions[-1:])
    for message in rpc.publish:
        if topic in message.topicIDs:
            _check(message, topic)
            kept.publish.append(message)
    if rpc.HasField("control"):
        _keep_control(kept.control, rpc.control, topic)
    return kept


def _keep_control(
    kept: rpc_pb2.ControlMessage, control: rpc_pb2.ControlMessage, topic: str
) -> None:
    """Offers, wishes, and whether the peer has us in its mesh; no peers and no extensions."""
    kept.SetInParent()
    offered = [i for each in control.ihave if each.topicID == topic for i in each.messageIDs]
    if offered := _message_ids(offered):
        kept.ihave.add(topicID=topic, messageIDs=offered)
    if wanted := _message_ids([i for each in control.iwant for i in each.messageIDs]):
        kept.iwant.add(messageIDs=wanted)
    if any(graft.topicID == topic for graft in control.graft):
        kept.graft.add(topicID=topic)
    backoffs = [prune.backoff for prune in control.prune if prune.topicID == topic]
    if backoffs:
        kept.prune.add(topicID=topic, backoff=min(max(backoffs), _MAX_BACKOFF_S))


def _message_ids(ids: list[bytes]) -> list[bytes]:
    return [i for i in dict.fromkeys(ids) if len(i) == _MESSAGE_ID_BYTES][:_MAX_IDS]


def _check(message: rpc_pb2.Message, topic: str) -> None:
    """Refuse what is not a signed message of our topic alone."""
    try:
        host_key_of_bytes(message.from_id)
    except ValueError as error:
        raise Misconduct("gossip-source") from error
    # The key is superfluous, as the peer id holds it; if it is there it must agree.
    if message.key and message.key != message.from_id[_PEER_ID_MULTIHASH_BYTES:]:
        raise Misconduct("gossip-key")
    if len(message.seqno) != _SEQUENCE_BYTES or not message.signature:
        raise Misconduct("gossip-unsigned")
    if list(message.topicIDs) != [topic]:
        raise Misconduct("gossip-topics")
    if len(message.data) > MAX_GOSSIP_BYTES:
        raise Misconduct("gossip-size")


def verify(message: rpc_pb2.Message) -> None:
    """Check the signature of a message that decode let through. Misconduct."""
    try:
        is_signed = signature_validator(message)
    except Exception as error:
        # libp2p raises what its crypto library raises on foreign bytes.
        raise Misconduct("gossip-signature") from error
    if not is_signed:
        raise Misconduct("gossip-signature")
