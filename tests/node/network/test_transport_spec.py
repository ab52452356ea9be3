"""The examples at the end of chapter 06 are what the code computes."""

from pathlib import Path

import pytest
from libp2p.pubsub.pb import rpc_pb2
from nacl.signing import SigningKey

from node.network import mdns_record
from node.network.libp2p import gossip_rpc
from node.network.libp2p.addresses import peer_id_bytes_of, peer_id_of
from node.network.libp2p.private_network import XSalsa20
from node.network.libp2p.tcp import OPENING
from node.network.port import HostKey

CHAPTER = Path(__file__).parents[3] / "docs" / "spec" / "06-transport.md"
KEY = bytes(range(32))
NUMBER = bytes(7) + b"\x01"


@pytest.mark.covers("TRN-1", "TRN-3", "TRN-7", "TRN-19", "TRN-27")
def test_the_examples_of_the_chapter():
    signing_key = SigningKey(KEY)
    host_key = HostKey(bytes(signing_key.verify_key))
    source = peer_id_bytes_of(host_key)
    topic = "/p2pmarket/1/test"
    message = rpc_pb2.Message(from_id=source, data=b"hello", seqno=NUMBER, topicIDs=[topic])
    signed = b"libp2p-pubsub:" + message.SerializeToString()
    message.signature = signing_key.sign(signed).signature
    message.key = source[2:]
    rpc = rpc_pb2.RPC(publish=[message]).SerializeToString()
    gossip_rpc.verify(gossip_rpc.decode(rpc, topic).publish[0])
    text = CHAPTER.read_text(encoding="utf-8")
    for example in (
        XSalsa20(KEY, bytes(range(24))).apply(OPENING).hex(),
        mdns_record.tag(KEY, 1_700_000_000_000),
        host_key.hex(),
        peer_id_of(host_key),
        signed.hex(),
        rpc.hex(),
    ):
        assert f"`{example}`" in text
