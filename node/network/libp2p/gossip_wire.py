"""GossipSub's bytes: signed messages and RPCs (libp2p specs, pubsub/README.md).

Strict signing: every message names its Ed25519 source, bears a sequence number and a
signature; whatever lacks one is refused. libp2p 0.8.1 lets a junk key end the process
(docs/adr/0003, trap 2), so nothing here trusts a field before it has looked at it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError
from libp2p.pubsub.pb import rpc_pb2
from libp2p.pubsub.validators import PUBSUB_SIGNING_PREFIX
from nacl.exceptions import CryptoError
from nacl.signing import SigningKey, VerifyKey

from node.network.libp2p.addresses import host_key_of_bytes, peer_id_bytes_of
from node.network.libp2p.byte_reader import encode_varint
from node.network.libp2p.misconduct import Misconduct
from node.network.port import MAX_GOSSIP_BYTES, HostKey

PROTOCOLS = ("/meshsub/1.1.0", "/meshsub/1.0.0")
MAX_RPC_BYTES = 256 << 10
_SEQUENCE_BYTES = 8
_PREFIX = PUBSUB_SIGNING_PREFIX.encode()
_PEER_ID_MULTIHASH_BYTES = 2
_PUBLISH_TAG = b"\x12"  # field 2 of RPC, length-delimited


@dataclass(frozen=True, slots=True)
class Message:
    """One gossiped message whose shape is right. ``verify`` it before believing it."""

    id: bytes
    """Peer id and sequence number: the default of GossipSub (trap 10)."""
    source: HostKey
    data: bytes
    signed: bytes
    signature: bytes
    encoded: bytes
    """As part of an RPC that forwards it."""

    def verify(self) -> None:
        """Check the signature. Misconduct if it is not the source's."""
        try:
            VerifyKey(self.source).verify(self.signed, self.signature)
        except (CryptoError, ValueError) as error:
            raise Misconduct("gossip-signature") from error


@dataclass(frozen=True, slots=True)
class Rpc:
    """What a peer sent in one frame, as far as it concerns our topic."""

    subscribed: bool | None
    messages: Sequence[Message]
    wanted: Sequence[bytes]
    offered: Sequence[bytes]
    is_graft: bool
    prune_backoff_s: int | None


def decode(frame: bytes, topic: str) -> Rpc:
    """Take a frame apart. Misconduct if an honest peer would never have sent it."""
    try:
        rpc = rpc_pb2.RPC.FromString(frame)
    except DecodeError as error:
        raise Misconduct("gossip-frame") from error
    subscribed = None
    for subscription in rpc.subscriptions:
        if subscription.topicid == topic:
            subscribed = bool(subscription.subscribe)
    control = rpc.control
    backoffs = [prune.backoff for prune in control.prune if prune.topicID == topic]
    return Rpc(
        subscribed=subscribed,
        messages=[_message(m, topic) for m in rpc.publish if topic in m.topicIDs],
        wanted=[bytes(i) for each in control.iwant for i in each.messageIDs],
        offered=[
            bytes(i) for each in control.ihave if each.topicID == topic for i in each.messageIDs
        ],
        is_graft=any(graft.topicID == topic for graft in control.graft),
        prune_backoff_s=max(backoffs) if backoffs else None,
    )


def _message(message: Any, topic: str) -> Message:
    try:
        source = host_key_of_bytes(message.from_id)
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
    return Message(
        id=message.from_id + message.seqno,
        source=source,
        data=message.data,
        signed=_signed(source, message.seqno, message.data, topic),
        signature=message.signature,
        encoded=_publish(message.SerializeToString()),
    )


def sign(signing_key: SigningKey, sequence: int, data: bytes, topic: str) -> Message:
    """Make a message of our own. sequence: never used before with this key."""
    source = HostKey(bytes(signing_key.verify_key))
    seqno = sequence.to_bytes(_SEQUENCE_BYTES, "big")
    signed = _signed(source, seqno, data, topic)
    signature = signing_key.sign(signed).signature
    from_id = peer_id_bytes_of(source)
    message = rpc_pb2.Message(
        from_id=from_id,
        data=data,
        seqno=seqno,
        topicIDs=[topic],
        signature=signature,
        key=from_id[_PEER_ID_MULTIHASH_BYTES:],
    )
    encoded = _publish(message.SerializeToString())
    return Message(from_id + seqno, source, data, signed, signature, encoded)


def _signed(source: HostKey, seqno: bytes, data: bytes, topic: str) -> bytes:
    bare = rpc_pb2.Message(
        from_id=peer_id_bytes_of(source), data=data, seqno=seqno, topicIDs=[topic]
    )
    signed: bytes = _PREFIX + bare.SerializeToString()
    return signed


def _publish(message: bytes) -> bytes:
    return _PUBLISH_TAG + encode_varint(len(message)) + message


# Protobuf messages of one type may be concatenated: repeated fields follow one another.
# So an outgoing RPC is the concatenation of whatever waits for the peer.


def subscription(topic: str, subscribe: bool) -> bytes:
    """The RPC that tells a peer what we listen to."""
    rpc = rpc_pb2.RPC(subscriptions=[rpc_pb2.RPC.SubOpts(subscribe=subscribe, topicid=topic)])
    return bytes(rpc.SerializeToString())


def graft(topic: str) -> bytes:
    """Ask to be forwarded everything."""
    return _control(graft=[rpc_pb2.ControlGraft(topicID=topic)])


def prune(topic: str, backoff_s: int) -> bytes:
    """End the forwarding, and ask not to be grafted again before backoff_s."""
    return _control(prune=[rpc_pb2.ControlPrune(topicID=topic, backoff=backoff_s)])


def ihave(topic: str, ids: Iterable[bytes]) -> bytes:
    """Offer messages to a peer outside the mesh."""
    return _control(ihave=[rpc_pb2.ControlIHave(topicID=topic, messageIDs=list(ids))])


def iwant(ids: Iterable[bytes]) -> bytes:
    """Ask for offered messages."""
    return _control(iwant=[rpc_pb2.ControlIWant(messageIDs=list(ids))])


def _control(**fields: Any) -> bytes:
    return bytes(rpc_pb2.RPC(control=rpc_pb2.ControlMessage(**fields)).SerializeToString())
