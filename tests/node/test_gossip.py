"""A new record is at the neighbours at once; where gossip fails, catch-up does not."""

from __future__ import annotations

import trio

from node.network.memory import Faults
from protocol import limits
from tests.sim.world import World


async def test_one_listing_is_at_all_neighbours_within_a_moment(world: World) -> None:
    ana, *others = await world.community(["ana", "ben", "cem", "dora"])
    await ana.publish("Cot")
    await world.pass_time(0.1)
    for household in others:
        assert await household.titles() == ["Cot"]


async def test_a_record_travels_over_neighbours_to_those_that_cannot_be_reached(
    world: World,
) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    world.part([ana], [cem])
    await world.until(lambda: bool(ben.wire.connections()))
    await world.pass_time(5)
    await ana.publish("Cot")
    await world.pass_time(0.1)
    assert await cem.titles() == ["Cot"]


async def test_lost_gossip_is_made_good_within_the_next_exchanges(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    world.switchboard.faults = Faults(loss=1.0)
    await ana.publish("Cot")
    await world.pass_time(1)
    assert await ben.titles() == []
    await world.pass_time(80)
    assert await ben.titles() == ["Cot"]


async def test_a_bulk_is_not_gossiped_and_arrives_soon_all_the_same(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    await ana.publish(*(f"Thing {n}" for n in range(200)))
    await world.pass_time(5)
    assert len(await ben.titles()) == 200
    assert ana.node.health().get("gossip-overflow", 0) == 0


async def test_a_burst_of_single_publications_beyond_the_queue_arrives(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    async with trio.open_nursery() as nursery:
        for number in range(400):
            nursery.start_soon(ana.publish, f"Thing {number}")
    await world.settle()
    assert len(await ben.titles()) == 400


async def test_the_same_message_again_and_again_is_stored_once_and_nobody_s_fault(
    world: World,
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    await ana.publish("Cot")
    raw = (await ana.standing())[-1].raw
    for _ in range(50):
        await ana.wire.publish(raw)
    await world.pass_time(1)
    assert await ben.titles() == ["Cot"]
    assert not [name for name in ben.node.health() if name.startswith("fault")]


async def test_what_a_flood_left_unjudged_is_not_passed_on_in_an_honest_household_s_name(
    world: World,
) -> None:
    ana, ben, mallory = await world.community(["ana", "ben", "mallory"])
    world.part([mallory], [ben])
    await mallory.publish("Real")
    raw = (await mallory.standing())[-1].raw
    for _ in range(30):
        for _ in range(100):
            await mallory.wire.publish(raw)
        await world.pass_time(0.05)
    for _ in range(60):
        await mallory.wire.publish(world.random.randbytes(200))
    await world.pass_time(5)
    assert ana.node.health()["throttled"] > 0
    assert not [name for name in ben.node.health() if name.startswith("fault")]
    assert ana.wire.host_key in {connection.peer for connection in ben.wire.connections()}
    await ana.publish("Cot")
    await world.pass_time(0.1)
    assert "Cot" in await ben.titles()


async def test_what_is_over_is_not_passed_on_before_its_signature_was_looked_at(
    world: World,
) -> None:
    ana, ben, mallory = await world.community(["ana", "ben", "mallory"])
    world.part([mallory], [ben])
    await mallory.publish("Real", days=1)
    spoilt = bytearray((await mallory.standing())[-1].raw)
    spoilt[-1] ^= 1
    ana.clock.ahead_ms = 200 * limits.DAY_MS  # to ana it is over, to ben it is forged
    for _ in range(60):
        await mallory.wire.publish(bytes(spoilt))
    await world.pass_time(5)
    assert ana.node.health()["ignored:expired"] > 0
    assert not [name for name in ben.node.health() if name.startswith("fault")]
