"""Two hosts that do not dial each other meet through a third that volunteers."""

import pytest
import trio

from node.network.libp2p import open_libp2p
from node.network.port import Verdict

ECHO = "/test/echo/1"


async def echo(stream):
    while (frame := await stream.receive_frame()) is not None:
        await stream.send_frame(frame)


async def circuit_of(network):
    """The address that leads to a host through a relay, as soon as it has one."""
    with trio.fail_after(60):
        while not (found := [each for each in network.addresses() if "/p2p-circuit" in each]):
            await trio.lowlevel.checkpoint()
    return found[0]


@pytest.mark.covers("TRN-80", "TRN-86")
async def test_a_host_meets_another_through_a_volunteer(settings_of, member_gate, new_listener):
    one, two = new_listener(), new_listener()
    async with (
        open_libp2p(settings_of(1))(member_gate(), one) as a,
        open_libp2p(settings_of(2))(member_gate(), two) as b,
        open_libp2p(settings_of(3, volunteers=True))(member_gate(), new_listener()) as relay,
    ):
        b.serve(ECHO, echo)
        await b.dial(relay.addresses()[0])
        address = await circuit_of(b)
        assert b.reach().verdict is Verdict.RELAYED
        assert b.reach().relays == (relay.host_key,)
        with trio.fail_after(60):
            assert await a.dial(address) == b.host_key
            await two.wait_until(lambda each: (a.host_key, False) in each.connected)
            stream = await a.open_stream(b.host_key, ECHO)
            body = bytes(range(256)) * 4000
            await stream.send_frame(body)
            assert await stream.receive_frame() == body
            assert relay.reach().circuits == 1
            await a.disconnect(b.host_key)
            await two.wait_until(lambda each: a.host_key in each.disconnected)
            while relay.reach().circuits:
                await trio.lowlevel.checkpoint()
        assert one.misconduct == two.misconduct == []
