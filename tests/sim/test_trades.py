"""Trades are never lost: crashes after any step, rough wires, long absences, two at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from protocol.errors import LocalError
from protocol.ledger.receipt import Outcome
from protocol.trade.transitions import State
from tests.sim.trading import ask, eventually, offer, promised, reaches
from tests.sim.world import ROUGH, Household, World

STEPS = 7


async def sale_with_crashes(
    world: World, ana: Household, ben: Household, crash: Callable[[int], Awaitable[None]]
) -> None:
    """A whole sale; ``crash`` is called after each of its STEPS steps."""
    bike = await offer(ana, "Fahrrad")
    trade = await ask(world, ben, bike)
    await crash(0)
    await reaches(world, trade, State.ASKED, ana)
    await crash(1)
    await ana.node.trades.promise(trade)
    await crash(2)
    await reaches(world, trade, State.PROMISED, ben)
    await crash(3)
    await ana.node.trades.handover(trade)
    await crash(4)
    await reaches(world, trade, State.HANDED_BY_PUBLISHER, ben)
    await crash(5)
    await ben.node.trades.handover(trade)
    await crash(6)
    views = await reaches(world, trade, State.RECEIPTED, ana, ben)
    assert views[0].receipt == views[1].receipt
    assert views[0].trade.outcome is Outcome.COMPLETED
    assert not views[0].trade.void

    async def linked_once_by_each() -> bool:
        reports = [await h.node.ledger.verify(who) for h in (ana, ben) for who in (ana.id, ben.id)]
        return all(len(report.receipts) == 1 and report.sound for report in reports)

    await eventually(world, linked_once_by_each)


async def crash_and_return(household: Household) -> None:
    await household.crash()
    await household.start()


@pytest.mark.parametrize("who", ["ana", "ben"])
@pytest.mark.parametrize("at", range(STEPS))
async def test_a_crash_after_any_step_of_either_side_loses_nothing(
    world: World, who: str, at: int
) -> None:
    ana, ben = await world.community(["ana", "ben"])

    async def crash(step: int) -> None:
        if step == at:
            await crash_and_return(world.households[who])

    await sale_with_crashes(world, ana, ben, crash)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_rough_wires_and_crashes_all_the_way(world: World) -> None:
    ana, ben, _ = await world.community(["ana", "ben", "cem"])
    world.switchboard.faults = ROUGH

    async def crash(step: int) -> None:
        if world.random.random() < 0.5:
            await crash_and_return(world.random.choice([ana, ben]))

    await sale_with_crashes(world, ana, ben, crash)


async def test_two_who_are_never_on_at_the_same_time_trade_through_a_neighbour(
    world: World,
) -> None:
    ana, ben, _cem = await world.community(["ana", "ben", "cem"])
    bike = await offer(ana, "Fahrrad")
    trade = await ask(world, ben, bike)
    await reaches(world, trade, State.ASKED, ana)
    await ben.stop()

    async def take_turns(leaving: Household, coming: Household) -> None:
        await world.pass_time(30)  # the neighbour takes the mail
        await leaving.stop()
        world.pass_days(3)
        await coming.start()

    await ana.node.trades.promise(trade)
    await take_turns(ana, ben)
    await reaches(world, trade, State.PROMISED, ben)
    await ben.node.trades.handover(trade)
    await take_turns(ben, ana)
    await reaches(world, trade, State.HANDED_BY_SEEKER, ana)
    await ana.node.trades.handover(trade)
    await reaches(world, trade, State.SIGNED, ana)
    await take_turns(ana, ben)
    await reaches(world, trade, State.RECEIPTED, ben)
    await take_turns(ben, ana)
    await reaches(world, trade, State.RECEIPTED, ana)


async def test_a_promise_that_waited_fourteen_days_at_a_neighbour_arrives(world: World) -> None:
    ana, ben, _cem = await world.community(["ana", "ben", "cem"])
    bike = await offer(ana, "Fahrrad")
    trade = await ask(world, ben, bike)
    await reaches(world, trade, State.ASKED, ana)
    await ben.stop()
    until_ms = ana.clock.now_ms() + 60 * 86_400_000
    await ana.node.trades.promise(trade, until_ms=until_ms)
    await world.pass_time(60)
    await ana.stop()
    world.pass_days(14)
    await ben.start()
    await reaches(world, trade, State.PROMISED, ben)


async def test_crossing_steps_end_in_one_state(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    trade = await promised(world, ana, ben, await offer(ana, "Fahrrad"))
    world.part([ana], [ben])
    await ana.node.trades.handover(trade)
    await ben.node.trades.cancel(trade)
    world.switchboard.heal()

    async def same() -> bool:
        first, second = [await h.node.trades.show(trade) for h in (ana, ben)]
        return (
            first.trade.heads() == second.trade.heads()
            and len(first.trade.applied) == len(second.trade.applied)
            and first.trade.state is second.trade.state
        )

    await eventually(world, same)
    await world.pass_time(120)
    assert await same()


async def test_a_household_that_is_removed_in_the_middle_hears_nothing_more(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    trade = await promised(world, ben, cem, await offer(ben, "Fahrrad"))
    await ana.node.governance.removals.remove(cem.id, "betrogen", False)
    await world.until(lambda: cem.id in ben.members.removed)
    await ben.node.trades.cancel(trade)
    await world.pass_time(300)
    assert (await cem.node.trades.show(trade)).trade.state is State.PROMISED
    with pytest.raises(LocalError):
        await ben.node.trades.promise(trade)
