"""A household that was removed is told by whom and why, as far as its node can know."""

from __future__ import annotations

from node.governance.removals import Removals
from p2pmarket.api.governance_waiting import governance_waiting
from p2pmarket.api.mail_schemas import Waiting
from protocol.place import Place
from protocol.profile import Profile
from tests.sim.world import Household, World


async def told(household: Household) -> Waiting:
    """The one thing that waits for it."""
    (waiting,) = await governance_waiting(household.node, household.clock.now_ms())
    return waiting


async def community(world: World) -> tuple[Household, Household, Removals]:
    ana, cem = await world.community(["ana", "cem"])
    place = Place("Südhöhe", 510_000, 137_000)
    await ana.node.community.set_profile(Profile(name="Anna", place=place))
    await world.settle()
    return ana, cem, ana.node.governance.removals


async def test_who_hears_of_its_removal_is_told_the_reason_and_whom_to_ask(world: World) -> None:
    _, cem, removals = await community(world)
    await removals.remove(cem.id, "Cheated twice.", with_invited=False)
    await world.until(lambda: cem.id in cem.members.removed)
    waiting = await told(cem)
    assert (waiting.what, waiting.title) == ("removed", "Cheated twice.")
    assert waiting.household == "Anna (Südhöhe)"


async def test_who_was_off_is_told_at_the_gate_and_whom_to_ask(world: World) -> None:
    _, cem, removals = await community(world)
    removed = cem.id
    await cem.stop()
    await removals.remove(removed, "Cheated twice.", with_invited=False)
    await cem.start()
    await world.until(lambda: cem.node.community.my_status == "removed")
    waiting = await told(cem)
    assert (waiting.what, waiting.title) == ("removed-unexplained", "")
    assert waiting.household == "Anna (Südhöhe)"
