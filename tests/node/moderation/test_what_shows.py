"""Labels, lists and worry words between real nodes: what shows where, and why."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
import trio

from node.governance.charters import amended
from node.moderation.log import Deed
from node.moderation.reports import MAX_A_DAY
from node.moderation.showing import Cause
from node.store.listings import StoredListing
from protocol import limits, wire
from protocol.charter import Reception
from protocol.errors import LocalError
from protocol.ids import text_of
from protocol.kinds import Kind
from protocol.mail.letter import Topic
from protocol.moderation.labels import Subject, Verdict, text_digest
from protocol.moderation.report import Ground
from tests.sim.world import Household, World

FINE, WARN, HIDE = Verdict.FINE, Verdict.WARN, Verdict.HIDE


async def comes(world: World, ask: Callable[[], Awaitable[object]]) -> None:
    """Let time pass until something is so."""
    with trio.fail_after(600):
        while not await ask():
            await world.pass_time(0.1)


async def refused(deed: Awaitable[object]) -> LocalError:
    with pytest.raises(LocalError) as error:
        await deed
    return error.value


async def sees(who: Household, *titles: str) -> None:
    """Let time pass until a household's lists show exactly these."""

    async def so() -> bool:
        return sorted(await who.titles()) == sorted(titles)

    await comes(who.world, so)


async def notices(who: Household, listing: StoredListing) -> list[tuple[Cause, bool, str]]:
    found = await who.node.market.find(text_of(listing.key))
    said = who.node.moderation.showing.notices(found)
    return [(notice.cause, notice.hides, notice.reason) for notice in said]


async def seat(founder: Household, other: Household) -> None:
    """Make another household a steward."""
    await founder.node.governance.stewards.appoint(other.id, sign=True)
    await founder.world.until(lambda: other.node.governance.stewards.is_offered(other.id))
    await other.node.governance.stewards.accept(sign=True)
    await founder.world.until(
        lambda: all(
            other.id in household.members.council.voters for household in founder.world.running
        )
    )


@pytest.mark.covers("MOD-3", "MOD-4", "MOD-7", "MOD-9")
async def test_a_report_reaches_both_stewards_one_hides_an_appeal_brings_it_back(
    world: World,
) -> None:
    ana, ben, cem, dora = await world.community(["ana", "ben", "cem", "dora"])
    await seat(ana, ben)
    (drill,) = await cem.publish("Drill")
    await sees(dora, "Drill")
    subject = Subject(cem.id, drill.key)
    readers = await dora.node.moderation.reports.report(subject, Ground.DECEIT, "It is mine!")
    assert readers == [ana.id, ben.id]
    for steward in (ana, ben):
        await comes(world, steward.node.moderation.reports.waiting)
        (view,) = await steward.node.moderation.reports.all()
        assert (view.sender, view.report.subject) == (dora.id, subject)
        assert (view.report.ground, view.report.text) == (Ground.DECEIT, "It is mine!")
    assert await cem.node.moderation.reports.all() == []
    await ben.node.moderation.labelling.label(subject, HIDE, "Stolen, says its owner.")
    for neighbour in (ana, ben, dora):
        await sees(neighbour)
        assert (await neighbour.node.market.find(text_of(drill.key))).concealed
        assert await notices(neighbour, drill) == [(Cause.LABEL, True, "Stolen, says its owner.")]
    assert await cem.titles() == ["Drill"]

    async def is_told() -> bool:
        return bool(await notices(cem, drill))

    await comes(world, is_told)
    await cem.node.moderation.labelling.appeal(subject, "I have the bill.\nAsk me.")

    async def has_appeal() -> bool:
        return any(entry.deed is Deed.APPEAL for entry in await ben.node.moderation.log.entries())

    await comes(world, has_appeal)
    await world.pass_time(5)
    await ben.node.moderation.labelling.unlabel(subject)
    for neighbour in (ana, ben, dora):
        await sees(neighbour, "Drill")
    (gone,) = [e for e in await dora.node.moderation.log.entries() if e.deed is Deed.LABEL]
    assert (gone.author, gone.text, gone.gone_at_ms is not None) == (
        ben.id,
        "Stolen, says its owner.",
        True,
    )
    await ana.node.moderation.reports.done((await ana.node.moderation.reports.all())[0].number)
    assert await ana.node.moderation.reports.waiting() == 0
    assert (await refused(ana.node.moderation.reports.done(99))).code == "report-not-found"


async def test_a_warning_shows_with_its_reason_and_the_strongest_word_counts(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    (bike,) = await ben.publish("Bike")
    await sees(cem, "Bike")
    whole = Subject(ben.id, None)
    await ana.node.moderation.labelling.label(whole, WARN, "Comes late.")

    async def warned() -> bool:
        return await notices(cem, bike) == [(Cause.LABEL, False, "Comes late.")]

    await comes(world, warned)
    assert await cem.titles() == ["Bike"]
    await ana.node.moderation.labelling.label(whole, HIDE, "Never comes.")
    await sees(cem)
    await ben.publish("Cot")
    await world.pass_time(60)
    assert await cem.titles() == []
    assert sorted(await ben.titles()) == ["Bike", "Cot"]
    assert list(await ana.node.moderation.labelling.labels()) == [whole]
    await cem.node.moderation.choices.follow_labels(ana.id, False)
    assert sorted(await cem.titles()) == ["Bike", "Cot"]
    await cem.node.moderation.choices.follow_labels(ana.id, True)
    assert await cem.titles() == []


async def test_labels_of_others_count_only_where_they_are_followed(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    (bike,) = await ana.publish("Bike")
    await sees(ben, "Bike")
    await sees(cem, "Bike")
    await cem.node.moderation.labelling.label(Subject(ana.id, bike.key), HIDE, "Ugly.")
    assert await cem.titles() == []

    async def told() -> bool:
        return bool(await ben.node.moderation.log.others())

    await comes(world, told)
    assert await ben.titles() == ["Bike"]
    await ben.node.moderation.choices.follow_labels(cem.id, True)
    assert await ben.titles() == []
    await cem.node.community.leave()
    await sees(ben, "Bike")
    assert cem.id in ben.node.moderation.showing.followed


async def test_a_former_stewards_labels_count_no_more(world: World) -> None:
    ana, ben, cem, dora = await world.community(["ana", "ben", "cem", "dora"])
    await seat(ana, ben)
    (bike,) = await cem.publish("Bike")
    await sees(dora, "Bike")
    await ben.node.moderation.labelling.label(Subject(cem.id, bike.key), HIDE, "Because.")
    await sees(dora)
    await ben.node.governance.stewards.resign(sign=True)
    await sees(dora, "Bike")
    assert await ben.titles() == []


@pytest.mark.covers("GOV-17", "MOD-5")
async def test_a_worry_word_holds_a_listing_until_a_steward_has_looked(world: World) -> None:
    ana, ben, cem = await world.community(
        ["ana", "ben", "cem"], reception=Reception(worry_words=("Waffe", "Pelz Fuchs"))
    )
    waffe, _, kein = await ben.publish("Alte Jagdwaffen", "Teddy", "Bild, keine Waffen")
    await sees(cem, "Teddy", "Bild, keine Waffen")
    await sees(ana, "Teddy", "Bild, keine Waffen")
    assert len(await ben.titles()) == 3
    for household in (ben, cem):
        assert await notices(household, waffe) == [(Cause.WORRY_WORD, True, "Waffe")]
        assert await notices(household, kein) == []
    fine = Subject(ben.id, waffe.key)
    error = await refused(ben.node.moderation.labelling.label(fine, FINE, "Mine."))
    assert error.code == "label-yourself"
    await cem.node.moderation.labelling.label(fine, FINE, "A toy.")
    await world.pass_time(60)
    assert len(await cem.titles()) == 2
    await ana.node.moderation.labelling.label(fine, FINE, "A toy, I have looked.")
    await sees(cem, "Alte Jagdwaffen", "Teddy", "Bild, keine Waffen")
    assert await notices(ben, waffe) == []
    pelz = replace(ben.listing("Mantel"), description="Kragen aus Fuchs, echter Pelz.")
    await ben.node.market.publish([pelz])
    await world.pass_time(60)
    assert len(await cem.titles()) == 3


@pytest.mark.covers("MOD-5", "MOD-10")
async def test_what_was_found_fine_is_held_again_once_it_says_something_else(world: World) -> None:
    ana, ben, cem = await world.community(
        ["ana", "ben", "cem"], reception=Reception(worry_words=("Messer",))
    )
    (knife,) = await ben.publish("Brotmesser")
    found = Subject(ben.id, knife.key)
    await comes(world, ana.node.moderation.showing.held)
    await ana.node.moderation.labelling.label(found, FINE, "For bread.")
    await sees(cem, "Brotmesser")
    shorter = replace(knife.listing, visible_until_ms=knife.listing.visible_until_ms - 1)
    await ben.node.market.edit(knife.key, shorter)
    await world.settle([ana, cem])
    assert await cem.titles() == ["Brotmesser"]
    sword = replace(knife.listing, title="Kampfmesser")
    await ben.node.market.edit(knife.key, sword)
    await sees(cem)
    assert await notices(cem, knife) == [(Cause.WORRY_WORD, True, "Messer")]
    assert [one.listing.title for one, _ in await ana.node.moderation.showing.held()] == [
        "Kampfmesser"
    ]
    await ben.node.market.edit(knife.key, knife.listing)
    await sees(cem, "Brotmesser")
    read = text_digest(sword)
    error = await refused(ana.node.moderation.labelling.label(found, FINE, "Read before.", read))
    assert error.code == "listing-changed"
    gone = Subject(ben.id, type(knife.key)(bytes(16)))
    error = await refused(ana.node.moderation.labelling.label(gone, FINE, "Nothing there."))
    assert error.code == "listing-not-found"


async def test_a_steward_sees_what_is_held_of_a_newcomer_before_it_would_show(
    world: World,
) -> None:
    ana, ben, cem = await world.community(
        ["ana", "ben", "cem"], reception=Reception(first_listings=1, worry_words=("Messer",))
    )
    _, knife, _ = await ben.publish("Teddy", "Messer", "Lampe")
    await sees(cem, "Teddy")
    held = ana.node.moderation.showing.held
    await comes(world, held)
    assert [one.listing.title for one, _ in await held()] == ["Messer"]
    await ana.node.moderation.labelling.label(Subject(ben.id, knife.key), FINE, "For bread.")
    assert await held() == []
    assert await ana.titles() == ["Teddy"]  # it still waits for its turn
    assert (await refused(ana.node.market.find(text_of(knife.key)))).code == "listing-not-found"
    await ana.node.joining.vouching.vouch(ben.id)
    await sees(cem, "Messer", "Teddy")


async def test_a_new_charter_looks_anew_at_what_was_published_before(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    await ana.publish("Pistole", "Lampe")
    await sees(ben, "Pistole", "Lampe")
    charter = ana.node.community.charter
    worried = amended(charter, worry_words=("Pistole",))
    await ana.node.governance.charters.propose(worried)
    await sees(ben, "Lampe")
    assert await ana.titles() != ["Lampe"]
    await ana.node.governance.charters.propose(charter)
    await sees(ben, "Pistole", "Lampe")


async def test_the_only_steward_may_find_its_own_listing_fine(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"], reception=Reception(worry_words=("Messer",)))
    (knife,) = await ana.publish("Messer")
    await ana.node.moderation.labelling.label(Subject(ana.id, knife.key), FINE, "For bread.")
    await sees(ben, "Messer")


@pytest.mark.covers("MOD-6")
async def test_mute_and_block_lists_hide_here_only_and_say_so(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    (bike,) = await ben.publish("Bike")
    await sees(ana, "Bike")
    await sees(cem, "Bike")
    choices = ana.node.moderation.choices
    await choices.mute(ben.id, True)
    assert await ana.titles() == []
    assert await notices(ana, bike) == [(Cause.MUTED, True, "")]
    await ben.node.chats.send(ana.id, "Do you want the bike?")

    async def written() -> bool:
        return bool(await ana.node.chats.threads())

    await comes(world, written)
    await ana.stop()
    await ana.start()
    assert await ana.titles() == []
    await ana.node.moderation.choices.mute(ben.id, False)
    assert await ana.titles() == ["Bike"]
    listed = cem.node.moderation.block_list
    await listed.add(ben.id, "Does not come.")
    assert await cem.titles() == []
    await ana.node.moderation.choices.follow_block_list(cem.id, True)
    await world.pass_time(30)
    assert await ana.titles() == ["Bike"]
    await listed.share(True)
    await sees(ana)
    assert await notices(ana, bike) == [(Cause.BLOCK_LIST, True, "Does not come.")]
    assert await ben.titles() == ["Bike"]
    await listed.remove(ben.id)
    await sees(ana, "Bike")
    assert await cem.titles() == ["Bike"]
    assert (await refused(listed.remove(ben.id))).code == "not-listed"
    await cem.node.moderation.choices.block(ana.id, True)
    await world.pass_time(30)
    standing = [r for r in await ana.standing() if r.kind == Kind.BLOCK_LIST and not r.withdrawn]
    assert standing == []


@pytest.mark.covers("MOD-2")
async def test_labels_are_renewed_while_their_subject_stands(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    (bike, cot) = await ben.publish("Bike", "Cot", days=90)
    labelling = ana.node.moderation.labelling
    await labelling.label(Subject(ben.id, bike.key), HIDE, "Broken.")
    await labelling.label(Subject(ben.id, cot.key), HIDE, "Broken too.")
    await labelling.appeal(Subject(ben.id, cot.key), "It is not.")
    await sees(ben, "Bike", "Cot")
    await ben.node.market.withdraw(cot.key)
    await world.settle([ana])
    world.pass_days(61)
    await world.pass_time(7_200)
    assert list(await labelling.labels()) == [Subject(ben.id, bike.key)]
    assert list(await labelling.appeals()) == []
    created = [r.created_at_ms for r in await ana.standing() if r.kind == Kind.LABELS]
    assert max(created) > world.clock.now_ms() - limits.DAY_MS


@pytest.mark.covers("MOD-7")
async def test_who_reports_too_much_waits_and_the_steward_is_told(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    listings = await cem.publish(*[f"Thing {n}" for n in range(MAX_A_DAY + 2)])
    for listing in listings:
        subject = Subject(cem.id, listing.key)
        await ben.node.moderation.reports.report(subject, Ground.MISPLACED, "")
    reports = ana.node.moderation.reports

    async def full() -> bool:
        return (
            await reports.waiting() == MAX_A_DAY and ana.node.health().get("reports-put-off", 0) > 0
        )

    await comes(world, full)
    world.pass_days(1.01)

    async def rest() -> bool:
        return await reports.waiting() == len(listings)

    await comes(world, rest)
    again = Subject(cem.id, listings[0].key)
    await ben.node.moderation.reports.report(again, Ground.DECEIT, "Twice.")
    await world.pass_time(120)
    assert await reports.waiting() == len(listings)


async def test_reports_that_are_none_are_refused_or_dropped(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    reports = ben.node.moderation.reports
    assert (await refused(reports.report(Subject(ben.id, None), Ground.DECEIT, ""))).code == (
        "not-yourself"
    )
    error = await refused(reports.report(Subject(cem.id, None), Ground.OTHER, " "))
    assert error.code == "report-refused"
    assert (await refused(reports.report(Subject(ana.id, None), Ground.DECEIT, ""))).code == (
        "nobody-to-tell"
    )
    bad = wire.pack((1, bytes(ben.id), None, 9, ""))
    about_reader = wire.pack((1, bytes(ana.id), None, 2, "x"))
    about_itself = wire.pack((1, bytes(ben.id), None, 2, "x"))
    good = wire.pack((1, bytes(cem.id), None, 2, "To no steward."))

    def write(connection: object) -> None:
        for recipient, content in (
            (ana.id, bad), (ana.id, about_reader), (ana.id, about_itself), (cem.id, good)
        ):  # fmt: skip
            ben.node.post.write(connection, recipient, Topic.REPORT, content)

    await ben.node.database.write(write)
    ben.node.post.wake()
    await world.pass_time(300)
    assert await ana.node.moderation.reports.all() == []
    assert await cem.node.moderation.reports.all() == []


async def test_a_flood_of_labels_is_bounded_and_hostile_ones_do_nothing(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    (bike,) = await cem.publish("Bike")
    await sees(ben, "Bike")
    author = ana.node.moderation.labelling._labels._author
    slots = ana.members.slots(ana.id, Kind.LABELS)
    assert slots == 32
    odd = [b"\xc1", wire.pack((3, ())), wire.pack((1, ((bytes(cem.id), None, 3, "\x1b[2J"),)))]
    results = await author.publish(Kind.LABELS, odd, range(slots))
    assert not any(isinstance(result, LocalError) for result in results)
    labelling = ana.node.moderation.labelling
    for n in range(200):
        key = n.to_bytes(16, "big")
        await labelling.label(Subject(ben.id, type(bike.key)(key)), HIDE, "No such listing.")
    await world.pass_time(120)
    assert await ben.titles() == ["Bike"]
    assert len(await labelling.labels()) == 200
    held = [r for r in await ben.standing() if r.kind == Kind.LABELS]
    assert len(held) == 3 + 7
    full = [b"\xc1"] * slots
    results = await author.publish(Kind.LABELS, full, range(slots))
    assert sum(isinstance(result, LocalError) for result in results) == len(held)


async def test_a_crash_between_a_label_and_its_effect_is_made_good_on_the_next_start(
    world: World,
) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    (bike,) = await cem.publish("Bike")
    await sees(ben, "Bike")
    ben.node.moderation.showing._lock.acquire_nowait()
    await ana.node.moderation.labelling.label(Subject(cem.id, bike.key), HIDE, "Because.")

    async def arrived() -> bool:
        return any(record.kind == Kind.LABELS for record in await ben.standing())

    await comes(world, arrived)
    assert await ben.titles() == ["Bike"]
    await ben.crash()
    await ben.start()
    await sees(ben)
