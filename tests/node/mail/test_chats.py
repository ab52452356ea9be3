"""Chats between real nodes: delivered, in threads, read, refused."""

from __future__ import annotations

import pytest

from node.mail.incoming import DeliveryState
from protocol.errors import LocalError
from protocol.ids import HouseholdId
from tests.node.mail.conftest import Correspondence
from tests.sim.world import Household, World


async def test_a_chat_arrives_and_is_answered(world: World, mail: Correspondence) -> None:
    ana, ben = await world.community(["ana", "ben"])
    await ana.node.chats.send(ben.id, "Is it still there?")
    await world.pass_time(5)
    assert await mail.texts(ben, ana.id) == ["Is it still there?"]
    assert await mail.states(ana, ben.id) == [DeliveryState.DELIVERED]
    await ben.node.chats.send(ana.id, "Yes.")
    await world.pass_time(5)
    assert await mail.texts(ana, ben.id) == ["Is it still there?", "Yes."]


async def test_threads_are_by_household_and_by_listing_and_name_it(
    world: World, mail: Correspondence
) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    (cot,) = await ana.publish("Cot")
    await world.settle()
    await ben.node.chats.send(ana.id, "Is it still there?", cot.key)
    await ben.node.chats.send(ana.id, "How are you?")
    await cem.node.chats.send(ana.id, "I want the cot!", cot.key)
    await mail.until(lambda: unread_is(ana, 3))
    threads = await ana.node.chats.threads()
    assert {(t.name, t.listing, t.title, t.last_text, t.unread) for t in threads} == {
        ("ben", cot.key, "Cot", "Is it still there?", 1),
        ("ben", None, "", "How are you?", 1),
        ("cem", cot.key, "Cot", "I want the cot!", 1),
    }
    await ana.node.market.withdraw(cot.key)
    await ana.node.chats.send(ben.id, "Sorry, gone.", cot.key)
    assert await ana.node.chats.mark_read(ben.id, cot.key) == 1
    assert await ana.node.chats.unread() == 2
    latest = (await ana.node.chats.threads())[0]
    assert (latest.title, latest.last_text, latest.unread) == ("Cot", "Sorry, gone.", 0)
    assert latest.last_outgoing
    assert [c.text for c in await ana.node.chats.thread(ben.id, cot.key)] == [
        "Is it still there?",
        "Sorry, gone.",
    ]


async def unread_is(household: Household, count: int) -> bool:
    return await household.node.chats.unread() == count


@pytest.mark.covers("MAI-14")
async def test_that_a_chat_was_read_is_told_only_if_the_reader_allows_it(
    world: World, mail: Correspondence
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    await ana.node.chats.send(ben.id, "One")
    await mail.arrived(ben, ana.id, ["One"])
    assert not await ben.node.chats.read_receipts()
    await ben.node.chats.mark_read(ana.id)
    await world.pass_time(100)
    assert await mail.states(ana, ben.id) == [DeliveryState.DELIVERED]
    await ben.node.chats.allow_read_receipts(True)
    await ana.node.chats.send(ben.id, "Two")
    await mail.arrived(ben, ana.id, ["One", "Two"])
    await ben.node.chats.mark_read(ana.id)
    await mail.until(lambda: last_is_read(ana, ben))
    assert [view.read for view in await ana.node.chats.thread(ben.id)] == [False, True]
    assert [view.read for view in await ben.node.chats.thread(ana.id)] == [True, True]


async def last_is_read(household: Household, other: Household) -> bool:
    return (await household.node.chats.thread(other.id))[-1].read


async def test_what_cannot_be_sent_says_why(world: World, mail: Correspondence) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    await ana.node.moderation.choices.block(cem.id, True)
    for to, text, code in (
        (ana.id, "Hello", "not-yourself"),
        (HouseholdId(bytes(32)), "Hello", "household-not-found"),
        (ben.id, " \n ", "message-empty"),
        (ben.id, "a" * 4_001, "message-too-long"),
        (cem.id, "Hello", "you-block"),
    ):
        with pytest.raises(LocalError) as refused:
            await ana.node.chats.send(to, text)
        assert refused.value.code == code
    await ben.node.community.leave()
    await world.until(lambda: not ana.members.households[ben.id].stands)
    with pytest.raises(LocalError, match="household-not-found"):
        await ana.node.chats.send(ben.id, "Hello")
    assert await ana.node.chats.threads() == []


async def test_the_longest_chat_arrives_whole(world: World, mail: Correspondence) -> None:
    ana, ben = await world.community(["ana", "ben"])
    longest = "🦊" * 2_000 + "\n" + "ß" * 1_999
    await ana.node.chats.send(ben.id, longest)
    await mail.arrived(ben, ana.id, [longest])


@pytest.mark.covers("MAI-60")
async def test_a_chat_to_somebody_who_has_no_card_yet_waits_for_it(
    world: World, mail: Correspondence
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    invite = await ana.invite()
    await ana.stop()
    cem = world.household("cem")
    await ana.start()
    await world.enrol(cem, invite)
    await world.until(lambda: len(ben.members.households) == 3)
    (cem_id,) = set(ben.members.households) - {ana.id, ben.id}
    await ben.node.chats.send(cem_id, "Welcome!")
    await world.pass_time(100)
    assert await mail.states(ben, cem_id) == [DeliveryState.QUEUED]
    assert (await ben.node.post.holding()).queued == 1
    await cem.start()
    assert await mail.arrived(cem, ben.id, ["Welcome!"]) <= 60
    await mail.all_are(ben, cem_id, DeliveryState.DELIVERED)
