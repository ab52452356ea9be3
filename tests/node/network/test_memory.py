"""The in-memory adapter's faults: seeded, and under a clock that the test moves."""

import pytest
import trio
import trio.testing

from node.network.memory import Faults, Switchboard, open_memory
from node.network.port import DialFailed, NetworkError, StreamClosed


def opener(switchboard, number):
    return open_memory(switchboard, bytes([number]) * 32, f"n{number}")


async def send_without_end(stream, taken):
    while True:
        await stream.send_frame(bytes(10_000), deadline_s=30.0)
        taken.append(10_000)


async def test_the_same_seed_gives_every_message_the_same_fate():
    faults = Faults(loss=0.3, duplication=0.3, delay_s=(0.0, 2.0), reordering=0.2)

    def fates(seed):
        board = Switchboard(seed, faults)
        return [board.fate("a", "b", f"m{n}") for n in range(200)]

    assert fates(1) == fates(1)
    assert fates(1) != fates(2)
    lost = sum(1 for fate in fates(1) if not fate)
    doubled = sum(1 for fate in fates(1) if len(fate) == 2)
    assert 30 < lost < 90
    assert 20 < doubled < 70


async def test_delayed_gossip_arrives_out_of_order_and_once(mock_clock, member_gate, new_listener):
    board = Switchboard(3, Faults(duplication=1.0, delay_s=(0.0, 100.0)))
    listener = new_listener()
    async with (
        opener(board, 1)(member_gate(), new_listener()) as a,
        opener(board, 2)(member_gate(), listener) as b,
    ):
        await a.dial(b.addresses()[0])
        sent = [b"%d" % n for n in range(50)]
        for data in sent:
            await a.publish(data)
        await trio.testing.wait_all_tasks_blocked()
        mock_clock.jump(200)
        await trio.testing.wait_all_tasks_blocked()
        assert sorted(listener.gossip) == sorted(sent)
        assert listener.gossip != sent


async def test_lost_gossip_is_lost(member_gate, new_listener):
    board = Switchboard(3, Faults(loss=1.0))
    listener = new_listener()
    async with (
        opener(board, 1)(member_gate(), new_listener()) as a,
        opener(board, 2)(member_gate(), listener) as b,
    ):
        await a.dial(b.addresses()[0])
        await a.publish(b"x")
        await trio.testing.wait_all_tasks_blocked()
        assert listener.gossip == []


async def test_a_cut_parts_two_groups_until_it_heals(member_gate, new_listener):
    board = Switchboard(1)
    listeners = [new_listener() for _ in range(3)]
    async with (
        opener(board, 1)(member_gate(), listeners[0]) as a,
        opener(board, 2)(member_gate(), listeners[1]) as b,
        opener(board, 3)(member_gate(), listeners[2]) as c,
    ):
        await a.dial(b.addresses()[0])
        await a.dial(c.addresses()[0])
        board.cut(["n1"], ["n2"])
        assert listeners[0].disconnected == [b.host_key]
        assert listeners[1].disconnected == [a.host_key]
        assert [each.peer for each in a.connections()] == [c.host_key]
        for near, far in ((a, b), (b, a)):
            with pytest.raises(DialFailed):
                await near.dial(far.addresses()[0])
        await b.dial(c.addresses()[0])
        board.heal()
        assert await a.dial(b.addresses()[0]) == b.host_key


async def test_a_crash_breaks_every_connection_and_stream_at_once(member_gate, new_listener):
    board = Switchboard(1)
    listeners = [new_listener() for _ in range(2)]
    async with opener(board, 1)(member_gate(), listeners[0]) as a:
        async with opener(board, 2)(member_gate(), listeners[1]) as b:
            is_ended = trio.Event()

            async def wait(stream):
                try:
                    await trio.sleep_forever()
                finally:
                    is_ended.set()

            b.serve("/x/1", wait)
            await a.dial(b.addresses()[0])
            stream = await a.open_stream(b.host_key, "/x/1")
            await trio.testing.wait_all_tasks_blocked()
            board.crash("n2")
            with pytest.raises(StreamClosed):
                await stream.receive_frame()
            with trio.fail_after(60):
                await is_ended.wait()
            assert not a.connections()
            with pytest.raises(DialFailed):
                await a.dial("/memory/n2")
            with pytest.raises(DialFailed):
                await b.dial("/memory/n1")
            with pytest.raises(NetworkError):
                await b.open_stream(a.host_key, "/x/1")
            # It may come back under its name while the dead one is being cleared away.
            async with opener(board, 2)(member_gate(), new_listener()) as again:
                assert await a.dial("/memory/n2") == again.host_key
        assert listeners[0].disconnected == [b.host_key, again.host_key]


async def test_a_silent_gate_is_given_up_after_its_deadline(
    autojump_clock, member_gate, new_listener
):
    class Silent(member_gate):
        async def admit(self, channel, remote, is_dialer):
            await trio.sleep_forever()

    board, listener = Switchboard(1), new_listener()
    async with (
        opener(board, 1)(member_gate(), listener) as a,
        opener(board, 2)(Silent(), new_listener()) as b,
    ):
        with pytest.raises(DialFailed):
            await b.dial(a.addresses()[0])
        assert trio.current_time() >= 5.0
        assert listener.connected == []
        assert listener.reasons == ["gate-deadline"]


async def test_an_unread_stream_holds_the_sender_back(autojump_clock, member_gate, new_listener):
    board = Switchboard(1)
    async with (
        opener(board, 1)(member_gate(), new_listener()) as a,
        opener(board, 2)(member_gate(), new_listener()) as b,
    ):

        async def never_read(stream):
            await trio.sleep_forever()

        b.serve("/x/1", never_read)
        await a.dial(b.addresses()[0])
        stream = await a.open_stream(b.host_key, "/x/1")
        taken = []
        with pytest.raises(StreamClosed):
            await send_without_end(stream, taken)
        assert 256 << 10 <= sum(taken) <= 300_000
        assert not a.connections()
