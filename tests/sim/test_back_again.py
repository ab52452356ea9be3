"""A household whose Wi-Fi drops for ten minutes."""

from __future__ import annotations

import trio

from tests.sim.world import World

NAMES = ("ana", "ben", "cem", "dora")
AWAY_S = 600.0
SOON_S = 30.0


async def test_after_ten_minutes_without_a_network_a_household_is_back_soon(world: World) -> None:
    ana, *others = await world.community(NAMES)
    world.switchboard.cut(["ana"], [each.name for each in others])
    await world.pass_time(AWAY_S)
    assert not ana.wire.connections()
    await others[0].publish("Kinderbett")
    await ana.publish("Fahrrad")
    world.switchboard.heal()
    with trio.fail_after(SOON_S):
        while not (
            await ana.titles() == ["Fahrrad", "Kinderbett"]
            and await others[1].titles() == ["Fahrrad", "Kinderbett"]
        ):
            await world.pass_time(1.0)
