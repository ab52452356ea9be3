"""Stewards and removals among real nodes: partitions, old keys, appeals."""

from __future__ import annotations

import pytest

from node.governance.charters import amended
from protocol.envelope import Draft, seal
from protocol.errors import LocalError
from protocol.ids import ThingKey
from protocol.kinds import Kind, lifetime_ms
from protocol.membership.governance import Seat, Seats
from tests.sim.world import START_MS, Household, World

SEEDS = [1, 2]


async def seated(world: World, names: list[str], stewards: int) -> list[Household]:
    """A community with quorum 2 whose first ones are stewards."""
    households = await world.community(names, quorum=2)
    for at in range(1, stewards):
        for steward in households[: min(at, 2)]:
            await steward.node.governance.stewards.appoint(households[at].id, True)
        await world.settle()
        await households[at].node.governance.stewards.accept(True)
        await world.settle()
    return households


@pytest.mark.covers("GOV-13")
@pytest.mark.parametrize("seed", SEEDS)
async def test_at_the_quorum_connections_close_listings_vanish_and_nothing_new_is_heard(
    world: World,
) -> None:
    ana, ben, cem, dora = await seated(world, ["ana", "ben", "cem", "dora"], 2)
    dora_id = dora.id
    await dora.publish("Dora's door")
    await world.settle()
    await ben.node.governance.removals.remove(dora_id, "Cheated.", False)
    await world.settle()
    for household in (ana, ben, cem, dora):  # one voice changes nothing
        assert await household.titles() == ["Dora's door"]
    await dora.publish("Dora's desk")
    await ana.node.governance.removals.agree(dora_id)
    rest = [ana, ben, cem]
    await world.until(lambda: not dora.wire.connections())
    await world.settle(rest)
    for household in rest:
        assert await household.titles() == []
        assert not any(r.household == dora_id for r in await household.standing())
    # All her old keys, and records that claim to be old.
    author = dora.node.market._author
    old = Draft(
        dora.members.community, Kind.LISTING, dora_id, 3, ThingKey(bytes(16)),
        START_MS, 0, START_MS, START_MS + lifetime_ms(Kind.LISTING), False,
        dora.listing("From before").pack(),
    )  # fmt: skip
    record = seal(old, author._keys.device)
    for household in rest:
        verdicts = await household.node.inbox.submit([record.raw], None, parks=False)
        assert [verdict.reason for verdict in verdicts] == ["removed"]  # type: ignore[union-attr]
    await cem.publish("Cem's cot")
    await world.settle(rest)
    await world.pass_time(300)
    assert "Cem's cot" not in await dora.titles()
    assert dora.node.community.my_status == "removed"
    await dora.stop()
    await dora.start()
    await world.pass_time(120)
    assert not dora.wire.connections()
    assert "Cem's cot" not in await dora.titles()


@pytest.mark.covers("GOV-12")
async def test_a_pardon_brings_a_household_back_without_a_new_invite(world: World) -> None:
    ana, ben, cem = await seated(world, ["ana", "ben", "cem"], 2)
    cem_id = cem.id
    await cem.publish("Cem's cot")
    dora = await world.join("dora", await cem.invite(uses=1))
    await world.until(lambda: dora.node.community.my_status == "confirmed")
    await world.settle()
    await ana.node.governance.removals.remove(cem_id, "A misunderstanding.", False)
    await world.settle()
    await ben.node.governance.removals.agree(cem_id)
    await world.until(lambda: cem.node.community.my_status == "removed")
    await world.settle([ana, ben, dora])
    assert await ana.titles() == []
    assert cem_id in cem.members.removed  # it heard of it, and dropped what it had
    await ben.node.governance.removals.undo(cem_id)
    await world.until(lambda: cem.node.community.my_status == "confirmed")
    await world.settle()
    assert [view.missing for view in ana.node.governance.removals.all()] == [1]
    await cem.publish("Cem's bike")
    await world.settle()
    assert await ana.titles() == ["Cem's bike", "Cem's cot"]
    dora_now = ana.members.member(dora.id)
    assert dora_now is not None
    assert (dora_now.inviter, dora_now.confirmed) == (cem_id, True)


@pytest.mark.parametrize("seed", SEEDS)
async def test_two_stewards_who_remove_each_other_while_apart_leave_all_nodes_agreed(
    world: World,
) -> None:
    names = ["ana", "ben", "cem", "dora", "emil", "fay"]
    ana, ben, cem, dora, emil, fay = await seated(world, names, 4)
    world.part([ana, cem, emil], [ben, dora, fay])
    await ana.node.governance.removals.remove(dora.id, "Betrayed us.", False)
    await cem.node.governance.removals.remove(dora.id, "Betrayed us.", False)
    for steward in (ben, dora):
        await steward.node.governance.removals.remove(cem.id, "Betrayed us.", False)
        await steward.node.governance.removals.remove(emil.id, "Helped them.", False)
    await world.settle([ana, cem, emil])
    await world.settle([ben, dora, fay])
    dora_id = dora.id
    assert set(emil.members.removed) == {dora_id}
    # Cem's seat comes before Dora's: who has one later decides nothing about it.
    assert set(fay.members.removed) == {emil.id}
    world.switchboard.heal()
    staying = [ana, ben, cem, emil, fay]
    await world.until(lambda: dora.node.community.my_status == "removed")
    await world.settle(staying)
    for household in staying:
        # What rested on Dora's voice fell with it: Emil is back by his old certificate.
        assert set(household.members.removed) == {dora_id}
        assert household.members.council.stewards == (ana.id, ben.id, cem.id)
    await emil.publish("Emil's egg cups")
    await world.settle(staying)
    assert await fay.titles() == ["Emil's egg cups"]


async def test_a_former_steward_with_old_keys_and_dates_decides_nothing_anywhere(
    world: World,
) -> None:
    ana, ben, cem, dora = await seated(world, ["ana", "ben", "cem", "dora"], 3)
    await ana.node.governance.stewards.dismiss(cem.id, True)
    await world.settle()
    author = cem.node.market._author
    draft = Draft(
        cem.members.community, Kind.SEATS, cem.id, 15, ThingKey(bytes(16)),
        START_MS, 0, START_MS, START_MS + lifetime_ms(Kind.SEATS), False,
        Seats((Seat(cem.id, True), Seat(dora.id, True))).pack(),
    )  # fmt: skip
    await cem.node.inbox.submit([seal(draft, author._keys.device).raw], None)
    with pytest.raises(LocalError):
        await cem.node.governance.removals.remove(dora.id, "No.", False)
    await world.pass_time(120)
    await world.settle()
    assert dora.members.council.stewards == (ana.id, ben.id)


async def test_charters_signed_on_both_sides_of_a_partition_end_as_one(world: World) -> None:
    ana, ben, cem, dora = await seated(world, ["ana", "ben", "cem", "dora"], 4)
    world.part([ana, ben], [cem, dora])
    for pair, rules in (([ana, ben], "Be kinder."), ([cem, dora], "Be strict.")):
        first, second = pair
        await first.node.governance.charters.propose(
            amended(first.node.community.charter, rules=rules)
        )
        await world.settle(pair)
        (version,) = second.node.governance.charters.proposals
        await second.node.governance.charters.sign(version.digest)
        await world.settle(pair)
        assert second.node.community.charter.rules == rules
    world.switchboard.heal()
    await world.settle()
    for household in (ana, ben, cem, dora):
        assert household.node.community.charter.rules == "Be kinder."
    assert not dora.members.consents(dora.id)
