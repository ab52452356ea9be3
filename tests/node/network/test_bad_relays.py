"""What a volunteer can do to those whose connections it carries, and what others to it.

The hostile relays are ours with one method exchanged: no honest host runs it here.
"""

from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from types import SimpleNamespace

import pytest
import trio
import trio.testing

from node.network.libp2p import MuxerLimits, RelayLimits, open_libp2p
from node.network.libp2p.byte_reader import encode_varint
from node.network.libp2p.circuit_wire import HOP, STOP, HopMessage, StopMessage
from node.network.libp2p.volunteer import Volunteer
from node.network.libp2p.yamux_wire import Flag, Type
from node.network.port import DialFailed, NetworkError, StreamClosed

ECHO = "/test/echo/1"
SECRET = b"nobody but the two of us reads this " * 100
PINGS = MuxerLimits(ping_interval_s=0.2, ping_timeout_s=0.5)


async def echo(stream):
    while (frame := await stream.receive_frame()) is not None:
        await stream.send_frame(frame)


async def exchange(world, body):
    """Send something from a to b and back."""
    stream = await world.a.open_stream(world.b.host_key, ECHO)
    await stream.send_frame(body)
    assert await stream.receive_frame() == body


async def becomes(is_so):
    with trio.fail_after(60):
        while not is_so():
            await trio.lowlevel.checkpoint()


@pytest.fixture
def three(settings_of, member_gate, new_listener):
    """a, and b with a place at the relay; none of them dials another."""

    @asynccontextmanager
    async def opened(limits=None, muxer=None, numbers=(1, 2, 3)):
        changes = {"muxer": muxer} if muxer else {}
        listeners = [new_listener() for _ in numbers]
        settings = [settings_of(number, **changes) for number in numbers]
        settings[2] = replace(settings[2], volunteers=True, relay=limits or RelayLimits())
        async with (
            open_libp2p(settings[0])(member_gate(), listeners[0]) as a,
            open_libp2p(settings[1])(member_gate(), listeners[1]) as b,
            open_libp2p(settings[2])(member_gate(), listeners[2]) as relay,
        ):
            b.serve(ECHO, echo)
            await b.dial(relay.addresses()[0])
            await becomes(lambda: b.reach().relays)
            (address,) = [each for each in b.addresses() if "/p2p-circuit" in each]
            yield SimpleNamespace(
                a=a, b=b, relay=relay, address=address,
                at_a=listeners[0], at_b=listeners[1], at_relay=listeners[2],
            )  # fmt: skip

    return opened


def carrying(monkeypatch, change, after=0):
    """Make the relay pass on what ``change(number, piece)`` returns, from a piece on."""

    async def carry(self, near, far):
        async def copy(source, target):
            number = 0
            try:
                while chunk := await source.receive_some():
                    number += 1
                    pieces = [chunk] if number <= after else change(number, chunk)
                    for piece in pieces:
                        await target.send_all(piece)
            except trio.BrokenResourceError:
                pass
            nursery.cancel_scope.cancel()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(copy, near, far)
            nursery.start_soon(copy, far, near)

    monkeypatch.setattr(Volunteer, "_carry", carry)


def flipped(_number, chunk):
    return [chunk[:-1] + bytes([chunk[-1] ^ 1])]


def reordered(_number, chunk):
    half = len(chunk) // 2
    return [chunk[half:], chunk[:half]]


def swallowed(_number, _chunk):
    return []


@pytest.mark.covers("TRN-84")
async def test_a_relay_sees_ciphertext_only(three, monkeypatch):
    seen = bytearray()

    def note(_number, chunk):
        seen.extend(chunk)
        return [chunk]

    carrying(monkeypatch, note)
    async with three() as world:
        await world.a.dial(world.address)
        await exchange(world, SECRET)
        assert len(seen) > 2 * len(SECRET)
        for known in (SECRET[:36], b"/multistream", b"/p2pmarket/gate", b"member", b"/yamux"):
            assert known not in seen


@pytest.mark.parametrize("change", [flipped, reordered, swallowed])
async def test_a_relay_that_garbles_the_beginning_brings_nobody_together(
    three, monkeypatch, change
):
    carrying(monkeypatch, change)
    async with three() as world:
        with pytest.raises(DialFailed):
            await world.a.dial(world.address, deadline_s=2.0)
        assert not world.at_a.misconduct
        assert {peer for peer, _ in world.at_b.misconduct} <= {None}


@pytest.mark.covers("TRN-85")
@pytest.mark.parametrize("change", [flipped, reordered])
async def test_nobody_is_blamed_for_what_was_altered_on_the_way(three, monkeypatch, change):
    """Otherwise a relay could make two honest members cut each other off."""
    carrying(monkeypatch, change, after=12)
    async with three(muxer=PINGS) as world:
        await world.a.dial(world.address)
        with trio.fail_after(60), suppress(NetworkError):
            while True:
                await exchange(world, SECRET)
        await world.at_a.wait_until(lambda each: world.b.host_key in each.disconnected)
        blamed = {peer for peer, _ in world.at_a.misconduct + world.at_b.misconduct}
        assert blamed <= {None}
        reasons = {*world.at_a.reasons, *world.at_b.reasons}
        assert reasons <= {"circuit-altered"}
        assert reasons or change is reordered  # then a length may be altered, and silence follows
        assert world.relay.host_key in {each.peer for each in world.b.connections()}


async def test_a_relay_that_swallows_everything_is_noticed(three, monkeypatch):
    carrying(monkeypatch, swallowed, after=12)
    async with three(muxer=PINGS) as world:
        await world.a.dial(world.address)
        await world.at_a.wait_until(lambda each: world.b.host_key in each.disconnected)
        await world.at_b.wait_until(lambda each: world.a.host_key in each.disconnected)


@pytest.mark.covers("TRN-82")
async def test_without_a_place_there_is_no_circuit(three):
    async with three() as world:
        wrong = world.address.replace(world.address.rpartition("/")[2], "")
        stranger = wrong + world.a.addresses()[0].rpartition("/")[2]
        with pytest.raises(DialFailed, match="no-reservation"):
            await world.b.dial(stranger)
        assert world.relay.counters()["relay-refused:no-reservation"] == 1
        assert world.b.counters()["circuit-refused:no-reservation"] == 1


@pytest.mark.covers("TRN-83")
async def test_reservations_and_circuits_are_bounded(three, settings_of, member_gate, new_listener):
    limits = RelayLimits(max_reservations=1, max_circuits_per_party=1)
    async with (
        three(limits) as world,
        open_libp2p(settings_of(4))(member_gate(), new_listener()) as c,
    ):
        await c.dial(world.relay.addresses()[0])
        await becomes(lambda: world.relay.counters().get("relay-refused:reservations"))
        assert not c.reach().relays
        await world.a.dial(world.address)
        with pytest.raises(DialFailed, match="resource-limit"):
            await c.dial(world.address)
        assert world.relay.counters()["relay-refused:household-circuits"] == 1
        # Room again when the first has ended.
        await world.a.disconnect(world.b.host_key)
        await becomes(lambda: world.relay.reach().circuits == 0)
        assert await c.dial(world.address) == world.b.host_key


@pytest.mark.covers("TRN-83")
@pytest.mark.parametrize(
    ("limits", "ended"),
    [
        (RelayLimits(max_circuit_bytes=30_000), "bytes"),
        (RelayLimits(max_circuit_s=0.5), "duration"),
        (RelayLimits(max_idle_s=0.5), "idle"),
    ],
)
async def test_a_circuit_ends_at_its_limits(three, limits, ended):
    async with three(limits) as world:
        await world.a.dial(world.address)
        if ended == "bytes":
            with suppress(NetworkError):
                await exchange(world, bytes(100_000))
        await world.at_a.wait_until(lambda each: world.b.host_key in each.disconnected)
        assert world.relay.counters()[f"relay-ended:{ended}"] == 1
        assert world.relay.reach().circuits == 0
        assert not world.at_a.misconduct + world.at_b.misconduct


async def test_a_volunteer_that_stops_parts_from_those_it_served(three):
    async with three() as world:
        await world.a.dial(world.address)
        world.relay.volunteer(False)
        await becomes(lambda: not world.b.reach().relays)
        await world.at_a.wait_until(lambda each: world.b.host_key in each.disconnected)
        assert not [each for each in world.b.addresses() if "/p2p-circuit" in each]


@pytest.mark.covers("TRN-81")
async def test_nobody_asks_for_a_circuit_through_a_circuit(three):
    async with three() as world:
        world.b.volunteer(True)
        await world.a.dial(world.address)
        # Ours never asks: it is made to.
        world.a._host._swarm.is_direct = lambda peer: True
        with pytest.raises(NetworkError):
            await world.a._host._circuits.reserve(world.b.host_key)
        assert world.b.counters()["relay-refused:relayed"] == 1


def delimited(message):
    encoded = message.SerializeToString()
    return encode_varint(len(encoded)) + encoded


async def test_three_hundred_half_open_circuits_leave_the_others_alone(three, hostile):
    """Hop streams on which nothing is said: the member that opens them loses its connection."""
    async with three() as world:
        villain = await hostile(world.relay.addresses()[0])
        with suppress(StreamClosed):
            for number in range(300):
                await villain.open_stream(2 * number + 1, HOP)
        await villain.wait_until_cut_off()
        assert (villain.host_key, "stream-flood") in world.at_relay.misconduct
        assert await world.a.dial(world.address) == world.b.host_key


@pytest.mark.covers("TRN-82")
async def test_circuits_that_nobody_asked_for_are_refused(three, hostile):
    """A member brings circuits to a host that holds no place with it."""
    async with three() as world:
        villain = await hostile(world.b.addresses()[0])
        connect = StopMessage(type=StopMessage.CONNECT)
        connect.peer.id = bytes.fromhex("002408011220") + bytes(range(32))
        for number in range(20):
            await villain.open_stream(2 * number + 1, STOP)
            await villain.send_data(2 * number + 1, delimited(connect))
        # While b itself asks the villain for a place they pass as far as the gate.
        counts = world.b.counters
        await becomes(
            lambda: counts().get("circuit-unasked", 0) + counts().get("circuits-accepted", 0) == 20
        )
        assert {each.peer for each in world.b.connections()} == {
            world.relay.host_key, villain.host_key
        }  # fmt: skip
        assert await world.a.dial(world.address) == world.b.host_key


async def test_a_malformed_request_costs_the_connection(three, hostile):
    async with three() as world:
        villain = await hostile(world.relay.addresses()[0])
        await villain.open_stream(1, HOP)
        await villain.send(Type.DATA, Flag.NONE, 1, 5, b"\x04\xff\xff\xff\xff")
        await villain.wait_until_cut_off()
        assert (villain.host_key, "relay-message") in world.at_relay.misconduct
        assert world.relay.counters()["relay-refused:malformed"] == 1


async def test_who_asks_too_often_is_refused(three, hostile):
    async with three(RelayLimits(requests_per_s=0.001, request_burst=2.0)) as world:
        villain = await hostile(world.relay.addresses()[0])
        for number in range(10):
            await villain.open_stream(2 * number + 1, HOP)
            await villain.send_data(2 * number + 1, delimited(HopMessage(type=HopMessage.RESERVE)))
        await becomes(lambda: world.relay.counters().get("relay-refused:too-often") == 8)
        assert await world.a.dial(world.address) == world.b.host_key
