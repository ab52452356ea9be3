"""Chats between real nodes: delivered, in threads, read, refused."""

from __future__ import annotations

from node.mail.incoming import DeliveryState
from tests.sim.world import Household, World


async def texts(household: Household, other: Household) -> list[str]:
    return [chat.text for chat in await household.node.chats.thread(other.id)]


async def state(household: Household, other: Household) -> list[DeliveryState]:
    views = await household.node.chats.thread(other.id)
    return [view.delivery.state for view in views if view.delivery is not None]


async def test_a_chat_arrives_and_is_answered(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    await ana.node.chats.send(ben.id, "Is it still there?")
    await world.pass_time(5)
    assert await texts(ben, ana) == ["Is it still there?"]
    assert await state(ana, ben) == [DeliveryState.DELIVERED]
    await ben.node.chats.send(ana.id, "Yes.")
    await world.pass_time(5)
    assert await texts(ana, ben) == ["Is it still there?", "Yes."]
    print(ana.node.health(), ben.node.health())
