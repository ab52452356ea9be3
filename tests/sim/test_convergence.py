"""Whatever is lost, doubled, delayed or cut: in the end all nodes hold the same."""

from __future__ import annotations

import pytest
import trio

from protocol.mark import State
from tests.sim.world import ROUGH, Household, World

SEEDS = (1, 2, 3)
NAMES = ("ana", "ben", "cem", "dora", "emil")


async def bustle(household: Household, deeds: int) -> None:
    """Publish, edit, mark, renew and withdraw at random, as a busy household does."""
    random = household.world.random
    for number in range(deeds):
        await trio.sleep(random.uniform(0.0, 3.0))
        mine = [stored.key for stored in await household.node.market.mine()]
        deed = random.random()
        if deed < 0.4 or not mine:
            titles = [f"{household.name} {number}-{n}" for n in range(random.choice((1, 1, 3)))]
            await household.publish(*titles)
        elif deed < 0.6:
            await household.edit(random.choice(mine), f"{household.name} edit {number}")
        elif deed < 0.75:
            await household.node.market.mark(random.choice(mine), random.choice(list(State)))
        elif deed < 0.85:
            await household.node.market.renew(random.choice(mine), random.randrange(1, 60))
        else:
            await household.node.market.withdraw(random.choice(mine))


@pytest.mark.parametrize("seed", SEEDS)
async def test_busy_households_on_bad_wires_converge(world: World) -> None:
    households = await world.community(NAMES)
    world.switchboard.faults = ROUGH
    async with trio.open_nursery() as nursery:
        for household in households:
            nursery.start_soon(bustle, household, 12)
    await world.settle()
    assert len(await households[0].titles()) > 10
