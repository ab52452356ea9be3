"""Weeks pass: keys are replaced, letters wait, and what is over is told."""

from __future__ import annotations

from typing import Any

import pytest

from node.mail.incoming import DeliveryState, Incoming
from node.mail.sealing import cards_of
from protocol.ids import DeviceKey
from protocol.kinds import Kind
from protocol.limits import DAY_MS
from protocol.mail.letter import Topic
from tests.node.mail.conftest import Correspondence
from tests.sim.world import Household, World


async def card(household: Household, of: Household) -> Any:
    cards = await household.node.database.read(lambda connection: cards_of(connection, of.id))
    return cards[DeviceKey(of.node.post._keys.device)].card


async def keys_kept(household: Household) -> int:
    (count,) = await household.node.database.read(
        lambda connection: connection.execute("SELECT count(*) FROM mail_hpke").fetchone()
    )
    return int(count)


@pytest.mark.covers("MAI-5")
async def test_keys_are_replaced_in_time_and_letters_arrive_all_along(
    world: World, mail: Correspondence
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    first = await card(ana, ben)
    hpke, fallback, written = {first.hpke_public}, {first.olm_fallback}, []
    for day in range(60):
        world.pass_days(1)
        await world.pass_time(200)
        now = await card(ana, ben)
        hpke.add(now.hpke_public)
        fallback.add(now.olm_fallback)
        assert now.olm_identity == first.olm_identity
        if day % 10 == 3:
            written.append(f"On day {day}")
            await ana.node.chats.send(ben.id, written[-1])
            await mail.arrived(ben, ana.id, written)
    assert len(hpke) == 1 + 60 // 7
    assert len(fallback) == 1 + 60 // 21
    assert await keys_kept(ben) == 1 + 16 // 7


@pytest.mark.parametrize("has_rotated", [False, True])
async def test_a_letter_that_waited_for_fourteen_days_opens(
    world: World, mail: Correspondence, has_rotated: bool
) -> None:
    ana, ben, _ = await world.community(["ana", "ben", "cem"])
    ben_id, ana_id = ben.id, ana.id
    if has_rotated:  # just before the next rotation, of which Ana has yet to hear
        world.pass_days(20.9)
        await world.pass_time(200)
    await ben.stop()
    await ana.node.chats.send(ben_id, "See you in a fortnight")
    await mail.all_are(ana, ben_id, DeliveryState.HELD)
    world.pass_days(13.9)
    await world.pass_time(100)
    await ana.stop()
    await ben.start()
    assert await mail.arrived(ben, ana_id, ["See you in a fortnight"]) <= 60


@pytest.mark.covers("MAI-55", "MAI-62")
async def test_a_chat_that_nobody_took_is_over_after_fifteen_days_and_says_so(
    world: World, mail: Correspondence
) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    ben_id = ben.id
    await ben.stop()
    await ana.node.chats.send(ben_id, "Hello?")
    await mail.all_are(ana, ben_id, DeliveryState.HELD)
    world.pass_days(13.9)
    await world.pass_time(100)
    assert await mail.states(ana, ben_id) == [DeliveryState.HELD]
    assert (await cem.node.post.holding()).for_others.parcels == 1
    world.pass_days(1.1)
    await world.pass_time(100)
    assert await mail.states(ana, ben_id) == [DeliveryState.EXPIRED]
    assert (await cem.node.post.holding()).for_others.parcels == 0
    await ben.start()
    await world.pass_time(200)
    assert await mail.texts(ben, ana.id) == []


async def test_a_chat_that_was_thought_to_be_over_arrived_after_all(
    world: World, mail: Correspondence
) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    ben_id, ana_id = ben.id, ana.id
    await ben.stop()
    await ana.node.chats.send(ben_id, "Hello?")
    await mail.all_are(ana, ben_id, DeliveryState.HELD)
    world.pass_days(13.9)
    await ana.stop()
    await ben.start()
    await mail.arrived(ben, ana_id, ["Hello?"])
    await world.pass_time(10)
    await ben.stop()
    world.pass_days(1.1)
    await ana.start()
    await mail.all_are(ana, ben_id, DeliveryState.DELIVERED)
    assert cem.runs


@pytest.mark.covers("MAI-62")
async def test_what_a_trade_says_is_sealed_anew_until_it_is_dropped(
    world: World, mail: Correspondence
) -> None:
    ana, ben, _ = await world.community(["ana", "ben", "cem"])
    ben_id, taken = ben.id, list[Incoming]()
    await ben.stop()

    def write(connection: Any) -> tuple[bytes, bytes]:
        post = ana.node.post
        return (
            post.write(connection, ben_id, Topic.TRADE, b"kept"),
            post.write(connection, ben_id, Topic.TRADE, b"dropped"),
        )

    kept, dropped = await ana.node.database.write(write)
    ana.node.post.wake()
    for _ in range(40):
        world.pass_days(1)
        await world.pass_time(100)
    await ana.node.database.write(lambda connection: ana.node.post.drop(connection, dropped))
    assert (await ana.node.post.delivery([kept]))[kept].state is DeliveryState.HELD
    assert list(await ana.node.post.delivery([dropped])) == []
    await ben.start()
    ben.node.post._intake._served[Topic.TRADE] = lambda connection, incoming: taken.append(incoming)
    await mail.until(lambda: is_delivered(ana, kept))
    assert {incoming.message_id for incoming in taken} >= {kept}


async def is_delivered(household: Household, message_id: bytes) -> bool:
    delivery = await household.node.post.delivery([message_id])
    return delivery[message_id].state is DeliveryState.DELIVERED


async def test_a_card_is_renewed_before_its_record_is_over(
    world: World, mail: Correspondence
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    for _ in range(4):
        world.pass_days(30)
        await world.pass_time(200)
    records = [r for r in await ana.standing() if r.kind == Kind.MAIL_CARD]
    assert len(records) == 2
    assert all(r.created_at_ms > world.clock.now_ms() - 31 * DAY_MS for r in records)
    await ana.node.chats.send(ben.id, "Still there")
    await mail.arrived(ben, ana.id, ["Still there"])


@pytest.mark.covers("MAI-5")
async def test_a_device_whose_clock_is_wrong_replaces_and_forgets_nothing(
    world: World, mail: Correspondence
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    before = await card(ana, ben)
    await ben.stop()
    ben.clock.ahead_ms = 400 * DAY_MS
    await ben.start()
    await ben.node.chats.send(ana.id, "What year is it?")
    await world.pass_time(300)
    assert await keys_kept(ben) == 1
    assert await card(ana, ben) == before
    assert await mail.texts(ana, ben.id) == ["What year is it?"]
    await ana.node.chats.send(ben.id, "2026")
    await mail.arrived(ben, ana.id, ["What year is it?", "2026"])
