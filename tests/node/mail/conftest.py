"""What tests of mail ask of a household."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import pytest

from node.mail.incoming import DeliveryState
from node.mail.sealing import cards_of
from protocol.ids import HouseholdId
from tests.sim.world import Household, World


@dataclass
class Correspondence:
    """Asks households what they see of their chats with each other."""

    world: World

    async def knows_cards(self, at: Household, of: HouseholdId, devices: int) -> bool:
        """Whether cards of so many devices of a household are known."""
        cards = await at.node.database.read(partial(cards_of, household=of))
        return len(cards) == devices

    async def texts(self, at: Household, of: HouseholdId) -> list[str]:
        """What stands in the thread, in order."""
        return [chat.text for chat in await at.node.chats.thread(of)]

    async def states(self, at: Household, of: HouseholdId) -> list[DeliveryState]:
        """How far the own chats of a thread have come."""
        views = await at.node.chats.thread(of)
        return [view.delivery.state for view in views if view.delivery is not None]

    async def until(self, is_so: Callable[[], Awaitable[bool]], within_s: float = 900) -> float:
        """Let time pass until something is so; how long it took, in simulated seconds."""
        for second in range(int(within_s)):
            if await is_so():
                return second
            await self.world.pass_time(1)
        raise AssertionError("it never came to be")

    async def arrived(self, at: Household, of: HouseholdId, texts: list[str]) -> float:
        """Wait until exactly these texts stand in a thread, in any order."""

        async def there() -> bool:
            return sorted(await self.texts(at, of)) == sorted(texts)

        return await self.until(there)

    async def all_are(self, at: Household, of: HouseholdId, state: DeliveryState) -> float:
        """Wait until all own chats of a thread have come so far."""

        async def there() -> bool:
            return set(await self.states(at, of)) == {state}

        return await self.until(there)


@pytest.fixture
def mail(world: World) -> Correspondence:
    return Correspondence(world)
