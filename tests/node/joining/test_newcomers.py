"""Who wants to join reads the rules, answers, and waits for a person's word (GOV-14)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
import trio

from node.enrolment import join_community, look_at_community
from node.network.port import OpenNetwork
from node.node import no_discovery
from protocol.charter import Reception
from protocol.errors import LocalError
from protocol.invite import InviteText
from protocol.kinds import Kind
from protocol.membership.council import CharterVersion
from protocol.membership.governance import Amendment
from protocol.profile import Profile
from protocol.signing import Seed
from tests.sim.world import Household, World

ASKS = {
    "reception": Reception(approval=True),
    "questions": ("Where do you live?", "Who are you?"),
}
ANSWERS = ("Two doors down.", "Ben, and a dog.")


async def join(
    world: World,
    name: str,
    invite: InviteText,
    answers: tuple[str, ...] = ANSWERS,
    accepted: bytes | None = None,
) -> Household:
    household = world.household(name)

    def network(seed: Seed) -> OpenNetwork:
        return household.network(seed, invite.network_key)

    await join_community(
        household.folder, household.identity, invite, Profile(name=name), household.clock,
        network, no_discovery, answers, accepted,
    )  # fmt: skip
    await household.start()
    return household


async def look(world: World, name: str, invite: InviteText) -> CharterVersion:
    household = world.household(name)

    def network(seed: Seed) -> OpenNetwork:
        return household.network(seed, invite.network_key)

    look = await look_at_community(
        household.identity, invite, household.clock, network, no_discovery
    )
    assert not look.returns
    return look.version


async def comes(world: World, ask: Callable[[], Awaitable[object]]) -> None:
    """Let time pass until an answer is there."""
    with trio.fail_after(300):
        while not await ask():
            await world.pass_time(0.1)


async def goes(world: World, ask: Callable[[], Awaitable[object]]) -> None:
    """Let time pass until there is no answer any more."""
    with trio.fail_after(300):
        while await ask():
            await world.pass_time(0.1)


async def has_written(decider: Household, name: str) -> None:
    """Let time pass until a newcomer's letter is there, and its name."""

    async def is_there() -> bool:
        waiting = await decider.node.joining.newcomers.waiting()
        return any(one.member.name == name and one.has_written for one in waiting)

    await comes(decider.world, is_there)


async def refused(deed: object) -> LocalError:
    with pytest.raises(LocalError) as error:
        await deed  # type: ignore[misc]
    return error.value


@pytest.mark.covers("GOV-14")
async def test_a_newcomer_waits_until_a_person_has_read_its_answers_and_approved(
    world: World,
) -> None:
    ana = await world.found("ana", **ASKS)
    ben = await join(world, "ben", await ana.invite(uses=1))
    await has_written(ana, "ben")
    await world.pass_time(300)
    assert ben.node.community.my_status == "provisional"
    (waiting,) = await ana.node.joining.newcomers.waiting()
    assert list(waiting.answered) == list(zip(ASKS["questions"], ANSWERS, strict=True))
    assert (waiting.mine, waiting.declined_at_ms) == (True, None)
    await ana.node.joining.newcomers.approve(ben.id)
    await world.until(lambda: ben.node.community.my_status == "confirmed")
    assert await ana.node.joining.newcomers.waiting() == []
    kept = await ana.node.database.read(
        lambda connection: connection.execute("SELECT count(*) FROM newcomer").fetchone()
    )
    assert kept == (0,)


async def test_who_is_declined_is_told_so_and_another_may_still_approve(world: World) -> None:
    ana = await world.found("ana", **ASKS)
    dora = await join(world, "dora", await ana.invite(uses=1))
    await has_written(ana, "dora")
    await ana.node.joining.newcomers.approve(dora.id)
    await world.until(lambda: dora.node.community.my_status == "confirmed")
    await world.settle()
    ben = await join(world, "ben", await dora.invite(uses=1))
    await has_written(dora, "ben")
    await has_written(ana, "ben")
    await dora.node.joining.newcomers.decline(ben.id, "We do not know you.")
    await comes(world, ben.node.joining.newcomers.refusals)
    told = await ben.node.joining.newcomers.refusals()
    assert [(refusal.household, refusal.reason) for refusal in told] == [
        (dora.id, "We do not know you.")
    ]
    (waiting,) = await dora.node.joining.newcomers.waiting()
    assert waiting.declined_at_ms is not None
    assert ben.node.community.my_status == "provisional"
    await ana.node.joining.newcomers.approve(ben.id)
    await world.until(lambda: ben.node.community.my_status == "confirmed")
    await world.until(lambda: dora.members.households[ben.id].confirmed)
    await goes(world, ben.node.joining.newcomers.refusals)


async def test_a_declined_household_is_not_confirmed_by_itself_later_on(world: World) -> None:
    ana, dora = await world.community(["ana", "dora"])
    invite = await dora.invite(uses=1)
    world.switchboard.cut(["dora"], ["ana", "ben"])
    addresses = (*ana.node.addresses(),)
    invite = InviteText(
        invite.community, invite.network_key, invite.secret, addresses, invite.record
    )
    await world.until(lambda: not dora.wire.connections())
    ben = await world.join("ben", invite)
    await world.until(lambda: ben.node.community.my_status == "provisional")
    await dora.stop()
    world.switchboard.heal()
    (waiting,) = await ana.node.joining.newcomers.waiting()
    assert not waiting.has_written  # nothing was asked
    await ana.node.joining.newcomers.decline(ben.id, "")
    assert (await refused(dora_decides(ben, ana.id))).code == "not-waiting"
    await ana.stop()
    await ana.start()
    (waiting,) = await ana.node.joining.newcomers.waiting()
    assert waiting.declined_at_ms is not None


async def dora_decides(household: Household, other: bytes) -> None:
    await household.node.joining.newcomers.approve(other)  # type: ignore[arg-type]


async def test_who_neither_invited_nor_moderates_does_not_decide(world: World) -> None:
    ana = await world.found("ana", **ASKS)
    cem = await join(world, "cem", await ana.invite(uses=1))
    await has_written(ana, "cem")
    await ana.node.joining.newcomers.approve(cem.id)
    ben = await join(world, "ben", await ana.invite(uses=1))
    await has_written(ana, "ben")
    await world.until(lambda: ben.id in cem.members.households)
    (waiting,) = await cem.node.joining.newcomers.waiting()
    assert (waiting.mine, waiting.has_written) == (False, False)
    error = await refused(cem.node.joining.newcomers.approve(ben.id))
    assert error.code == "not-yours-to-decide"
    error = await refused(cem.node.joining.newcomers.decline(ben.id, ""))
    assert error.code == "not-yours-to-decide"


@pytest.mark.covers("TRN-66")
async def test_who_looks_at_the_rules_leaves_no_trace_and_spends_no_use(world: World) -> None:
    ana = await world.found("ana")
    invite = await ana.invite(uses=1)
    version = await look(world, "ben", invite)
    assert (version.number, version.charter.rules) == (1, "Be kind.")
    await world.pass_time(120)
    assert [m.household for m in ana.members.households.values()] == [ana.id]
    cem = await world.join("cem", invite)
    await world.until(lambda: cem.node.community.my_status == "confirmed")


@pytest.mark.covers("TRN-66")
async def test_a_newcomer_reads_the_rules_in_force_not_those_of_the_founding(
    world: World,
) -> None:
    ana = await world.found("ana")
    founding = ana.members.founding
    newer = Amendment(
        2, ana.members.community, replace(founding, rules="Be kinder.", questions=("Why?",))
    )
    await ana.node.market._author.publish(Kind.AMENDMENT, [newer.pack()], range(1))
    invite = await ana.invite(uses=2)
    version = await look(world, "ben", invite)
    assert (version.number, version.charter.rules) == (2, "Be kinder.")
    assert version.digest == newer.digest()
    error = await refused(join(world, "cem", invite, (), founding_digest(ana)))
    assert error.code == "rules-changed"
    error = await refused(join(world, "dora", invite, (), version.digest))
    assert (error.code, error.fields) == ("answers-needed", {"questions": 1})
    error = await refused(join(world, "eva", invite, ("x" * 301,), version.digest))
    assert error.code == "answer-refused"
    assert len(ana.members.households) == 1
    finn = await join(world, "finn", invite, ("Because.",), version.digest)
    await world.until(lambda: finn.node.community.my_status == "confirmed")
    assert finn.members.council.charter.number == 2


def founding_digest(household: Household) -> bytes:
    return bytes(household.members.community)


async def test_answers_reach_a_decider_that_was_away(world: World) -> None:
    ana = await world.found("ana", **ASKS)
    cem = await join(world, "cem", await ana.invite(uses=1))
    await has_written(ana, "cem")
    await ana.node.joining.newcomers.approve(cem.id)
    await world.settle()
    invite = await ana.invite(uses=1)
    await world.settle()
    await ana.stop()
    addresses = tuple(cem.node.addresses())
    ben = await join(world, "ben", InviteText(
        invite.community, invite.network_key, invite.secret, addresses, invite.record
    ))  # fmt: skip
    await world.until(lambda: ben.node.community.my_status == "provisional")
    await world.pass_time(120)
    await ben.stop()
    await ana.start()
    await has_written(ana, "ben")


async def test_a_household_that_returns_with_its_words_is_asked_nothing(world: World) -> None:
    ana = await world.found("ana", **ASKS)
    ben = await join(world, "ben", await ana.invite(uses=1))
    await has_written(ana, "ben")
    await ana.node.joining.newcomers.approve(ben.id)
    await world.until(lambda: ben.node.community.my_status == "confirmed")
    await world.settle()
    ben_id = ben.id
    await ben.stop()
    for file in ben.folder.iterdir():
        file.unlink()
    ben.folder.rmdir()
    invite = await ana.invite(uses=1)

    def network(seed: Seed) -> OpenNetwork:
        return ben.network(seed, invite.network_key)

    look = await look_at_community(ben.identity, invite, ben.clock, network, no_discovery)
    assert look.returns
    await world.enrol(ben, invite)
    await ben.start()
    await world.until(lambda: ben.node.community.my_status == "confirmed")
    assert ben.id == ben_id
    assert await ana.node.joining.newcomers.waiting() == []


async def test_two_stewards_who_approve_the_same_newcomer_while_apart_agree_in_the_end(
    world: World,
) -> None:
    ana = await world.found("ana", **ASKS)
    dora = await join(world, "dora", await ana.invite(uses=1))
    await has_written(ana, "dora")
    await ana.node.joining.newcomers.approve(dora.id)
    await world.until(lambda: dora.node.community.my_status == "confirmed")
    await world.settle()
    ben = await join(world, "ben", await dora.invite(uses=1))
    await has_written(dora, "ben")
    await has_written(ana, "ben")
    ben_id = ben.id
    await ben.stop()
    world.part([ana], [dora])
    await ana.node.joining.newcomers.approve(ben_id)
    await dora.node.joining.newcomers.approve(ben_id)
    world.switchboard.heal()
    await ben.start()
    await world.settle()
    members = [household.members.households[ben_id] for household in (ana, ben, dora)]
    assert {member.inviter for member in members} == {dora.id}  # by whose invite it came
    assert all(member.confirmed for member in members)


@pytest.mark.covers("TRN-66")
@pytest.mark.parametrize("stewards", [2, 3])
async def test_any_member_shows_the_rules_that_several_stewards_have_put_in_force(
    world: World, stewards: int
) -> None:
    households = await world.community(["ana", "ben", "cem", "dora"], quorum=2)
    ana, ben, _, dora = households
    for at in range(1, stewards):
        for steward in households[: min(at, 2)]:
            await steward.node.governance.stewards.appoint(households[at].id, True)
        await world.settle()
        await households[at].node.governance.stewards.accept(True)
        await world.settle()
    rules = "Be kinder. " + "And longer rules than those of the founding. " * 10
    newer = replace(ana.members.founding, rules=rules.strip(), questions=("Why?",))
    await ana.node.governance.charters.propose(newer)
    await world.settle()
    (proposal,) = ben.members.council.proposals
    await ben.node.governance.charters.sign(proposal.digest)
    await world.settle()
    assert len(ana.members.council.voters) == stewards
    invite = await dora.invite(uses=2)
    version = await look(world, "emil", invite)
    assert version.digest == proposal.digest
    assert version.charter.rules == rules.strip()
    fay = await join(world, "fay", invite, ("Because.",), version.digest)
    await world.until(lambda: fay.node.community.my_status == "confirmed")
    await world.until(lambda: fay.members.consents(fay.id))
    await world.settle()
    assert all(household.members.consents(fay.id) for household in (ana, dora))
