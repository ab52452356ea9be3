"""An unchanged py-libp2p host talks to ours: its Yamux, streams and GossipSub.

Only what the specification adds is given to it: the gate behind Noise, and the private
network's cipher in place of its own, which is not the specified one (trap 5).
"""

import contextlib

import libp2p.network.swarm
import pytest
import trio
from libp2p import new_host
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.crypto.x25519 import create_new_key_pair as create_noise_key_pair
from libp2p.peer.peerinfo import info_from_p2p_addr
from libp2p.pubsub.gossipsub import GossipSub
from libp2p.pubsub.pubsub import Pubsub
from libp2p.relay.circuit_v2.pb.circuit_pb2 import HopMessage, Status
from libp2p.relay.circuit_v2.protocol import PROTOCOL_ID as HOP
from libp2p.relay.circuit_v2.protocol import CircuitV2Protocol
from libp2p.relay.circuit_v2.utils import read_delimited_msg, write_delimited_msg
from libp2p.security.noise.transport import Transport as NoiseTransport
from libp2p.stream_muxer.yamux.yamux import Yamux
from libp2p.tools.anyio_service import background_trio_service
from multiaddr import Multiaddr

from node.network.libp2p import RelayLimits, open_libp2p
from node.network.libp2p.byte_reader import ByteReader, encode_varint
from node.network.libp2p.gate_transport import SECURITY_PROTOCOL
from node.network.libp2p.private_network import PrivateConnection
from node.network.port import HostKey

TOPIC = "/p2pmarket/records/1/test"
ECHO = "/test/echo/1"


class GatedNoise(NoiseTransport):
    """libp2p's Noise, and then the tests' gate."""

    async def secure_inbound(self, conn):
        return await self._gate(await super().secure_inbound(conn))

    async def secure_outbound(self, conn, peer_id):
        return await self._gate(await super().secure_outbound(conn, peer_id))

    async def _gate(self, session):
        await session.write(b"\x00\x06member")
        assert await session.read(8) == b"\x00\x06member"
        await session.write(b"\x00\x00")
        assert await session.read(2) == b"\x00\x00"
        return session


class StockConnection(PrivateConnection):
    """Our cipher on libp2p's raw connection, which reads and writes but is no trio stream."""

    def __init__(self, raw, network_key_hex):
        super().__init__(self, bytes.fromhex(network_key_hex), raw.is_initiator)
        self.max_read_bytes = 1 << 20
        self._raw = raw

    async def send_all(self, data):
        await self._raw.write(data)

    async def receive_some(self, most):
        return await self._raw.read(most)

    async def close(self):
        await self._raw.close()

    def get_remote_address(self):
        return self._raw.get_remote_address()

    def get_transport_addresses(self):
        return self._raw.get_transport_addresses()

    def get_connection_type(self):
        return self._raw.get_connection_type()


@contextlib.asynccontextmanager
async def stock_host(network_key, monkeypatch):
    monkeypatch.setattr(libp2p.network.swarm, "new_protected_conn", StockConnection)
    keys = create_new_key_pair(bytes([200]) * 32)
    listen = [Multiaddr("/ip4/127.0.0.1/tcp/0")]
    host = new_host(
        key_pair=keys,
        psk=network_key.hex(),
        listen_addrs=listen,
        sec_opt={SECURITY_PROTOCOL: GatedNoise(keys, create_noise_key_pair().private_key)},
        muxer_opt={"/yamux/1.0.0": Yamux},
    )
    router = GossipSub(
        protocols=["/meshsub/1.1.0"], degree=6, degree_low=4, degree_high=12, heartbeat_interval=1
    )
    pubsub = Pubsub(host, router, strict_signing=True)
    async with host.run(listen), background_trio_service(pubsub), background_trio_service(router):
        await pubsub.wait_until_ready()
        try:
            yield host, pubsub, HostKey(keys.public_key.to_bytes())
        finally:
            with trio.CancelScope(shield=True), trio.move_on_after(10):
                await host.close()
            pubsub.seen_messages._stop_event.set()


async def echo(stream):
    while (frame := await stream.receive_frame()) is not None:
        await stream.send_frame(frame)


@pytest.mark.covers("TRN-5", "TRN-6", "TRN-11", "TRN-16", "TRN-18")
@pytest.mark.parametrize("who_dials", ["ours", "stock"])
async def test_streams_and_gossip_both_ways(
    settings_of, member_gate, new_listener, monkeypatch, who_dials
):
    listener = new_listener()
    settings = settings_of(1)
    async with (
        stock_host(settings.network_key, monkeypatch) as (stock, pubsub, stock_key),
        open_libp2p(settings)(member_gate(), listener) as ours,
    ):
        ours.serve(ECHO, echo)

        async def stock_echo(stream):
            reader = ByteReader(lambda: stream.read(65536))
            length = await reader.read_varint(1 << 20)
            body = await reader.read(length)
            await stream.write(encode_varint(length) + body)
            await stream.close()

        stock.set_stream_handler(ECHO, stock_echo)
        subscription = await pubsub.subscribe(TOPIC)
        with trio.fail_after(60):
            if who_dials == "ours":
                assert await ours.dial(str(stock.get_addrs()[0])) == stock_key
            else:
                await stock.connect(info_from_p2p_addr(Multiaddr(ours.addresses()[0])))
            await listener.wait_until(lambda each: bool(each.connected))

            body = bytes(range(256)) * 2000
            stream = await ours.open_stream(stock_key, ECHO)
            await stream.send_frame(body)
            assert await stream.receive_frame() == body
            assert await stream.receive_frame() is None

            our_id = info_from_p2p_addr(Multiaddr(ours.addresses()[0])).peer_id
            stream = await stock.new_stream(our_id, [ECHO])
            await stream.write(encode_varint(len(body)) + body)
            reader = ByteReader(lambda: stream.read(65536))
            assert await reader.read_varint(1 << 20) == len(body)
            assert await reader.read(len(body)) == body
            await stream.close()

            while b"from stock" not in listener.gossip:
                await pubsub.publish(TOPIC, b"from stock")
                with trio.move_on_after(0.5):
                    await listener.wait_until(lambda each: b"from stock" in each.gossip)
            heard = None
            while heard is None:
                await ours.publish(b"from ours")
                with trio.move_on_after(0.5):
                    while (message := await subscription.get()).data != b"from ours":
                        pass
                    heard = message
        assert listener.misconduct == []


async def circuit_of(network):
    with trio.fail_after(60):
        while not (found := [each for each in network.addresses() if "/p2p-circuit" in each]):
            await trio.lowlevel.checkpoint()
    return found[0]


@pytest.mark.covers("TRN-80", "TRN-81", "TRN-84")
async def test_a_stock_relay_brings_two_of_ours_together(
    settings_of, member_gate, new_listener, monkeypatch
):
    one, two = settings_of(1), settings_of(2)
    async with (
        stock_host(one.network_key, monkeypatch) as (stock, _, _),
        open_libp2p(one)(member_gate(), new_listener()) as a,
        open_libp2p(two)(member_gate(), new_listener()) as b,
    ):
        relay = CircuitV2Protocol(stock, allow_hop=True)
        async with background_trio_service(relay):
            await relay.event_started.wait()
            b.serve(ECHO, echo)
            await b.dial(str(stock.get_addrs()[0]))
            address = await circuit_of(b)
            assert await a.dial(address) == b.host_key
            stream = await a.open_stream(b.host_key, ECHO)
            await stream.send_frame(b"through a stranger's code")
            assert await stream.receive_frame() == b"through a stranger's code"


@pytest.mark.covers("TRN-80", "TRN-81", "TRN-82")
async def test_a_volunteer_of_ours_serves_a_stock_client(
    settings_of, member_gate, new_listener, monkeypatch
):
    """It reserves a place, and reads where the volunteer can be dialled and within which limits."""
    listener = new_listener()
    async with (
        stock_host(settings_of(1).network_key, monkeypatch) as (stock, _, _),
        open_libp2p(settings_of(2, volunteers=True))(member_gate(), listener) as relay,
    ):
        await stock.connect(info_from_p2p_addr(Multiaddr(relay.addresses()[0])))
        relay_id = info_from_p2p_addr(Multiaddr(relay.addresses()[0])).peer_id
        stream = await stock.new_stream(relay_id, [HOP])
        await write_delimited_msg(stream, HopMessage(type=HopMessage.RESERVE))
        answer = await read_delimited_msg(stream, HopMessage)
        assert answer.status == Status.OK
        told = [str(Multiaddr(each)) for each in answer.reservation.addrs]
        assert told == list(relay.addresses())
        assert answer.limit.data == RelayLimits().max_circuit_bytes
        assert relay.reach().reservations == 1
