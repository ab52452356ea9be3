"""A household whose neighbours are all one liar's guests is told so, and finds its way out."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import pytest
import trio

from node import anchors
from node.horizon import Outlook
from node.network.port import HostKey, NetworkError, Stream
from protocol import catchup as messages
from protocol.catchup import Compare, Fetch, Offer, Records, Taken
from protocol.reconcile import ItemSet, respond
from tests.sim.world import Household, World

PUPPETS = tuple(f"puppet-{n}" for n in range(10))
HOUR_S = 3_600.0


def connected(household: Household, outbound: bool | None = None) -> set[str]:
    return {
        connection.address.rpartition("/")[2]
        for connection in household.wire.connections()
        if outbound in (None, connection.outbound)
    }


def anchor_names(household: Household) -> set[str]:
    hosts = {h.wire.host_key: h.name for h in household.world.running}
    return {hosts[host] for host in household.node.neighbourhood._anchors.current()}


@pytest.fixture
async def ida(world: World, monkeypatch: pytest.MonkeyPatch) -> Household:
    """Ida, whom Mallory invited: she has met nobody but Mallory and her sockpuppets, who met
    nobody else since. Ana is the founder; Ben and Cem came meanwhile.
    """
    monkeypatch.setattr(anchors, "MAX_OUTBOUND", 6)
    ana, mallory = await world.community(["ana", "mallory"], invite_budget=20)
    world.switchboard.cut(["ana", "ben", "cem"], ["mallory", "ida", *PUPPETS])
    invite = await ana.invite()
    for name in ("ben", "cem"):
        await (await world.join(name, invite)).publish(f"Bicycle of {name}")
    invite = await mallory.invite()
    for name in (*PUPPETS, "ida"):
        await world.join(name, invite)
    ida = world.households["ida"]
    await world.until(lambda: ida.node.community.my_status == "confirmed")
    world.pass_days(0.1)  # more than an hour is over
    await world.pass_time(90)  # and once more all are equal
    return ida


def reach_only(world: World, ida: Household, names: Sequence[str]) -> None:
    """Of the honest ones, some can be reached by Ida; Mallory's by nobody honest."""
    world.switchboard.heal()
    honest = {"ana", "ben", "cem"}
    world.switchboard.cut(honest, ["mallory", *PUPPETS])
    world.switchboard.cut(honest - set(names), ["ida"])


@pytest.mark.covers("TRN-67")
async def test_who_meets_only_one_household_s_guests_is_told_and_finds_out(
    world: World, ida: Household
) -> None:
    view = await ida.node.horizon.view()
    assert view.outlook is Outlook.SURROUNDED
    assert (view.only, view.since_ms, view.reached) == ("mallory", None, 1)
    assert view.known == 2  # of Ana's branch she knows by Mallory's own proof
    assert await ida.titles() == []
    assert len(connected(ida)) > anchors.MAX_OUTBOUND >= len(connected(ida, outbound=True))

    ben = world.households["ben"]
    reach_only(world, ida, ["ben"])
    ida.node.neighbourhood.found(ben.node.addresses())  # from a code that Ben shows in person
    await world.settle([ida, ben])
    assert await ida.titles() == ["Bicycle of ben", "Bicycle of cem"]
    assert "ben" in anchor_names(ida)
    view = await ida.node.horizon.view()
    assert view.outlook is Outlook.SEVERAL
    assert view.late_from == "ben"
    assert view.late == ida.node.health()["late-records"] > 0

    for _ in range(2):
        await ida.stop()
        await world.pass_time(100)
        await ida.start()
        await world.until(lambda: "ben" in connected(ida, outbound=True))
        assert "ben" in anchor_names(ida)
    await world.pass_time(60)
    assert "ben" in connected(ida, outbound=True)


async def test_who_hears_nothing_of_a_second_branch_for_a_day_is_told(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    assert (await cem.node.horizon.view()).outlook is Outlook.SEVERAL
    world.part([ana], [ben, cem])
    await world.pass_time(60)
    world.pass_days(0.9)
    await world.pass_time(HOUR_S)
    assert (await cem.node.horizon.view()).outlook is Outlook.SEVERAL
    world.pass_days(0.2)
    await world.pass_time(300)
    view = await cem.node.horizon.view()
    assert (view.outlook, view.only) == (Outlook.SURROUNDED, "ben")
    assert view.since_ms is not None
    await cem.stop()
    await cem.start()
    await world.until(lambda: connected(cem) == {"ben"})
    await world.pass_time(300)
    assert (await cem.node.horizon.view()).outlook is Outlook.ONE  # others may come back, too
    await world.pass_time(HOUR_S)
    assert (await cem.node.horizon.view()).outlook is Outlook.SURROUNDED
    world.switchboard.heal()
    await world.until(lambda: connected(cem) == {"ana", "ben"})
    await world.pass_time(120)
    assert (await cem.node.horizon.view()).outlook is Outlook.SEVERAL


async def test_two_households_have_nothing_to_compare_with(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    world.pass_days(3)
    await world.pass_time(HOUR_S)
    for household in (ana, ben):
        assert (await household.node.horizon.view()).outlook is Outlook.FEW
    await ben.stop()
    assert (await ana.node.horizon.view()).outlook is Outlook.ALONE


@pytest.mark.covers("TRN-68")
async def test_a_flood_of_inbound_connections_displaces_no_anchor(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anchors, "MAX_INBOUND", 4)
    monkeypatch.setattr(anchors, "MAX_OUTBOUND", 3)
    puppets = PUPPETS[:6]
    names = ["ana", "ben", "cem", "dora"]
    ana, _, _, dora, mallory = await world.community([*names, "mallory"], invite_budget=20)
    invite = await mallory.invite()
    crowd = [mallory, *[await world.join(name, invite) for name in puppets]]
    await dora.stop()
    await world.pass_time(100)  # nobody else dials her at once when she is back
    world.switchboard.cut(["dora"], ["mallory", *PUPPETS])
    await dora.start()
    await world.until(lambda: connected(dora, outbound=True) == {"ana", "ben", "cem"})
    lost: list[HostKey] = []
    monkeypatch.setattr(dora.node.neighbourhood, "disconnected", lost.append)
    world.switchboard.heal()

    async def push(puppet: Household) -> None:
        for _ in range(5):
            with suppress(NetworkError):
                await puppet.wire.dial(dora.node.addresses()[0])
            await world.pass_time(5)

    async with trio.open_nursery() as nursery:
        for puppet in crowd:
            nursery.start_soon(push, puppet)
    assert 1 <= len(connected(dora, outbound=False)) <= 4
    assert anchor_names(dora) == {"ana", "ben", "cem"}
    anchored = {world.households[name].wire.host_key for name in ("ana", "ben", "cem")}
    assert not anchored & set(lost)
    assert dora.node.health()["gate-refused:busy"] > 0

    # Who comes by another way than the crowd is let in, and stays.
    emil = await world.join("emil", await ana.invite())
    emil.node.neighbourhood.found(dora.node.addresses())
    await world.until(lambda: "emil" in connected(dora))
    await world.pass_time(30)
    assert "emil" in connected(dora)
    assert len(connected(dora, outbound=False)) <= 4


async def hide_from(liar: Household, hidden: set[bytes]) -> None:
    """Have a node answer comparisons without some records, and keep nothing it is given."""
    store = liar.node.catchup._store

    async def answer(stream: Stream) -> None:
        while (frame := await stream.receive_frame()) is not None:
            match messages.read(frame):
                case Compare(membership, message):
                    left = ItemSet(i for i in store.items(membership) if i.id not in hidden)
                    reply: messages.Message = Compare(membership, respond(left, message))
                case Fetch(wanted):
                    reply = Records(tuple(await store.raws(wanted)))
                case Offer(raws):
                    reply = Taken(len(raws))
            await stream.send_frame(messages.write(reply))

    liar.wire.serve(messages.PROTOCOL, answer)


@pytest.mark.covers("TRN-69")
async def test_who_lacks_again_and_again_what_it_was_given_is_noticed_and_kept(
    world: World,
) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    (sofa,) = await ana.publish("Sofa")
    await world.settle()
    record = next(r for r in await ana.standing() if r.key == sofa.key)
    await hide_from(ben, {bytes(record.id)})
    await world.pass_time(1_500)
    assert (await cem.node.horizon.view()).holding_back == ()
    await world.pass_time(600)
    for honest in (ana, cem):
        assert (await honest.node.horizon.view()).holding_back == ("ben",)
        assert honest.node.health()["neighbour-holds-back"] == 1
        assert "ben" in connected(honest)  # it is counted, and asked last, and not cut off
        assert "ben" not in anchor_names(honest)
        assert "cut-off" not in honest.node.health()
    assert (await ben.node.horizon.view()).holding_back == ()


@pytest.mark.covers("TRN-69")
async def test_honest_neighbours_hold_nothing_back(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    cem.clock.ahead_ms = 9 * 60_000
    for round in range(8):
        made = await ana.publish(*(f"Thing {round}.{n}" for n in range(5)), days=0.05)
        await ben.publish(f"Gift {round}")
        await world.pass_time(300)
        await ana.edit(made[0].key, f"Changed {round}")
        await ana.node.market.withdraw(made[1].key)
        if round == 4:
            await ben.stop()
            await world.pass_time(1_000)
            await ben.start()
    world.pass_days(91)
    await world.pass_time(1_200)
    for household in (ana, ben, cem):
        assert "neighbour-holds-back" not in household.node.health()
        assert "late-records" not in household.node.health()
