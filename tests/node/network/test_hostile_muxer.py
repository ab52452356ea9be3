"""A member that breaks Yamux loses its connection, and nobody else loses anything."""

import pytest
import trio

from node.network.libp2p import open_libp2p, yamux_wire
from node.network.libp2p.settings import MuxerLimits
from node.network.libp2p.yamux_stream import WINDOW_BYTES
from node.network.libp2p.yamux_wire import Flag, Type
from node.network.port import MAX_FRAME_BYTES, StreamClosed

ECHO = "/test/echo/1"


async def echo(stream):
    while (frame := await stream.receive_frame()) is not None:
        await stream.send_frame(frame)


async def never_read(stream):
    await trio.sleep_forever()


async def answers_others(a, settings_of, member_gate, new_listener):
    """An honest peer still gets its answer."""
    async with open_libp2p(settings_of(50))(member_gate(), new_listener()) as honest:
        await honest.dial(a.addresses()[0])
        stream = await honest.open_stream(a.host_key, ECHO)
        await stream.send_frame(b"hello")
        return await stream.receive_frame() == b"hello"


@pytest.fixture
async def host(settings_of, member_gate, new_listener):
    listener = new_listener()
    async with open_libp2p(settings_of(1))(member_gate(), listener) as network:
        network.serve(ECHO, echo)
        network.serve("/test/idle/1", never_read)
        yield network, listener


@pytest.mark.covers("TRN-12")
async def test_more_data_than_the_window_ends_the_connection(
    host, hostile, settings_of, member_gate, new_listener
):
    """Trap 4: libp2p lets an unread stream grow without end."""
    a, listener = host
    peer = await hostile(a.addresses()[0])
    await peer.open_stream(1, "/test/idle/1")
    sent = 0
    while sent <= WINDOW_BYTES:
        await peer.send_data(1, bytes(32 << 10))
        sent += 32 << 10
    await peer.wait_until_cut_off()
    await listener.wait_until(lambda each: bool(each.disconnected))
    assert listener.misconduct == [(peer.host_key, "yamux-window")]
    assert await answers_others(a, settings_of, member_gate, new_listener)


@pytest.mark.covers("TRN-12")
async def test_a_length_above_the_window_is_refused_before_the_data_comes(host, hostile):
    a, listener = host
    peer = await hostile(a.addresses()[0])
    await peer.open_stream(1, "/test/idle/1")
    await peer.send(Type.DATA, Flag.NONE, 1, 0xFFFFFFFF)
    await peer.wait_until_cut_off()
    await listener.wait_until(lambda each: bool(each.disconnected))
    assert listener.reasons == ["yamux-window"]


@pytest.mark.covers("TRN-11")
async def test_a_full_window_that_is_read_is_granted_again(host, hostile):
    a, _ = host
    peer = await hostile(a.addresses()[0])
    await peer.open_stream(1, ECHO)
    granted = 0
    # A frame of the greatest length needs four windows to pass.
    frame = b"\x80\x80\x40" + bytes(MAX_FRAME_BYTES)
    position, window = 0, WINDOW_BYTES - 64
    with trio.fail_after(60):
        while position < len(frame):
            while window:
                chunk = frame[position : position + min(window, 16 << 10)]
                if not chunk:
                    break
                await peer.send_data(1, chunk)
                position += len(chunk)
                window -= len(chunk)
            if position < len(frame):
                _, kind, flags, stream_id, value, _ = await peer.receive()
                if kind == Type.WINDOW_UPDATE and stream_id == 1 and flags == Flag.NONE:
                    window += value
                    granted += value
    assert granted >= MAX_FRAME_BYTES - WINDOW_BYTES


@pytest.mark.covers("TRN-13")
async def test_streams_above_the_cap_are_reset_and_the_others_live(host, hostile):
    """Trap 4: libp2p has no cap; 20,000 SYNs made 8,763 tasks."""
    a, listener = host
    peer = await hostile(a.addresses()[0])
    cap = MuxerLimits().max_inbound_streams
    opened = [2 * n + 1 for n in range(cap + 5)]
    for stream_id in opened:
        await peer.open_stream(stream_id, "/test/idle/1")
    reset = []
    with trio.fail_after(60):
        while len(reset) < 5:
            *_, flags, stream_id, _, _ = await peer.receive()
            if Flag.RST in flags and stream_id not in reset:
                reset.append(stream_id)
    assert reset == opened[cap:]
    assert listener.misconduct == []


@pytest.mark.covers("TRN-13")
async def test_a_flood_of_streams_ends_the_connection(
    host, hostile, settings_of, member_gate, new_listener
):
    a, listener = host
    peer = await hostile(a.addresses()[0])

    async def flood():
        for n in range(1, 1 << 20, 2):
            await peer.send(Type.WINDOW_UPDATE, Flag.SYN, n, 0)
            await peer.send(Type.WINDOW_UPDATE, Flag.RST, n, 0)

    with pytest.raises(StreamClosed):
        await flood()
    await listener.wait_until(lambda each: bool(each.disconnected))
    assert listener.misconduct == [(peer.host_key, "stream-flood")]
    assert await answers_others(a, settings_of, member_gate, new_listener)


@pytest.mark.covers("TRN-14")
@pytest.mark.parametrize(
    ("kind", "flags", "stream_id", "value", "reason"),
    [
        (7, Flag.NONE, 0, 0, "yamux-frame"),
        (Type.DATA, Flag.SYN, 2, 0, "yamux-stream-id"),
        (Type.DATA, Flag.SYN, 0, 0, "yamux-stream-id"),
        (Type.DATA, Flag.SYN, 1, 0, "yamux-stream-id"),
        (Type.WINDOW_UPDATE, Flag.NONE, 1, 0xFFFFFFFF, "yamux-window"),
        (Type.DATA, Flag.NONE, 9, WINDOW_BYTES + 1, "yamux-window"),
    ],
)
async def test_a_frame_that_nobody_honest_sends_ends_the_connection(
    host, hostile, kind, flags, stream_id, value, reason
):
    a, listener = host
    peer = await hostile(a.addresses()[0])
    await peer.open_stream(1, "/test/idle/1")
    await peer.send(kind, flags, stream_id, value)
    await peer.wait_until_cut_off()
    await listener.wait_until(lambda each: bool(each.disconnected))
    assert listener.misconduct == [(peer.host_key, reason)]


@pytest.mark.covers("TRN-12")
async def test_data_after_the_end_of_a_stream_ends_the_connection(host, hostile):
    a, listener = host
    peer = await hostile(a.addresses()[0])
    await peer.open_stream(1, "/test/idle/1")
    await peer.send_data(1, b"the last", Flag.FIN)
    await peer.send_data(1, b"and one more")
    await peer.wait_until_cut_off()
    await listener.wait_until(lambda each: bool(each.disconnected))
    assert listener.reasons == ["yamux-window"]


async def test_frames_for_streams_that_are_gone_are_answered_with_a_reset(host, hostile):
    a, listener = host
    peer = await hostile(a.addresses()[0])
    await peer.send(Type.WINDOW_UPDATE, Flag.NONE, 5, 10)
    await peer.send_data(5, b"late")
    with trio.fail_after(60):
        while True:
            _, kind, flags, stream_id, _, _ = await peer.receive()
            if stream_id == 5:
                break
    assert (kind, flags) == (Type.WINDOW_UPDATE, Flag.RST)
    assert listener.misconduct == []


async def test_answers_that_are_never_read_do_not_pile_up(host, hostile):
    a, listener = host
    peer = await hostile(a.addresses()[0])
    pings = yamux_wire.encode(Type.PING, Flag.SYN, 0, 7) * 5000

    async def ping_until_cut_off():
        while True:
            await peer.channel.write(pings)

    with trio.fail_after(60), pytest.raises(StreamClosed):
        await ping_until_cut_off()
    await listener.wait_until(lambda each: bool(each.disconnected))
    assert listener.reasons == ["unread-answers"]


@pytest.mark.covers("TRN-16")
@pytest.mark.parametrize("prefix", [b"\xff\xff\xff\x7f", b"\x80\x00", b"\x80" * 12])
async def test_a_frame_length_that_is_too_great_or_not_minimal_ends_the_connection(
    host, hostile, prefix
):
    a, listener = host
    peer = await hostile(a.addresses()[0])
    await peer.open_stream(1, ECHO)
    await peer.send_data(1, prefix)
    await peer.wait_until_cut_off()
    await listener.wait_until(lambda each: bool(each.disconnected))
    assert listener.misconduct == [(peer.host_key, "frame")]


@pytest.mark.covers("TRN-16")
async def test_a_frame_in_single_bytes_arrives(host, hostile):
    """Trap 14: libp2p gives up after 101 partial reads."""
    a, _ = host
    peer = await hostile(a.addresses()[0])
    await peer.open_stream(1, ECHO)
    frame = b"\xac\x02" + bytes(range(256)) + bytes(44)
    for byte in frame:
        await peer.send_data(1, bytes([byte]))
    received = b""
    with trio.fail_after(60):
        while not received.endswith(frame):
            *_, data = await peer.receive()
            received += data


@pytest.mark.covers("TRN-15")
async def test_a_silent_peer_is_noticed(settings_of, member_gate, new_listener, hostile):
    """Trap 7: without this a stopped process is not noticed for over 200 s."""
    listener = new_listener()
    limits = MuxerLimits(ping_interval_s=0.05, ping_timeout_s=0.05)
    async with open_libp2p(settings_of(1, muxer=limits))(member_gate(), listener) as a:
        await hostile(a.addresses()[0])
        await listener.wait_until(lambda each: bool(each.disconnected))
        assert listener.misconduct == []


@pytest.mark.covers("TRN-15")
async def test_a_peer_that_answers_pings_stays(settings_of, member_gate, new_listener, hostile):
    listener = new_listener()
    limits = MuxerLimits(ping_interval_s=0.02, ping_timeout_s=30.0)
    async with open_libp2p(settings_of(1, muxer=limits))(member_gate(), listener) as a:
        peer = await hostile(a.addresses()[0])
        for _ in range(5):
            kind = None
            while kind != Type.PING:
                _, kind, _, _, value, _ = await peer.receive()
            await peer.send(Type.PING, Flag.ACK, 0, value)
        assert listener.disconnected == []
