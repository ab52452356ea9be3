"""The power goes right after a transaction, whichever it is: nothing is lost or shown twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
import trio.testing

from node.mail.incoming import DeliveryState
from tests.node.mail.conftest import Correspondence
from tests.sim.world import GUARD_S, Household, World


def stop_after(household: Household, commits: int) -> trio.Event:
    """Have a household do nothing more after so many transactions; told when it has come so far.

    Whatever would have followed the commit (an answer to a neighbour, a second transaction)
    never happens.
    """
    database, reached, left = household.node.database, trio.Event(), commits
    write: Callable[[Any], Awaitable[Any]] = database.write

    async def write_and_stop(function: Any) -> Any:
        nonlocal left
        result = await write(function)
        left -= 1
        if left <= 0:
            reached.set()
            await trio.sleep_forever()
        return result

    database.write = write_and_stop  # type: ignore[method-assign]
    return reached


async def crash_after(world: World, household: Household, commits: int) -> bool:
    """Crash a household after so many transactions; False if fewer come within a while."""
    reached = stop_after(household, commits)
    with trio.move_on_after(100) as waiting:
        await reached.wait()
    await household.crash()
    await household.start()
    return not waiting.cancelled_caught


@pytest.mark.parametrize("victim", ["ana", "ben"])
@pytest.mark.covers("MAI-36")
async def test_a_chat_delivered_directly_survives_a_crash_after_any_transaction(
    world: World, mail: Correspondence, victim: str
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    written = []
    for commits in range(1, 9):
        written.append(f"Crash after {commits}")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(crash_after, world, world.households[victim], commits)
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(send_if_up, ana, ben.id, written)
        await mail.arrived(ben, ana.id, await mail.texts(ana, ben.id))
        await mail.all_are(ana, ben.id, DeliveryState.DELIVERED)


async def send_if_up(ana: Household, to: Any, written: list[str]) -> None:
    """Write; the power may go while it is being written."""
    with trio.move_on_after(GUARD_S):
        await ana.node.chats.send(to, written[-1])


@pytest.mark.covers("MAI-36")
async def test_a_chat_through_a_holder_survives_a_crash_of_any_of_the_three(
    world: World, mail: Correspondence
) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    world.part([ana], [ben])
    for victim in (ana, cem, ben):
        for commits in range(1, 7):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(crash_after, world, victim, commits)
                await trio.testing.wait_all_tasks_blocked()
                nursery.start_soon(
                    send_if_up, ana, ben.id, [f"{victim.name} crashes after {commits}"]
                )
            await mail.arrived(ben, ana.id, await mail.texts(ana, ben.id))
            await mail.all_are(ana, ben.id, DeliveryState.DELIVERED)
    assert len(await mail.texts(ben, ana.id)) >= 12
