"""Charters at real nodes: a version needs the quorum, and then each household's consent."""

from __future__ import annotations

from typing import Any

import pytest

from node.governance.charters import amended
from protocol import limits
from protocol.errors import LocalError
from protocol.kinds import Kind
from protocol.mark import State
from protocol.profile import Profile
from tests.sim.world import Household, World


async def refused(deed: Any) -> str:
    with pytest.raises(LocalError) as error:
        await deed
    return error.value.code


async def in_force(world: World, stewards: list[Household], **fields: object) -> None:
    """The first proposes a version, the others sign it."""
    first = stewards[0].node.governance.charters
    plan = await first.propose(amended(stewards[0].node.community.charter, **fields))
    digest = (plan.outlook.charter_after, *plan.after.council.proposals)
    (version,) = [v for v in digest if v.wanted_by == (stewards[0].id,) and v.number > 1]
    await world.settle()
    for steward in stewards[1:]:
        await steward.node.governance.charters.sign(version.digest)
        await world.settle()


@pytest.mark.covers("GOV-10")
async def test_a_member_only_reads_until_it_has_agreed_to_the_new_version(
    world: World, seated: Any
) -> None:
    ana, ben, cem = await seated(["ana", "ben", "cem"], 2)
    (cot,) = await cem.publish("Cem's cot")
    await in_force(world, [ana, ben], rules="Be kinder.", listing_slots=600)
    market, charters = cem.node.market, cem.node.governance.charters
    assert cem.node.community.charter.rules == "Be kinder."
    assert cem.id in ana.node.governance.charters.without_consent()
    for deed in (
        market.publish([cem.listing("Cem's bike")]),
        market.edit(cot.key, cem.listing("Cem's bed")),
        market.renew(cot.key, 10),
        market.mark(cot.key, State.TAKEN),
        cem.node.community.set_profile(Profile(name="Cem")),
    ):
        assert await refused(deed) == "consent-needed"
    await market.follow_trade(cot.key, State.RESERVED)
    await market.withdraw(cot.key)
    assert await refused(charters.consent(bytes(32))) == "charter-moved"
    await charters.consent(charters.in_force.digest)
    assert await refused(charters.consent(charters.in_force.digest)) == "consented-already"
    await cem.publish("Cem's bike")
    await world.settle()
    assert ana.node.governance.charters.without_consent() == []
    assert await ben.titles() == ["Cem's bike"]


async def test_a_proposal_binds_nobody_until_enough_have_signed(world: World, seated: Any) -> None:
    ana, ben, cem = await seated(["ana", "ben", "cem"], 2)
    changed = amended(ana.node.community.charter, rules="Be kinder.")
    await ana.node.governance.charters.propose(changed)
    assert await refused(ana.node.governance.charters.propose(cem.node.community.charter)) == (
        "charter-unchanged"
    )
    await world.settle()
    (version,) = ben.node.governance.charters.proposals
    assert ben.node.governance.charters.missing(version) == 1
    assert ben.node.community.charter.rules == "Be kind."
    await cem.publish("Cem's cot")
    await ana.node.governance.charters.unsign(version.digest)
    await world.settle()
    assert ben.node.governance.charters.proposals == ()


async def test_what_the_founding_fixed_cannot_be_proposed(world: World) -> None:
    ana, _ = await world.community(["ana", "ben"], quorum=2, listing_slots=10)
    charters, charter = ana.node.governance.charters, ana.node.community.charter
    assert await refused(charters.propose(amended(charter, quorum=1))) == "charter-fixed"
    most = 10 * limits.SLOT_HEADROOM
    assert await refused(charters.propose(amended(charter, listing_slots=most + 1))) == (
        "charter-slots"
    )
    await charters.propose(amended(charter, listing_slots=most))
    assert ana.node.community.charter.listing_slots == most


@pytest.mark.covers("GOV-15")
async def test_what_was_agreed_to_on_joining_is_signed_once_the_household_is_confirmed(
    world: World,
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    await ana.node.governance.charters.propose(
        amended(ana.node.community.charter, rules="Be kinder.")
    )
    await world.settle()
    await ben.node.governance.charters.consent(ana.node.governance.charters.in_force.digest)
    cem = await world.join("cem", await ana.invite(uses=1))
    await world.until(lambda: cem.node.community.charter.rules == "Be kinder.")
    await world.until(lambda: cem.members.consents(cem.id))
    assert cem.node.community.my_status == "confirmed"
    await cem.publish("Cem's cot")


async def test_twenty_versions_fit_into_sixteen_slots(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    for number in range(20):
        changed = amended(ana.node.community.charter, rules=f"Rule {number}.")
        await ana.node.governance.charters.propose(changed)
        await world.settle()
        await ben.node.governance.charters.consent(ana.node.governance.charters.in_force.digest)
    await world.settle()
    assert ben.node.governance.charters.in_force.number == 21
    standing = ana.members.facts_of(ana.id, Kind.AMENDMENT)
    assert sum(not fact.record.withdrawn for fact in standing) == 2
    assert ana.members.consents(ben.id)


@pytest.mark.covers("GOV-11")
async def test_a_new_version_binds_what_is_shown_of_listings_that_stand(
    world: World, seated: Any
) -> None:
    ana, ben, cem = await seated(["ana", "ben", "cem"], 2, listing_slots=3)
    await cem.publish("A", "B", "C")
    await world.settle()
    assert await ben.titles() == ["A", "B", "C"]
    await in_force(world, [ana, ben], listing_slots=2)
    for _ in range(100):  # what is shown is looked at anew beside other work
        if len(await ben.titles()) == 2:
            break
        await world.pass_time(0.1)
    assert len(await ben.titles()) == 2
    await in_force(world, [ana, ben], listing_slots=3, visible_days=10)
    await cem.node.governance.charters.consent(cem.node.governance.charters.in_force.digest)
    (result,) = await cem.node.market.publish([cem.listing("D", days=11)])
    assert isinstance(result, LocalError)
    assert result.code == "shown-too-long"
