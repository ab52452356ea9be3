"""A backup brings a household back as a new device of itself; nothing forks, nothing is lost."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
import trio

from node.backup import restore_backup, write_backup
from node.identity import words_of
from node.network.memory import open_memory
from node.network.port import OpenNetwork
from protocol.errors import LocalError
from protocol.kinds import Kind
from protocol.profile import Profile
from protocol.signing import Seed
from tests.sim.world import Household, World


class Restored(Household):
    """A household on another computer, under another name on the switchboard."""

    def network(self, host_seed: Seed, network_key: bytes) -> OpenNetwork:
        return open_memory(self.world.switchboard, host_seed, self.name)


async def back_up(household: Household, target: Path) -> None:
    files = {"settings.json": b'{"name": "ana"}'}
    size = await write_backup({"c": household.node.database}, files, household.identity, target)
    assert size == target.stat().st_size


async def restore(world: World, of: Household, source: Path, name: str) -> Household:
    home = world.folder / name
    identity = await restore_backup(source, words_of(of.identity.root), home, of.clock)
    restored = Restored(world, name, home, identity)
    world.households[name] = restored
    await restored.start()
    return restored


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "ana.backup"


async def devices(household: Household, of: Household) -> int:
    return len(household.members.households[of.id].devices)


async def test_a_restored_household_goes_on_where_it_was(world: World, source: Path) -> None:
    ana, ben = await world.community(["ana", "ben"])
    cot, bike = await ana.publish("Cot", "Bike")
    await back_up(ana, source)
    assert stat.S_IMODE(source.stat().st_mode) == 0o600
    await ana.publish("After the backup")
    await world.settle()
    await ana.crash()
    again = await restore(world, ana, source, "ana-again")
    assert (again.home / "settings.json").read_bytes() == b'{"name": "ana"}'
    await world.until(lambda: len(ben.members.households[again.id].devices) == 2)
    await world.settle()
    assert await again.titles() == ["After the backup", "Bike", "Cot"]
    with pytest.raises(LocalError) as refused:
        await again.edit(cot.key, "Cot, from the new device")
    assert refused.value.code == "other-device-decides"
    assert (await again.node.devices.revoke(0)).listings == 3
    await again.edit(cot.key, "Cot, from the new device")
    await again.node.market.withdraw(bike.key)
    await again.publish("New")
    await world.settle()
    assert await ben.titles() == ["After the backup", "Cot, from the new device", "New"]
    assert again.node.community.my_status == "founder"
    await again.node.community.invite(1, 1_000)


async def test_the_old_device_and_the_new_one_both_write_and_nothing_forks(
    world: World, source: Path
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    (cot,) = await ana.publish("Cot")
    await back_up(ana, source)
    again = await restore(world, ana, source, "ana-again")
    await world.settle()
    (bike,) = await again.publish("Bike")
    await world.settle()
    world.part([ana], [again, ben])
    await ana.publish("Old device's lamp")
    await again.publish("New device's lamp")
    await ana.edit(cot.key, "Cot, from the old device")
    await again.edit(bike.key, "Bike, from the new device")
    profiles = [household.node.community for household in (ana, again)]
    for profile in profiles:
        await profile.set_profile(Profile(name=f"ana {profiles.index(profile)}"))
    world.switchboard.heal()
    await world.settle()
    shown = ["Bike, from the new device", "Cot, from the old device"]
    assert await ben.titles() == [*shown, "New device's lamp", "Old device's lamp"]


async def test_two_restores_of_one_backup_are_two_devices(
    world: World, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The slot of a restored device is drawn; here the draws differ.
    draws, others = iter(range(256)), os.urandom
    monkeypatch.setattr(os, "urandom", lambda n: bytes([next(draws)]) if n == 1 else others(n))
    ana, ben = await world.community(["ana", "ben"])
    await ana.publish("Cot")
    await back_up(ana, source)
    one = await restore(world, ana, source, "ana-one")
    two = await restore(world, ana, source, "ana-two")
    await world.settle()
    assert len(ben.members.households[ana.id].devices) == 3
    await one.publish("From one")
    await two.publish("From two")
    await world.settle()
    assert await ben.titles() == ["Cot", "From one", "From two"]


async def test_a_restored_device_signs_with_keys_of_its_own(world: World, source: Path) -> None:
    ana, ben = await world.community(["ana", "ben"])
    await back_up(ana, source)
    await ben.stop()  # the two devices find each other by what they told of themselves
    again = await restore(world, ana, source, "ana-again")
    await world.until(lambda: bool(again.wire.connections()))
    await again.publish("Cot")
    await world.settle()
    mine = [r.device for r in await again.standing() if r.kind == Kind.LISTING]
    host_of = ana.members.households[ana.id].devices
    assert host_of[mine[0]] == again.wire.host_key != ana.wire.host_key


async def code_of(source: Path, words: list[str], home: Path, clock: object) -> str:
    with pytest.raises(LocalError) as refused:
        await restore_backup(source, words, home, clock)  # type: ignore[arg-type]
    assert not home.exists() or not any(home.iterdir())
    leftovers = [p for p in home.parent.iterdir() if p.name.startswith("tmp") and p != home]
    assert leftovers == []
    return refused.value.code


async def test_wrong_words_damage_and_cuts_are_told_apart_and_leave_nothing(
    world: World, source: Path, tmp_path: Path
) -> None:
    ana, zoe = await world.found("ana"), world.household("zoe")
    await ana.publish(*(f"Thing {n}" for n in range(200)))
    await back_up(ana, source)
    words, home, clock = words_of(ana.identity.root), tmp_path / "r" / "home", ana.clock
    home.parent.mkdir()
    whole = source.read_bytes()
    assert await code_of(source, words[:-1], home, clock) == "words-invalid"
    assert await code_of(source, words_of(zoe.identity.root), home, clock) == "backup-wrong-words"
    assert await code_of(tmp_path / "none", words, home, clock) == "backup-unreadable"
    spoilt = tmp_path / "spoilt"
    for content, code in (
        (b"rubbish", "backup-unreadable"),
        (b"", "backup-unreadable"),
        (whole[:30], "backup-damaged"),
        (whole[:-1], "backup-damaged"),
        (whole[: len(whole) // 2], "backup-damaged"),
        (whole[:-21], "backup-damaged"),
        (flipped(whole, len(whole) - 30), "backup-damaged"),
        (flipped(whole, len(whole) // 2), "backup-damaged"),
    ):
        spoilt.write_bytes(content)
        assert await code_of(spoilt, words, home, clock) == code
    await restore_backup(source, words, home, clock)
    with pytest.raises(LocalError) as refused:
        await restore_backup(source, words, home, clock)
    assert refused.value.code == "home-exists"


def flipped(content: bytes, at: int) -> bytes:
    spoilt = bytearray(content)
    spoilt[at] ^= 1
    return bytes(spoilt)


async def test_a_backup_is_taken_while_the_node_works_and_is_consistent(
    world: World, source: Path
) -> None:
    ana = await world.found("ana")
    async with trio.open_nursery() as nursery:
        for number in range(30):
            nursery.start_soon(ana.publish, f"Thing {number}")
        nursery.start_soon(back_up, ana, source)
    await ana.stop()
    again = await restore(world, ana, source, "ana-again")
    titles = await again.titles()
    assert set(titles) <= {f"Thing {n}" for n in range(30)}
    await again.state_hash()


async def test_an_existing_file_is_not_overwritten_and_a_missing_folder_is_told(
    world: World, source: Path, tmp_path: Path
) -> None:
    ana = await world.found("ana")
    source.write_text("precious")
    with pytest.raises(LocalError) as refused:
        await back_up(ana, source)
    assert refused.value.code == "backup-exists"
    assert source.read_text() == "precious"
    with pytest.raises(LocalError) as refused:
        await back_up(ana, tmp_path / "nowhere" / "file")
    assert refused.value.code == "backup-not-writable"


async def test_nothing_readable_is_in_a_backup(world: World, source: Path) -> None:
    ana = await world.found("ana")
    await ana.publish("A very particular title")
    await back_up(ana, source)
    content = source.read_bytes()
    assert b"particular" not in content
    assert ana.identity.database_key not in content
