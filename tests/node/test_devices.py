"""A household's second device: added with a code, equal but for the key; given up, cut off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import trio

from node.backup import write_backup
from node.enrolment import renew_device
from node.identity import Identity
from node.network.memory import open_memory
from node.network.port import OpenNetwork
from node.node import no_discovery
from node.second_device import join_as_device
from node.store.database import open_database
from node.store.settings import read_enrolment
from protocol import limits
from protocol.device_code import DeviceCode, read_device_code, write_device_code
from protocol.errors import LocalError, Unreachable
from protocol.ids import DeviceKey
from protocol.kinds import Kind
from protocol.mark import State
from protocol.profile import Profile
from protocol.signing import Seed
from tests.sim.world import Household, World


class Device(Household):
    """Another computer of a household, under a name of its own on the switchboard."""

    def network(self, host_seed: Seed, network_key: bytes) -> OpenNetwork:
        return open_memory(self.world.switchboard, host_seed, self.name)


def computer(world: World, name: str) -> Device:
    """A computer that may become a device."""
    identity = Identity.of_further_device(world.folder / name)
    made = Device(world, name, world.folder / name, identity)
    world.households[name] = made
    return made


async def enrol(device: Device, code: DeviceCode) -> None:
    await join_as_device(
        device.folder,
        device.identity,
        read_device_code(write_device_code(code)),
        device.clock,
        lambda seed: device.network(seed, code.network_key),
        no_discovery,
    )


async def add(world: World, to: Household, name: str) -> Device:
    """A second device of a household, which runs and is in sync."""
    device = computer(world, name)
    await enrol(device, await to.node.devices.add(name))
    await device.start()
    await world.until(lambda: device.node.community.my_status == to.node.community.my_status)
    await world.settle()
    return device


async def code_of(deed: object) -> str:
    with pytest.raises((LocalError, Unreachable)) as error:
        await deed  # type: ignore[misc]
    return error.value.code


def stands(at: Household, household: Household) -> bool:
    member = at.members.member(household.id)
    return member is not None and member.stands


def key_of(household: Household) -> DeviceKey:
    return household.node.market._author.device


@pytest.mark.parametrize("founder", [True, False])
@pytest.mark.covers("MEM-27", "MEM-28")
async def test_a_second_device_speaks_for_its_household(world: World, founder: bool) -> None:
    ana, ben = await world.community(["ana", "ben"])
    first, other = (ana, ben) if founder else (ben, ana)
    await first.publish("Cot")
    await world.settle()
    phone = await add(world, first, "phone")
    assert phone.id == first.id
    assert phone.identity.root is None
    assert key_of(phone) != key_of(first)
    await phone.publish("Lamp")
    await world.settle()
    assert await other.titles() == await first.titles() == ["Cot", "Lamp"]
    assert {s.listing.title for s in await first.node.market.mine()} == {"Cot", "Lamp"}
    await phone.node.community.set_profile(Profile(name="first and phone"))
    await world.settle()
    profile = await first.node.community.profile()
    assert profile is not None
    assert profile.name == "first and phone"
    assert len(await other.node.community.members()) == 2


async def test_two_devices_of_one_household_connect_to_each_other(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    phone = await add(world, ana, "phone")
    await ben.stop()
    await world.until(lambda: [c.peer for c in ana.wire.connections()] == [phone.wire.host_key])
    await phone.publish("Lamp")
    await world.settle()
    assert await ana.titles() == ["Lamp"]
    await ana.stop()
    await phone.publish("Chair")
    await ana.start()
    await world.settle()
    assert await ana.titles() == ["Chair", "Lamp"]


async def test_a_second_device_goes_on_after_a_restart_and_a_crash(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    phone = await add(world, ben, "phone")
    await phone.publish("Lamp")
    await phone.crash()
    await phone.start()
    assert phone.identity == Identity.load(phone.home)
    await phone.publish("Chair")
    await world.settle()
    assert await ana.titles() == ["Chair", "Lamp"]


@pytest.mark.covers("MEM-30")
async def test_one_device_decides_about_what_it_has_published(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    phone = await add(world, ana, "phone")
    (cot,) = await ana.publish("Cot")
    (lamp,) = await phone.publish("Lamp")
    await world.settle()
    market = phone.node.market
    for deed in (
        phone.edit(cot.key, "Mine now"),
        market.withdraw(cot.key),
        market.renew(cot.key, 5),
        market.mark(cot.key, State.RESERVED),
        ana.edit(lamp.key, "Mine now"),
    ):
        assert await code_of(deed) == "other-device-decides"
    await ana.node.market.mark(cot.key, State.RESERVED)
    await phone.edit(lamp.key, "Red lamp")
    await world.settle()
    assert await ben.titles() == ["Cot", "Red lamp"]


async def test_what_needs_the_household_s_key_is_refused_on_a_second_device(
    world: World, tmp_path: Path
) -> None:
    _ana, ben = await world.community(["ana", "ben"])
    phone = await add(world, ben, "phone")
    node = phone.node
    files: dict[str, bytes] = {}
    for deed in (
        node.devices.add("tablet"),
        node.devices.revoke(0),
        node.community.leave(),
        write_backup({"c": node.database}, files, phone.identity, tmp_path / "backup"),
        renew_device(node.database, phone.clock),
    ):
        assert await code_of(deed) == "needs-first-device"
    assert not (tmp_path / "backup").exists()
    assert ben.node.community.my_status == "confirmed"


async def test_either_device_may_invite_and_one_confirmation_stands(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    phone = await add(world, ben, "phone")
    await world.until(lambda: phone.wire.host_key in {c.peer for c in ben.wire.connections()})
    for number, inviter in enumerate((phone, ben)):
        joined = await world.join(f"new-{number}", await inviter.invite(uses=1))
        await world.until(lambda h=joined: h.node.community.my_status == "confirmed")  # type: ignore[misc]
        await world.settle()
    facts = ana.members.facts_of(ben.id, Kind.CONFIRMATION)
    assert [fact.record.device for fact in facts if not fact.record.withdrawn] == [
        key_of(phone),
        key_of(ben),
    ]


async def test_of_two_confirmations_given_apart_one_is_taken_back(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    phone = await add(world, ben, "phone")
    invite = await ben.invite(uses=3)
    await world.settle()
    world.part([ben], [phone])
    joined = await world.join("cem", invite)
    await world.until(lambda: joined.node.community.my_status == "confirmed")
    await world.pass_time(120)
    world.switchboard.heal()

    def standing() -> int:
        facts = ana.members.facts_of(ben.id, Kind.CONFIRMATION)
        return len([fact for fact in facts if not fact.record.withdrawn])

    await world.until(lambda: standing() == 1)
    await world.settle()
    assert joined.node.community.my_status == "confirmed"
    assert ana.members.uses_of(ben.id, invite.record.key) == 1


async def test_the_list_says_which_devices_there_are(world: World) -> None:
    ana, _ = await world.community(["ana", "ben"])
    phone = await add(world, ana, "phone")
    unused = await ana.node.devices.add("tablet")
    views = {view.name: view for view in await ana.node.devices.list()}
    assert set(views) == {"", "phone", "tablet"}
    assert [views[name].is_this for name in ("", "phone", "tablet")] == [True, False, False]
    assert views["phone"].connected
    assert views["phone"].seen_ms is not None
    assert (views["tablet"].connected, views["tablet"].seen_ms) == (False, None)
    assert views["tablet"].slot == unused.record.slot
    await world.settle()
    elsewhere = await phone.node.devices.list()
    assert [view.slot for view in elsewhere if view.is_this] == [views["phone"].slot]
    assert {view.name for view in elsewhere} == {""}  # names stay on the computer that gave them


@pytest.mark.covers("MEM-23", "MEM-26")
async def test_what_a_revoked_device_had_published_goes_on_at_its_successor(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    phone = await add(world, ana, "phone")
    (lamp, chair, gone) = await phone.publish("Lamp", "Chair", "Gone")
    await phone.node.market.mark(chair.key, State.RESERVED)
    await phone.node.market.withdraw(gone.key)
    await phone.node.community.set_profile(Profile(name="ana, by phone"))
    joined = await world.join("cem", await phone.invite(uses=1))
    await world.until(lambda: joined.node.community.my_status == "confirmed")
    await world.settle()
    lost = key_of(phone)
    (slot,) = [v.slot for v in await ana.node.devices.list() if v.name == "phone"]
    done = await ana.node.devices.revoke(slot)
    assert (done.listings, done.ended, done.failed) == (2, 0, 0)
    await world.until(lambda: lost not in ben.members.households[ana.id].devices)
    await world.settle([ana, ben, joined])
    for household in (ana, ben, joined):
        assert await household.titles() == ["Chair", "Lamp"]
        shown = {s.listing.title: s for s in await household.all_shown()}
        assert {s.device for s in shown.values()} == {key_of(ana)}
        assert shown["Chair"].state is State.RESERVED
        assert {s.household_name for s in shown.values()} == {"ana, by phone"}
        assert {s.key for s in shown.values()} == {lamp.key, chair.key}
        assert household.members.was_device(ana.id, lost)
        assert not household.members.signs_for(lost, ana.id)
        assert lost not in {record.device for record in await household.standing()}
    assert joined.node.community.my_status == "confirmed"
    await ana.edit(lamp.key, "Lamp, at the successor")
    assert len(await ana.node.devices.list()) == 1


@pytest.mark.covers("MEM-29", "TRN-34")
async def test_a_revoked_device_is_cut_off_and_what_it_still_signs_is_void(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    phone = await add(world, ana, "phone")
    (lamp,) = await phone.publish("Lamp")
    await world.settle()
    await cem.stop()  # it learns of it later than the others
    world.part([phone], [ana, ben])
    (slot,) = [v.slot for v in await ana.node.devices.list() if v.name == "phone"]
    await ana.node.devices.revoke(slot)
    await world.settle([ana, ben])
    # The thief goes on: what reaches nobody yet has the later times and the higher revisions.
    await world.pass_time(60)
    for number in range(5):
        await phone.edit(lamp.key, f"Stolen lamp {number}")
    await phone.publish("Thief's bike")
    await cem.start()
    await world.until(lambda: ben.wire.host_key in {c.peer for c in cem.wire.connections()})
    world.switchboard.heal()
    await world.until(lambda: phone.node.community.my_status == "revoked")
    await world.until(lambda: not phone.wire.connections())
    await world.settle([ana, ben, cem])
    for household in (ana, ben, cem):
        assert await household.titles() == ["Lamp"]
    assert await code_of(phone.node.community.invite(1, 1_000)) == "device-revoked"
    results = await phone.node.market.publish([phone.listing("Still trying")])
    assert isinstance(results[0], LocalError)
    await world.pass_time(300)
    assert not phone.wire.connections()
    assert await ben.titles() == ["Lamp"]


async def test_a_device_that_was_off_hears_at_the_gate_that_it_is_given_up(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    phone = await add(world, ana, "phone")
    await phone.stop()
    (slot,) = [v.slot for v in await ana.node.devices.list() if v.name == "phone"]
    await ana.node.devices.revoke(slot)
    await world.settle()
    await phone.start()
    await world.until(lambda: phone.node.community.my_status == "revoked")
    await ben.publish("Cot")
    await world.pass_time(120)
    assert await phone.titles() == []


async def test_the_listings_of_a_stolen_device_can_end_instead(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    phone = await add(world, ana, "phone")
    await phone.publish("Lamp", "Chair")
    await ana.publish("Cot")
    await world.settle()
    (slot,) = [v.slot for v in await ana.node.devices.list() if v.name == "phone"]
    done = await ana.node.devices.revoke(slot, keep_listings=False)
    assert (done.listings, done.ended) == (0, 2)
    await world.settle([ana, ben])
    assert await ben.titles() == ["Cot"]


async def test_more_than_one_batch_is_taken_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.devices._BATCH", 3)
    ana, ben = await world.community(["ana", "ben"])
    phone = await add(world, ana, "phone")
    titles = sorted(f"Thing {n}" for n in range(8))
    await phone.publish(*titles)
    await world.settle()
    (slot,) = [v.slot for v in await ana.node.devices.list() if v.name == "phone"]
    assert (await ana.node.devices.revoke(slot)).listings == 8
    await world.settle([ana, ben])
    assert await ben.titles() == titles


async def test_a_crash_right_after_a_revocation_loses_nothing(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    phone = await add(world, ana, "phone")
    await phone.publish("Lamp")
    await world.settle()
    await phone.stop()
    world.part([ana], [ben])
    (slot,) = [v.slot for v in await ana.node.devices.list() if v.name == "phone"]
    await ana.node.devices.revoke(slot)
    await ana.crash()
    world.switchboard.heal()
    await ana.start()
    await world.settle([ana, ben])
    assert await ben.titles() == ["Lamp"]
    assert [s.device for s in await ben.all_shown()] == [key_of(ana)]
    assert len(ben.members.households[ana.id].devices) == 1


async def test_revoking_is_refused_for_oneself_and_for_what_is_no_device(world: World) -> None:
    ana = await world.found("ana")
    for slot, code in ((0, "device-is-this"), (5, "device-not-found"), (99, "device-not-found")):
        assert await code_of(ana.node.devices.revoke(slot)) == code
    code_of_tablet = await ana.node.devices.add("tablet")
    slot = code_of_tablet.record.slot
    await ana.node.devices.revoke(slot)
    assert await code_of(ana.node.devices.revoke(slot)) == "device-not-found"


async def test_an_eighth_device_is_the_last_until_one_is_given_up(world: World) -> None:
    ana = await world.found("ana")
    codes = [await ana.node.devices.add(f"device {n}") for n in range(limits.DEVICE_SLOTS - 1)]
    assert {code.record.slot for code in codes} == set(range(1, limits.DEVICE_SLOTS))
    assert await code_of(ana.node.devices.add("one more")) == "too-many-devices"
    await world.pass_time(1)
    await ana.node.devices.revoke(4)
    await world.pass_time(1)
    await ana.node.devices.revoke(2)
    again = await ana.node.devices.add("in the place of the one given up first")
    assert again.record.slot == 4
    slots = [view.slot for view in await ana.node.devices.list()]
    assert slots == [0, 1, 3, 4, 5, 6, 7]


async def test_a_code_that_is_over_or_given_up_or_used_here_is_refused_with_its_reason(
    world: World,
) -> None:
    ana, _ben = await world.community(["ana", "ben"])
    codes = [await ana.node.devices.add("phone") for _ in range(2)]
    late = replace(codes[0], valid_until_ms=world.clock.now_ms() - 1)
    phone = computer(world, "phone")
    assert await code_of(enrol(phone, late)) == "device-code-expired"
    await ana.node.devices.revoke(codes[0].record.slot)
    await world.settle()
    assert await code_of(enrol(phone, codes[0])) == "device-revoked"
    assert not phone.folder.exists()
    await enrol(phone, codes[1])
    assert await code_of(enrol(phone, codes[1])) == "already-joined"


async def test_nobody_reachable_and_nobody_who_knows_the_household_are_told_apart(
    world: World,
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    world.switchboard.cut(["ana"], ["ben", "new"])
    new = await world.join("new", await ben.invite(uses=1))
    phone = computer(world, "phone")
    code = await new.node.devices.add("phone")
    assert await code_of(enrol(phone, replace(code, addresses=()))) == "nobody-reachable"
    elsewhere = replace(code, addresses=tuple(ana.node.addresses()))
    assert await code_of(enrol(phone, elsewhere)) == "device-code-refused"
    await enrol(phone, code)


async def test_a_device_of_a_household_that_was_removed_or_left_does_not_get_in(
    world: World,
) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    for household, deed in (
        (ben, lambda: ana.node.governance.removals.remove(ben.id, "Cheated.", False)),
        (cem, lambda: cem.node.community.leave()),
    ):
        code = await household.node.devices.add("phone")
        await world.settle()
        await deed()
        await world.until(lambda h=household: h.node.community.my_status in ("removed", "left"))  # type: ignore[misc]
        await world.until(lambda h=household: not stands(ana, h))  # type: ignore[misc]
        device = computer(world, f"phone of {household.name}")
        wanted = replace(code, addresses=tuple(ana.node.addresses()))
        assert await code_of(enrol(device, wanted)) in ("removed", "left")
        assert await code_of(household.node.devices.add("tablet")) in ("removed", "left")


async def test_a_device_joins_by_a_neighbour_while_the_first_one_is_off(world: World) -> None:
    _ana, ben = await world.community(["ana", "ben"])
    await ben.publish("Cot")
    code = await ben.node.devices.add("phone")
    await world.settle()
    await ben.stop()
    assert any(address.startswith("/memory/ana") for address in code.addresses)
    phone = computer(world, "phone")
    await enrol(phone, code)
    await phone.start()
    await world.until(lambda: phone.node.community.my_status == "confirmed")
    await world.settle()
    assert await phone.titles() == ["Cot"]


async def test_a_renewed_device_is_another_one_and_the_old_can_be_given_up(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    await ana.publish("Cot")
    await world.settle()
    old = key_of(ana)
    await ana.stop()
    async with open_database(ana.folder / "market.db", ana.identity.database_key) as database:
        await renew_device(database, ana.clock)
        enrolment = await read_enrolment(database)
        assert enrolment is not None
        assert enrolment.household == ben.members.founder
    await ana.start()
    assert key_of(ana) != old
    await world.until(lambda: len(ben.members.households[ana.id].devices) == 2)
    await world.settle()
    (slot,) = [v.slot for v in await ana.node.devices.list() if not v.is_this]
    assert (await ana.node.devices.revoke(slot)).listings == 1
    await world.settle()
    assert [s.device for s in await ben.all_shown()] == [key_of(ana)]


async def test_the_keys_of_a_code_are_those_of_nothing_else(world: World) -> None:
    ana = await world.found("ana")
    one, two = [await ana.node.devices.add("x") for _ in range(2)]
    assert one.secret != two.secret
    assert one.record.body != two.record.body
    rows = await ana.node.database.read(lambda c: c.execute("SELECT value FROM setting").fetchall())
    assert one.secret not in [value for (value,) in rows]


@pytest.mark.covers("MEM-33")
async def test_a_code_that_is_used_twice_makes_copies_that_stop_signing(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    code = await ana.node.devices.add("phone")
    phone, copy = computer(world, "phone"), computer(world, "copy")
    await enrol(phone, code)
    await phone.start()
    await world.until(lambda: phone.node.community.my_status == "founder")
    await phone.publish("Lamp")
    await world.settle()
    await phone.stop()
    await enrol(copy, code)
    await copy.start()
    await world.until(lambda: copy.node.market._author.is_copied)
    results = await copy.node.market.publish([copy.listing("Copied")])
    assert isinstance(results[0], LocalError)
    assert results[0].code == "device-copied"
    await copy.stop()
    await copy.start()
    assert copy.node.market._author.is_copied
    await copy.stop()
    await phone.start()
    await world.settle([ana, ben, phone])
    assert await ben.titles() == ["Lamp"]


@pytest.mark.covers("MEM-33")
async def test_of_two_that_join_with_one_code_at_once_one_stops_and_nothing_is_lost(
    world: World,
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    code = await ana.node.devices.add("phone")
    phones = [computer(world, "one"), computer(world, "two")]
    async with trio.open_nursery() as nursery:
        for phone in phones:
            nursery.start_soon(enrol, phone, code)
    for phone in phones:
        await phone.start()
    await world.until(lambda: any(phone.node.devices.is_copied for phone in phones))
    for phone in [phone for phone in phones if phone.node.devices.is_copied]:
        (result,) = await phone.node.market.publish([phone.listing("Copied")])
        assert isinstance(result, LocalError)
        assert result.code == "device-copied"
    assert not ana.node.devices.is_copied
    # What neighbours write reaches the first device whichever of the two has its copy.
    await ben.node.chats.send(ana.id, "Who is who?")
    for phone in phones:
        await phone.node.chats.send(ben.id, f"From {phone.name}")

    async def texts(at: Household, of: Household) -> set[str]:
        return {chat.text for chat in await at.node.chats.thread(of.id)}

    written = {"Who is who?", "From one", "From two"}
    with trio.fail_after(900):
        while not await texts(ben, ana) == await texts(ana, ben) == written:
            await world.pass_time(1)
    # The way out: given up on the first device, and each added with a code of its own.
    (slot,) = [view.slot for view in await ana.node.devices.list() if not view.is_this]
    await ana.node.devices.revoke(slot)
    for phone in phones:
        await phone.stop()
    for phone in phones:
        await add(world, ana, f"{phone.name} anew")
    assert len(await ana.node.devices.list()) == 3


async def test_a_device_notices_that_a_copy_of_its_disk_has_signed_meanwhile(
    world: World, tmp_path: Path
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    image = tmp_path / "image.db"
    await ben.node.database.copy_to(image)
    await world.pass_time(300)
    await ben.publish("Cot")
    await world.settle()
    await ben.stop()
    image.rename(ben.folder / "market.db")  # the disk of five minutes ago
    await ben.start()
    await world.until(lambda: ben.node.market._author.is_copied)
    assert await ana.titles() == ["Cot"]
    await ben.stop()
    async with open_database(ben.folder / "market.db", ben.identity.database_key) as database:
        await renew_device(database, ben.clock)
    await ben.start()
    await ben.publish("Lamp")
    await world.settle()
    assert await ana.titles() == ["Cot", "Lamp"]


async def test_what_one_has_written_oneself_is_never_taken_for_a_copy_s(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    await ben.publish("Cot")
    await world.settle()
    # Removed and back: all that it wrote has gone here, and comes again from the others.
    await ana.node.governance.removals.remove(ben.id, "A misunderstanding.", False)
    await world.until(lambda: ben.node.community.my_status == "removed")
    author = ana.node.market._author
    (slot,) = await author.standing(Kind.REMOVAL)
    await author.replace(Kind.REMOVAL, slot, b"", withdrawn=True)
    await world.until(lambda: ben.node.community.my_status == "confirmed")
    await world.settle()
    for _ in range(2):
        await ben.crash()
        await ben.start()
        await ben.publish("Again")
        await world.settle()
    assert not any(h.node.market._author.is_copied for h in (ana, ben, cem))


async def test_a_second_device_alone_with_the_first_knows_whether_it_is_in_sync(
    world: World,
) -> None:
    ana = await world.found("ana")
    assert (await ana.node.sync.status()).neighbours_known == 0
    code = await ana.node.devices.add("phone")
    assert (await ana.node.sync.status()).neighbours_known == 0  # nobody uses it yet
    phone = computer(world, "phone")
    await enrol(phone, code)
    await phone.start()
    await world.until(lambda: phone.node.community.my_status == "founder")
    await world.settle()
    await world.pass_time(90)
    for device in (phone, ana):
        status = await device.node.sync.status()
        assert (status.neighbours_known, status.neighbours_connected) == (1, 1)
        assert status.since_ms is not None
    await ana.stop()
    await world.until(lambda: not phone.wire.connections())
    status = await phone.node.sync.status()
    assert (status.neighbours_known, status.neighbours_connected) == (1, 0)
    (other,) = status.neighbours
    assert other.last_synced_at_ms is not None


@pytest.mark.covers("RCD-21")
async def test_a_second_device_keeps_its_household_s_certificate_through_a_removal(
    world: World,
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    phone = await add(world, ben, "phone")
    await ben.stop()
    household = phone.id
    await ana.node.governance.removals.remove(household, "A misunderstanding.", False)
    await world.until(lambda: phone.node.community.my_status == "removed")
    await world.pass_time(120)
    await phone.stop()
    await phone.start()
    author = ana.node.market._author
    (slot,) = await author.standing(Kind.REMOVAL)
    await author.replace(Kind.REMOVAL, slot, b"", withdrawn=True)
    await world.until(lambda: phone.node.community.my_status == "confirmed")
    assert stands(ana, phone)


async def test_a_renewed_device_finds_room_where_one_was_given_up(world: World) -> None:
    ana = await world.found("ana")
    for _ in range(limits.DEVICE_SLOTS - 1):
        await ana.node.devices.add("x")
    await world.pass_time(1)
    for slot in (6, 3):
        await ana.node.devices.revoke(slot)
        await world.pass_time(1)
    await renew_device(ana.node.database, ana.clock)
    await ana.stop()
    await ana.start()
    await world.until(lambda: ana.node.devices.own_slot == 6)
    assert len(await ana.node.devices.list()) == 7


async def test_mail_reaches_every_device_and_no_longer_one_that_was_given_up(
    world: World,
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    phone = await add(world, ana, "phone")
    await world.pass_time(30)

    async def texts(household: Household) -> set[str]:
        shown = await household.node.chats.threads()
        return {thread.last_text for thread in shown}

    async def until_shown(household: Household, text: str) -> None:
        with trio.fail_after(900):
            while text not in await texts(household):
                await world.pass_time(1)

    await ben.node.chats.send(ana.id, "Is the cot still there?", None)
    for device in (ana, phone):
        await until_shown(device, "Is the cot still there?")
    await phone.node.chats.send(ben.id, "It is.", None)
    for household in (ben, ana):
        await until_shown(household, "It is.")
    (slot,) = [v.slot for v in await ana.node.devices.list() if v.name == "phone"]
    await ana.node.devices.revoke(slot)
    await world.settle([ana, ben])
    await ben.node.chats.send(ana.id, "Then I come at six.", None)
    await until_shown(ana, "Then I come at six.")
    await world.pass_time(300)
    assert "Then I come at six." not in await texts(phone)


async def test_what_a_revoked_device_said_as_a_steward_goes_on_at_its_successor(
    world: World,
) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"], quorum=2)
    phone = await add(world, ana, "phone")
    await phone.node.governance.stewards.appoint(ben.id, True)
    await world.settle()
    await ben.node.governance.stewards.accept(True)
    await world.settle()
    assert cem.members.council.stewards == (ana.id, ben.id)
    (slot,) = [v.slot for v in await ana.node.devices.list() if v.name == "phone"]
    await ana.node.devices.revoke(slot)
    await world.until(lambda: key_of(phone) not in cem.members.households[ana.id].devices)
    await world.settle([ana, ben, cem])
    assert cem.members.council.stewards == (ana.id, ben.id)
