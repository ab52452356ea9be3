"""What the port promises, of both adapters."""

import pytest
import trio

from node.network.libp2p import open_libp2p
from node.network.port import (
    MAX_FRAME_BYTES,
    MAX_GOSSIP_BYTES,
    DialFailed,
    FrameTooLarge,
    NetworkError,
    Refused,
    StreamClosed,
)
from protocol.errors import LocalError

ECHO = "/test/echo/1"


async def echo(stream):
    while (frame := await stream.receive_frame()) is not None:
        await stream.send_frame(frame)


async def never_read(stream):
    await trio.sleep_forever()


async def send_without_end(stream, frame, deadline_s=30.0):
    while True:
        await stream.send_frame(frame, deadline_s)


async def test_both_sides_of_a_dial_know_who_is_at_the_other_end(adapter):
    async with adapter.pair() as (a, b):
        assert a.listener.connected == [(b.network.host_key, True)]
        assert b.listener.connected == [(a.network.host_key, False)]
        assert [c.peer for c in a.network.connections()] == [b.network.host_key]
        assert [c.outbound for c in b.network.connections()] == [False]


async def test_dialing_a_connected_peer_returns_at_once_and_tells_nobody(adapter):
    async with adapter.pair() as (a, b):
        assert await a.network.dial(b.network.addresses()[0]) == b.network.host_key
        assert len(a.listener.connected) == len(b.listener.connected) == 1


async def test_an_address_without_a_peer_id_can_be_dialed(adapter, new_listener):
    async with adapter.open(1, new_listener()) as a, adapter.open(2, new_listener()) as b:
        bare = b.addresses()[0].partition("/p2p/")[0]
        assert await a.dial(bare) == b.host_key


async def test_a_host_does_not_connect_to_itself(adapter, new_listener):
    async with adapter.open(1, new_listener()) as a:
        for address in (a.addresses()[0], a.addresses()[0].partition("/p2p/")[0]):
            with pytest.raises(DialFailed):
                await a.dial(address)


@pytest.mark.covers("TRN-7")
async def test_another_host_at_the_dialed_address_is_not_accepted(adapter, new_listener):
    async with (
        adapter.open(1, new_listener()) as a,
        adapter.open(2, new_listener()) as b,
        adapter.open(3, new_listener()) as c,
    ):
        where_b_is = b.addresses()[0].partition("/p2p/")[0]
        who_c_is = c.addresses()[0].partition("/p2p/")[2]
        with pytest.raises(DialFailed):
            await a.dial(f"{where_b_is}/p2p/{who_c_is}")
        assert not a.connections()


@pytest.mark.parametrize("address", ["", "/", "/ip4/1.2.3.4", "/memory", "/x/y/z", "/ip4/x/tcp/1"])
async def test_a_malformed_address_is_a_failed_dial(adapter, new_listener, address):
    async with adapter.open(1, new_listener()) as a:
        with pytest.raises(DialFailed):
            await a.dial(address)


async def test_dialing_where_nobody_listens_fails(adapter, new_listener):
    async with adapter.open(1, new_listener()) as a:
        with pytest.raises(DialFailed):
            await a.dial(adapter.nowhere())


async def test_a_redial_right_after_a_failed_dial_works(adapter, new_listener):
    """Trap 8: libp2p blocks a peer for a minute after one failed dial."""
    async with adapter.open(1, new_listener()) as a:
        async with adapter.open(2, new_listener()) as b:
            address = b.addresses()[0]
        with pytest.raises(DialFailed):
            await a.dial(address)
        async with adapter.open(2, new_listener()) as b:
            assert await a.dial(b.addresses()[0]) == b.host_key


async def test_a_stranger_learns_why_it_is_refused(adapter, new_listener, member_gate):
    host = new_listener()
    async with (
        adapter.open(1, host) as a,
        adapter.open(2, new_listener(), member_gate(card=b"forged")) as stranger,
    ):
        with pytest.raises(Refused) as refused:
            await stranger.dial(a.addresses()[0])
        assert (refused.value.reason, refused.value.by_us) == ("stranger", False)
        assert host.connected == []


async def test_a_dialer_that_refuses_says_so_to_its_caller(adapter, new_listener, member_gate):
    async with (
        adapter.open(1, new_listener(), member_gate(accepted=b"others")) as a,
        adapter.open(2, new_listener()) as b,
    ):
        with pytest.raises(Refused) as refused:
            await a.dial(b.addresses()[0])
        assert (refused.value.reason, refused.value.by_us) == ("stranger", True)


async def test_a_gate_that_raises_closes_the_connection(adapter, new_listener, caplog):
    class BrokenGate:
        async def admit(self, channel, remote, is_dialer):
            raise RuntimeError("a bug")

    host = new_listener()
    async with adapter.open(1, host, BrokenGate()) as a, adapter.open(2, new_listener()) as b:
        with pytest.raises(DialFailed):
            await b.dial(a.addresses()[0])
        assert host.connected == []


async def test_simultaneous_dials_leave_one_reported_connection(adapter, new_listener):
    one, two = new_listener(), new_listener()
    async with adapter.open(1, one) as a, adapter.open(2, two) as b:
        b.serve(ECHO, echo)
        a.serve(ECHO, echo)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(a.dial, b.addresses()[0])
            nursery.start_soon(b.dial, a.addresses()[0])
        assert len(a.connections()) == len(b.connections()) == 1
        for near, far in ((a, b), (b, a)):
            stream = await near.open_stream(far.host_key, ECHO)
            await stream.send_frame(b"hello")
            assert await stream.receive_frame() == b"hello"
        assert len(one.connected) == len(two.connected) == 1


@pytest.mark.covers("TRN-16")
async def test_frames_arrive_whole_in_order_and_of_any_length(adapter):
    """Trap 14: libp2p gives up on a message that arrives in over 101 pieces."""
    async with adapter.pair() as (a, b):
        b.network.serve(ECHO, echo)
        stream = await a.network.open_stream(b.network.host_key, ECHO)
        assert stream.remote == b.network.host_key
        for size in (0, 1, 127, 128, 70_000, MAX_FRAME_BYTES):
            frame = bytes([size % 251]) * size
            async with trio.open_nursery() as nursery:
                nursery.start_soon(stream.send_frame, frame)
                assert await stream.receive_frame() == frame


async def test_a_closed_side_ends_with_none_after_the_last_frame(adapter):
    async def say_and_leave(stream):
        await stream.send_frame(b"last words")

    async with adapter.pair() as (a, b):
        b.network.serve(ECHO, say_and_leave)
        stream = await a.network.open_stream(b.network.host_key, ECHO)
        assert await stream.receive_frame() == b"last words"
        assert await stream.receive_frame() is None


async def test_sending_to_a_peer_that_closed_the_stream_fails(adapter):
    async def leave(stream):
        return

    async with adapter.pair() as (a, b):
        b.network.serve(ECHO, leave)
        stream = await a.network.open_stream(b.network.host_key, ECHO)
        assert await stream.receive_frame() is None
        with pytest.raises(StreamClosed):
            await send_without_end(stream, b"x" * 1000)
        assert a.network.connections()


@pytest.mark.covers("TRN-16")
async def test_a_frame_above_what_is_expected_ends_the_connection(adapter):
    async with adapter.pair() as (a, b):
        seen = []

        async def expect_little(stream):
            with pytest.raises(FrameTooLarge):
                await stream.receive_frame(max_bytes=10)
            seen.append(stream.remote)

        b.network.serve(ECHO, expect_little)
        stream = await a.network.open_stream(b.network.host_key, ECHO)
        await stream.send_frame(b"x" * 11)
        await b.listener.wait_until(lambda listener: bool(listener.disconnected))
        await a.listener.wait_until(lambda listener: bool(listener.disconnected))
        assert b.listener.misconduct == [(a.network.host_key, "frame")]


async def test_a_frame_above_the_limit_is_never_sent(adapter):
    async with adapter.pair() as (a, b):
        b.network.serve(ECHO, echo)
        stream = await a.network.open_stream(b.network.host_key, ECHO)
        with pytest.raises(ValueError, match="at most"):
            await stream.send_frame(bytes(MAX_FRAME_BYTES + 1))
        with pytest.raises(ValueError, match="at most"):
            await a.network.publish(bytes(MAX_GOSSIP_BYTES + 1))


async def test_a_frame_that_does_not_come_in_time_closes_the_stream_only(adapter):
    async with adapter.pair() as (a, b):
        b.network.serve(ECHO, never_read)
        stream = await a.network.open_stream(b.network.host_key, ECHO)
        with pytest.raises(StreamClosed):
            await stream.receive_frame(deadline_s=0.01)
        assert a.network.connections()
        assert b.network.connections()


@pytest.mark.covers("TRN-17")
async def test_a_write_past_its_deadline_drops_the_connection(adapter):
    """Trap 6: libp2p wedges the whole connection instead."""
    async with adapter.pair() as (a, b):
        b.network.serve(ECHO, never_read)
        stream = await a.network.open_stream(b.network.host_key, ECHO)
        with pytest.raises(StreamClosed):
            await send_without_end(stream, bytes(MAX_FRAME_BYTES), deadline_s=0.2)
        await a.listener.wait_until(lambda listener: bool(listener.disconnected))
        await b.listener.wait_until(lambda listener: bool(listener.disconnected))


@pytest.mark.covers("TRN-17")
async def test_a_cancelled_write_drops_the_connection(adapter):
    """Trap 6."""
    async with adapter.pair() as (a, b):
        b.network.serve(ECHO, never_read)
        stream = await a.network.open_stream(b.network.host_key, ECHO)
        with trio.move_on_after(0.2):
            await send_without_end(stream, bytes(MAX_FRAME_BYTES))
        await a.listener.wait_until(lambda listener: bool(listener.disconnected))
        assert await a.network.dial(b.network.addresses()[0]) == b.network.host_key


async def test_a_protocol_that_nobody_serves_is_an_error_not_a_lost_connection(adapter):
    async with adapter.pair() as (a, b):
        with pytest.raises(NetworkError):
            await a.network.open_stream(b.network.host_key, "/test/unknown/1")
        assert a.network.connections()


async def test_a_stream_to_an_unconnected_peer_is_an_error(adapter, new_listener):
    async with adapter.open(1, new_listener()) as a, adapter.open(2, new_listener()) as b:
        with pytest.raises(NetworkError):
            await a.open_stream(b.host_key, ECHO)


async def test_a_handler_that_raises_harms_only_its_stream(adapter, caplog):
    """Trap 2: in libp2p it ends the process."""

    async def broken(stream):
        raise RuntimeError("a bug")

    async with adapter.pair() as (a, b):
        b.network.serve("/test/broken/1", broken)
        b.network.serve(ECHO, echo)
        stream = await a.network.open_stream(b.network.host_key, "/test/broken/1")
        assert await stream.receive_frame() is None
        stream = await a.network.open_stream(b.network.host_key, ECHO)
        await stream.send_frame(b"still here")
        assert await stream.receive_frame() == b"still here"


async def test_a_handler_ends_with_the_connection_it_serves(adapter):
    """Trap 15: libp2p's handlers survive until they do I/O."""
    async with adapter.pair() as (a, b):
        is_serving, has_ended = trio.Event(), trio.Event()

        async def wait(stream):
            is_serving.set()
            try:
                await trio.sleep_forever()
            finally:
                has_ended.set()

        b.network.serve(ECHO, wait)
        await a.network.open_stream(b.network.host_key, ECHO)
        with trio.fail_after(60):
            await is_serving.wait()
            await a.network.disconnect(b.network.host_key)
            await has_ended.wait()


async def test_disconnecting_is_told_once_on_both_sides(adapter):
    async with adapter.pair() as (a, b):
        await a.network.disconnect(b.network.host_key)
        assert not a.network.connections()
        await b.listener.wait_until(lambda listener: bool(listener.disconnected))
        assert a.listener.disconnected == [b.network.host_key]
        assert b.listener.disconnected == [a.network.host_key]
        await a.network.disconnect(b.network.host_key)
        assert len(a.listener.disconnected) == 1


async def test_leaving_the_network_disconnects_everybody(adapter, new_listener):
    one, two = new_listener(), new_listener()
    async with adapter.open(1, one) as a:
        async with adapter.open(2, two) as b:
            await a.dial(b.addresses()[0])
        await one.wait_until(lambda listener: bool(listener.disconnected))
        assert two.disconnected == [a.host_key]
        assert not a.connections()


async def test_an_exception_in_the_body_leaves_the_network_bare(adapter, new_listener):
    """Trap 15: libp2p wraps it in an ExceptionGroup."""
    with pytest.raises(KeyError):
        async with adapter.open(1, new_listener()):
            raise KeyError("mine")


async def test_a_second_host_at_the_same_address_is_a_clear_error(
    adapter, new_listener, settings_of
):
    async with adapter.open(1, new_listener()) as a:
        if adapter.kind == "memory":
            opener = adapter.settings(1)
        else:
            taken = a.addresses()[0].partition("/p2p/")[0]
            opener = open_libp2p(settings_of(2, listen=(taken,)))
        with pytest.raises(LocalError) as error:
            async with opener(None, new_listener()):
                pass
        assert error.value.code == "port-in-use"
        assert "address" in error.value.fields


async def test_gossip_reaches_peers_of_peers_and_never_comes_back(adapter, new_listener):
    first, middle, last = (new_listener() for _ in range(3))
    async with (
        adapter.open(1, first) as a,
        adapter.open(2, middle) as b,
        adapter.open(3, last) as c,
    ):
        await a.dial(b.addresses()[0])
        await b.dial(c.addresses()[0])
        # Gossip is a hint: what is published before the peers know each other is lost.
        with trio.fail_after(60):
            while not last.gossip:
                await a.publish(b"record")
                with trio.move_on_after(0.2):
                    await last.wait_until(lambda listener: bool(listener.gossip))
        assert b"record" in middle.gossip
        assert first.gossip == []


async def test_gossip_called_bad_is_not_forwarded(adapter, new_listener):
    """Trap 13: False is for provably bad bytes only, and it stops them."""
    first, last = new_listener(), new_listener()
    middle = new_listener(verdict=lambda data: data != b"bad")
    async with (
        adapter.open(1, first) as a,
        adapter.open(2, middle) as b,
        adapter.open(3, last) as c,
    ):
        await a.dial(b.addresses()[0])
        await b.dial(c.addresses()[0])
        with trio.fail_after(60):
            while b"good" not in last.gossip:
                await a.publish(b"bad")
                await a.publish(b"good")
                with trio.move_on_after(0.2):
                    await last.wait_until(lambda listener: b"good" in listener.gossip)
        assert b"bad" in middle.gossip
        assert b"bad" not in last.gossip


async def test_a_listener_that_raises_does_not_end_the_network(adapter, new_listener, caplog):
    class Raising(new_listener):
        async def on_gossip(self, forwarder, data):
            await super().on_gossip(forwarder, data)
            raise RuntimeError("a bug")

    raising = Raising()
    async with adapter.open(1, new_listener()) as a, adapter.open(2, raising) as b:
        b.serve(ECHO, echo)
        await a.dial(b.addresses()[0])
        with trio.fail_after(60):
            while not raising.gossip:
                await a.publish(b"record")
                with trio.move_on_after(0.2):
                    await raising.wait_until(lambda listener: bool(listener.gossip))
        stream = await a.open_stream(b.host_key, ECHO)
        await stream.send_frame(b"x")
        assert await stream.receive_frame() == b"x"
