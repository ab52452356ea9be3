"""A household that lost its computer joins again with its words: a new device, nothing voided."""

from __future__ import annotations

import pytest

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
