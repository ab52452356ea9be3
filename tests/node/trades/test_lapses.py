"""What nobody ends any more ends by itself, once it may."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from protocol.limits import DAY_MS
from protocol.listing import ListingKind
from protocol.trade.message import TradeId
from protocol.trade.terms import Terms
from protocol.trade.transitions import Role, State
from protocol.trade.types import Type
from tests.sim.trading import appointed, handed_over, offer, promised, reaches
from tests.sim.world import Household, World

Way = Callable[[World, Household, Household, Household], Awaitable[TradeId]]


async def half_handed(world: World, ana: Household, ben: Household, cem: Household) -> TradeId:
    trade = await promised(world, ana, ben, await offer(ana, "Fahrrad"))
    await ben.node.trades.handover(trade)
    await reaches(world, trade, State.HANDED_BY_SEEKER, ana)
    return trade


async def half_returned(world: World, ana: Household, ben: Household, cem: Household) -> TradeId:
    drill = await offer(ana, "Bohrmaschine", kind=ListingKind.LEND)
    due_ms = ana.clock.now_ms() + 10 * DAY_MS
    trade = await promised(world, ana, ben, drill, terms=Terms(due_at_ms=due_ms))
    await handed_over(world, trade, (ana, ben), State.LENT)
    await ben.node.trades.give_back(trade)
    await reaches(world, trade, State.RETURNED_BY_SEEKER, ana)
    return trade


async def disputed(world: World, ana: Household, ben: Household, cem: Household) -> TradeId:
    trade = await promised(world, ana, ben, await offer(ana, "Fahrrad"))
    await ben.node.trades.dispute(trade, cem.id, "Die Kette fehlt.")
    await reaches(world, trade, State.DISPUTED, ana)
    return trade


@pytest.mark.covers("TRD-34")
@pytest.mark.parametrize(
    ("way", "days"), [(half_handed, 28), (half_returned, 24), (disputed, 30)],
    ids=["handed over, says one", "returned, says one", "in dispute"],
)  # fmt: skip
async def test_what_one_side_leaves_open_closes_by_itself(
    world: World, way: Way, days: int
) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    trade = await way(world, ana, ben, cem)
    stands = (await ana.node.trades.show(trade)).trade.state
    world.pass_days(days - 1)
    await world.pass_time(120)
    await reaches(world, trade, stands, ana, ben)
    world.pass_days(1)
    await world.pass_time(120)
    for view in await reaches(world, trade, State.CLOSED, ana, ben):
        assert view.trade.applied[-1].type is Type.LAPSE
        assert view.trade.applied[-1].author == ana.id
        assert view.receipt is None


async def test_where_the_publisher_is_gone_the_seeker_lets_it_lapse(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    trade = await promised(world, ana, ben, await offer(ana, "Fahrrad"))
    await ana.stop()
    world.pass_days(14)
    await world.pass_time(120)
    await reaches(world, trade, State.PROMISED, ben)  # it has a day to say so itself
    world.pass_days(1)
    await world.pass_time(120)
    (view,) = await reaches(world, trade, State.CANCELLED, ben)
    assert view.trade.at_fault is None
    assert view.trade.concluded is not None
    assert view.trade.role_of(view.trade.concluded.author) is Role.SEEKER


async def test_who_waited_in_vain_can_say_so_before_the_promise_lapses(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    trade = await promised(world, ana, ben, await offer(ana, "Fahrrad"))
    await appointed(world, ana, ben, trade, in_hours=13 * 24 + 23)
    world.pass_days(14)
    await world.pass_time(2 * 3_600)
    await reaches(world, trade, State.APPOINTED, ana, ben)
    await ben.node.trades.no_show(trade, "Niemand war da.")
    (view,) = await reaches(world, trade, State.NO_SHOW, ana)
    assert view.trade.at_fault == ana.id
