"""What members do to their community: invite, confirm, remove, leave, block."""

from __future__ import annotations

import pytest

from protocol import limits
from protocol.errors import LocalError
from protocol.kinds import Kind
from protocol.profile import Profile
from tests.sim.world import Household, World


async def refused(deed: object) -> str:
    with pytest.raises(LocalError) as error:
        await deed  # type: ignore[misc]
    return error.value.code


async def statuses(household: Household) -> dict[str, str]:
    return {view.name: view.status for view in await household.node.community.members()}


@pytest.mark.covers("TRN-38")
async def test_an_invited_household_is_confirmed_without_anybody_s_doing(world: World) -> None:
    ana = await world.found("ana")
    ben = await world.join("ben", await ana.invite(uses=1))
    await world.until(lambda: ben.node.community.my_status == "confirmed")
    await world.settle()
    for household in (ana, ben):
        assert await statuses(household) == {"ana": "founder", "ben": "confirmed"}
        (_, view) = await household.node.community.members()
        assert (view.inviter_name, view.connected) == ("ana", True)


async def test_a_household_s_budget_bounds_whom_it_can_bring(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"], invite_budget=2)
    assert await refused(ben.node.community.invite(3, limits.DAY_MS)) == "invite-budget-spent"
    invite = await ben.invite(uses=2)
    for name in ("cem", "dora"):
        joined = await world.join(name, invite)
        await world.until(lambda h=joined: h.node.community.my_status == "confirmed")  # type: ignore[misc]
    assert await refused(ben.node.community.invite(1, limits.DAY_MS)) == "invite-budget-spent"
    assert (await ana.invite(uses=50)).terms.uses == 50


async def test_only_whole_members_invite(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    invite = await ben.invite(uses=1)
    await world.settle()
    await ben.stop()
    world.switchboard.cut(["ben"], ["cem"])
    cem = world.household("cem")
    addresses = (*invite.addresses, *ana.node.addresses())
    await world.enrol(cem, type(invite)(
        invite.community, invite.network_key, invite.secret, addresses, invite.record
    ))  # fmt: skip
    await cem.start()
    await world.until(lambda: cem.node.community.my_status == "provisional")
    assert await refused(cem.node.community.invite(1, limits.DAY_MS)) == "may-not-invite"
    results = await cem.node.market.publish([cem.listing(f"Thing {n}") for n in range(7)])
    accepted = [r for r in results if not isinstance(r, LocalError)]
    assert len(accepted) == limits.PROVISIONAL_SLOTS
    await world.settle([ana, cem])
    assert len(await ana.titles()) == limits.PROVISIONAL_SLOTS


@pytest.mark.parametrize("uses", [0, -1, limits.MAX_INVITE_USES + 1])
async def test_an_invite_needs_a_sensible_number_of_uses(world: World, uses: int) -> None:
    ana = await world.found("ana")
    assert await refused(ana.node.community.invite(uses, limits.DAY_MS)) == "invite-uses"


async def test_only_a_steward_removes_and_not_itself_and_with_a_reason(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    removals, ben_id = ana.node.governance.removals, ben.id
    assert (
        await refused(ben.node.governance.removals.remove(ana.id, "No.", False)) == "only-stewards"
    )
    assert await refused(removals.remove(ana.id, "No.", False)) == "not-yourself"
    assert await refused(removals.remove(ben_id, "", False)) == "reason-needed"
    assert await refused(removals.remove(ben_id, "x" * 201, False)) == "reason-needed"
    await removals.remove(ben_id, "Cheated.", False)
    assert await refused(removals.remove(ben_id, "Cheated.", False)) == "said-already"


async def test_a_removal_closes_the_connection_and_its_listings_vanish(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    await ben.publish("Ben's cot")
    await world.settle()
    await ana.node.governance.removals.remove(ben.id, "Cheated.", False)
    await world.until(lambda: len(ana.wire.connections()) == len(cem.wire.connections()) == 1)
    for household in (ana, cem):
        assert await household.titles() == []
        assert await statuses(household) == {"ana": "founder", "cem": "confirmed"}
    await world.until(lambda: ben.node.community.my_status == "removed")
    published = await ben.node.market.publish([ben.listing("Still trying")])
    assert isinstance(published[0], LocalError)
    await world.pass_time(120)
    assert await ana.titles() == await cem.titles() == []


@pytest.mark.covers("RCD-21")
async def test_a_removal_that_is_taken_back_lets_the_household_return_by_itself(
    world: World,
) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    await ana.node.governance.removals.remove(ben.id, "A misunderstanding.", False)
    await world.until(lambda: ben.node.community.my_status == "removed")
    await world.pass_time(60)
    assert not ben.wire.connections()
    await ben.stop()
    await ben.start()
    author = ana.node.market._author
    (slot,) = await author.standing(Kind.REMOVAL)
    await author.replace(Kind.REMOVAL, slot, b"", withdrawn=True)
    await world.settle([ana, cem])
    await world.until(lambda: ben.node.community.my_status == "confirmed")
    await world.settle()
    await ben.publish("Ben's cot")
    await world.settle()
    assert await cem.titles() == ["Ben's cot"]


async def test_a_household_that_leaves_takes_its_listings_along(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    await ben.publish("Ben's cot")
    await world.settle()
    assert await refused(ana.node.community.leave()) == "founder-stays"
    await ben.node.community.leave()
    await world.until(lambda: ana.members.households[ben.id].status.value == "left")
    assert await ana.titles() == []
    published = await ben.node.market.publish([ben.listing("After all")])
    assert isinstance(published[0], LocalError)
    assert published[0].code == "not-a-member"
    await ben.stop()
    await ben.start()
    assert ben.node.community.my_status == "left"


async def test_those_whom_a_leaving_household_brought_stay(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    cem = await world.join("cem", await ben.invite(uses=1))
    await world.until(lambda: cem.node.community.my_status == "confirmed")
    await world.settle()
    await ben.node.community.leave()
    await world.until(lambda: ana.members.households[ben.id].status.value == "left")
    await ben.stop()
    await world.settle()
    assert cem.node.community.my_status == "confirmed"


async def test_a_blocked_household_is_hidden_here_only_and_after_a_restart_too(
    world: World,
) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    await ben.publish("Ben's cot")
    await world.settle()
    assert await refused(ana.node.moderation.choices.block(ana.id, True)) == "not-yourself"
    await ana.node.moderation.choices.block(ben.id, True)
    assert await ana.titles() == []
    assert await cem.titles() == ["Ben's cot"]
    await ana.stop()
    await ana.start()
    await ben.publish("Ben's bike")
    await world.until(lambda: bool(ana.wire.connections()))
    await world.pass_time(90)
    assert await ana.titles() == []
    assert [v.name for v in await ana.node.community.members() if v.blocked] == ["ben"]
    await ana.node.moderation.choices.block(ben.id, False)
    await world.settle()
    assert await ana.titles() == ["Ben's bike", "Ben's cot"]


async def test_a_profile_is_known_to_all(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    await ben.node.community.set_profile(Profile(name="Benedikt", about="Two children."))
    await world.settle()
    assert await statuses(ana) == {"ana": "founder", "Benedikt": "confirmed"}
    profile = await ben.node.community.profile()
    assert profile is not None
    assert profile.about == "Two children."


async def test_the_founder_comes_back_with_nothing_but_the_words(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    await ana.publish("Ana's cot")
    await world.settle()
    invite = await ben.invite(uses=1)
    await ana.crash()
    for file in ana.folder.iterdir():
        file.unlink()
    ana.folder.rmdir()
    await world.enrol(ana, invite)
    await ana.start()
    await world.until(lambda: ana.node.community.my_status == "founder")
    await world.settle()
    await ana.publish("Ana's bike")
    await world.settle()
    assert "Ana's bike" in await ben.titles()
    await ana.node.governance.removals.remove(ben.id, "The founder still decides.", False)
