"""Trust and credit, folded at each node from what stands there."""

from __future__ import annotations

import pytest
import trio

from protocol.charter import CreditRules
from protocol.errors import LocalError
from protocol.ids import HouseholdId
from protocol.ledger.receipt import Outcome
from protocol.ledger.trust import PAIR_CAP, Tally
from protocol.listing import ListingKind
from tests.sim.receipting import ledger, receipt, report_of, signed_by, trade, until_linked
from tests.sim.world import Household, World

HOURS = CreditRules("Stunden", 10)


async def test_facts_are_seen_from_one_s_own_place(world: World) -> None:
    ana, ben, cem, dora = await world.community(["ana", "ben", "cem", "dora"])
    for _ in range(PAIR_CAP + 2):
        await trade(ana, ben)
    await trade(cem, ben)
    await trade(cem, dora)
    await trade(ben, dora, outcome=Outcome.NO_SHOW, at_fault=ben.id)
    await until_linked(world, ben, cem, PAIR_CAP + 4)
    facts = await ledger(cem).trust(ana.id)
    assert facts.view.record.completed == Tally(PAIR_CAP, 1)
    assert facts.view.common == [ben.id]
    assert facts.view.vouch_path == (cem.id, ana.id)
    assert facts.own == []
    assert facts.balance is None
    facts = await ledger(cem).trust(ben.id)
    assert facts.view.record.no_shows == Tally(1, 1)
    assert len(facts.own) == 1
    assert facts.report.sound
    assert facts.view.vouch_path == (cem.id, ana.id, ben.id)


async def test_a_private_or_unconfirmed_trade_is_one_s_own_experience_only(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    await trade(ana, ben, public=False)
    await ledger(ana).link(signed_by(receipt(ana, ben), ana, None), ana.clock.now_ms())
    await world.pass_time(120)
    facts = await ledger(ana).trust(ben.id)
    assert facts.view.record.completed == Tally(0, 0)
    assert sorted(own.signed.complete for own in facts.own) == [False, True]


async def balances(at: Household) -> dict[HouseholdId, int]:
    return dict((await ledger(at).credit()).balances)


async def test_balances_follow_from_records_at_who_took_no_part(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"], credit=HOURS)
    await trade(ana, ben, credit=3)
    await trade(ben, ana, credit=1, listing_kind=ListingKind.WANTED)
    await trade(ben, cem, credit=2)
    await trade(ana, ben, public=False)
    await until_linked(world, ben, cem, 3)
    await until_linked(world, cem, cem, 1)
    assert await balances(cem) == {ana.id: 4, ben.id: -2, cem.id: -2}
    dora = await world.join("dora", await ana.invite(uses=1))
    await world.until(lambda: dora.node.community.my_status == "confirmed")
    await world.settle()
    assert await balances(dora) == {ana.id: 4, ben.id: -2, cem.id: -2}
    assert ledger(dora).credit_terms() == HOURS
    assert (await ledger(dora).trust(ben.id)).balance == -2


@pytest.mark.covers("LED-34")
async def test_what_neighbours_earned_stays_theirs_when_a_household_is_removed(
    world: World,
) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"], credit=HOURS)
    await trade(cem, ben, credit=3)
    await trade(ana, ben)
    await until_linked(world, ana, cem, 1)
    await until_linked(world, cem, ana, 1)
    await ana.node.governance.removals.remove(ben.id, "Cheated.", True)
    await world.until(lambda: ben.id in cem.members.removed)
    dora = await world.join("dora", await ana.invite(uses=1))
    await world.until(lambda: dora.node.community.my_status == "confirmed")
    await world.settle([ana, cem, dora])
    for at in (ana, cem, dora):
        assert (await report_of(cem, at)).sound
        assert len((await report_of(cem, at)).receipts) == 1
        assert (await report_of(ben, at)).receipts == {}
        assert await balances(at) == {cem.id: 3, ben.id: -3}
        assert (await ledger(at).trust(ana.id)).view.record.completed == Tally(1, 1)
    # What he signs for later months counts for nothing.
    world.pass_days(40)
    signed = signed_by(receipt(cem, ben, credit=3), cem, ben)
    assert not await ledger(cem).link(signed, 1)


async def refusal(deed: object) -> dict[str, object]:
    with pytest.raises(LocalError) as error:
        await deed  # type: ignore[misc]
    return {"code": error.value.code, **error.value.fields}


@pytest.mark.covers("LED-29")
async def test_a_promise_beyond_the_limit_is_refused(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"], credit=HOURS)
    await trade(ana, ben, credit=6)
    await until_linked(world, ben, ana, 1)
    refuse = ledger(ana).refuse_over_limit
    await refuse(ben.id, 4)
    assert await refusal(refuse(ben.id, 5)) == {
        "code": "credit-limit", "amount": 5, "left": 4, "unit": "Stunden",
    }  # fmt: skip
    assert (await refusal(refuse(ben.id, 3, promised=2)))["left"] == 2
    await refuse(ana.id, 16)
    assert (await refusal(refuse(ana.id, 17)))["code"] == "credit-limit"


@pytest.mark.covers("LED-29")
async def test_who_went_over_the_limit_at_two_places_at_once_may_promise_no_more(
    world: World,
) -> None:
    """Nobody is asked before two promise at once: the later one waits, and is owed all the same."""
    ana, ben, cem = await world.community(["ana", "ben", "cem"], credit=HOURS)
    async with trio.open_nursery() as nursery:
        for publisher in (ana, cem):

            async def deal(publisher=publisher) -> None:
                await ledger(publisher).refuse_over_limit(ben.id, 8)
                await trade(publisher, ben, credit=8)

            nursery.start_soon(deal)
    for party in (ana, cem):
        await until_linked(world, party, ana, 1)
        await until_linked(world, party, cem, 1)
    await until_linked(world, ben, ana, 2)
    await until_linked(world, ben, cem, 2)
    seen = [await ledger(at).credit() for at in (ana, cem)]
    assert seen[0] == seen[1]
    assert (seen[0].balance(ben.id), seen[0].uncovered(ben.id)) == (-8, 8)
    assert sorted(seen[0].balance(party.id) for party in (ana, cem)) == [0, 8]
    for at in (ana, cem):
        assert (await refusal(ledger(at).refuse_over_limit(ben.id, 1)))["left"] == 0
    # Ben gives what he took too much: what waited counts by itself.
    await trade(ben, ana, credit=6)
    await until_linked(world, ben, cem, 3)
    await until_linked(world, ana, cem, 2)
    found = await ledger(cem).credit()
    assert (found.balance(ben.id), found.uncovered(ben.id)) == (-10, 0)
    assert (found.balance(ana.id), found.balance(cem.id)) == (2, 8)


async def test_where_the_charter_keeps_none_there_is_none(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    await trade(ana, ben, credit=3)
    await until_linked(world, ben, ana, 1)
    assert await balances(ana) == {}
    assert (await refusal(ledger(ana).refuse_over_limit(ben.id, 1)))["code"] == "no-credit"
