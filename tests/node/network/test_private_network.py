"""The private network: compatible with the specification, and quick to notice a wrong key."""

import random

import pytest
import trio
import trio.testing
from nacl.secret import SecretBox

from node.network.libp2p import open_libp2p
from node.network.libp2p.private_network import PrivateConnection, XSalsa20, hsalsa20
from node.network.port import DialFailed

# Bernstein, "Extending the Salsa20 nonce" (2011), section 2, and NaCl's tests (core1, stream3).
FIRST_KEY = bytes.fromhex("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389")
NONCE = bytes.fromhex("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37")
SECOND_KEY = bytes.fromhex("dc908dda0b9344a953629b733820778880f3ceb421bb61b91cbd4c3e66256ce4")
KEYSTREAM = bytes.fromhex("eea6a7251c1e72916d11c2cb214d3c252539121d8e234e652d651fa4c8cff880")


@pytest.mark.covers("TRN-1")
def test_the_cipher_reproduces_the_published_vectors():
    """Trap 5: libp2p 0.8.1 uses Salsa20 with an 8-byte nonce and talks to nobody else."""
    assert hsalsa20(FIRST_KEY, NONCE[:16]) == SECOND_KEY
    assert XSalsa20(FIRST_KEY, NONCE).apply(bytes(32)) == KEYSTREAM


@pytest.mark.covers("TRN-1")
def test_the_cipher_is_libsodiums():
    rng = random.Random(5)
    for _ in range(100):
        key, nonce = rng.randbytes(32), rng.randbytes(24)
        plain = rng.randbytes(rng.randrange(1, 400))
        # A secret box is a 16-byte tag and the plain text under the stream from byte 32 on.
        expected = SecretBox(key).encrypt(plain, nonce).ciphertext[16:]
        stream = XSalsa20(key, nonce)
        stream.apply(bytes(32))
        cut = rng.randrange(len(plain) + 1)
        assert stream.apply(plain[:cut]) + stream.apply(plain[cut:]) == expected


@pytest.mark.covers("TRN-1", "TRN-2")
async def test_each_side_sends_its_own_nonce_and_then_only_cipher_text():
    key = bytes(range(32))
    here, there = trio.testing.memory_stream_pair()
    connection = PrivateConnection(here, key, is_initiator=True)
    await connection.write(b"first ")
    await connection.write(b"second")
    sent = await there.receive_some(1000)
    assert len(sent) == 24 + 12
    assert XSalsa20(key, sent[:24]).apply(sent[24:]) == b"first second"

    other_nonce = bytes(24)
    for byte in other_nonce + XSalsa20(key, other_nonce).apply(b"an answer"):
        await there.send_all(bytes([byte]))
    assert await connection.read(9) == b"an answer"

    here, there = trio.testing.memory_stream_pair()
    await PrivateConnection(here, key, is_initiator=True).write(b"first ")
    assert (await there.receive_some(1000))[:24] != sent[:24]


@pytest.mark.covers("TRN-3")
async def test_a_wrong_network_key_is_noticed_without_waiting(
    settings_of, member_gate, new_listener
):
    """Trap 5: in libp2p 0.8.1 such a dial hangs for 21 to 40 s."""
    host = new_listener()
    endless = {"upgrade_deadline_s": float("inf")}
    right = open_libp2p(settings_of(1, **endless))
    wrong = open_libp2p(settings_of(2, network_key=bytes(32), **endless))
    async with (
        right(member_gate(), host) as a,
        wrong(member_gate(), new_listener()) as b,
    ):
        with trio.fail_after(60), pytest.raises(DialFailed):
            await b.dial(a.addresses()[0], deadline_s=float("inf"))
        await host.wait_until(lambda listener: bool(listener.misconduct))
        assert host.misconduct == [(None, "network-key")]
        assert host.connected == []
