"""From a circuit to a connection of one's own. That holes are punched is shown in tests/netns."""

from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace

import pytest
import trio
from libp2p.relay.circuit_v2.pb.dcutr_pb2 import HolePunch
from multiaddr import Multiaddr

from node.network.libp2p import open_libp2p
from node.network.libp2p.byte_stream import ByteStream
from node.network.libp2p.delimited import receive, send
from node.network.libp2p.hole_punch import DCUTR
from node.network.libp2p.private_network import PrivateConnection
from node.network.libp2p.tcp import OPENING
from node.network.port import NetworkError, StreamClosed

ECHO = "/test/echo/1"


async def echo(stream):
    while (frame := await stream.receive_frame()) is not None:
        await stream.send_frame(frame)


async def becomes(is_so):
    with trio.fail_after(60):
        while not is_so():
            await trio.lowlevel.checkpoint()


@pytest.fixture
def relayed(settings_of, member_gate, new_listener):
    """a has dialled b through a relay."""

    @asynccontextmanager
    async def opened():
        one, two = new_listener(), new_listener()
        async with (
            open_libp2p(settings_of(1))(member_gate(), one) as a,
            open_libp2p(settings_of(2))(member_gate(), two) as b,
            open_libp2p(settings_of(3, volunteers=True))(member_gate(), new_listener()) as relay,
        ):
            b.serve(ECHO, echo)
            await b.dial(relay.addresses()[0])
            await becomes(lambda: b.reach().relays)
            await a.dial(next(each for each in b.addresses() if "/p2p-circuit" in each))
            await two.wait_until(lambda each: (a.host_key, False) in each.connected)
            yield SimpleNamespace(a=a, b=b, relay=relay, at_a=one, at_b=two)

    return opened


async def tcp_pair():
    """Two ends of a TCP connection, as a punched hole gives them."""
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    async with listener:
        near = await trio.open_tcp_stream("127.0.0.1", listener.socket.getsockname()[1])
        return near, await listener.accept()


@pytest.mark.covers("TRN-90")
async def test_a_connection_of_ones_own_takes_the_circuits_place(relayed, settings_of):
    key = settings_of(1).network_key
    async with relayed() as world:
        near, far = await tcp_pair()
        address = "/ip4/11.0.0.9/tcp/9"
        async with trio.open_nursery() as nursery:
            for network, tcp, peer, dials in (
                (world.a, near, world.b, True),
                (world.b, far, world.a, False),
            ):
                raw = PrivateConnection(tcp, key, dials, address, OPENING)
                nursery.start_soon(network._host._swarm.replace, raw, peer.host_key)
        for listener, peer in ((world.at_a, world.b), (world.at_b, world.a)):
            assert listener.disconnected == [peer.host_key]
            assert [each for each, _ in listener.connected].count(peer.host_key) == 2
        assert {each.peer: each.address for each in world.a.connections()}[
            world.b.host_key
        ] == address
        stream = await world.a.open_stream(world.b.host_key, ECHO)
        await stream.send_frame(b"without a way round")
        assert await stream.receive_frame() == b"without a way round"
        await becomes(lambda: world.relay.reach().circuits == 0)
        assert not world.at_a.misconduct + world.at_b.misconduct


@pytest.mark.covers("TRN-90")
async def test_whoever_else_answers_there_does_not_get_the_circuits_place(
    relayed, settings_of, member_gate, new_listener
):
    async with (
        relayed() as world,
        open_libp2p(settings_of(4))(member_gate(), new_listener()) as other,
    ):
        port = int(other.addresses()[0].split("/")[4])
        tcp = await trio.open_tcp_stream("127.0.0.1", port)
        raw = PrivateConnection(
            tcp, settings_of(1).network_key, True, "/ip4/1.2.3.4/tcp/1", OPENING
        )
        with pytest.raises(NetworkError):
            await world.a._host._swarm.replace(raw, world.b.host_key)
        stream = await world.a.open_stream(world.b.host_key, ECHO)
        await stream.send_frame(b"still here")
        assert await stream.receive_frame() == b"still here"


def proposal(*addresses):
    message = HolePunch(type=HolePunch.CONNECT)
    message.ObsAddrs.extend(Multiaddr(each).to_bytes() for each in addresses)
    return message


@pytest.mark.covers("TRN-89")
@pytest.mark.parametrize("address", ["/ip4/192.168.1.1/tcp/80", "/ip6/2606:4700::1/tcp/80"])
async def test_an_address_that_is_not_public_is_not_dialled(relayed, monkeypatch, address):
    dialled = []

    async def note(port, theirs):
        dialled.append(theirs)
        raise trio.TooSlowError

    monkeypatch.setattr("node.network.libp2p.hole_punch._connected", note)
    async with relayed() as world:
        stream = ByteStream(await world.b._host._negotiated(world.a.host_key, DCUTR))
        await send(stream, proposal(address))
        assert not (await receive(stream, HolePunch)).ObsAddrs  # a knows no address of its own
        await send(stream, HolePunch(type=HolePunch.SYNC))
        assert await stream.receive_some() == b""
        # And not again within seconds: it would not even be answered.
        again = ByteStream(await world.b._host._negotiated(world.a.host_key, DCUTR))
        with suppress(StreamClosed):
            await send(again, proposal("/ip4/11.0.0.1/tcp/80"))
            await receive(again, HolePunch)
            raise AssertionError
    assert not dialled


@pytest.mark.covers("TRN-89")
async def test_over_a_connection_without_a_relay_nothing_is_punched(relayed):
    async with relayed() as world:
        stream = ByteStream(await world.relay._host._negotiated(world.b.host_key, DCUTR))
        with pytest.raises(StreamClosed):
            await receive(stream, HolePunch)
