"""Random bytes at every layer: the node survives and goes on serving."""

import random

import pytest
import trio

from node.network.libp2p import open_libp2p
from node.network.libp2p.addresses import parse_address
from node.network.libp2p.byte_reader import encode_varint
from node.network.libp2p.gate_transport import SECURITY_PROTOCOL
from node.network.libp2p.tcp import OPENING
from node.network.libp2p.yamux_wire import Flag
from node.network.port import NetworkError, StreamClosed

ECHO = "/test/echo/1"
SEEDS = range(20)


async def echo(stream):
    while (frame := await stream.receive_frame()) is not None:
        await stream.send_frame(frame)


@pytest.fixture
async def host(settings_of, member_gate, new_listener, caplog):
    listener = new_listener()
    async with (
        open_libp2p(settings_of(1))(member_gate(), listener) as network,
        open_libp2p(settings_of(2))(member_gate(), new_listener()) as honest,
    ):
        network.serve(ECHO, echo)
        await honest.dial(network.addresses()[0])
        stream = await honest.open_stream(network.host_key, ECHO)
        yield network
        # The honest peer's connection, opened before the attack, is untouched.
        await stream.send_frame(b"hello")
        assert await stream.receive_frame() == b"hello"
        assert network.restarts == 0
        assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def send_and_leave(write, close, chunks):
    try:
        for chunk in chunks:
            await write(chunk)
            await trio.lowlevel.checkpoint()
    except (NetworkError, trio.BrokenResourceError):
        pass
    await close()


def chunks_of(rng):
    return [rng.randbytes(rng.choice((1, 2, 12, 100, 5000))) for _ in range(rng.randrange(1, 8))]


@pytest.mark.parametrize("seed", SEEDS)
async def test_random_bytes_on_tcp(host, seed):
    target = parse_address(host.addresses()[0])
    tcp = await trio.open_tcp_stream(target.host, target.port)
    await send_and_leave(tcp.send_all, tcp.aclose, chunks_of(random.Random(seed)))


@pytest.mark.parametrize("seed", SEEDS)
async def test_random_bytes_under_the_network_key(host, hostile, seed):
    rng = random.Random(seed)
    peer = await hostile(host.addresses()[0], gated=False)
    await peer.connection.write(rng.choice((b"", OPENING, OPENING[:5])))
    await send_and_leave(peer.connection.write, peer.connection.close, chunks_of(rng))


@pytest.mark.parametrize("seed", SEEDS)
async def test_random_bytes_in_place_of_noise_and_of_the_gate(host, hostile, seed):
    rng = random.Random(seed)
    peer = await hostile(host.addresses()[0], gated=False)
    await peer.ask(SECURITY_PROTOCOL)
    if rng.random() < 0.5:
        await send_and_leave(peer.connection.write, peer.connection.close, chunks_of(rng))
    else:
        session = await peer.noise.secure_outbound(peer.connection, None)
        await send_and_leave(session.conn.write_msg, session.close, chunks_of(rng))


@pytest.mark.parametrize("seed", SEEDS)
async def test_random_bytes_in_place_of_yamux(host, hostile, seed):
    peer = await hostile(host.addresses()[0])
    rng = random.Random(seed)
    await send_and_leave(peer.channel.write, peer.connection.close, chunks_of(rng))


@pytest.mark.parametrize("seed", SEEDS)
async def test_random_yamux_frames(host, hostile, seed):
    rng = random.Random(seed)
    peer = await hostile(host.addresses()[0])

    async def send_frame(data):
        await peer.send(
            rng.choice((0, 0, 0, 1, 1, 2, 3)),
            Flag(rng.choice((0, 0, 1, 2, 4, 8, rng.randrange(16)))),
            rng.choice((1, 1, 3, 5, rng.randrange(1 << 32))),
            rng.choice((len(data), len(data), 0, rng.randrange(1 << 32))),
            data,
        )

    await send_and_leave(send_frame, peer.connection.close, chunks_of(rng) * 5)


@pytest.mark.parametrize("protocol", [ECHO, "/meshsub/1.1.0", "/meshsub/1.0.0", "/unknown/1"])
@pytest.mark.parametrize("seed", SEEDS)
async def test_random_bytes_on_each_protocol(host, hostile, protocol, seed):
    rng = random.Random(seed)
    peer = await hostile(host.addresses()[0])
    await peer.open_stream(1, protocol)

    async def send_data(data):
        framed = encode_varint(len(data)) + data if rng.random() < 0.7 else data
        await peer.send_data(1, framed)

    await send_and_leave(send_data, peer.connection.close, chunks_of(rng))


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_connection_cut_at_any_point(host, hostile, member_gate, seed):
    """Every prefix of an honest conversation, then nothing."""
    rng = random.Random(seed)
    peer = await hostile(host.addresses()[0], gated=False)
    allowed = rng.randrange(600)
    original = peer.connection.write

    async def write(plain):
        nonlocal allowed
        await original(plain[:allowed])
        allowed -= len(plain)
        if allowed <= 0:
            await peer.connection.close()
            raise StreamClosed("cut")

    peer.connection.write = write
    with pytest.raises(NetworkError):
        await converse(peer)


async def converse(peer):
    await peer.pass_gate()
    while True:
        await peer.open_stream(1, ECHO)
        await peer.send_data(1, b"\x01x", Flag.FIN)
