"""Seats at real nodes: nothing that was decided falls unseen when one is given or ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from node.governance.charters import amended
from protocol.errors import LocalError
from protocol.kinds import Kind
from tests.sim.world import World


async def refused(deed: Any) -> str:
    with pytest.raises(LocalError) as error:
        await deed
    return error.value.code


@pytest.mark.covers("GOV-8")
async def test_who_takes_a_seat_first_signs_what_is_in_force(
    world: World, stewards_of: Callable[..., list[str]]
) -> None:
    ana, ben, cem, dora = await world.community(["ana", "ben", "cem", "dora"], quorum=2)
    cem_id = cem.id
    await cem.stop()
    await ana.node.governance.removals.remove(cem_id, "Cheated.", False)
    await ana.node.governance.charters.propose(
        amended(ana.node.community.charter, rules="Be kinder.")
    )
    await world.settle([ana, ben, dora])
    assert await refused(ben.node.governance.stewards.accept(True)) == "not-appointed"
    await ana.node.governance.stewards.appoint(ben.id, True)
    await world.settle([ana, ben, dora])
    assert ben.node.governance.stewards.is_offered(ben.id)
    shown = await ben.node.governance.stewards.accept(False)
    assert [removal.household for removal in shown.removals] == [cem_id]
    assert [amendment.number for amendment in shown.amendments] == [2]
    assert not shown.outlook.returning
    assert stewards_of(ben.members, [ana, ben]) == ["ana"]  # nothing was signed yet
    await ben.node.governance.stewards.accept(True)
    await world.settle([ana, ben, dora])
    assert stewards_of(dora.members, [ana, ben]) == ["ana", "ben"]
    assert dora.members.council.needed == 2
    assert cem_id in dora.members.removed
    assert dora.node.community.charter.rules == "Be kinder."


async def test_a_dismissal_takes_over_what_would_lack_a_voice(
    world: World, seated: Any, stewards_of: Callable[..., list[str]]
) -> None:
    ana, ben, cem, dora, emil = await seated(["ana", "ben", "cem", "dora", "emil"], 3)
    emil_id = emil.id
    await emil.stop()
    rest = [ana, ben, cem, dora]
    await ben.node.governance.removals.remove(emil_id, "Cheated.", False)
    await world.settle(rest)
    await cem.node.governance.removals.agree(emil_id)
    charter = amended(ben.node.community.charter, rules="Be kinder.")
    await ben.node.governance.charters.propose(charter)
    await world.settle(rest)
    (version,) = cem.node.governance.charters.proposals
    await cem.node.governance.charters.sign(version.digest)
    await world.settle(rest)
    assert emil_id in dora.members.removed
    assert dora.node.community.charter.rules == "Be kinder."

    shown = await ana.node.governance.stewards.dismiss(cem.id, False)
    assert [removal.household for removal in shown.removals] == [emil_id]
    assert [amendment.number for amendment in shown.amendments] == [2]
    await ana.node.governance.stewards.dismiss(cem.id, True)
    await world.settle(rest)
    assert stewards_of(dora.members, rest) == ["ana", "ben"]
    assert emil_id in dora.members.removed
    assert dora.node.community.charter.rules == "Be kinder."


async def test_whom_only_a_dismissed_steward_stands_for_stays(world: World, seated: Any) -> None:
    ana, ben = await seated(["ana", "ben"], 2, invite_budget=1)
    brought = []
    for name in ("cem", "dora", "emil"):
        joined = await world.join(name, await ben.invite(uses=1))
        await world.until(lambda h=joined: h.node.community.my_status == "confirmed")  # type: ignore[misc]
        brought.append(joined)
    await world.settle()
    shown = await ana.node.governance.stewards.dismiss(ben.id, True)
    assert len(shown.confirmations) == 2  # one he may have brought as anybody may
    assert not shown.outlook.leaving
    await world.settle()
    assert ana.members.council.stewards == (ana.id,)
    assert all(h.node.community.my_status == "confirmed" for h in [ben, *brought])


async def test_a_steward_that_resigns_sees_what_falls_and_another_takes_it_over(
    world: World, seated: Any
) -> None:
    ana, ben, cem, dora = await seated(["ana", "ben", "cem", "dora"], 3)
    dora_id = dora.id
    await dora.stop()
    await ben.node.governance.removals.remove(dora_id, "Cheated.", False)
    await world.settle([ana, ben, cem])
    await cem.node.governance.removals.agree(dora_id)
    await world.settle([ana, ben, cem])
    shown = await cem.node.governance.stewards.resign(False)
    assert list(shown.outlook.returning) == [dora_id]
    await ana.node.governance.stewards.take_over(cem.id, True)
    await world.settle([ana, ben, cem])
    shown = await cem.node.governance.stewards.resign(True)
    assert not shown.outlook.returning
    await world.settle([ana, ben, cem])
    assert ben.members.council.stewards == (ana.id, ben.id)
    assert dora_id in cem.members.removed


async def test_words_of_an_earlier_seat_do_not_count_again_unasked(
    world: World, seated: Any
) -> None:
    ana, ben, cem = await seated(["ana", "ben", "cem"], 2)
    await ben.node.governance.removals.remove(cem.id, "Cheated.", False)
    await ben.node.governance.stewards.resign(True)
    await world.settle()
    assert await refused(ben.node.governance.stewards.resign(True)) == "only-stewards"
    await ana.node.governance.removals.remove(cem.id, "Cheated too.", False)
    await world.until(lambda: cem.node.community.my_status == "removed")
    await ana.node.governance.removals.undo(cem.id)
    await world.settle()
    shown = await ben.node.governance.stewards.accept(True)
    assert not shown.outlook.removed
    await world.settle()
    assert not ana.members.council.removal_wanted_by


async def test_a_steward_stays_until_it_has_given_up_its_seat(world: World, seated: Any) -> None:
    ana, ben = await seated(["ana", "ben"], 2)
    assert await refused(ben.node.community.leave()) == "steward-stays"
    await ben.node.governance.stewards.resign(True)
    await world.settle()
    assert await refused(ana.node.governance.stewards.resign(True)) == "last-steward"
    await ben.node.community.leave()


async def test_who_has_no_seat_decides_nothing(world: World, seated: Any) -> None:
    ana, ben, cem = await seated(["ana", "ben", "cem"], 2)
    theirs = cem.node.governance
    charter = amended(cem.node.community.charter, rules="Mine.")
    assert await refused(theirs.stewards.appoint(ben.id, True)) == "only-stewards"
    assert await refused(theirs.stewards.dismiss(ben.id, True)) == "only-stewards"
    assert await refused(theirs.charters.propose(charter)) == "only-stewards"
    assert await refused(theirs.removals.remove(ben.id, "No.", False)) == "only-stewards"
    assert not await cem.node.market._author.standing(Kind.SEATS)
    assert ana.members.council.proposals == ()


async def test_naming_again_comes_last_and_changing_one_s_mind_keeps_the_place(
    world: World, seated: Any
) -> None:
    ana, ben, cem, dora = await seated(["ana", "ben", "cem", "dora"], 2)
    for other in (cem, dora):
        await ana.node.governance.stewards.appoint(other.id, True)
    await ana.node.governance.stewards.dismiss(cem.id, True)
    assert await refused(ana.node.governance.stewards.dismiss(cem.id, True)) == "said-already"
    await ana.node.governance.stewards.appoint(cem.id, True)
    (fact,) = ana.members.facts_of(ana.id, Kind.SEATS)
    assert [seat.household for seat in fact.body.seats] == [ben.id, dora.id, cem.id]  # type: ignore[union-attr]
    await ana.node.governance.stewards.dismiss(ben.id, True)
    (fact,) = ana.members.facts_of(ana.id, Kind.SEATS)
    assert [seat.household for seat in fact.body.seats] == [ben.id, dora.id, cem.id]  # type: ignore[union-attr]


async def test_a_founder_that_stepped_down_can_take_its_seat_again(
    world: World, seated: Any
) -> None:
    ana, ben, cem = await seated(["ana", "ben", "cem"], 2)
    await ana.node.governance.stewards.resign(True)
    await world.settle()
    assert cem.members.council.voters == (ben.id,)
    assert await refused(ana.node.governance.removals.remove(cem.id, "No.", False)) == (
        "only-stewards"
    )
    await ana.node.governance.stewards.accept(True)
    await world.settle()
    assert cem.members.council.voters == (ana.id, ben.id)
