"""Who belongs is the same everywhere in the end, whoever heard of what first."""

from __future__ import annotations

from contextlib import suppress

import pytest
import trio

from protocol.errors import LocalError
from tests.sim.world import ROUGH, Household, World

SEEDS = (1, 2)


async def names(household: Household) -> set[str]:
    return {m.name for m in await household.node.community.members() if m.status != "left"}


@pytest.mark.parametrize("seed", SEEDS)
async def test_invites_joins_and_a_removal_during_a_partition(world: World) -> None:
    ana, ben, cem, dora = await world.community(["ana", "ben", "cem", "dora"])
    world.switchboard.faults = ROUGH
    for household in (ana, ben, cem, dora):
        await household.publish(f"{household.name}'s cot")
    await world.settle()
    cem_id = cem.id
    ours, theirs = [ana, ben], [cem, dora]
    names_apart = {"emil": "ana", "fay": "ben", "gil": "cem", "hal": "dora"}
    # Newcomers can reach only the half that invites them.
    for newcomer, inviter in names_apart.items():
        near = ("ana", "ben") if inviter in ("ana", "ben") else ("cem", "dora")
        far = {"ana", "ben", "cem", "dora", *names_apart} - set(near)
        same_half = {n for n, i in names_apart.items() if i in near}
        world.switchboard.cut([newcomer], far - same_half)
    world.part(ours, theirs)

    async def bring(inviter: Household, newcomer: str) -> None:
        await world.pass_time(world.random.uniform(0, 5))
        household = await world.join(newcomer, await inviter.invite(uses=2))
        await world.until(lambda: household.node.community.my_status == "confirmed")
        await household.publish(f"{newcomer}'s bike")

    async with trio.open_nursery() as nursery:
        for newcomer, inviter in names_apart.items():
            nursery.start_soon(bring, world.households[inviter], newcomer)
        nursery.start_soon(remove_soon, world, ana, cem)
    world.switchboard.heal()
    staying = [h for h in world.running if h is not cem and h.name != "gil"]
    await world.settle(staying)
    for household in staying:
        assert await names(household) == {"ana", "ben", "dora", "emil", "fay", "hal"}
        assert cem_id in household.members.removed
        shown = await household.titles()
        assert "cem's cot" not in shown
        assert "gil's bike" not in shown
        assert {"hal's bike", "fay's bike", "emil's bike"} <= set(shown)


async def remove_soon(world: World, founder: Household, other: Household) -> None:
    await world.pass_time(world.random.uniform(0, 10))
    await founder.node.governance.removals.remove(other.id, "Sold what was not theirs.", False)


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_removal_keeps_those_whom_the_founder_knew_to_be_brought(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    cem = await world.join("cem", await ben.invite(uses=1))
    await world.until(lambda: cem.node.community.my_status == "confirmed")
    await cem.publish("Cem's cot")
    await world.settle()
    await ana.node.governance.removals.remove(ben.id, "Sold what was not theirs.", False)
    await world.until(lambda: ben.node.community.my_status == "removed")
    await ben.stop()
    await world.settle()
    assert cem.node.community.my_status == "confirmed"
    assert await ana.titles() == ["Cem's cot"]
    await cem.publish("Cem's bike")
    await world.settle()


async def test_a_removal_with_all_that_were_brought_leaves_none_of_them(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    cem = await world.join("cem", await ben.invite(uses=1))
    await world.until(lambda: cem.node.community.my_status == "confirmed")
    await cem.publish("Cem's cot")
    await world.settle()
    await ana.node.governance.removals.remove(ben.id, "Sold what was not theirs.", True)
    await world.until(lambda: not ana.wire.connections())
    assert await ana.titles() == []
    assert await names(ana) == {"ana"}


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_crash_between_any_two_steps_of_a_removal_leaves_no_zombie(
    world: World,
) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    await ben.publish(*(f"Ben's {n}" for n in range(20)))
    await world.settle()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ana.node.governance.removals.remove, ben.id, "Cheated.", False)
        # The copy is taken by the writer's thread, right after what it is doing now.
        await world.until(lambda: True)
        await cem.crash()
    await ben.stop()
    await cem.start()
    await world.settle()
    assert await cem.titles() == []


@pytest.mark.parametrize("seed", SEEDS)
async def test_many_join_at_once_with_one_invite_and_only_its_uses_are_confirmed(
    world: World,
) -> None:
    ana = await world.found("ana")
    world.switchboard.faults = ROUGH
    invite = await ana.invite(uses=3)

    async def try_to_join(name: str) -> None:
        with suppress(LocalError):  # the last ones may hear at the gate that it is used up
            await world.join(name, invite)

    async with trio.open_nursery() as nursery:
        for number in range(6):
            nursery.start_soon(try_to_join, f"joiner-{number}")
    await world.pass_time(200)
    confirmed = [m for m in ana.members.households.values() if m.confirmed]
    assert len(confirmed) == 4
    inside = [h for h in world.running if h.node.community.my_status in ("confirmed", "founder")]
    assert len(inside) == 4
    await world.settle(inside)


@pytest.mark.parametrize("seed", SEEDS)
async def test_leaving_while_others_are_off_is_known_to_all_in_the_end(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    await ben.publish("Ben's cot")
    await world.settle()
    await cem.stop()
    await ben.node.community.leave()
    await world.until(lambda: ana.members.households[ben.id].status.value == "left")
    await ben.stop()
    await cem.start()
    await world.settle()
    assert await cem.titles() == []
    # The one that left can still be looked into.
    await ben.start()
    assert ben.node.community.my_status == "left"
