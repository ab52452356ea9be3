"""A community with quorum 2 whose first households are its stewards."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from protocol.membership.members import Members
from tests.sim.world import Household, World

sys.path.insert(0, str(Path(__file__).parents[3] / "scripts"))  # vector_world

Seated = Callable[..., Awaitable[list[Household]]]


async def seat(world: World, household: Household, *by: Household) -> None:
    """These stewards name a household, and it takes the seat."""
    for steward in by:
        await steward.node.governance.stewards.appoint(household.id, True)
    await world.settle()
    await household.node.governance.stewards.accept(True)
    await world.settle()


@pytest.fixture
def seated(world: World) -> Seated:
    """Found a community in which the first ``stewards`` of these have seats, quorum 2."""

    async def make(names: list[str], stewards: int, **charter: object) -> list[Household]:
        households = await world.community(names, quorum=2, **charter)
        for at in range(1, stewards):
            await seat(world, households[at], *households[: min(at, 2)])
        return households

    return make


@pytest.fixture
def stewards_of() -> Callable[[Members, list[Household]], list[str]]:
    """Name the stewards as a node knows them, the most senior first."""

    def named(members: Members, households: list[Household]) -> list[str]:
        names = {household.id: household.name for household in households}
        return [names[steward] for steward in members.council.stewards]

    return named
