"""A chain that two computers write is a fork: noticed by the two, proven to all."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from node.backup import write_backup
from node.enrolment import DATABASE_FILE, renew_device
from node.store.database import open_database
from protocol.errors import LocalError
from protocol.kinds import Kind
from tests.sim.receipting import (
    flaws,
    ledger,
    receipt,
    report_of,
    signed_by,
    trade,
    until_linked,
)
from tests.sim.world import Household, World


async def copy_disk(household: Household, target: Path) -> None:
    """What somebody does who copies the file, instead of making a backup."""
    target.unlink(missing_ok=True)
    await household.node.database.copy_to(target)


async def put_back(household: Household, image: Path) -> None:
    await household.stop()
    for file in household.folder.iterdir():
        file.unlink()
    shutil.copy(image, household.folder / DATABASE_FILE)
    await household.start()


async def refused(household: Household) -> str:
    results = await household.node.market.publish([household.listing("After all")])
    assert isinstance(results[0], LocalError)
    return results[0].code


@pytest.mark.covers("LED-9", "LED-30")
async def test_who_was_rewound_notices_before_it_links_and_signs_no_more(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    await trade(ana, ben)
    await until_linked(world, ben, cem, 1)
    image = world.folder / "image.db"
    await copy_disk(ben, image)
    await trade(ana, ben)
    await until_linked(world, ben, cem, 2)
    await put_back(ben, image)
    signed = signed_by(receipt(ana, ben), ana, ben)
    assert not await ledger(ben).link(signed, 1)
    await world.until(lambda: ledger(ben).is_copied)
    assert await refused(ben) == "device-copied"
    assert ben.node.health()["device-copied"] == 1
    await world.pass_time(300)
    for at in (ana, cem):
        assert (await report_of(ben, at)).sound
    await ben.stop()
    await ben.start()
    assert ledger(ben).is_copied
    assert await refused(ben) == "device-copied"


async def fork(world: World, of: Household, partner: Household, others: list[Household]) -> None:
    """Continue one chain twice: the second time by a copy that nobody could warn."""
    image = world.folder / "image.db"
    await copy_disk(of, image)
    await trade(partner, of)
    await until_linked(world, of, others[-1], 2)
    await of.stop()
    world.part([of], others)
    await put_copy_alone(world, of, image, partner)
    world.switchboard.heal()


async def put_copy_alone(world: World, of: Household, image: Path, partner: Household) -> None:
    for file in of.folder.iterdir():
        file.unlink()
    shutil.copy(image, of.folder / DATABASE_FILE)
    await of.start()
    # Somebody who hears of nobody but believes to have caught up.
    ledger(of).caught_up()
    signed = signed_by(receipt(partner, of), partner, of)
    assert await ledger(of).link(signed, 1)


@pytest.mark.covers("LED-14", "LED-21", "LED-30")
@pytest.mark.parametrize("seed", [1, 2])
async def test_a_fork_is_proven_and_anyone_checks_the_proof(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    await trade(ana, ben)
    await until_linked(world, ben, cem, 1)
    await fork(world, ben, ana, [ana, cem])
    await world.until(lambda: ledger(ben).is_copied)
    await world.pass_time(200)
    await world.settle([ana, cem])
    dora = await world.join("dora", await ana.invite(uses=1))
    await world.until(lambda: dora.node.community.my_status == "confirmed")
    await world.settle([ana, cem, dora])
    for at in (ana, cem, dora):
        report = await report_of(ben, at)
        assert ("fork", 1) in flaws(report)
        assert not report.sound
    proofs = [record for record in await dora.standing() if record.kind == Kind.FORK_PROOF]
    assert 1 <= len(proofs) <= 2
    assert await refused(ben) == "device-copied"


async def test_a_restored_backup_is_a_new_device_and_forks_nothing(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    await trade(ana, ben)
    await until_linked(world, ben, cem, 1)
    image = world.folder / "image.db"
    await write_backup({"c": ben.node.database}, {}, ben.identity, world.folder / "backup")
    await copy_disk(ben, image)
    await trade(ana, ben)
    await until_linked(world, ben, cem, 2)
    await ben.stop()
    for file in ben.folder.iterdir():
        file.unlink()
    shutil.copy(image, ben.folder / DATABASE_FILE)
    async with open_database(ben.folder / DATABASE_FILE, ben.identity.database_key) as database:
        await renew_device(database, ben.clock)
    await ben.start()
    await world.settle()
    await trade(ana, ben)
    report = await until_linked(world, ben, cem, 3)
    assert report.sound
    assert sorted(head.count for head in report.heads.values()) == [1, 2]
    assert not ledger(ben).is_copied


@pytest.mark.covers("LED-19")
async def test_a_lost_device_is_revoked_and_its_receipts_stay(world: World) -> None:
    """The disk is gone; the restored household gives its old device up."""
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    for public in (True, False, True):
        await trade(ana, ben, public=public)
    await until_linked(world, ben, cem, 2)
    lost = ben.node.market._author.device
    await ben.crash()
    async with open_database(ben.folder / DATABASE_FILE, ben.identity.database_key) as database:
        await renew_device(database, ben.clock)
    await ben.start()
    await world.settle()
    (slot,) = [view.slot for view in await ben.node.devices.list() if not view.is_this]
    await ben.node.devices.revoke(slot)
    await world.settle()
    report = await until_linked(world, ben, cem, 2)
    assert report.sound
    assert lost not in report.heads
    assert [head.count for head in report.heads.values()] == [4]
    assert report.private == 1
    (adoption,) = report.adoptions
    assert (adoption.device, adoption.count) == (lost, 3)
    await trade(ana, ben)
    report = await until_linked(world, ben, cem, 3)
    assert report.sound
    # The other side's links name a device that signs no more, and hold all the same.
    assert (await until_linked(world, ana, cem, 3)).sound


async def test_adopting_again_after_a_crash_links_what_is_missing_only(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    for _ in range(4):
        await trade(ana, ben)
    await until_linked(world, ben, cem, 4)
    lost = ben.node.market._author.device
    await ben.crash()
    async with open_database(ben.folder / DATABASE_FILE, ben.identity.database_key) as database:
        await renew_device(database, ben.clock)
    await ben.start()
    await world.settle()
    assert await ledger(ben).adopt(lost, count=2) == 3
    assert await ledger(ben).adopt(lost) == 2
    assert await ledger(ben).adopt(lost) == 0
    assert await ledger(ben).adopt(cem.node.market._author.device) == 0
