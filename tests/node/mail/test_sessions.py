"""Ratchets: begun from both sides at once, lost at one end, and bounded."""

from __future__ import annotations

from typing import Any

import pytest

from node.mail.incoming import DeliveryState, Incoming, NotYet
from node.mail.sessions import SESSIONS_KEPT
from protocol.mail.letter import Chat, Topic
from protocol.mail.post import Code
from tests.node.mail.conftest import Correspondence
from tests.node.mail.test_hostile import deliver, letter, sealed
from tests.sim.world import Household, World


async def sessions(household: Household) -> list[str]:
    """Ids of the sessions, the one to write with first."""
    rows = await household.node.database.read(
        lambda connection: connection.execute(
            "SELECT id FROM mail_session ORDER BY decrypted DESC, n DESC"
        ).fetchall()
    )
    return [id for (id,) in rows]


async def forget_sessions(household: Household) -> None:
    await household.node.database.write(
        lambda connection: connection.execute("DELETE FROM mail_session")
    )


@pytest.mark.covers("MAI-37")
async def test_two_that_begin_at_once_agree_on_sessions_in_the_end(
    world: World, mail: Correspondence
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    world.part([ana], [ben])
    wanted = ["From Ana", "From Ben"]
    await ana.node.chats.send(ben.id, wanted[0])
    await ben.node.chats.send(ana.id, wanted[1])
    world.switchboard.heal()
    for number in range(6):
        await mail.arrived(ana, ben.id, wanted)
        await mail.arrived(ben, ana.id, wanted)
        wanted += [f"Ana {number}", f"Ben {number}"]
        await ana.node.chats.send(ben.id, wanted[-2])
        await ben.node.chats.send(ana.id, wanted[-1])
    assert set(await sessions(ana)) == set(await sessions(ben))
    assert len(await sessions(ana)) == 2
    for household in (ana, ben):
        assert "mail-undecipherable" not in household.node.health()


@pytest.mark.covers("MAI-38")
async def test_what_a_device_cannot_decipher_is_sealed_anew_and_arrives(
    world: World, mail: Correspondence
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    await ana.node.chats.send(ben.id, "One")
    await mail.arrived(ben, ana.id, ["One"])
    await ben.node.chats.send(ana.id, "Two")
    await mail.arrived(ana, ben.id, ["One", "Two"])
    await forget_sessions(ben)
    before = await sessions(ana)
    for text in ("Three", "Four", "Five"):
        await ana.node.chats.send(ben.id, text)
    await mail.arrived(ben, ana.id, ["One", "Two", "Three", "Four", "Five"])
    assert ben.node.health()["mail-undecipherable"] >= 1
    assert len(await sessions(ana)) == 1
    assert await sessions(ana) != before


@pytest.mark.covers("MAI-38", "MAI-56")
async def test_a_holder_brings_back_that_something_could_not_be_deciphered(
    world: World, mail: Correspondence
) -> None:
    ana, ben, _ = await world.community(["ana", "ben", "cem"])
    await ana.node.chats.send(ben.id, "One")
    await mail.arrived(ben, ana.id, ["One"])
    await ben.node.chats.send(ana.id, "Two")
    await mail.arrived(ana, ben.id, ["One", "Two"])
    world.part([ana], [ben])
    await world.pass_time(5)
    await forget_sessions(ben)
    await ana.node.chats.send(ben.id, "Three")
    await mail.arrived(ben, ana.id, ["One", "Two", "Three"])
    await mail.all_are(ana, ben.id, DeliveryState.DELIVERED)
    assert ben.node.health()["mail-undecipherable"] == 1


async def test_however_often_one_side_begins_anew_few_sessions_are_kept(
    world: World, mail: Correspondence
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    wanted = []
    for number in range(SESSIONS_KEPT + 3):
        await forget_sessions(ana)
        wanted.append(f"Begun {number} times")
        await ana.node.chats.send(ben.id, wanted[-1])
        await mail.arrived(ben, ana.id, wanted)
    assert len(await sessions(ben)) == SESSIONS_KEPT
    assert (await sessions(ben))[0] == (await sessions(ana))[0]
    await ben.node.chats.send(ana.id, "Now I")
    await mail.arrived(ana, ben.id, [*wanted, "Now I"])


@pytest.mark.covers("MAI-36")
async def test_of_two_letters_in_a_frame_the_one_put_off_is_taken_when_it_comes_again(
    world: World, mail: Correspondence
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    await ana.node.chats.send(ben.id, "Hello")
    await mail.arrived(ben, ana.id, ["Hello"])
    await ben.node.chats.send(ana.id, "Hello, Ana")
    await mail.arrived(ana, ben.id, ["Hello", "Hello, Ana"])
    served = ben.node.post._intake._served
    take_in, put_off = served[Topic.CHAT], letter(ana, ben, content=Chat("Later", None).pack())

    def once(connection: Any, incoming: Incoming) -> None:
        take_in(connection, incoming)
        if incoming.message_id == put_off.message_id:
            served[Topic.CHAT] = take_in
            raise NotYet

    served[Topic.CHAT] = once
    later = await sealed(ana, ben, put_off)
    now = await sealed(ana, ben, letter(ana, ben, content=Chat("Now", None).pack()))
    assert await deliver(ana, ben, later, now) == [Code.LATER, Code.TAKEN]
    assert await deliver(ana, ben, later, now) == [Code.TAKEN, Code.KNOWN]
    await mail.arrived(ben, ana.id, ["Hello", "Hello, Ana", "Now", "Later"])
    await ben.node.chats.send(ana.id, "Both")
    await mail.arrived(ana, ben.id, ["Hello", "Hello, Ana", "Both"])
    assert "mail-undecipherable" not in ana.node.health() | ben.node.health()
