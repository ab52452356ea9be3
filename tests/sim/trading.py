"""Words for trades in a simulated world: who asks whom, and until when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import trio

from node.store.listings import StoredListing
from node.trades.views import TradeView
from protocol import limits
from protocol.errors import LocalError
from protocol.ids import ThingKey
from protocol.listing import LendTerms, Listing, ListingKind
from protocol.money import Price
from protocol.trade.meeting import Slot
from protocol.trade.message import TradeId
from protocol.trade.transitions import State
from tests.sim.world import GUARD_S, Household, World

HOUR_MS = 3_600_000


async def offer(household: Household, title: str, **fields: Any) -> ThingKey:
    """Publish one listing; a bicycle for 100 euros unless told otherwise."""
    kind = fields.pop("kind", ListingKind.SELL)
    if kind is ListingKind.SELL:
        fields.setdefault("price", Price(10_000, "EUR"))
    if kind is ListingKind.LEND:
        fields.setdefault("lend", LendTerms(max_days=30))
    until_ms = household.clock.now_ms() + 30 * limits.DAY_MS
    listing = Listing(kind=kind, title=title, visible_until_ms=until_ms, **fields)
    (published,) = await household.node.market.publish([listing])
    assert isinstance(published, StoredListing), published
    return published.key


async def knows(world: World, household: Household, listing: ThingKey) -> None:
    """Wait until a listing shows at a household."""

    async def shows() -> bool:
        return any(stored.key == listing for stored in await household.all_shown())

    await eventually(world, shows)


async def ask(world: World, household: Household, listing: ThingKey, **fields: Any) -> TradeId:
    """Ask for a listing, once it shows."""
    await knows(world, household, listing)
    return (await household.node.trades.ask(listing, **fields)).trade.id


async def eventually(world: World, is_so: Callable[[], Any]) -> None:
    """Let time pass until something that takes looking up is so."""
    with trio.fail_after(GUARD_S * 4):
        while not await is_so():
            await world.pass_time(0.2)


async def reaches(
    world: World, trade: TradeId, state: State, *households: Household
) -> list[TradeView]:
    """Wait until a trade is in a state at each of these households."""
    views: list[TradeView] = []

    async def there() -> bool:
        views.clear()
        for household in households:
            try:
                views.append(await household.node.trades.show(trade))
            except LocalError:
                return False
        return all(view.trade.state is state for view in views)

    try:
        await eventually(world, there)
    except trio.TooSlowError:
        states = [view.trade.state.value for view in views]
        raise AssertionError(f"not {state.value} but {states}") from None
    return views


async def promised(
    world: World, seller: Household, buyer: Household, listing: ThingKey, **fields: Any
) -> TradeId:
    """Ask and promise; both know it."""
    trade = await ask(world, buyer, listing, **fields)
    await reaches(world, trade, State.ASKED, seller)
    await seller.node.trades.promise(trade)
    await reaches(world, trade, State.PROMISED, buyer, seller)
    return trade


async def appointed(
    world: World, seller: Household, buyer: Household, trade: TradeId, in_hours: int = 2
) -> Slot:
    """Name a time and choose it; both know it."""
    starts_ms = seller.clock.now_ms() + in_hours * HOUR_MS
    slot = Slot(starts_ms, starts_ms + HOUR_MS)
    await seller.node.trades.slots(trade, [slot])

    async def named() -> bool:
        view = await buyer.node.trades.show(trade)
        return bool(view.trade.offered_slots)

    await eventually(world, named)
    await buyer.node.trades.appoint(trade, 1)
    await reaches(world, trade, State.APPOINTED, buyer, seller)
    return slot


async def handed_over(
    world: World, trade: TradeId, households: Sequence[Household], state: State
) -> list[TradeView]:
    """Both confirm the handover; wait until both are in a state."""
    for household in households:
        await household.node.trades.handover(trade)
    return await reaches(world, trade, state, *households)
