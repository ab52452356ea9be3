"""Months pass: nothing that was over returns, and nothing that counts is forgotten."""

from __future__ import annotations

import pytest

from protocol import limits
from protocol.mark import State
from protocol.profile import Profile
from tests.sim.world import Household, World

SEEDS = (1, 2)


async def count_records(household: Household, created_before_ms: int) -> int:
    rows = await household.node.database.read(
        lambda connection: connection.execute(
            "SELECT count(*) FROM record WHERE kind >= 32 AND created_at_ms < ?",
            (created_before_ms,),
        ).fetchone()
    )
    return int(rows[0])


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_node_that_was_off_for_a_month_resurrects_nothing(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    withdrawn, sold, edited, kept = await ana.publish("Cot", "Bike", "Drill", "Lamp", days=80)
    (theirs,) = await cem.publish("Cem's sofa", days=80)
    await world.settle()
    await cem.stop()
    await ana.node.market.withdraw(withdrawn.key)
    await ana.node.market.mark(sold.key, State.TAKEN)
    await ana.edit(edited.key, "Drill, with bits")
    (reused,) = await ana.publish("In the slot of the cot")
    assert reused.slot == withdrawn.slot
    world.pass_days(30)
    await ana.node.market.withdraw(kept.key)
    await world.pass_time(200)
    await cem.start()
    await cem.edit(theirs.key, "Cem's sofa, cheaper")
    await world.settle()
    for household in (ana, ben, cem):
        shown = {s.listing.title: s.state for s in await household.all_shown()}
        assert shown == {
            "Bike": State.TAKEN,
            "Drill, with bits": State.OPEN,
            "Cem's sofa, cheaper": State.OPEN,
        }


async def test_a_node_that_was_off_for_longer_than_anything_lives_is_a_member_still(
    world: World,
) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    await cem.publish("Old sofa")
    await world.settle()
    await cem.stop()
    world.pass_days(120)
    await world.pass_time(300)
    await cem.start()
    await world.settle()
    await world.pass_time(300)
    for household in (ana, ben, cem):
        assert await household.titles() == []
        views = await household.node.community.members()
        assert {view.name for view in views} == {"ana", "ben", "cem"}
    await cem.publish("New sofa")
    await world.settle()
    assert await ana.titles() == ["New sofa"]


async def test_what_has_expired_leaves_the_files_everywhere(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    await ana.publish("Cot", "Bike")
    await world.settle()
    before_ms = world.clock.now_ms() + 1
    world.pass_days(92)
    await world.pass_time(300)
    await world.settle()
    for household in (ana, ben):
        assert await count_records(household, before_ms) == 0


async def test_names_stay_known_for_years_and_as_last_chosen(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    await ben.node.community.set_profile(Profile(name="Benedikt"))
    for _ in range(4):
        world.pass_days(80)
        await world.pass_time(300)
    await ben.stop()
    world.pass_days(200)
    await ben.start()
    await world.settle()
    assert {view.name for view in await ana.node.community.members()} == {"ana", "Benedikt"}


async def test_a_node_whose_clock_is_far_off_forgets_nothing(world: World) -> None:
    ana, _, cem = await world.community(["ana", "ben", "cem"])
    await ana.publish("Cot")
    await world.settle()
    await cem.stop()
    cem.clock.ahead_ms = 400 * limits.DAY_MS
    await cem.start()
    before = await count_records(cem, world.clock.now_ms())
    await world.pass_time(300)
    assert not cem.node.skew.trustworthy
    assert abs(cem.node.skew.median_ms) > 300 * limits.DAY_MS
    assert await count_records(cem, world.clock.now_ms()) >= before
    await cem.stop()
    cem.clock.ahead_ms = 0
    await cem.start()
    await world.settle()
    assert await cem.titles() == ["Cot"]


async def test_a_node_that_nobody_has_told_the_time_forgets_nothing(world: World) -> None:
    ana = await world.found("ana")
    await ana.publish("Cot")
    before = await count_records(ana, world.clock.now_ms() + 1)
    ana.clock.ahead_ms = 400 * limits.DAY_MS
    await world.pass_time(300)
    assert await count_records(ana, world.clock.now_ms()) >= before


@pytest.mark.parametrize("seed", SEEDS)
async def test_clocks_that_differ_by_minutes_are_no_hindrance(world: World) -> None:
    households = await world.community(["ana", "ben", "cem", "dora"])
    for household in households:
        household.clock.ahead_ms = world.random.randrange(-4, 5) * limits.MINUTE_MS
    for household in households:
        (listing,) = await household.publish(f"{household.name}'s cot")
        await household.edit(listing.key, f"{household.name}'s better cot")
    await world.settle()
    assert len(await households[0].titles()) == 4


async def test_what_a_fast_clock_dates_into_the_future_waits_for_its_time(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    ben.clock.ahead_ms = 60 * limits.MINUTE_MS
    await ben.publish("From the future")
    await world.pass_time(60)
    assert await ana.titles() == []
    assert not [name for name in ana.node.health() if name.startswith("fault")]
    await world.pass_time(55 * 60)
    await world.settle()
    assert await ana.titles() == ["From the future"]
