"""What a node says in a trade by itself goes out at once, not at the next look around."""

from __future__ import annotations

import trio

from protocol.trade.transitions import State
from tests.sim.trading import handed_over, offer, promised
from tests.sim.world import World


async def test_both_signatures_are_there_moments_after_the_handover(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    trade = await promised(world, ana, ben, await offer(ana, "Fahrrad"))
    began_s = trio.current_time()
    await handed_over(world, trade, (ana, ben), State.RECEIPTED)
    assert trio.current_time() - began_s < 10
