"""What a node says in a trade by itself goes out at once, not at the next look around."""

from __future__ import annotations

import trio

from protocol.listing import ListingKind
from protocol.trade.transitions import State
from tests.sim.trading import ask, eventually, handed_over, offer, promised, reaches
from tests.sim.world import World


async def test_both_signatures_are_there_moments_after_the_handover(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    trade = await promised(world, ana, ben, await offer(ana, "Fahrrad"))
    began_s = trio.current_time()
    await handed_over(world, trade, (ana, ben), State.RECEIPTED)
    assert trio.current_time() - began_s < 10


async def test_a_draw_goes_on_when_its_time_has_come_not_at_the_next_look_around(
    world: World,
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    trade = await ask(world, ben, await offer(ana, "Kinderbett", kind=ListingKind.GIVE))
    (view,) = await reaches(world, trade, State.ASKED, ana)
    await ana.node.trades.draw(view.trade.ask.listing, ana.clock.now_ms() + 5_000)
    began_s = trio.current_time()
    await reaches(world, trade, State.PROMISED, ana, ben)
    assert trio.current_time() - began_s < 15


async def test_a_review_shows_moments_after_the_other_side_has_written_its_own(
    world: World,
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    trade = await promised(world, ana, ben, await offer(ana, "Fahrrad"))
    views = await handed_over(world, trade, (ana, ben), State.RECEIPTED)
    receipt = views[0].trade.receipt()
    assert receipt is not None

    async def linked() -> bool:
        found = [await h.node.ledger.verify(h.id) for h in (ana, ben)]
        return all(len(report.receipts) == 1 for report in found)

    await eventually(world, linked)
    await ana.node.ledger.review(receipt.digest(), True, "Pünktlich.")
    await world.pass_time(90)
    began_s = trio.current_time()
    await ben.node.ledger.review(receipt.digest(), True, "Wie beschrieben.")

    async def shown() -> bool:
        return bool(await ben.node.ledger.reviews_of(ben.id))

    await eventually(world, shown)
    assert trio.current_time() - began_s < 10
