"""A full disk stops what must be written, says so, and ends nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.errors import LocalError
from protocol.profile import Profile
from tests.sim.world import Household, World


async def fill_disk(household: Household) -> None:
    """No page more: as if the file system had no room left."""
    (pages,) = await household.node.database.write(
        lambda connection: connection.execute("PRAGMA page_count").fetchone()
    )
    await allow(household, pages)


async def allow(household: Household, pages: int = 1 << 30) -> None:
    await household.node.database.write(
        lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}").fetchone()
    )


async def test_a_node_outlives_a_full_disk_and_catches_up_afterwards(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    await ana.publish("Before")
    await world.settle()
    await fill_disk(ana)
    with pytest.raises(LocalError) as refused:
        await ana.node.market.publish([ana.listing("No room " + "x" * 90)] * 60)
    assert refused.value.code == "disk-full"
    # All that happens to a node: records come, profiles change, members come and go.
    await ben.publish(*(f"Ben's {n}" for n in range(80)))
    await ben.node.community.set_profile(Profile(name="Benedikt", about="y" * 700))
    await cem.wire.disconnect(ana.wire.host_key)
    await world.pass_time(200)
    world.pass_days(40)
    await world.pass_time(200)
    await cem.stop()
    await cem.start()
    await world.pass_time(200)
    assert ana.runs
    assert "Before" not in await ana.titles()  # over by now, as everywhere
    assert ana.node.health()["store-failed"] > 0
    await allow(ana)
    await world.settle()
    await ana.publish("After")
    await world.settle()
    assert "After" in await ben.titles()


async def test_a_node_outlives_a_disk_on_which_nothing_can_be_written(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    await world.settle()
    invite = await ana.invite(uses=2, days=60)

    async def write_protect(is_protected: bool) -> None:
        def pragma(connection: Any) -> None:
            connection.execute(f"PRAGMA query_only = {int(is_protected)}")

        database = ana.node.database
        await database._shielded(database._writer, pragma)  # a transaction could not begin

    await write_protect(True)
    # Records, connections, syncs, joiners to confirm, time to purge: nothing can be noted.
    await ben.publish("Cot")
    await cem.publish(*(f"Thing {n}" for n in range(80)))
    dora = await world.join("dora", invite)
    await ana.wire.disconnect(ben.wire.host_key)
    await ben.node.community.leave()
    await cem.stop()
    await world.pass_time(200)
    world.pass_days(40)
    await cem.start()
    await world.pass_time(200)
    assert ana.runs
    assert ana.node.health()["store-failed"] > 0
    await write_protect(False)
    await world.until(lambda: dora.node.community.my_status == "confirmed")
    await ben.stop()
    await world.settle()


async def test_nothing_that_was_acknowledged_is_lost_on_a_full_disk(world: World) -> None:
    ana = await world.found("ana")
    await ana.publish(*(f"Kept {n}" for n in range(30)))
    await fill_disk(ana)
    acknowledged = set(await ana.titles())
    for number in range(50):
        try:
            results = await ana.node.market.publish([ana.listing(f"More {number} " + "z" * 80)])
        except LocalError as error:
            assert error.code == "disk-full"  # noqa: PT017 - both outcomes are legitimate
        else:
            assert not isinstance(results[0], LocalError)
            acknowledged.add(results[0].listing.title)
    assert set(await ana.titles()) == acknowledged
    await ana.crash()
    await ana.start()
    assert set(await ana.titles()) == acknowledged
