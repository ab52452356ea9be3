"""The log tells what was done to whom, by whom and why, also after it was taken back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
import trio

from node.governance.charters import amended
from node.moderation import log as logs
from node.moderation.log import Deed, Entry
from protocol.ids import ThingKey
from protocol.moderation.labels import Subject, Verdict
from protocol.profile import Profile
from tests.sim.world import Household, World


async def comes(world: World, ask: Callable[[], Awaitable[object]]) -> None:
    """Let time pass until something is so."""
    with trio.fail_after(600):
        while not await ask():
            await world.pass_time(0.5)


async def tells(who: Household, **wanted: object) -> Entry:
    """Let time pass until an entry with these fields is there."""
    found: list[Entry] = []

    async def so() -> bool:
        found[:] = [
            entry
            for entry in await who.node.moderation.log.entries()
            if all(getattr(entry, name) == value for name, value in wanted.items())
        ]
        return bool(found)

    await comes(who.world, so)
    return found[0]


@pytest.mark.covers("MOD-8", "MOD-9")
async def test_removals_seats_rules_and_labels_are_there_with_reasons_and_ends(
    world: World,
) -> None:
    ana, ben, cem, dora = await world.community(["ana", "ben", "cem", "dora"], quorum=1)
    await ana.node.governance.stewards.appoint(ben.id, sign=True)
    await world.until(lambda: ben.node.governance.stewards.is_offered(ben.id))
    await ben.node.governance.stewards.accept(sign=True)
    seat = await tells(dora, deed=Deed.SEAT, author=ben.id)
    assert seat.gone_at_ms is None
    await ana.node.governance.charters.propose(
        amended(ana.node.community.charter, worry_words=("gun",))
    )
    assert (await tells(dora, deed=Deed.CHARTER, number=2)).author == ana.id
    assert (await tells(dora, deed=Deed.CHARTER, number=1)).gone_at_ms is not None
    for member in (ben, dora):
        await tells(member, deed=Deed.CHARTER, number=2)
        charters = member.node.governance.charters
        await charters.consent(charters.in_force.digest)
    await ben.node.moderation.labelling.label(Subject(cem.id, None), Verdict.WARN, "Rude.")
    said = await tells(dora, deed=Deed.LABEL, household=cem.id, gone_at_ms=None)
    assert (said.author, said.number, said.text) == (ben.id, int(Verdict.WARN), "Rude.")
    removed = cem.id
    await ana.node.governance.removals.remove(removed, "Cheated twice.", with_invited=False)
    out = await tells(dora, deed=Deed.REMOVAL, household=removed)
    assert (out.author, out.text, out.gone_at_ms) == (ana.id, "Cheated twice.", None)
    await dora.node.moderation.labelling.appeal(Subject(removed, None), "It did not: I was there.")
    assert (await tells(ana, deed=Deed.APPEAL)).text == "It did not: I was there."
    await ana.node.governance.removals.undo(removed)
    await ben.node.governance.stewards.resign(sign=True)
    back = await tells(dora, deed=Deed.REMOVAL, household=removed)
    await comes(world, lambda: _is_over(dora, Deed.REMOVAL))
    await comes(world, lambda: _is_over(dora, Deed.SEAT))
    assert back.text == "Cheated twice."
    before = await dora.node.moderation.log.entries()
    await dora.stop()
    await dora.start()
    after = await dora.node.moderation.log.entries()
    assert [entry for entry in after if entry.gone_at_ms] == [
        entry for entry in before if entry.gone_at_ms
    ]


async def test_a_removed_household_is_still_called_by_its_name(world: World) -> None:
    ana, ben, cem, dora = await world.community(["ana", "ben", "cem", "dora"])
    for household in (cem, dora):
        await household.node.community.set_profile(Profile(name=f"{household.name}'s"))

    async def all_named() -> bool:
        return {"cem's", "dora's"} <= {m.name for m in await ben.node.community.members()}

    await comes(world, all_named)
    await dora.node.community.leave()
    removed = cem.id
    await ana.node.governance.removals.remove(removed, "Cheated twice.", with_invited=False)
    await tells(ben, deed=Deed.REMOVAL, household=removed)
    await world.pass_time(60)
    assert await ben.node.community.former_names() == {removed: "cem's"}
    await ben.stop()
    await ben.start()
    assert await ben.node.community.former_names() == {removed: "cem's"}
    kept = await ben.node.database.read(
        lambda connection: connection.execute("SELECT household FROM former_name").fetchall()
    )
    assert [bytes(household) for (household,) in kept] == [removed]  # who left is forgotten


async def _is_over(who: Household, deed: Deed) -> bool:
    entries = await who.node.moderation.log.entries()
    return any(entry.deed is deed and entry.gone_at_ms is not None for entry in entries)


async def test_what_a_follower_never_saw_is_not_made_up(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    labelling = ana.node.moderation.labelling
    await labelling.label(Subject(ben.id, None), Verdict.WARN, "Rude.")
    await labelling.unlabel(Subject(ben.id, None))
    cem = await world.join("cem", await ana.invite(uses=1))
    await world.until(lambda: len(cem.members.households) == 3)
    await world.pass_time(30)
    assert [e for e in await cem.node.moderation.log.entries() if e.deed is Deed.LABEL] == []


async def test_the_past_is_bounded_by_author(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_MOST_GONE_OF_ONE", 3)
    ana, ben = await world.community(["ana", "ben"])
    labelling, log = ana.node.moderation.labelling, ana.node.moderation.log
    for n in range(6):
        subject = Subject(ben.id, ThingKey(n.to_bytes(16, "big")))
        await labelling.label(subject, Verdict.HIDE, f"Number {n}.")
        await log.attend()
        await labelling.unlabel(subject)
        await log.attend()
        await world.pass_time(1)
    past = [entry.text for entry in await log.entries() if entry.gone_at_ms is not None]
    assert past == ["Number 5.", "Number 4.", "Number 3."]


async def test_one_household_fills_no_log_with_appeals(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    for n in range(30):
        subject = Subject(ana.id, ThingKey(n.to_bytes(16, "big")))
        await ben.node.moderation.labelling.appeal(subject, f"Appeal {n}.")
    await world.settle()
    appeals = [e for e in await ana.node.moderation.log.entries() if e.deed is Deed.APPEAL]
    assert 0 < len([entry for entry in appeals if entry.gone_at_ms is None]) <= 8
