"""Whatever happens on the way, each chat arrives, and shows once."""

from __future__ import annotations

import pytest

from node.mail.incoming import DeliveryState
from tests.node.mail.conftest import Correspondence
from tests.sim.world import ROUGH, Household, World

STREET = ["ana", "ben", "cem", "dora", "emil"]


async def happen(world: World, households: list[Household]) -> None:
    """Something goes wrong, or right again."""
    random = world.random
    one, other = random.sample(households, 2)
    match random.randrange(6):
        case 0:
            world.part([one], [other])
        case 1:
            world.switchboard.heal()
        case 2 if one.runs:
            await one.crash()
        case 3 if one.runs:
            await one.stop()
        case 4 | 5 if not one.runs:
            await one.start()


@pytest.mark.parametrize("seed", range(1, 7))
async def test_every_chat_arrives_once_whatever_happens_on_the_way(
    world: World, mail: Correspondence
) -> None:
    households = await world.community(STREET)
    world.switchboard.faults = ROUGH
    await world.pass_time(70)
    ids = {household.name: household.id for household in households}
    written: dict[tuple[str, str], list[str]] = {}
    for number in range(60):
        await happen(world, households)
        one, other = world.random.sample(households, 2)
        if one.runs:
            text = f"{one.name} to {other.name}, {number}"
            await one.node.chats.send(ids[other.name], text)
            written.setdefault((one.name, other.name), []).append(text)
        await world.pass_time(world.random.choice((0, 0.02, 0.3, 5, 60)))
    world.switchboard.heal()
    for household in households:
        if not household.runs:
            await household.start()
    by_name = {household.name: household for household in households}
    for one in STREET:
        for other in STREET:
            wanted = written.get((one, other), []) + written.get((other, one), [])
            if one != other and wanted:
                await mail.arrived(by_name[other], ids[one], wanted)
                if (one, other) in written:
                    await mail.all_are(by_name[one], ids[other], DeliveryState.DELIVERED)
    for household in households:
        assert not [name for name in household.node.health() if name.startswith("fault")]
        assert household.node.health().get("mail-failed", 0) == 0
