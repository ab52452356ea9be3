"""What a stranger meets: very little, and not for long."""

import pytest
import trio
from libp2p.crypto.secp256k1 import create_new_key_pair as create_secp256k1_key_pair
from libp2p.crypto.x25519 import create_new_key_pair as create_noise_key_pair
from libp2p.security.noise.transport import Transport as NoiseTransport

from node.network.libp2p import open_libp2p
from node.network.libp2p.byte_reader import encode_varint
from node.network.libp2p.gate_transport import SECURITY_PROTOCOL
from node.network.libp2p.tcp import OPENING
from node.network.port import DialFailed, FrameTooLarge, NetworkError


async def ask_for(connection, line):
    """Send one multistream line and return the answer to it."""
    encoded = line.encode() + b"\n"
    await connection.write(encode_varint(len(encoded)) + encoded)
    length = (await connection.read(1))[0]
    return (await connection.read(length))[:-1].decode()


async def read_without_end(session):
    while True:
        await session.conn.read_msg()


@pytest.mark.covers("TRN-5")
async def test_no_secure_channel_but_the_gated_one_is_offered(
    settings_of, member_gate, new_listener, hostile
):
    """Trap 1: libp2p's defaults offer plaintext and secio."""
    async with open_libp2p(settings_of(1))(member_gate(), new_listener()) as a:
        peer = await hostile(a.addresses()[0], gated=False)
        await peer.connection.write(OPENING)
        assert await peer.connection.read(len(OPENING)) == OPENING
        for protocol in ("/plaintext/2.0.0", "/secio/1.0.0", "/tls/1.0.0", "/noise"):
            assert await ask_for(peer.connection, protocol) == "na"
        assert await ask_for(peer.connection, "ls") == SECURITY_PROTOCOL + "\n"


@pytest.mark.covers("TRN-7")
async def test_a_host_with_another_kind_of_key_is_refused(
    settings_of, member_gate, new_listener, hostile
):
    """Trap 18: only Ed25519 keys are used, whatever libp2p can read."""
    host = new_listener()
    async with open_libp2p(settings_of(1))(member_gate(), host) as a:
        peer = await hostile(a.addresses()[0], gated=False)
        noise = NoiseTransport(create_secp256k1_key_pair(), create_noise_key_pair().private_key)
        await peer.ask(SECURITY_PROTOCOL)
        await noise.secure_outbound(peer.connection, None)
        await host.wait_until(lambda listener: bool(listener.misconduct))
        assert host.misconduct == [(None, "noise")]


@pytest.mark.covers("TRN-4")
async def test_a_stranger_meets_no_handler_and_no_gossip(
    settings_of, member_gate, new_listener, hostile, monkeypatch
):
    host = new_listener()
    touched = []
    async with open_libp2p(settings_of(1))(member_gate(), host) as a:
        a.serve("/test/1", lambda stream: touched.append(stream))
        monkeypatch.setattr(a._host._swarm, "common_stream_handler", touched.append)
        peer = await hostile(a.addresses()[0], gated=False)
        # Noise as it should be, then Yamux and gossip in place of a proof.
        await peer.ask(SECURITY_PROTOCOL)
        session = await peer.noise.secure_outbound(peer.connection, None)
        await session.conn.write_msg(b"\x00\x06forged")
        for _ in range(3):
            await session.conn.write_msg(b"\x13/multistream/1.0.0\n\x0d/yamux/1.0.0\n")
        with trio.fail_after(60), pytest.raises(NetworkError):
            await read_without_end(session)
        assert (touched, host.connected, host.gossip) == ([], [], [])


@pytest.mark.covers("TRN-9")
async def test_a_peer_that_stalls_in_the_upgrade_is_dropped(
    settings_of, member_gate, new_listener, hostile
):
    host = new_listener()
    settings = settings_of(1, upgrade_deadline_s=0.1)
    async with open_libp2p(settings)(member_gate(), host) as a:
        silent = await hostile(a.addresses()[0], gated=False)
        await host.wait_until(lambda listener: "upgrade-deadline" in listener.reasons)
        half = await hostile(a.addresses()[0], gated=False)
        await half.connection.write(OPENING[:7])
        await host.wait_until(lambda listener: listener.reasons.count("upgrade-deadline") == 2)
        for peer in (silent, half):
            with trio.fail_after(60), pytest.raises(NetworkError):
                await peer.connection.read(1000)


@pytest.mark.covers("TRN-9")
async def test_a_gate_has_a_deadline_of_its_own(
    settings_of, member_gate, new_listener, hostile, monkeypatch
):
    monkeypatch.setattr("node.network.libp2p.gate_transport.GATE_DEADLINE_S", 0.1)
    host = new_listener()
    async with open_libp2p(settings_of(1))(member_gate(), host) as a:
        peer = await hostile(a.addresses()[0], gated=False)
        await peer.ask(SECURITY_PROTOCOL)
        await peer.noise.secure_outbound(peer.connection, None)
        await host.wait_until(lambda listener: bool(listener.misconduct))
        assert host.misconduct == [(None, "gate-deadline")]


@pytest.mark.covers("TRN-6")
async def test_a_gate_message_longer_than_allowed_ends_the_upgrade(
    settings_of, member_gate, new_listener
):
    class LongWinded(member_gate):
        async def admit(self, channel, remote, is_dialer):
            await channel.send(bytes(65))
            await channel.receive(64)

    host = new_listener()
    async with (
        open_libp2p(settings_of(1))(member_gate(), host) as a,
        open_libp2p(settings_of(2))(LongWinded(), new_listener()) as b,
    ):
        with pytest.raises(DialFailed):
            await b.dial(a.addresses()[0])
        await host.wait_until(lambda listener: bool(listener.misconduct))
        assert host.misconduct == [(None, "gate-message")]
    assert issubclass(FrameTooLarge, NetworkError)


@pytest.mark.covers("TRN-8")
@pytest.mark.parametrize(
    "line", [b"\x00", b"\xff\xff\x7f", b"\x80\x04", b"\x02xx", b"\x03\xff\xfe\n"]
)
async def test_a_malformed_negotiation_ends_the_upgrade(
    settings_of, member_gate, new_listener, hostile, line
):
    settings = settings_of(1, upgrade_deadline_s=float("inf"))
    async with open_libp2p(settings)(member_gate(), new_listener()) as a:
        peer = await hostile(a.addresses()[0], gated=False)
        await peer.connection.write(OPENING + line)
        with trio.fail_after(60), pytest.raises(NetworkError):
            await peer.connection.read(1000)


@pytest.mark.covers("TRN-10")
async def test_half_open_connections_are_bounded_for_each_address(
    settings_of, member_gate, new_listener, hostile
):
    host = new_listener()
    settings = settings_of(1, max_half_open_per_ip=2, upgrade_deadline_s=float("inf"))
    async with open_libp2p(settings)(member_gate(), host) as a:
        held = [await hostile(a.addresses()[0], gated=False) for _ in range(2)]
        for peer in held:
            # An answer shows that the connection has taken its place.
            await peer.connection.write(OPENING)
            await peer.connection.read(1)
        refused = await hostile(a.addresses()[0], gated=False)
        with trio.fail_after(60), pytest.raises(NetworkError):
            await refused.connection.read(1)
        assert host.reasons == ["no-place"]
        await held[0].connection.close()
        with trio.fail_after(60):
            while True:
                try:
                    await hostile(a.addresses()[0])
                    break
                except NetworkError:
                    continue


async def test_a_node_still_answers_after_three_hundred_inbound_connections(
    settings_of, member_gate, new_listener
):
    """Trap 3: libp2p keeps every inbound slot and is deaf after 250."""
    host = new_listener()
    async with (
        open_libp2p(settings_of(1, max_connections=4))(member_gate(), host) as a,
        open_libp2p(settings_of(2))(member_gate(), new_listener()) as b,
    ):
        for _ in range(300):
            await b.dial(a.addresses()[0])
            await b.disconnect(a.host_key)
        await host.wait_until(lambda listener: len(listener.disconnected) == 300)
        assert host.misconduct == []
        assert a._host._swarm._half_open._open.total() == 0
