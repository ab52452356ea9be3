"""Neighbours outside try whether they can dial a host, and what it makes of their answers."""

import pytest
import trio
import trio.testing

from node.network.libp2p import open_libp2p
from node.network.libp2p.addresses import parse_address
from node.network.libp2p.dial_back import Opinion
from node.network.libp2p.outside_view import OutsideView
from node.network.port import Connection, HostKey, NetworkError

NAMED = "/ip4/203.0.113.9/tcp/{port}"
ADDRESS = "/ip4/11.0.0.1/tcp/4001"


@pytest.mark.covers("TRN-87")
async def test_a_neighbour_dials_the_address_that_it_sees_and_no_other(
    settings_of, member_gate, new_listener
):
    asked = new_listener()
    async with (
        open_libp2p(settings_of(1))(member_gate(), new_listener()) as a,
        open_libp2p(settings_of(2))(member_gate(), asked) as b,
    ):
        await a.dial(b.addresses()[0])
        port = parse_address(a.addresses()[0]).port
        ask = a._host._ask_to_dial_back
        reached = await ask(b.host_key, [NAMED.format(port=port)])
        assert reached == Opinion(f"/ip4/127.0.0.1/tcp/{port}", "127.0.0.1")
        # Another host answers at its own port: it is not the one that asks.
        other = parse_address(b.addresses()[0]).port
        nobody = Opinion(False, "127.0.0.1")
        assert await ask(b.host_key, [NAMED.format(port=other)]) == nobody
        assert await ask(b.host_key, [NAMED.format(port=1)]) == nobody
        # Neither was kept, nor held against anybody.
        assert len(a.connections()) == len(b.connections()) == 1
        assert asked.misconduct == []
        answers = [await ask(b.host_key, [NAMED.format(port=port)]) for _ in range(6)]
        assert answers[-1] is None
        assert b.counters()["dial-back-refused"] >= 1


@pytest.mark.covers("TRN-87")
async def test_who_comes_through_a_relay_is_not_dialled_back(
    settings_of, member_gate, new_listener
):
    async with (
        open_libp2p(settings_of(1))(member_gate(), new_listener()) as a,
        open_libp2p(settings_of(2))(member_gate(), new_listener()) as b,
        open_libp2p(settings_of(3, volunteers=True))(member_gate(), new_listener()) as relay,
    ):
        await b.dial(relay.addresses()[0])
        with trio.fail_after(60):
            while not (found := [each for each in b.addresses() if "/p2p-circuit" in each]):
                await trio.lowlevel.checkpoint()
        await a.dial(found[0])
        a._host._swarm.is_direct = lambda peer: True  # ours never asks: it is made to
        assert await a._host._ask_to_dial_back(b.host_key, [ADDRESS]) is None


class Neighbours:
    """Neighbours outside, each with an opinion, and what was asked of them."""

    def __init__(self, *opinions):
        self.opinions = dict(enumerate(opinions))
        self.asked = []
        self.addresses = [ADDRESS]
        self.changes = 0
        self.view = OutsideView(self._ask, self._connected, lambda: self.addresses, self._note)

    def _connected(self):
        return [
            Connection(HostKey(bytes([number])), f"/ip4/11.0.1.{number + 1}/tcp/1", True)
            for number in self.opinions
        ]

    async def _ask(self, peer, addresses):
        self.asked.append(peer[0])
        opinion = self.opinions[peer[0]]
        if isinstance(opinion, Exception):
            raise opinion
        return None if opinion is None else Opinion(opinion, "11.0.0.11")

    def _note(self):
        self.changes += 1


async def move(clock, seconds):
    """Move the clock, a second at a time, and let everybody do what is due."""
    for _ in range(seconds):
        await trio.testing.wait_all_tasks_blocked()
        clock.jump(1)
    await trio.testing.wait_all_tasks_blocked()


@pytest.fixture
async def opinions_of(mock_clock, nursery):
    async def heard(*opinions):
        neighbours = Neighbours(*opinions)
        nursery.start_soon(neighbours.view.run)
        await move(mock_clock, 1)
        return neighbours

    return heard


@pytest.mark.covers("TRN-88")
@pytest.mark.parametrize(
    ("opinions", "expected"),
    [
        ([], None),
        ([None, NetworkError("gone")], None),
        (["/ip4/192.168.1.2/tcp/4001"], None),
        ([ADDRESS], True),
        ([False], False),
        ([ADDRESS, False, False], False),
        ([ADDRESS, ADDRESS, False], True),
        ([False, False, False, ADDRESS, ADDRESS, ADDRESS, ADDRESS], False),
    ],
)
async def test_half_of_three_opinions_decide(opinions_of, opinions, expected):
    neighbours = await opinions_of(*opinions)
    assert neighbours.view.is_reachable is expected
    assert neighbours.view.addresses() == ((ADDRESS,) if expected else ())
    assert neighbours.view.seen_at == (None if expected is None else "11.0.0.11")
    assert len(neighbours.asked) <= 3


@pytest.mark.covers("TRN-88")
async def test_who_has_moved_asks_again_at_once_and_others_now_and_then(mock_clock, opinions_of):
    neighbours = await opinions_of(False)
    assert (neighbours.asked, neighbours.changes) == ([0], 1)
    neighbours.opinions[0] = ADDRESS
    await move(mock_clock, 300)
    assert neighbours.asked == [0]
    await move(mock_clock, 400)
    assert neighbours.asked == [0, 0]
    assert neighbours.view.is_reachable
    neighbours.addresses = ["/ip4/11.0.0.77/tcp/4001"]
    await move(mock_clock, 60)
    assert neighbours.asked == [0, 0, 0]
