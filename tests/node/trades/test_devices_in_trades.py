"""A household with two devices: one decides, the other asks it; the next one takes over."""

from __future__ import annotations

import pytest

from protocol.ledger.receipt import Outcome
from protocol.trade.transitions import State
from tests.node.test_devices import add
from tests.sim.trading import ask, eventually, handed_over, offer, promised, reaches
from tests.sim.world import World


async def test_the_other_device_sees_the_trade_and_asks_the_one_that_decides(
    world: World,
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    tablet = await add(world, ana, "tablet")
    trade = await ask(world, ben, await offer(ana, "Fahrrad"))
    await reaches(world, trade, State.ASKED, ana, tablet)
    view = await tablet.node.trades.promise(trade)
    assert view.forwarded
    assert not view.decides
    assert view.trade.state is State.ASKED
    await reaches(world, trade, State.PROMISED, ana, ben, tablet)
    # The codes are those of the device that decides.
    code = (await ana.node.trades.show(trade)).handover_code
    await ben.node.trades.handover(trade, code)
    await reaches(world, trade, State.RECEIPTED, ana, ben, tablet)


@pytest.mark.covers("TRD-30")
async def test_two_devices_never_promise_one_thing_twice(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    tablet = await add(world, ana, "tablet")
    bike = await offer(ana, "Fahrrad")
    first, second = await ask(world, ben, bike), await ask(world, cem, bike)
    for trade in (first, second):
        await reaches(world, trade, State.ASKED, ana, tablet)
    world.part([ana], [tablet])
    await ana.node.trades.promise(first)
    assert (await tablet.node.trades.promise(second)).forwarded
    world.switchboard.heal()
    await reaches(world, first, State.PROMISED, ben, tablet)
    await world.pass_time(120)
    await reaches(world, second, State.ASKED, cem, tablet, ana)


async def test_what_a_lost_device_promised_its_successor_keeps(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    phone = await add(world, ana, "phone")
    bike = await offer(phone, "Fahrrad")
    trade = await promised(world, phone, ben, bike)
    await reaches(world, trade, State.PROMISED, ana)
    await phone.stop()
    slot = next(d.slot for d in await ana.node.devices.list() if not d.is_this)
    await ana.node.devices.revoke(slot)

    async def decides() -> bool:
        return (await ana.node.trades.show(trade)).decides

    await eventually(world, decides)
    views = await handed_over(world, trade, (ana, ben), State.RECEIPTED)
    assert views[0].trade.outcome is Outcome.COMPLETED

    async def linked() -> bool:
        report = await ben.node.ledger.verify(ana.id)
        return len(report.receipts) == 1 and report.sound

    await eventually(world, linked)


async def test_the_seekers_other_device_takes_over_too(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    phone = await add(world, ben, "phone")
    trade = await promised(world, ana, phone, await offer(ana, "Fahrrad"))
    await reaches(world, trade, State.PROMISED, ben)
    await phone.stop()
    slot = next(d.slot for d in await ben.node.devices.list() if not d.is_this)
    await ben.node.devices.revoke(slot)
    await handed_over(world, trade, (ana, ben), State.RECEIPTED)
