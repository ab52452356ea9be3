"""What a household is reminded of, and whose turn it is, as a trade goes on and time passes."""

from __future__ import annotations

import pytest

from p2pmarket.api.trade.reminders import reminders, trades_waiting
from p2pmarket.api.trade.turns import Step, turn_of
from protocol.errors import LocalError
from protocol.ids import text_of
from protocol.limits import DAY_MS
from protocol.listing import ListingKind
from protocol.money import Price
from protocol.trade.meeting import Slot
from protocol.trade.message import TradeId
from protocol.trade.terms import Terms
from protocol.trade.transitions import State
from tests.sim.trading import (
    HOUR_MS,
    appointed,
    ask,
    eventually,
    handed_over,
    offer,
    promised,
    reaches,
)
from tests.sim.world import Household, World


async def reminded(household: Household) -> list[str]:
    """What is shown, without the dates."""
    return [one.what for one in await trades_waiting(household.node, household.clock.now_ms())]


async def turn(household: Household, trade: TradeId) -> tuple[str, Step]:
    """Whose turn it is, and what this household would do first."""
    found = turn_of(await household.node.trades.show(trade), household.clock.now_ms())
    return found.whose, found.steps[0]


async def test_who_is_asked_is_reminded_until_it_answers(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    bike = await offer(ana, "Fahrrad", negotiable=True)
    trade = await ask(world, ben, bike, terms=Terms(price=Price(7_000, "EUR")))
    await reaches(world, trade, State.ASKED, ana)
    assert (await reminded(ana), await reminded(ben)) == (["trade-asked"], [])
    assert (await turn(ana, trade), await turn(ben, trade)) == (
        ("mine", "promise"), ("theirs", "propose"),
    )  # fmt: skip
    await ana.node.trades.offer(trade, lambda t: Terms(price=Price(9_000, "EUR")))
    await reaches(world, trade, State.OFFERED, ben)
    assert (await reminded(ana), await reminded(ben)) == ([], ["trade-offered"])
    assert (await turn(ana, trade), await turn(ben, trade)) == (
        ("theirs", "counter"), ("mine", "accept"),
    )  # fmt: skip


async def test_who_is_declined_is_told_until_it_has_been_read_and_not_for_ever(
    world: World,
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    bike, lamp = await offer(ana, "Fahrrad"), await offer(ana, "Lampe")
    trades = [await ask(world, ben, listing) for listing in (bike, lamp)]
    for trade in trades:
        await reaches(world, trade, State.ASKED, ana)
        await ana.node.trades.decline(trade, "")
        await reaches(world, trade, State.CLOSED, ben)
    assert (await reminded(ana), await reminded(ben)) == ([], ["trade-declined"] * 2)
    await ben.node.trades.note_told(trades[0])
    (left,) = await trades_waiting(ben.node, ben.clock.now_ms())
    assert (left.title, left.id) == ("Lampe", text_of(trades[1]))
    world.pass_days(15)
    assert await reminded(ben) == []


async def test_who_takes_its_own_question_back_is_told_nothing(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    trade = await ask(world, ben, await offer(ana, "Fahrrad"))
    await reaches(world, trade, State.ASKED, ana)
    await ben.node.trades.cancel(trade, "")
    await reaches(world, trade, State.CLOSED, ana)
    assert (await reminded(ana), await reminded(ben)) == ([], [])


async def test_an_appointment_is_announced_a_day_before_and_asked_about_after_it(
    world: World,
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    trade = await promised(world, ana, ben, await offer(ana, "Fahrrad"))
    starts_ms = ana.clock.now_ms() + 36 * HOUR_MS
    await ana.node.trades.slots(trade, [Slot(starts_ms, starts_ms + HOUR_MS)])

    async def named() -> bool:
        return await reminded(ben) == ["trade-times-named"]

    await eventually(world, named)
    assert await turn(ben, trade) == ("mine", "choose")
    assert await turn(ana, trade) == ("theirs", "slots")
    await ben.node.trades.appoint(trade, 1)
    await reaches(world, trade, State.APPOINTED, ana)
    assert (await reminded(ana), await reminded(ben)) == ([], [])
    assert await turn(ana, trade) == ("nobody", "handover")
    world.pass_days(1)
    for household in (ana, ben):
        (one,) = reminders(await household.node.trades.mine(), household.clock.now_ms())
        assert (one.what, one.title) == ("trade-appointment", "Fahrrad")
        assert one.until is not None
    world.pass_days(1)
    for household in (ana, ben):
        assert await reminded(household) == ["trade-met"]
        assert await turn(household, trade) == ("both", "handover")


async def test_no_show_is_offered_when_it_can_be_said(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    trade = await promised(world, ana, ben, await offer(ana, "Fahrrad"))
    slot = await appointed(world, ana, ben, trade, in_hours=1)
    view = await ana.node.trades.show(trade)
    for late_ms, offered in ((0, False), (599_999, False), (600_000, True)):
        steps = turn_of(view, slot.ends_at_ms + late_ms).steps
        assert ("no-show" in steps) == offered
    await world.pass_time((slot.ends_at_ms - ana.clock.now_ms()) / 1_000 + 300)
    with pytest.raises(LocalError, match="trade-not-now"):
        await ana.node.trades.no_show(trade)
    await world.pass_time(300)
    await ana.node.trades.no_show(trade)
    await reaches(world, trade, State.SIGNED, ben)
    assert await reminded(ben) == ["trade-no-show-claimed"]
    assert await turn(ben, trade) == ("mine", "admit")
    assert await reminded(ana) == []


async def test_a_handover_that_one_side_confirmed_waits_for_the_other(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    trade = await promised(world, ana, ben, await offer(ana, "Fahrrad"))
    await ben.node.trades.handover(trade)
    await reaches(world, trade, State.HANDED_BY_SEEKER, ana)
    assert (await reminded(ana), await reminded(ben)) == (["trade-handover-to-confirm"], [])
    assert (await turn(ana, trade), await turn(ben, trade)) == (
        ("mine", "handover"), ("theirs", "handover"),
    )  # fmt: skip


async def test_a_promise_that_runs_out_is_announced(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    await promised(world, ana, ben, await offer(ana, "Fahrrad"))
    assert (await reminded(ana), await reminded(ben)) == ([], ["trade-promised"])
    world.pass_days(12)
    for household in (ana, ben):
        assert await reminded(household) == ["trade-promise-ends"]


async def test_a_loan_is_asked_back_before_it_is_due_and_after(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    drill = await offer(ana, "Bohrmaschine", kind=ListingKind.LEND)
    due_ms = ana.clock.now_ms() + 10 * DAY_MS
    trade = await promised(world, ana, ben, drill, terms=Terms(due_at_ms=due_ms))
    await handed_over(world, trade, (ana, ben), State.LENT)
    assert (await reminded(ana), await reminded(ben)) == ([], [])
    assert await turn(ben, trade) == ("nobody", "return")
    world.pass_days(8)
    assert (await reminded(ana), await reminded(ben)) == (["trade-due-to-me"], ["trade-due"])
    await ben.node.trades.extend(trade, due_ms + DAY_MS)

    async def asked() -> bool:
        return await reminded(ana) == ["trade-extension-asked", "trade-due-to-me"]

    await eventually(world, asked)
    assert await turn(ana, trade) == ("mine", "agree")
    world.pass_days(3)
    assert await reminded(ana) == ["trade-overdue-to-me"]
    assert await reminded(ben) == ["trade-overdue"]
    await ben.node.trades.give_back(trade)
    await reaches(world, trade, State.RETURNED_BY_SEEKER, ana)
    assert set(await reminded(ana)) == {"trade-overdue-to-me", "trade-return-to-confirm"}
    await ana.node.trades.give_back(trade)
    await reaches(world, trade, State.RECEIPTED, ana, ben)
    assert (await reminded(ana), await reminded(ben)) == ([], [])


async def test_a_dispute_waits_for_the_one_that_did_not_begin_it(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    trade = await promised(world, ana, ben, await offer(ana, "Fahrrad"))
    await ben.node.trades.dispute(trade, cem.id, "Die Kette fehlt.")
    await reaches(world, trade, State.DISPUTED, ana)
    assert (await reminded(ana), await reminded(ben)) == (["trade-disputed"], [])
    assert (await turn(ana, trade), await turn(ben, trade)) == (
        ("mine", "accept-steward"), ("theirs", "settle"),
    )  # fmt: skip
