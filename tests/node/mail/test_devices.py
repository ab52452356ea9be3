"""A household with two devices, and one whose only device was lost and restored."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.backup import restore_backup, write_backup
from node.identity import words_of
from node.mail.incoming import DeliveryState
from tests.node.mail.conftest import Correspondence
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
