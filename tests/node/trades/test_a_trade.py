"""Trades between real nodes, from asking to the receipt that both hold."""

from __future__ import annotations

import pytest

from protocol import limits
from protocol.charter import CreditRules
from protocol.errors import LocalError
from protocol.ids import ThingKey
from protocol.ledger.receipt import Outcome
from protocol.listing import ListingKind
from protocol.mark import State as Mark
from protocol.money import Price
from protocol.trade.agreement import Why
from protocol.trade.terms import Terms
from protocol.trade.transitions import State
from protocol.trade.types import Type
from tests.sim.trading import (
    HOUR_MS,
    appointed,
    ask,
    eventually,
    handed_over,
    knows,
    offer,
    promised,
    reaches,
)
from tests.sim.world import Household, World


async def mark_of(household: Household, title: str) -> Mark:
    return next(s.state for s in await household.all_shown() if s.listing.title == title)


async def test_a_sale_with_haggling_ends_in_a_receipt_that_both_hold(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    bike = await offer(ana, "Fahrrad", negotiable=True)
    trade = await ask(world, ben, bike, terms=Terms(price=Price(7_000, "EUR")), text="70?")
    await reaches(world, trade, State.ASKED, ana)
    await ana.node.trades.offer(trade, lambda t: Terms(price=Price(8_500, "EUR")))
    await reaches(world, trade, State.OFFERED, ben)
    await ben.node.trades.accept(trade)
    await reaches(world, trade, State.ASKED, ana)
    await ana.node.trades.promise(trade)
    await reaches(world, trade, State.PROMISED, ben)
    await appointed(world, ana, ben, trade)
    views = await handed_over(world, trade, (ana, ben), State.RECEIPTED)
    first, second = (view.receipt for view in views)
    assert first is not None
    assert first == second
    assert first.complete
    assert first.signatures_hold()
    assert first.receipt.outcome is Outcome.COMPLETED
    assert views[0].trade.terms.price == Price(8_500, "EUR")

    async def linked() -> bool:
        reports = [await h.node.ledger.verify(who) for h in (ana, ben) for who in (ana.id, ben.id)]
        return all(len(report.receipts) == 1 for report in reports)

    await eventually(world, linked)


async def test_what_is_promised_shows_as_reserved_and_what_is_gone_as_taken(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    bike = await offer(ana, "Fahrrad")
    trade = await promised(world, ana, ben, bike)

    async def seen_as(mark: Mark) -> None:
        async def is_so() -> bool:
            return await mark_of(ben, "Fahrrad") is mark

        await eventually(world, is_so)

    await seen_as(Mark.RESERVED)
    await ben.node.trades.cancel(trade)
    await reaches(world, trade, State.RECEIPTED, ana, ben)
    await seen_as(Mark.OPEN)
    again = await promised(world, ana, ben, bike)
    await handed_over(world, again, (ana, ben), State.RECEIPTED)
    await seen_as(Mark.TAKEN)


@pytest.mark.covers("TRD-32")
async def test_nothing_is_promised_twice_and_who_waits_is_told(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    bike = await offer(ana, "Fahrrad")
    first = await ask(world, ben, bike)
    second = await ask(world, cem, bike)
    await reaches(world, first, State.ASKED, ana)
    await reaches(world, second, State.ASKED, ana)
    await ana.node.trades.promise(first)
    with pytest.raises(LocalError, match="not-enough-left"):
        await ana.node.trades.promise(second)

    async def queued() -> bool:
        return (await cem.node.trades.show(second)).trade.position_in_queue == 1

    await eventually(world, queued)
    await reaches(world, first, State.PROMISED, ben)
    await ben.node.trades.cancel(first)
    await reaches(world, first, State.RECEIPTED, ana)
    await ana.node.trades.promise(second)
    await reaches(world, second, State.PROMISED, cem)


async def test_when_it_is_gone_the_others_are_declined(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    bike = await offer(ana, "Fahrrad")
    first, second = await ask(world, ben, bike), await ask(world, cem, bike)
    await reaches(world, second, State.ASKED, ana)
    await reaches(world, first, State.ASKED, ana)
    await ana.node.trades.promise(first)
    await reaches(world, first, State.PROMISED, ben)
    await handed_over(world, first, (ana, ben), State.RECEIPTED)
    (view,) = await reaches(world, second, State.CLOSED, cem)
    assert view.trade.applied[-1].body.why is Why.GIVEN_AWAY  # type: ignore[union-attr]


async def test_of_three_pieces_three_can_be_promised(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    jars = await offer(ana, "Honig", quantity=3)
    first = await ask(world, ben, jars, terms=Terms(quantity=2))
    second = await ask(world, cem, jars, terms=Terms(quantity=2))
    await reaches(world, first, State.ASKED, ana)
    await reaches(world, second, State.ASKED, ana)
    await ana.node.trades.promise(first)
    assert (await ana.node.trades.show(second)).left == 1
    with pytest.raises(LocalError, match="not-enough-left"):
        await ana.node.trades.promise(second)
    await cem.node.trades.offer(second, lambda t: Terms(quantity=1))
    await reaches(world, second, State.ASKED, ana)

    async def smaller() -> bool:
        return (await ana.node.trades.show(second)).trade.terms.quantity == 1

    await eventually(world, smaller)
    await ana.node.trades.promise(second)
    await reaches(world, second, State.PROMISED, cem)


@pytest.mark.covers("TRD-35")
async def test_the_address_is_told_on_a_promise_and_to_nobody_else(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    await ana.node.trades.set_usual_address("Lindenstraße 4, Hinterhaus")
    bike = await offer(ana, "Fahrrad")
    second = await ask(world, cem, bike)
    trade = await promised(world, ana, ben, bike)

    async def told() -> bool:
        return bool((await ben.node.trades.show(trade)).trade.addresses)

    await eventually(world, told)
    view = await ben.node.trades.show(trade)
    assert list(view.trade.addresses.values()) == ["Lindenstraße 4, Hinterhaus"]
    assert not (await cem.node.trades.show(second)).trade.addresses
    for household in (cem, ben):
        for record in await household.standing():
            assert b"Hinterhaus" not in record.raw


async def test_codes_shown_in_person_confirm_without_any_network(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    trade = await promised(world, ana, ben, await offer(ana, "Fahrrad"))
    world.part([ana], [ben])
    ana_code = (await ana.node.trades.show(trade)).handover_code
    ben_code = (await ben.node.trades.show(trade)).handover_code
    with pytest.raises(LocalError, match="wrong-code"):
        await ana.node.trades.handover(trade, ana_code)
    with pytest.raises(LocalError, match="wrong-code"):
        await ana.node.trades.handover(trade, "nonsense")
    assert ben_code is not None
    assert ana_code is not None
    done = await ana.node.trades.handover(trade, ben_code.lower().replace("-", " "))
    assert done.trade.outcome is Outcome.COMPLETED
    done = await ben.node.trades.handover(trade, ana_code)
    assert done.trade.outcome is Outcome.COMPLETED
    world.switchboard.heal()
    first, second = await reaches(world, trade, State.RECEIPTED, ana, ben)
    assert first.receipt == second.receipt


async def test_a_loan_is_extended_comes_back_and_frees_the_thing(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    drill = await offer(ana, "Bohrmaschine", kind=ListingKind.LEND)
    due_ms = ana.clock.now_ms() + 3 * limits.DAY_MS
    trade = await promised(world, ana, ben, drill, terms=Terms(due_at_ms=due_ms))
    await handed_over(world, trade, (ana, ben), State.LENT)
    later_ms = due_ms + limits.DAY_MS
    await ben.node.trades.extend(trade, later_ms)

    async def proposed() -> bool:
        return bool((await ana.node.trades.show(trade)).trade.proposed_due)

    await eventually(world, proposed)
    await ana.node.trades.extend(trade, later_ms)

    async def agreed() -> bool:
        return (await ben.node.trades.show(trade)).trade.terms.due_at_ms == later_ms

    await eventually(world, agreed)
    assert (await ana.node.trades.show(trade)).left == 0
    code = (await ben.node.trades.show(trade)).return_code
    await ana.node.trades.give_back(trade, code)
    views = await reaches(world, trade, State.RECEIPTED, ana, ben)
    assert views[0].trade.outcome is Outcome.COMPLETED
    assert (await ana.node.trades.show(trade)).left == 1


async def test_a_gift_is_drawn_fairly_among_three(world: World) -> None:
    ana, ben, cem, dora = await world.community(["ana", "ben", "cem", "dora"])
    cot = await offer(ana, "Kinderbett", kind=ListingKind.GIVE)
    trades = [await ask(world, asking, cot) for asking in (ben, cem, dora)]
    for trade in trades:
        await reaches(world, trade, State.ASKED, ana)
    closes_ms = ana.clock.now_ms() + HOUR_MS
    assert await ana.node.trades.draw(cot, closes_ms) == 3
    for trade in trades:
        await reaches(world, trade, State.ENTERED, ana)
    await world.pass_time(3_700)
    states: dict[str, State] = {}

    async def drawn() -> bool:
        for trade, household in zip(trades, (ben, cem, dora), strict=True):
            view = await household.node.trades.show(trade)
            states[household.name] = view.trade.state
            if view.trade.drawing is None or view.trade.drawing.won is None:
                return False
        return list(states.values()).count(State.PROMISED) == 1

    await eventually(world, drawn)
    assert sorted(state.value for state in states.values()) == ["asked", "asked", "promised"]


async def test_who_did_not_come_can_admit_it(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    trade = await promised(world, ana, ben, await offer(ana, "Fahrrad"))
    await appointed(world, ana, ben, trade, in_hours=1)
    with pytest.raises(LocalError, match="trade-not-now"):
        await ana.node.trades.no_show(trade)
    await world.pass_time(2 * 3_600 + 60)
    with pytest.raises(LocalError, match="trade-not-now"):
        await ana.node.trades.no_show(trade)  # somebody may yet come round the corner
    await world.pass_time(10 * 60)
    await ana.node.trades.no_show(trade)
    await reaches(world, trade, State.SIGNED, ana, ben)
    await world.pass_time(300)
    await reaches(world, trade, State.SIGNED, ana, ben)  # nobody signs that by itself
    await ben.node.trades.admit(trade)
    views = await reaches(world, trade, State.RECEIPTED, ana, ben)
    receipt = views[0].receipt
    assert receipt is not None
    assert receipt.receipt.at_fault == ben.id


async def test_a_steward_whom_both_accept_rules(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    trade = await promised(world, ana, ben, await offer(ana, "Fahrrad"))
    await ana.node.trades.handover(trade)
    await reaches(world, trade, State.HANDED_BY_PUBLISHER, ben)
    await ben.node.trades.dispute(trade, cem.id, "Die Kette fehlt.")
    await reaches(world, trade, State.DISPUTED, ana)
    assert await cem.node.trades.cases() == []
    await ana.node.trades.accept_steward(trade)
    await reaches(world, trade, State.WITH_STEWARD, ben)
    assert await cem.node.trades.cases() == []  # sees only what a party hands over
    await ben.node.trades.hand_over_case(trade, "So stand es in der Anzeige.")

    async def laid_before() -> bool:
        return len(await cem.node.trades.cases()) == 1

    await eventually(world, laid_before)
    await cem.node.trades.rule(trade, Outcome.CANCELLED, "Bitte zurücknehmen.")
    views = await reaches(world, trade, State.RECEIPTED, ana, ben)
    assert views[0].trade.outcome is Outcome.CANCELLED
    assert views[0].trade.at_fault is None


async def test_an_ask_for_a_listing_that_has_changed_is_declined(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    bike = await offer(ana, "Fahrrad")
    await world.settle()
    world.part([ana], [ben])
    await ana.edit(bike, "Fahrrad, jetzt 200 Euro")
    trade = await ask(world, ben, bike)
    world.switchboard.heal()
    (view,) = await reaches(world, trade, State.CLOSED, ben)
    assert view.trade.applied[-1].body.why is Why.CHANGED  # type: ignore[union-attr]


@pytest.mark.covers("TRD-34")
async def test_a_promise_that_nobody_came_for_lapses(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    trade = await promised(world, ana, ben, await offer(ana, "Fahrrad"))
    world.pass_days(15)
    await world.pass_time(120)
    views = await reaches(world, trade, State.RECEIPTED, ana, ben)
    assert views[0].trade.outcome is Outcome.CANCELLED
    assert views[0].trade.at_fault is None
    assert views[0].trade.concluded is not None
    assert views[0].trade.concluded.type is Type.LAPSE


async def test_one_does_not_trade_with_oneself_nor_ask_twice(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    bike = await offer(ana, "Fahrrad")
    with pytest.raises(LocalError, match="own-listing"):
        await ana.node.trades.ask(bike)
    trade = await ask(world, ben, bike)
    with pytest.raises(LocalError, match="already-asked"):
        await ben.node.trades.ask(bike)
    with pytest.raises(LocalError, match="trade-unfit"):
        await ben.node.trades.ask(bike, Terms(quantity=2))
    with pytest.raises(LocalError, match="trade-not-now"):
        await ben.node.trades.promise(trade)
    with pytest.raises(LocalError, match="trade-not-found"):
        await ben.node.trades.find("aaaaaaaaaa")


async def test_what_is_offered_in_return_is_kept_for_that_trade(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    bike = await offer(ana, "Fahrrad", kind=ListingKind.SWAP)
    honey = await offer(ben, "Honig", kind=ListingKind.SWAP)
    swap = Terms(swap="Honig", swap_listing=honey)
    trade = await ask(world, ben, bike, terms=swap)
    other = await ask(world, cem, honey)
    await reaches(world, other, State.ASKED, ben)
    with pytest.raises(LocalError, match="not-enough-left"):
        await ben.node.trades.promise(other)
    with pytest.raises(LocalError, match="not-enough-left"):
        await ben.node.trades.ask(await offer_of(world, cem, ben, "Topf"), swap)
    await reaches(world, trade, State.ASKED, ana)
    await ana.node.trades.decline(trade)
    await reaches(world, trade, State.CLOSED, ben)
    await ben.node.trades.promise(other)
    with pytest.raises(LocalError, match="not-enough-left"):
        await ben.node.trades.ask(bike, swap)


async def test_both_things_of_a_swap_are_gone_in_the_end(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    bike = await offer(ana, "Fahrrad", kind=ListingKind.SWAP)
    honey = await offer(ben, "Honig", kind=ListingKind.SWAP)
    trade = await promised(world, ana, ben, bike, terms=Terms(swap="Honig", swap_listing=honey))
    await handed_over(world, trade, (ana, ben), State.RECEIPTED)

    async def taken() -> bool:
        marks = [await mark_of(ana, title) for title in ("Fahrrad", "Honig")]
        return marks == [Mark.TAKEN, Mark.TAKEN]

    await eventually(world, taken)


async def offer_of(world: World, publisher: Household, reader: Household, title: str) -> ThingKey:
    """Publish something, and wait until another household sees it."""
    listing = await offer(publisher, title)
    await knows(world, reader, listing)
    return listing


@pytest.mark.parametrize("kind", [ListingKind.WANTED, ListingKind.SERVICE, ListingKind.KIT])
async def test_wishes_services_and_kits_are_traded_too(world: World, kind: ListingKind) -> None:
    ana, ben = await world.community(["ana", "ben"])
    trade = await promised(world, ana, ben, await offer(ana, "Babysitten", kind=kind))
    views = await handed_over(world, trade, (ana, ben), State.RECEIPTED)
    receipt = views[0].receipt
    assert receipt is not None
    assert receipt.receipt.giver == (ben.id if kind is ListingKind.WANTED else ana.id)


async def test_an_event_is_not_traded(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    party = await offer(ana, "Hoffest", kind=ListingKind.EVENT)
    await knows(world, ben, party)
    with pytest.raises(LocalError, match="event-not-traded"):
        await ben.node.trades.ask(party)


async def test_credit_moves_from_taker_to_giver_up_to_the_limit(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"], credit=CreditRules("Stunden", 5))
    help_ = await offer(ana, "Umzugshilfe", kind=ListingKind.SERVICE, quantity=10)
    trade = await promised(world, ana, ben, help_, terms=Terms(credit=4))
    # What is promised counts already, before there is a receipt.
    second = await offer(ana, "Nachhilfe", kind=ListingKind.SERVICE)
    other = await ask(world, ben, second, terms=Terms(credit=2))
    await reaches(world, other, State.ASKED, ana)
    with pytest.raises(LocalError, match="credit-limit"):
        await ana.node.trades.promise(other)
    await handed_over(world, trade, (ana, ben), State.RECEIPTED)

    async def moved() -> bool:
        balances = [(await h.node.ledger.credit()).balances for h in (ana, ben)]
        return balances == [{ana.id: 4, ben.id: -4}] * 2

    await eventually(world, moved)
    with pytest.raises(LocalError, match="credit-limit"):
        await ana.node.trades.promise(other)


async def test_without_credit_in_the_charter_none_is_asked_for(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    bike = await offer(ana, "Fahrrad")
    await knows(world, ben, bike)
    with pytest.raises(LocalError, match="no-credit"):
        await ben.node.trades.ask(bike, Terms(credit=2))


async def test_a_private_trade_leaves_nothing_for_others_to_see(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    trade = await promised(world, ana, ben, await offer(ana, "Fahrrad"), public=False)
    await handed_over(world, trade, (ana, ben), State.RECEIPTED)

    async def linked() -> bool:
        return (await cem.node.ledger.verify(ana.id)).private == 1

    await eventually(world, linked)
    report = await cem.node.ledger.verify(ana.id)
    assert not report.receipts
    assert report.sound


async def test_who_lost_one_draw_takes_part_in_the_next(world: World) -> None:
    ana, ben, cem, dora = await world.community(["ana", "ben", "cem", "dora"])
    homes = (ben, cem, dora)
    cot = await offer(ana, "Kinderbett", kind=ListingKind.GIVE)
    trades = [await ask(world, asking, cot) for asking in homes]
    for trade in trades:
        await reaches(world, trade, State.ASKED, ana)
    winners = []
    for count in (3, 2):
        assert await ana.node.trades.draw(cot, ana.clock.now_ms() + HOUR_MS) == count
        for trade in trades:
            if trade not in winners:
                await reaches(world, trade, State.ENTERED, ana)
        await world.pass_time(3_700)

        async def drawn() -> bool:
            for trade, household in zip(trades, homes, strict=True):
                view = await household.node.trades.show(trade)
                if trade not in winners and view.trade.state is State.PROMISED:
                    winners.append(trade)
                    await household.node.trades.cancel(trade)
                    await reaches(world, trade, State.RECEIPTED, ana)
                    return True
            return False

        await eventually(world, drawn)
    assert len(winners) == 2
