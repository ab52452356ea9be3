"""A household that lost its computer joins again with its words: a new device, nothing voided."""

from __future__ import annotations

import pytest

from protocol import limits
from protocol.errors import LocalError
from protocol.kinds import Kind


@pytest.mark.covers("TRN-59")
async def test_who_joins_again_with_its_words_keeps_what_the_lost_device_published(world):
    ana, ben = await world.community(["ana", "ben"])
    await ben.publish("Sofa", "Drill")
    await world.settle()
    await ben.stop()
    returned = world.household("ben-again")
    returned.identity = ben.identity
    await world.enrol(returned, await ana.invite(uses=3))
    await returned.start()
    household = returned.id
    await world.until(lambda: len(ana.members.facts_of(household, Kind.DEVICE)) == 2)
    await world.settle([ana, returned])
    assert await ana.titles() == await returned.titles() == ["Drill", "Sofa"]
    (sofa,) = [held for held in await returned.all_shown() if held.listing.title == "Sofa"]
    with pytest.raises(LocalError) as refused:
        await returned.edit(sofa.key, "Sofa, still there")
    assert refused.value.code == "other-device-decides"
    await returned.node.devices.revoke(0)
    await returned.edit(sofa.key, "Sofa, still there")
    await world.settle([ana, returned])
    assert "Sofa, still there" in await ana.titles()


@pytest.mark.covers("TRN-59")
async def test_the_founder_comes_back_as_the_founder_beside_its_first_device(world):
    ana, ben = await world.community(["ana", "ben"])
    await ana.publish("Ladder")
    await world.settle()
    invite = await ben.invite(uses=1)
    await ana.stop()
    returned = world.household("ana-again")
    returned.identity = ana.identity
    await world.enrol(returned, invite)
    await returned.start()
    await world.until(lambda: len(ben.members.facts_of(ben.members.founder, Kind.DEVICE)) == 2)
    await world.settle([ben, returned])
    assert returned.node.community.my_status == "founder"
    assert await ben.titles() == await returned.titles() == ["Ladder"]


@pytest.mark.covers("TRN-59", "MEM-26")
async def test_who_joins_again_when_all_slots_are_taken_uses_one_that_was_given_up(world):
    ana, ben = await world.community(["ana", "ben"])
    for _ in range(limits.DEVICE_SLOTS - 1):
        await ben.node.devices.add("x")
    await world.settle()
    returned = world.household("ben-again")
    returned.identity = ben.identity
    with pytest.raises(LocalError) as refused:
        await world.enrol(returned, await ana.invite(uses=3))
    assert refused.value.code == "too-many-devices"
    await world.pass_time(1)
    await ben.node.devices.revoke(5)
    await world.settle()
    await ben.stop()
    await world.enrol(returned, await ana.invite(uses=3))
    await returned.start()
    await world.until(lambda: returned.node.community.my_status == "confirmed")
    await world.settle([ana, returned])
    assert returned.node.devices.own_slot == 5
    assert returned.node.market._author.device in ana.members.households[returned.id].devices
