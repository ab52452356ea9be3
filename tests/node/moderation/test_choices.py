"""What a household chooses for itself, and what is refused."""

from __future__ import annotations

from collections.abc import Awaitable

import pytest
import trio

from node.moderation import choices as module
from node.moderation.choices import Choice
from protocol.errors import LocalError
from protocol.ids import HouseholdId, text_of
from protocol.kinds import Kind
from protocol.mark import State
from protocol.moderation.labels import Subject, Verdict
from tests.sim.world import Household, World


async def refused(deed: Awaitable[object]) -> str:
    with pytest.raises(LocalError) as error:
        await deed
    return error.value.code


async def sees(who: Household, *titles: str) -> None:
    """Let time pass until a household's lists show exactly these."""
    with trio.fail_after(600):
        while sorted(await who.titles()) != sorted(titles):
            await who.world.pass_time(0.1)


async def test_what_cannot_be_is_refused_with_a_reason(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    moderation = ana.node.moderation
    nobody = HouseholdId(bytes(32))
    assert await refused(moderation.choices.mute(ana.id, True)) == "not-yourself"
    assert await refused(moderation.choices.mute(nobody, True)) == "household-not-found"
    assert await refused(moderation.choices.follow_labels(nobody, True)) == "household-not-found"
    assert await refused(moderation.block_list.add(ana.id, "")) == "not-yourself"
    assert await refused(moderation.block_list.add(ben.id, "x" * 201)) == "reason-too-long"
    labelling, subject = moderation.labelling, Subject(ben.id, None)
    assert await refused(labelling.label(subject, Verdict.HIDE, " ")) == "reason-needed"
    assert await refused(labelling.label(Subject(nobody, None), Verdict.HIDE, "x")) == (
        "household-not-found"
    )
    assert await refused(labelling.unlabel(subject)) == "not-labelled"
    assert await refused(labelling.appeal(subject, "x" * 801)) == "appeal-refused"
    assert await refused(labelling.unappeal(subject)) == "no-such-appeal"
    own = Subject(ana.id, None)
    assert await refused(labelling.label(own, Verdict.FINE, "Nice.")) == "label-yourself"


async def test_a_household_nobody_confirmed_says_nothing_in_public(world: World) -> None:
    ana = await world.found("ana", invite_budget=0)
    invite = await ana.invite(uses=1)
    ana.node.community.declined = frozenset()
    ben = world.household("ben")
    await world.enrol(ben, invite)
    await ana.stop()
    await ben.start()
    subject = Subject(ben.members.founder, None)
    said = ben.node.moderation.labelling.label(subject, Verdict.HIDE, "x")
    assert await refused(said) == "may-not-speak"


async def test_choices_are_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CHOSEN", 1)
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    choices = ana.node.moderation.choices
    await choices.mute(ben.id, True)
    assert await refused(choices.mute(cem.id, True)) == "too-many-chosen"
    await choices.mute(ben.id, False)
    await choices.mute(cem.id, True)
    assert set(choices.of(Choice.MUTED)) == {cem.id}


async def test_a_choice_about_a_household_that_is_gone_can_be_ended(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    choices = ana.node.moderation.choices
    await choices.follow_block_list(ben.id, True)
    await choices.mute(ben.id, True)
    await ana.node.governance.removals.remove(ben.id, "Cheated.", with_invited=False)
    await world.until(lambda: ben.id not in ana.members.households)
    await choices.mute(ben.id, False)
    await choices.follow_block_list(ben.id, False)
    assert not choices.of(Choice.MUTED)
    assert not choices.of(Choice.BLOCK_LIST)


async def test_trades_go_on_and_begin_with_listings_that_are_hidden(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    drill, saw = await ben.publish("Drill", "Saw")
    await sees(cem, "Drill", "Saw")
    asked = (await cem.node.trades.ask(drill.key, text="May I?")).trade.id
    await ana.node.moderation.labelling.label(Subject(ben.id, None), Verdict.HIDE, "Dear.")
    await sees(cem)
    await ben.node.market.mark(drill.key, State.RESERVED)
    with trio.fail_after(600):
        while (await cem.node.market.find(text_of(drill.key))).state is not State.RESERVED:
            await world.pass_time(0.1)
    assert (await cem.node.trades.show(asked)).title == "Drill"
    assert (await cem.node.trades.ask(saw.key)).title == "Saw"


async def test_a_shared_list_says_what_was_put_on_it_and_no_more(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    listed = ana.node.moderation.block_list
    await ana.node.moderation.choices.block(ben.id, True)
    await listed.share(True)
    assert not [r for r in await ana.standing() if r.kind == Kind.BLOCK_LIST]
    await listed.add(cem.id, "Never comes.")
    (record,) = [r for r in await ana.standing() if r.kind == Kind.BLOCK_LIST]
    assert bytes(ben.id) not in record.body
    assert bytes(cem.id) in record.body
    await listed.add(cem.id, "Comes late.")
    assert [one.reason for one in (await listed.listed()).values()] == ["Comes late."]
    await listed.share(False)
    assert [r.withdrawn for r in await ana.standing() if r.kind == Kind.BLOCK_LIST] == [True]
    assert ana.node.moderation.choices.blocked == {ben.id, cem.id}
