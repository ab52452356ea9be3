"""Two adapters behind one fixture, and the gates and listeners that tests give them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest
import trio
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.crypto.x25519 import create_new_key_pair as create_noise_key_pair
from libp2p.protocol_muxer.multiselect_client import MultiselectClient
from libp2p.protocol_muxer.multiselect_communicator import MultiselectCommunicator
from libp2p.security.noise.transport import Transport as NoiseTransport

from node.network.libp2p import HostSettings, open_libp2p, yamux_wire
from node.network.libp2p.addresses import parse_address
from node.network.libp2p.byte_reader import encode_varint
from node.network.libp2p.gate_transport import SECURITY_PROTOCOL, GatedSession, GateTransport
from node.network.libp2p.private_network import PrivateConnection
from node.network.libp2p.tcp import OPENING
from node.network.libp2p.yamux_wire import Flag, Type
from node.network.memory import Switchboard, open_memory
from node.network.port import (
    Channel,
    Gate,
    HostKey,
    Network,
    OpenNetwork,
    Refused,
    StreamClosed,
)

NETWORK_KEY = bytes(range(32))
TOPIC = "/p2pmarket/records/1/test"
GUARD_S = 60.0


class MemberGate:
    """Both sides show a card and tell each other the verdict. A real gate, only simple."""

    def __init__(self, card: bytes = b"member", accepted: bytes = b"member") -> None:
        self._card = card
        self._accepted = accepted

    async def admit(self, channel: Channel, remote: HostKey, is_dialer: bool) -> None:
        await channel.send(self._card)
        is_member = await channel.receive(64) == self._accepted
        await channel.send(b"" if is_member else b"stranger")
        if not is_member:
            raise Refused("stranger", by_us=True)
        if refusal := await channel.receive(64):
            raise Refused(refusal.decode(), by_us=False)


class RecordingListener:
    """Remembers what it is told, and lets a test wait for it."""

    def __init__(self, verdict: Callable[[bytes], bool] = lambda _data: True) -> None:
        self.gossip: list[bytes] = []
        self.connected: list[tuple[HostKey, bool]] = []
        self.disconnected: list[HostKey] = []
        self.moves = 0
        self.misconduct: list[tuple[HostKey | None, str]] = []
        self.parties: dict[HostKey, bytes] = {}
        self._verdict = verdict
        self._changed = trio.lowlevel.ParkingLot()

    async def on_gossip(self, forwarder: HostKey, data: bytes) -> bool:
        self.gossip.append(data)
        self._changed.unpark_all()
        return self._verdict(data)

    def on_connected(self, peer: HostKey, address: str, outbound: bool) -> None:
        self.connected.append((peer, outbound))
        self._changed.unpark_all()

    def on_disconnected(self, peer: HostKey) -> None:
        self.disconnected.append(peer)
        self._changed.unpark_all()

    def on_moved(self) -> None:
        self.moves += 1
        self._changed.unpark_all()

    def on_misconduct(self, peer: HostKey | None, reason: str) -> None:
        self.misconduct.append((peer, reason))
        self._changed.unpark_all()

    def party_of(self, peer: HostKey) -> bytes:
        return self.parties.get(peer, peer)

    @property
    def reasons(self) -> list[str]:
        return [reason for _, reason in self.misconduct]

    async def wait_until(self, is_so: Callable[[RecordingListener], bool]) -> None:
        with trio.fail_after(GUARD_S):
            while not is_so(self):
                await self._changed.park()


def libp2p_settings(number: int, **changes: object) -> HostSettings:
    settings = HostSettings(
        host_seed=bytes([number]) * 32,
        network_key=NETWORK_KEY,
        topic=TOPIC,
        listen=("/ip4/127.0.0.1/tcp/0",),
    )
    return replace(settings, **changes)


@dataclass(frozen=True)
class Node:
    """A network and what its listener was told."""

    network: Network
    listener: RecordingListener


class Adapter:
    """Opens nodes 1, 2, 3, … of one kind that can reach each other."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.switchboard = Switchboard(seed=1)

    def settings(self, number: int) -> OpenNetwork:
        if self.kind == "memory":
            return open_memory(self.switchboard, bytes([number]) * 32, f"node-{number}")
        return open_libp2p(libp2p_settings(number))

    @asynccontextmanager
    async def open(
        self, number: int, listener: RecordingListener, gate: Gate | None = None
    ) -> AsyncIterator[Network]:
        async with self.settings(number)(gate or MemberGate(), listener) as network:
            yield network

    @asynccontextmanager
    async def pair(self) -> AsyncIterator[tuple[Node, Node]]:
        """Nodes 1 and 2, the first having dialed the second."""
        one, two = RecordingListener(), RecordingListener()
        async with self.open(1, one) as a, self.open(2, two) as b:
            await a.dial(b.addresses()[0])
            await two.wait_until(lambda listener: bool(listener.connected))
            yield Node(a, one), Node(b, two)

    def nowhere(self) -> str:
        """An address at which nobody listens."""
        return "/memory/nobody" if self.kind == "memory" else "/ip4/127.0.0.1/tcp/1"


class HostileMember:
    """A peer that may pass the gate and then sends what it likes, byte for byte."""

    def __init__(self, connection: PrivateConnection, number: int) -> None:
        self.connection = connection
        self.keys = create_new_key_pair(bytes([number]) * 32)
        self.noise = NoiseTransport(self.keys, create_noise_key_pair().private_key)
        self.channel: GatedSession | None = None

    @property
    def host_key(self) -> HostKey:
        return HostKey(self.keys.public_key.to_bytes())

    async def pass_gate(self) -> None:
        await self.ask(SECURITY_PROTOCOL)
        transport = GateTransport(self.keys, MemberGate())
        self.channel = await transport.secure_outbound(self.connection, None)
        self.channel.max_read_bytes = 1 << 20
        await self.ask("/yamux/1.0.0")

    async def ask(self, protocol: str) -> None:
        """Negotiate a protocol of the connection."""
        await MultiselectClient().select_one_of(
            [protocol], MultiselectCommunicator(self.channel or self.connection)
        )

    async def send(
        self, kind: Type, flags: Flag, stream_id: int, value: int, data: bytes = b""
    ) -> None:
        assert self.channel is not None
        await self.channel.write(yamux_wire.encode(kind, flags, stream_id, value) + data)

    async def send_data(self, stream_id: int, data: bytes, flags: Flag = Flag.NONE) -> None:
        await self.send(Type.DATA, flags, stream_id, len(data), data)

    async def open_stream(self, stream_id: int, protocol: str) -> None:
        """Open a stream and claim its protocol, without waiting for the answer."""
        line = protocol.encode() + b"\n"
        await self.send_data(stream_id, OPENING + encode_varint(len(line)) + line, Flag.SYN)

    async def receive(self) -> tuple[int, int, Flag, int, int, bytes]:
        """The next Yamux frame: its header's fields, and its data."""
        assert self.channel is not None
        header = yamux_wire.decode(await self.channel.read(yamux_wire.HEADER_BYTES))
        data = await self.channel.read(header[4]) if header[1] == Type.DATA else b""
        return (*header, data)

    async def wait_until_cut_off(self) -> None:
        with trio.fail_after(GUARD_S):
            try:
                while True:
                    await self.receive()
            except StreamClosed:
                return


@pytest.fixture
async def hostile() -> AsyncIterator[Callable[..., Awaitable[HostileMember]]]:
    """Connects a peer of a chosen number to an address, and closes it after the test."""
    opened: list[trio.SocketStream] = []

    async def connect(
        address: str, number: int = 99, network_key: bytes = NETWORK_KEY, gated: bool = True
    ) -> HostileMember:
        target = parse_address(address)
        tcp = await trio.open_tcp_stream(target.host, target.port)
        opened.append(tcp)
        connection = PrivateConnection(tcp, network_key, is_initiator=True)
        member = HostileMember(connection, number)
        if gated:
            await member.pass_gate()
        return member

    yield connect
    for tcp in opened:
        await trio.aclose_forcefully(tcp)


@pytest.fixture(params=["libp2p", "memory"])
def adapter(request: pytest.FixtureRequest) -> Iterator[Adapter]:
    return Adapter(request.param)


@pytest.fixture
def member_gate() -> type[MemberGate]:
    return MemberGate


@pytest.fixture
def new_listener() -> type[RecordingListener]:
    return RecordingListener


@pytest.fixture
def settings_of() -> Callable[..., HostSettings]:
    return libp2p_settings
