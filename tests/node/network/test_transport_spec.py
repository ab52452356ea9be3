"""The examples at the end of chapter 06 are what the code computes."""

from pathlib import Path

import pytest
from nacl.signing import SigningKey

from node.network import mdns_record
from node.network.libp2p import gossip_wire, negotiation
from node.network.libp2p.addresses import peer_id_of
from node.network.libp2p.private_network import XSalsa20
from node.network.port import HostKey

CHAPTER = Path(__file__).parents[3] / "docs" / "spec" / "06-transport.md"
KEY = bytes(range(32))


@pytest.mark.covers("TRN-1", "TRN-3", "TRN-7", "TRN-19", "TRN-27")
def test_the_examples_of_the_chapter():
    signing_key = SigningKey(KEY)
    host_key = HostKey(bytes(signing_key.verify_key))
    message = gossip_wire.sign(signing_key, 1, b"hello", "/p2pmarket/1/test")
    text = CHAPTER.read_text(encoding="utf-8")
    for example in (
        XSalsa20(KEY, bytes(range(24))).apply(negotiation.HEADER).hex(),
        mdns_record.tag(KEY, 1_700_000_000_000),
        host_key.hex(),
        peer_id_of(host_key),
        message.signed.hex(),
        message.encoded.hex(),
    ):
        assert f"`{example}`" in text
