"""Whatever is lost, doubled, delayed or cut: in the end all nodes hold the same."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import trio

from protocol.envelope import Envelope
from protocol.mark import State
from tests.sim.world import ROUGH, Household, World

SEEDS = (1, 2, 3)
NAMES = ("ana", "ben", "cem", "dora", "emil")


async def bustle(household: Household, deeds: int) -> None:
    """Publish, edit, mark, renew and withdraw at random, as a busy household does."""
    random = household.world.random
    for number in range(deeds):
        await household.world.pass_time(random.uniform(0.0, 3.0))
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


@pytest.mark.parametrize("seed", SEEDS)
async def test_two_halves_agree_after_a_partition(world: World) -> None:
    households = await world.community(NAMES)
    cut = world.random.randrange(1, len(households))
    halves = households[:cut], households[cut:]
    world.switchboard.faults = ROUGH
    world.part(*halves)
    async with trio.open_nursery() as nursery:
        for household in households:
            nursery.start_soon(bustle, household, 6)
    one, other = [await world.settle(half) for half in halves]
    assert one != other
    world.switchboard.heal()
    await world.settle()


@pytest.mark.parametrize("seed", SEEDS)
async def test_nodes_that_crash_and_restart_amid_the_bustle_lose_nothing(world: World) -> None:
    households = await world.community(NAMES)
    world.switchboard.faults = ROUGH
    random = world.random
    acknowledged: set[str] = set()

    async def publish_and_crash(household: Household) -> None:
        for number in range(4):
            for n in range(random.randrange(1, 4)):
                title = f"{household.name} {number} {n}"
                await household.publish(title)
                acknowledged.add(title)
            await world.pass_time(random.uniform(0, 2))
            await household.crash()
            await world.pass_time(random.uniform(0, 20))
            await household.start()

    async with trio.open_nursery() as nursery:
        for household in households[:3]:
            nursery.start_soon(publish_and_crash, household)
        for household in households[3:]:
            nursery.start_soon(bustle, household, 8)
    await world.settle()
    for household in households:
        shown = set(await household.titles())
        assert acknowledged <= shown


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_first_sync_that_is_cut_off_again_and_again_ends_all_the_same(
    world: World,
) -> None:
    ana, ben = await world.community(["ana", "ben"], listing_slots=2_000)
    world.part([ana], [ben])
    for batch in range(3):
        await ana.publish(*(f"Thing {batch} {n}" for n in range(500)))
    world.switchboard.heal()
    stored = 0

    def count(records: Sequence[Envelope], origin: object) -> None:
        nonlocal stored
        stored += len(records)
        if stored > 150:
            # In the middle of an exchange, at whatever it is doing.
            stored = 0
            world.part([ana], [ben])
            world.switchboard.heal()

    for _ in range(4):
        ben.node.inbox.on_stored.append(count)
        await world.until(lambda: bool(ben.wire.connections()))
        await world.pass_time(world.random.uniform(0, 3))
        await (ben.crash() if world.random.random() < 0.5 else ben.stop())
        await ben.start()
    await world.settle()
    assert len(await ben.titles()) == 1_500


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_order_in_which_nodes_meet_makes_no_difference(world: World) -> None:
    """Households that are hardly ever on at the same time, each pair meeting now and then."""
    households = await world.community(NAMES)
    for household in households:
        await household.stop()
    random = world.random
    for round_number in range(12):
        awake = random.sample(households, 2)
        for household in awake:
            await household.start()
        for household in awake:
            await bustle(household, 3)
            await household.publish(f"{household.name} of round {round_number}")
        await world.pass_time(random.uniform(0, 90))
        for household in awake:
            await household.stop()
    for household in households:
        await household.start()
    await world.settle()
