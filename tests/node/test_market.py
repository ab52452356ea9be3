"""What a household writes: slots, generations and revisions, whatever its clock does."""

from __future__ import annotations

from dataclasses import replace

import pytest
import trio

from node.store.listings import StoredListing
from protocol import limits
from protocol.envelope import decode
from protocol.errors import LocalError
from protocol.kinds import Kind
from protocol.listing import Variant
from protocol.mark import State
from tests.sim.world import Household, World


async def slots_of(household: Household) -> list[int]:
    return sorted(stored.slot for stored in await household.node.market.mine())


async def test_a_published_listing_is_found_edited_marked_and_withdrawn(world: World) -> None:
    ana = await world.found("ana")
    (cot,) = await ana.publish("Cot")
    await ana.edit(cot.key, "Better cot")
    assert await ana.titles("cot") == ["Better cot"]
    await ana.node.market.mark(cot.key, State.RESERVED)
    (stored,) = await ana.node.market.mine()
    assert (stored.revision, stored.state) == (1, State.RESERVED)
    await ana.node.market.withdraw(cot.key)
    assert await ana.titles() == []
    for deed in (
        ana.node.market.edit(cot.key, ana.listing("Again")),
        ana.node.market.withdraw(cot.key),
        ana.node.market.mark(cot.key, State.OPEN),
        ana.node.market.renew(cot.key, 5),
    ):
        with pytest.raises(LocalError) as refused:
            await deed
        assert refused.value.code == "listing-not-found"


async def test_slots_are_reused_and_the_charter_is_the_limit(world: World) -> None:
    ana = await world.found("ana", listing_slots=3)
    cot, bike, _ = await ana.publish("Cot", "Bike", "Drill")
    (full,) = await ana.node.market.publish([ana.listing("One too many")])
    assert isinstance(full, LocalError)
    assert full.code == "no-free-slot"
    await ana.node.market.withdraw(bike.key)
    results = await ana.node.market.publish([ana.listing("Lamp"), ana.listing("Too many")])
    assert isinstance(results[0], StoredListing)
    assert results[0].slot == bike.slot
    assert isinstance(results[1], LocalError)
    assert await ana.titles() == ["Cot", "Drill", "Lamp"]
    await ana.node.market.renew(cot.key, 60)
    world.pass_days(31)
    assert await ana.titles() == ["Cot"]
    assert len(await ana.publish("After a month", "And another")) == 2


async def test_a_clock_that_goes_back_a_little_changes_nothing_for_the_writer(
    world: World,
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    (cot,) = await ana.publish("Cot")
    ana.clock.ahead_ms -= 9 * limits.MINUTE_MS
    await ana.edit(cot.key, "Cot, one edit later")
    await ana.node.market.mark(cot.key, State.TAKEN)
    await ana.node.market.withdraw(cot.key)
    (bike,) = await ana.publish("Bike, in the same slot")
    assert bike.slot == cot.slot
    await world.settle()
    assert await ben.titles() == ["Bike, in the same slot"]


async def test_a_listing_is_found_by_what_can_be_chosen(world: World) -> None:
    ana = await world.found("ana")
    boots = replace(ana.listing("Gummistiefel"), variants=(Variant("Größe", ("98", "104")),))
    await ana.node.market.publish([boots])
    assert await ana.titles("Größe 98") == ["Gummistiefel"]
    assert await ana.titles("Größe 110") == []


async def test_a_thousand_edits_in_a_moment_all_stand(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    (cot,) = await ana.publish("Cot")
    before = trio.current_time()
    for number in range(1_000):
        await ana.node.market.edit(cot.key, ana.listing(f"Cot {number}"))
    assert trio.current_time() - before < 60
    await world.settle()
    (found,) = await ben.all_shown()
    assert (found.listing.title, found.revision) == ("Cot 999", 1_000)


async def test_an_edit_does_not_overwrite_what_has_the_slot_now(world: World) -> None:
    ana = await world.found("ana")
    (cot,) = await ana.publish("Cot")
    author = ana.node.market._author
    await ana.node.market.withdraw(cot.key)
    (bike,) = await ana.publish("Bike")
    assert bike.slot == cot.slot
    with pytest.raises(LocalError) as refused:
        await author.replace(Kind.LISTING, cot.slot, ana.listing("Cot").pack(), key=cot.key)
    assert refused.value.code == "listing-not-found"
    assert await ana.titles() == ["Bike"]


async def test_publications_at_once_take_different_slots(world: World) -> None:
    ana = await world.found("ana")
    async with trio.open_nursery() as nursery:
        for number in range(20):
            nursery.start_soon(ana.publish, f"Thing {number}")
    assert len(set(await slots_of(ana))) == 20


async def test_a_mark_lives_as_long_as_what_it_marks(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    (cot,) = await ana.publish("Cot", days=80)
    await ana.node.market.mark(cot.key, State.TAKEN)
    world.pass_days(75)
    await ana.node.market.renew(cot.key, 80)
    await world.settle()
    world.pass_days(20)  # the first mark's record has expired by now
    await world.pass_time(300)
    for household in (ana, ben):
        (found,) = await household.all_shown()
        assert found.state is State.TAKEN


@pytest.mark.covers("LST-10")
async def test_listings_that_cannot_show_are_refused_one_by_one(world: World) -> None:
    ana = await world.found("ana", visible_days=30, photos=0)
    over = replace(ana.listing("Over"), visible_until_ms=ana.clock.now_ms())
    results = await ana.node.market.publish(
        [over, ana.listing("Good"), ana.listing("Too long", days=31)]
    )
    codes = [r.code if isinstance(r, LocalError) else "" for r in results]
    assert codes == ["already-over", "", "shown-too-long"]
    assert await ana.titles() == ["Good"]


async def test_a_listing_beyond_a_record_s_size_is_refused(world: World) -> None:
    ana = await world.found("ana")
    huge = replace(ana.listing("Huge"), description="ß€😀" * 1_000)
    results = await ana.node.market.publish([huge, ana.listing("Good")])
    assert isinstance(results[0], LocalError)
    assert results[0].code == "too-long"
    assert await ana.titles() == ["Good"]


async def test_what_is_refused_for_want_of_membership_is_not_published_later(
    world: World,
) -> None:
    ana = await world.found("ana")
    ben = world.household("ben")
    await world.enrol(ben, await ana.invite())
    world.switchboard.cut(["ana"], ["ben"])
    await ben.start()
    assert ben.node.community.my_status in ("waiting", "provisional")
    titles = [f"Thing {number}" for number in range(8)]
    results = await ben.node.market.publish([ben.listing(title) for title in titles])
    accepted = [r.listing.title for r in results if isinstance(r, StoredListing)]
    assert len(accepted) <= limits.PROVISIONAL_SLOTS
    world.switchboard.heal()
    await world.until(lambda: ben.node.community.my_status == "confirmed")
    await world.settle()
    await world.pass_time(120)
    assert await ana.titles() == accepted


async def test_records_are_signed_by_the_device_and_membership_by_the_household(
    world: World,
) -> None:
    ana = await world.found("ana")
    await ana.publish("Cot")
    rows = await ana.node.database.read(
        lambda connection: connection.execute("SELECT raw FROM record").fetchall()
    )
    signed = {decode(raw).kind: decode(raw).root_signed for (raw,) in rows}
    assert signed[Kind.DEVICE]
    assert not signed[Kind.LISTING]
    assert not signed[Kind.PROFILE]


async def test_who_wrote_while_its_clock_was_ahead_is_told_about_the_clock(world: World) -> None:
    ana = await world.found("ana")
    ana.clock.ahead_ms += 20 * limits.MINUTE_MS
    (cot,) = await ana.publish("Cot")
    ana.clock.ahead_ms -= 20 * limits.MINUTE_MS
    with pytest.raises(LocalError) as refused:
        await ana.edit(cot.key, "Cot, later and earlier")
    assert refused.value.code == "clock-behind"
    assert await ana.titles() == ["Cot"]
