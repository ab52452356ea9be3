"""Mail for a household that is off: kept by neighbours, and there soon after its return."""

from __future__ import annotations

import pytest

from node.mail.incoming import DeliveryState
from tests.node.mail.conftest import Correspondence
from tests.sim.world import Household, World

STREET = ["ana", "ben", "cem", "dora", "emil", "fatma"]


async def held(household: Household) -> int:
    return (await household.node.post.holding()).for_others.parcels


@pytest.mark.covers("MAI-50", "MAI-53", "MAI-56")
async def test_mail_for_a_household_that_is_off_waits_at_three_neighbours(
    world: World, mail: Correspondence
) -> None:
    ana, ben, *others = await world.community(STREET)
    ben_id = ben.id
    await ben.stop()
    await ana.node.chats.send(ben_id, "Are you home?")
    await mail.all_are(ana, ben_id, DeliveryState.HELD)
    await world.pass_time(5)
    (view,) = await ana.node.chats.thread(ben_id)
    assert view.delivery is not None
    assert view.delivery.holders == 3
    assert sorted([await held(other) for other in others]) == [0, 1, 1, 1]
    ana_id = ana.id
    await ana.stop()
    await ben.start()
    assert await mail.arrived(ben, ana_id, ["Are you home?"]) <= 60
    await world.pass_time(5)
    # Now one of them keeps the note by which Ben's device says that it has got it.
    assert sorted([await held(other) for other in others]) == [0, 0, 0, 1]
    await ana.start()
    await mail.all_are(ana, ben_id, DeliveryState.DELIVERED)
    await world.pass_time(5)
    assert [await held(other) for other in others] == [0, 0, 0, 0]
    assert await mail.texts(ben, ana_id) == ["Are you home?"]


@pytest.mark.covers("MAI-54")
async def test_two_that_never_meet_write_to_each_other_at_once(
    world: World, mail: Correspondence
) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    world.part([ana], [ben])
    await world.pass_time(10)
    await ana.node.chats.send(ben.id, "Through Cem?")
    assert await mail.arrived(ben, ana.id, ["Through Cem?"]) <= 5
    await ben.node.chats.send(ana.id, "Through Cem.")
    assert await mail.arrived(ana, ben.id, ["Through Cem?", "Through Cem."]) <= 5
    await mail.all_are(ana, ben.id, DeliveryState.DELIVERED)
    await mail.all_are(ben, ana.id, DeliveryState.DELIVERED)
    await world.pass_time(120)
    assert await held(cem) == 0
    assert (await ana.node.post.holding()).queued == 0


@pytest.mark.covers("MAI-50")
async def test_fewer_neighbours_than_three_hold_it_and_more_get_it_when_they_come(
    world: World, mail: Correspondence
) -> None:
    ana, ben, _cem, dora = await world.community(["ana", "ben", "cem", "dora"])
    ben_id = ben.id
    await ben.stop()
    await dora.stop()
    await ana.node.chats.send(ben_id, "Hello")
    await mail.all_are(ana, ben_id, DeliveryState.HELD)
    (view,) = await ana.node.chats.thread(ben_id)
    assert view.delivery is not None
    assert view.delivery.holders == 1
    await dora.start()

    async def two_hold_it() -> bool:
        (view,) = await ana.node.chats.thread(ben_id)
        return view.delivery is not None and view.delivery.holders == 2

    await mail.until(two_hold_it)


async def test_more_than_the_ratchet_remembers_arrives_through_holders_all_the_same(
    world: World, mail: Correspondence
) -> None:
    ana, ben, *_ = await world.community(STREET)
    ben_id, wanted = ben.id, [f"Number {n}" for n in range(150)]
    await ben.stop()
    for text in wanted:
        await ana.node.chats.send(ben_id, text)
    await mail.all_are(ana, ben_id, DeliveryState.HELD)
    await world.pass_time(10)
    await ben.start()
    await mail.arrived(ben, ana.id, wanted)
    assert await mail.texts(ben, ana.id) == wanted
    await mail.all_are(ana, ben_id, DeliveryState.DELIVERED)
