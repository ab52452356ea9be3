"""A household with two devices, and one whose only device was lost and restored."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.backup import restore_backup, write_backup
from node.identity import words_of
from node.mail.incoming import DeliveryState
from protocol.mail.post import Code
from tests.node.mail.conftest import Correspondence
from tests.node.mail.test_hostile import deliver, letter, sealed
from tests.sim.world import Household, World


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "household.backup"


async def back_up(household: Household, target: Path) -> None:
    await write_backup({"c": household.node.database}, {}, household.identity, target)


async def restore(world: World, of: Household, source: Path, name: str) -> Household:
    """Another device of the household, with what the backup held."""
    home = world.folder / name
    identity = await restore_backup(source, words_of(of.identity.root or b""), home, of.clock)
    restored = world.households[name] = Household(world, name, home, identity)
    await restored.start()
    return restored


@pytest.mark.covers("MAI-12", "MAI-60")
async def test_both_devices_of_a_household_get_a_chat_and_see_what_the_other_wrote(
    world: World, mail: Correspondence, source: Path
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    await back_up(ben, source)
    phone = await restore(world, ben, source, "ben-phone")
    await world.settle()
    await mail.until(lambda: mail.knows_cards(ana, ben.id, 2))
    await ana.node.chats.send(ben.id, "To both of you")
    await mail.arrived(ben, ana.id, ["To both of you"])
    await mail.arrived(phone, ana.id, ["To both of you"])
    await phone.node.chats.send(ana.id, "From the phone")
    for at, of in ((ana, ben.id), (ben, ana.id), (phone, ana.id)):
        await mail.arrived(at, of, ["To both of you", "From the phone"])
    (_, own) = await ben.node.chats.thread(ana.id)
    assert own.outgoing
    await phone.stop()
    await ana.node.chats.send(ben.id, "Phone is off")
    await mail.arrived(ben, ana.id, ["To both of you", "From the phone", "Phone is off"])
    await mail.all_are(ana, ben.id, DeliveryState.DELIVERED)
    await phone.start()
    await mail.arrived(phone, ana.id, ["To both of you", "From the phone", "Phone is off"])


@pytest.mark.covers("MAI-6")
async def test_a_restored_device_begins_new_ratchets_and_both_sides_go_on(
    world: World, mail: Correspondence, source: Path
) -> None:
    ana, ben, _ = await world.community(["ana", "ben", "cem"])
    ben_id = ben.id
    await ana.node.chats.send(ben_id, "Before")
    await mail.arrived(ben, ana.id, ["Before"])
    await back_up(ben, source)
    old_identity = ben.node.post._keys.device
    await ana.node.chats.send(ben_id, "After the backup")
    await mail.arrived(ben, ana.id, ["Before", "After the backup"])
    await ben.crash()
    again = await restore(world, ben, source, "ben-again")
    assert again.node.post._keys.device != old_identity
    await mail.until(lambda: mail.knows_cards(ana, ben_id, 2))
    await ana.node.chats.send(ben_id, "Are you back?")
    await mail.arrived(again, ana.id, ["Before", "Are you back?"])
    await again.node.chats.send(ana.id, "I am")
    await mail.arrived(ana, ben_id, ["Before", "After the backup", "Are you back?", "I am"])


async def test_what_was_queued_in_a_backup_is_sent_by_the_restored_device_and_counts_once(
    world: World, mail: Correspondence, source: Path
) -> None:
    ana, ben, _ = await world.community(["ana", "ben", "cem"])
    ben_id, ana_id = ben.id, ana.id
    await ana.stop()
    await ben.node.chats.send(ana_id, "While you were off")
    await mail.all_are(ben, ana_id, DeliveryState.HELD)
    await back_up(ben, source)
    await ana.start()
    await mail.arrived(ana, ben_id, ["While you were off"])
    await ben.crash()
    again = await restore(world, ben, source, "ben-again")
    await mail.until(lambda: mail.knows_cards(ana, ben_id, 2))
    await mail.all_are(again, ana_id, DeliveryState.DELIVERED)
    assert await mail.texts(ana, ben_id) == ["While you were off"]


@pytest.mark.covers("MAI-39", "MAI-63")
async def test_what_a_device_had_under_way_when_it_was_revoked_arrives_once_from_another(
    world: World, mail: Correspondence, source: Path
) -> None:
    """Held by Cem, it is refused once its device is known to be revoked: the other one has it."""
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    ana_id, ben_id, lost = ana.id, ben.id, ben.node.devices.own_slot
    await back_up(ben, source)
    phone = await restore(world, ben, source, "ben-phone")
    await world.settle()
    await mail.until(lambda: mail.knows_cards(ana, ben_id, 2))
    await mail.until(lambda: mail.knows_cards(ben, ben_id, 2))
    await ben.node.chats.send(ana_id, "It arrived before")
    await mail.arrived(ana, ben_id, ["It arrived before"])
    await ana.stop()
    await ben.node.chats.send(ana_id, "It is under way")
    await mail.arrived(phone, ana_id, ["It arrived before", "It is under way"])
    await mail.until(lambda: is_held(cem))
    await ben.stop()
    written_ms = [view.at_ms for view in await phone.node.chats.thread(ana_id)]
    await world.pass_time(60)
    assert (await phone.node.devices.revoke(lost)).letters == 2
    await world.settle([phone, cem])
    await ana.start()
    await mail.arrived(ana, ben_id, ["It arrived before", "It is under way"])
    await world.pass_time(120)
    thread = await ana.node.chats.thread(ben_id)
    assert [(view.text, view.at_ms) for view in thread] == list(
        zip(["It arrived before", "It is under way"], written_ms, strict=True)
    )
    await mail.all_are(phone, ana_id, DeliveryState.DELIVERED)


async def test_what_a_stolen_device_wrote_is_not_sent_once_more(
    world: World, mail: Correspondence, source: Path
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    ana_id, ben_id, lost = ana.id, ben.id, ben.node.devices.own_slot
    await back_up(ben, source)
    phone = await restore(world, ben, source, "ben-phone")
    await world.settle()
    await mail.until(lambda: mail.knows_cards(ben, ben_id, 2))
    await ana.stop()
    await ben.node.chats.send(ana_id, "Send money")
    await mail.arrived(phone, ana_id, ["Send money"])
    await ben.stop()
    assert (await phone.node.devices.revoke(lost, keep_listings=False)).letters == 0
    await ana.start()
    await world.pass_time(200)
    assert await mail.texts(ana, ben_id) == []


@pytest.mark.covers("MAI-39")
async def test_a_parcel_of_a_device_that_was_given_up_is_refused_for_good(
    world: World, mail: Correspondence, source: Path
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    lost = ben.node.devices.own_slot
    await back_up(ben, source)
    phone = await restore(world, ben, source, "ben-phone")
    await world.settle()
    raw = await sealed(ben, ana, letter(ben, ana))
    await ben.stop()
    await phone.node.devices.revoke(lost)
    await world.settle()
    assert await deliver(phone, ana, raw) == [Code.REFUSED]
    assert ana.node.health()["mail-former-device"] == 1


async def is_held(household: Household) -> bool:
    return (await household.node.post.holding()).for_others.parcels > 0
