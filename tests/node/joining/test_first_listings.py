"""What newcomers offer shows more and more (GOV-15, GOV-16), and who speaks for them."""

from __future__ import annotations

import pytest

from node.store.listings import StoredListing
from protocol.charter import Reception
from protocol.errors import LocalError
from protocol.kinds import Kind
from protocol.membership.governance import Vouches
from tests.sim.receipting import trade, until_linked
from tests.sim.world import Household, World

HOLDS_BACK = {"reception": Reception(first_listings=1)}


async def refused(deed: object) -> str:
    with pytest.raises(LocalError) as error:
        await deed  # type: ignore[misc]
    return error.value.code


async def shown(household: Household, *titles: str) -> None:
    """Let time pass until exactly these show."""
    for _ in range(600):
        if await household.titles() == sorted(titles):
            return
        await household.world.pass_time(0.1)
    assert await household.titles() == sorted(titles)


@pytest.mark.covers("GOV-16")
async def test_neighbours_see_more_of_a_newcomer_with_each_that_vouches_for_it(
    world: World,
) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"], **HOLDS_BACK)
    await ben.publish("A", "B", "C", "D")
    await shown(cem, "A")
    assert await ben.titles() == ["A", "B", "C", "D"]  # its own are all there for itself
    assert await ben.node.joining.first_listings.limit(ben.id) == 1
    await ana.node.joining.vouching.vouch(ben.id)
    await shown(cem, "A", "B")
    await cem.node.joining.vouching.vouch(ben.id)
    await shown(cem, "A", "B", "C")
    await shown(ana, "A", "B", "C")
    await ana.node.joining.vouching.withdraw(ben.id)
    await shown(cem, "A", "B")


@pytest.mark.covers("GOV-16")
async def test_the_word_of_ones_own_guests_shows_nothing_more(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"], **HOLDS_BACK)
    guest = await world.join("dora", await ben.invite(uses=1))
    await until_confirmed(world, ana, guest)
    await guest.node.joining.vouching.vouch(ben.id)
    await ben.publish("A", "B")
    await shown(ana, "A")
    await until_vouched(world, ana, ben, guest)
    assert await ana.node.joining.first_listings.limit(ben.id) == 1


async def until_confirmed(world: World, at: Household, household: Household) -> None:
    """Let time pass until a household is confirmed, as another one and itself see it."""
    while not all(
        (member := node.inbox.members.member(household.id)) is not None and member.confirmed
        for node in (at.node, household.node)
    ):
        await world.pass_time(0.1)


async def until_vouched(world: World, at: Household, of: Household, by: Household) -> None:
    """Let time pass until a vouch is known."""
    while by.id not in at.node.inbox.members.vouched(of.id):
        await world.pass_time(0.1)


@pytest.mark.covers("GOV-16")
async def test_who_is_not_confirmed_shows_no_more_than_a_newcomer_who_is(world: World) -> None:
    ana = await world.found("ana", reception=Reception(approval=True, first_listings=2))
    ben = await world.join("ben", await ana.invite(uses=1))
    await world.until(lambda: ben.node.community.my_status == "provisional")
    assert await ben.node.joining.first_listings.limit(ben.id) == 2
    await ben.publish("A", "B", "C")
    await shown(ana, "A", "B")
    await world.until(lambda: ana.node.inbox.members.member(ben.id) is not None)
    await ana.node.joining.newcomers.approve(ben.id)
    await until_confirmed(world, ana, ben)
    await world.pass_time(60)
    assert await ana.titles() == ["A", "B"]


@pytest.mark.covers("GOV-16")
async def test_the_founder_is_held_back_by_nothing(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"], **HOLDS_BACK)
    await ana.publish("A", "B", "C")
    await shown(ben, "A", "B", "C")


async def test_what_shows_of_newcomers_is_the_same_after_a_restart(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"], **HOLDS_BACK)
    await ben.publish("A", "B", "C")
    await ana.node.joining.vouching.vouch(ben.id)
    await shown(cem, "A", "B")
    await cem.stop()
    await ana.node.joining.vouching.withdraw(ben.id)
    await cem.start()
    await shown(cem, "A")
    await cem.crash()
    await cem.start()
    await shown(cem, "A")
    assert [stored.listing.title for stored in await ben.node.market.mine()] == ["C", "B", "A"]


async def test_what_is_published_later_fills_the_slots_that_show_first(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"], **HOLDS_BACK)
    (first, *_) = await ben.publish("A", "B", "C")
    await shown(ana, "A")
    await ben.node.market.withdraw(first.key)
    (fourth,) = await ben.publish("D")
    assert isinstance(fourth, StoredListing)
    assert fourth.slot == 0
    await shown(ana, "D")


@pytest.mark.covers("GOV-15")
async def test_only_what_confirmed_households_say_of_others_counts(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    assert await refused(ben.node.joining.vouching.vouch(ben.id)) == "not-yourself"
    assert await refused(ben.node.joining.vouching.withdraw(ana.id)) == "not-vouched"
    await ben.node.joining.vouching.vouch(ana.id)
    await ben.node.joining.vouching.vouch(ana.id)
    await ben.node.joining.vouching.vouch(cem.id)
    assert ben.node.joining.vouching.given() == {ana.id, cem.id}
    own = Vouches((ben.id, ana.id)).pack()
    await ben.node.market._author.replace(Kind.VOUCHES, 3, own)
    await world.settle()
    assert cem.members.vouched(ana.id) == {ben.id}
    assert cem.members.vouched(ben.id) == frozenset()
    await ben.node.joining.vouching.withdraw(ana.id)
    await world.settle()
    assert cem.members.vouched(ana.id) == frozenset()
    assert cem.members.vouched(cem.id) == {ben.id}


@pytest.mark.covers("GOV-16")
async def test_trades_count_once_for_each_household_and_only_where_all_can_see_them(
    world: World,
) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"], **HOLDS_BACK)
    await ben.publish("A", "B", "C", "D")
    await shown(cem, "A")
    await trade(ana, ben)
    await trade(ben, ana)
    await until_linked(world, ben, cem, 2)
    await shown(cem, "A", "B")
    await trade(cem, ben, public=False)
    await world.pass_time(120)
    await shown(ana, "A", "B")
    await trade(cem, ben)
    await shown(ana, "A", "B", "C")
    assert await ben.node.joining.first_listings.limit(ben.id) == 3
