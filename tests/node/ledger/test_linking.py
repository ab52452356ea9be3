"""A receipt that both have signed is linked by both, once, whatever happens in between."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocol import limits
from protocol.errors import LocalError, RemoteError
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


@pytest.mark.covers("LED-11")
async def test_both_sides_link_it_and_a_third_one_checks_it(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    signed = await trade(ana, ben)
    for party in (ana, ben):
        report = await until_linked(world, party, cem, 1)
        assert report.sound
        assert list(report.receipts.values()) == [signed]
    await world.settle()


@pytest.mark.covers("LED-11")
async def test_a_receipt_is_linked_once_however_often_it_is_kept(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    signed = await trade(ana, ben)
    await until_linked(world, ana, ben, 1)
    for _ in range(3):
        assert await ledger(ana).link(signed, ana.clock.now_ms())
        await ledger(ana).attend()
    (head,) = (await until_linked(world, ana, ben, 1)).heads.values()
    assert head.count == 1


@pytest.mark.covers("LED-10")
async def test_a_link_stands_in_a_slot_of_its_device_and_as_long_as_it_can(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    for _ in range(3):
        await trade(ana, ben)
    await until_linked(world, ana, ben, 3)
    links = [record for record in await ben.standing() if record.kind == Kind.LEDGER]
    slots = {party.id: party.node.ledger.chain._device_slot for party in (ana, ben)}
    for link in links:
        assert link.slot % limits.DEVICE_SLOTS == slots[link.household]
        assert link.expires_at_ms == link.created_at_ms + limits.DURABLE_LIFETIME_MS


async def test_one_side_s_signature_alone_is_kept_and_never_linked(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    made = receipt(ana, ben)
    assert not await ledger(ana).link(signed_by(made, ana, None), 1)
    await world.pass_time(200)
    (kept,) = await ledger(ana).receipts()
    assert not kept.signed.complete
    assert (await report_of(ana, ben)).receipts == {}
    assert (await ledger(ben).trust(ana.id)).view.record.completed.receipts == 0
    # The other signature comes later, and by itself.
    await ledger(ana).link(signed_by(made, None, ben), 1)
    await until_linked(world, ana, ben, 1)


@pytest.mark.parametrize("forged", ["publisher_signature", "seeker_signature"])
async def test_a_signature_that_does_not_hold_is_not_even_kept(world: World, forged: str) -> None:
    ana, ben = await world.community(["ana", "ben"])
    signed = replace(signed_by(receipt(ana, ben), ana, ben), **{forged: bytes(64)})
    with pytest.raises(RemoteError):
        await ledger(ana).link(signed, 1)
    assert await ledger(ana).receipts() == []


async def test_a_receipt_of_others_is_not_kept(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    with pytest.raises(RemoteError):
        await ledger(cem).link(signed_by(receipt(ana, ben), ana, ben), 1)


async def test_a_signer_that_nobody_certified_is_not_linked(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    signed = signed_by(receipt(ana, ben), ana, cem)
    assert not await ledger(ana).link(signed, 1)
    await world.pass_time(200)
    assert (await report_of(ana, ben)).receipts == {}
    assert (await report_of(ana, ben)).sound


async def test_a_private_receipt_holds_its_place_and_counts_for_nothing(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    await trade(ana, ben, public=False)
    await trade(ana, ben)
    report = await until_linked(world, ana, ben, 1)
    assert report.sound
    assert report.private == 1
    assert [head.count for head in report.heads.values()] == [2]
    facts = await ledger(ben).trust(ana.id)
    assert facts.view.record.completed.receipts == 1
    assert len(facts.own) == 2


async def test_what_was_kept_before_a_crash_is_linked_after_it(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    signed = signed_by(receipt(ana, ben), ana, ben)
    await ana.node.database.write(lambda c: ledger(ana).keep(c, signed, ana.clock.now_ms()))
    await ana.crash()
    await ana.start()
    assert (await until_linked(world, ana, ben, 1)).sound


@pytest.mark.covers("LED-9")
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_crashes_at_any_moment_leave_one_whole_chain(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    for _ in range(6):
        signed = signed_by(receipt(ana, ben), ana, ben)
        await ana.node.database.write(lambda c, s=signed: ledger(ana).keep(c, s, 1))  # type: ignore[misc]
        ledger(ana).wake()
        await world.pass_time(world.random.uniform(0, 2))
        await ana.crash()
        await world.pass_time(world.random.uniform(0, 5))
        await ana.start()
        await world.until(lambda: bool(ana.wire.connections()))
    report = await until_linked(world, ana, ben, 6)
    assert report.sound
    assert [head.count for head in report.heads.values()] == [6]


@pytest.mark.covers("LED-9")
async def test_who_is_alone_links_when_somebody_is_there_again(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    await ana.stop()
    await ben.stop()
    await ana.start()
    await ben.start()
    signed = signed_by(receipt(ana, ben), ana, ben)
    await ben.stop()
    await ana.stop()
    await ana.start()
    assert not await ledger(ana).link(signed, 1)
    await world.pass_time(120)
    assert not (await ledger(ana).receipts())[0].linked_by
    await ben.start()
    await until_linked(world, ana, ben, 1)


async def test_a_household_that_nobody_confirmed_waits_with_its_receipts(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    invite = await ben.invite(uses=1)
    await world.settle()
    await ben.stop()
    world.switchboard.cut(["ben"], ["cem"])
    cem = world.household("cem")
    addresses = (*invite.addresses, *ana.node.addresses())
    await world.enrol(cem, type(invite)(
        invite.community, invite.network_key, invite.secret, addresses, invite.record
    ))  # fmt: skip
    await cem.start()
    await world.until(lambda: cem.node.community.my_status == "provisional")
    signed = signed_by(receipt(ana, cem), ana, cem)
    assert not await ledger(cem).link(signed, 1)
    await ben.start()
    world.switchboard.heal()
    await world.until(lambda: cem.node.community.my_status == "confirmed")
    assert (await until_linked(world, cem, ana, 1)).sound


async def test_a_withdrawn_link_shows_as_a_gap_at_everybody(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    for _ in range(3):
        await trade(ana, ben)
    await until_linked(world, ben, cem, 3)
    author = ben.node.market._author
    standing = await author.standing(Kind.LEDGER)
    first = min(standing)
    await author.replace(Kind.LEDGER, first, b"", withdrawn=True)
    await world.settle()
    dora = await world.join("dora", await ana.invite(uses=1))
    await world.until(lambda: dora.node.community.my_status == "confirmed")
    await world.settle()
    for at in (ana, cem, dora):
        report = await report_of(ben, at)
        assert not report.sound
        assert ("gap", 0) in flaws(report)
    # What both signed counts all the same: Ana has linked it, too.
    assert (await ledger(dora).trust(ben.id)).view.record.completed.households == 1


@pytest.mark.covers("LED-14", "LED-17")
async def test_a_hidden_end_shows_to_whom_it_was_told(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    await trade(ana, ben)
    await until_linked(world, ben, cem, 1)
    told = await ben.node.database.read(ledger(ben).head_in)
    longer = replace(told, count=told.count + 2, id=bytes(32))
    device = ben.node.market._author.device
    await cem.node.database.write(lambda c: ledger(cem).note_head(c, ben.id, device, longer))
    await cem.node.database.write(lambda c: ledger(cem).note_head(c, ben.id, device, told))
    assert flaws(await report_of(ben, cem)) == [("gap", 2)]
    assert (await report_of(ben, ana)).sound


async def test_a_removal_that_is_taken_back_brings_the_ledger_back(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    await trade(cem, ben)
    await until_linked(world, ben, ana, 1)
    await ana.node.governance.removals.remove(ben.id, "A misunderstanding.", False)
    await world.until(lambda: ben.node.community.my_status == "removed")
    await world.settle([ana, cem])
    assert (await report_of(ben, ana)).heads == {}
    assert (await until_linked(world, cem, ana, 1)).findings == []
    author = ana.node.market._author
    (slot,) = await author.standing(Kind.REMOVAL)
    await author.replace(Kind.REMOVAL, slot, b"", withdrawn=True)
    await world.until(lambda: ben.node.community.my_status == "confirmed")
    for of in (ben, cem):
        assert (await until_linked(world, of, ana, 1)).sound


async def test_links_are_submitted_under_the_rules_of_everybody(world: World) -> None:
    """A household's slots bound its ledger, too: it says so instead of losing a link."""
    ana, _ben = await world.community(["ana", "ben"])
    chain = ledger(ana).chain
    await fill(ana)
    with pytest.raises(LocalError) as error:
        await chain._free_slot()
    assert error.value.code == "ledger-full"


async def fill(household: Household) -> None:
    """Let every slot seem used."""
    author = household.node.market._author
    standing = await author.standing(Kind.LEDGER)
    any_record = next(iter((await author.standing(Kind.PROFILE)).values()))
    standing.update(dict.fromkeys(range(4_096), any_record))
