"""Chats between real nodes: delivered, in threads, read, refused."""

from __future__ import annotations

from node.mail.incoming import DeliveryState
from tests.node.mail.conftest import Correspondence
from tests.sim.world import World


async def test_a_chat_arrives_and_is_answered(world: World, mail: Correspondence) -> None:
    ana, ben = await mail.community(["ana", "ben"])
    await ana.node.chats.send(ben.id, "Is it still there?")
    await world.pass_time(5)
    assert await mail.texts(ben, ana.id) == ["Is it still there?"]
    assert await mail.states(ana, ben.id) == [DeliveryState.DELIVERED]
    await ben.node.chats.send(ana.id, "Yes.")
    await world.pass_time(5)
    assert await mail.texts(ana, ben.id) == ["Is it still there?", "Yes."]
