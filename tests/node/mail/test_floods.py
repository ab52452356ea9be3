"""A flooder takes nobody's room: what it never fetches, and what it has kept for others."""

from __future__ import annotations

import pytest

from node.mail.incoming import DeliveryState
from protocol.ids import DeviceKey
from protocol.mail import limits
from protocol.mail.letter import Chat, Topic
from protocol.mail.mailbox import tag_of
from protocol.mail.post import Code, Deposit, Leave, Result
from protocol.trade.letter import TradeLetter
from protocol.trade.message import NOTHING
from protocol.trade.transitions import State
from tests.node.mail.conftest import Correspondence
from tests.node.mail.test_hostile import ask as ask_frame
from tests.node.mail.test_hostile import deliver, letter, parcel, sealed
from tests.sim.trading import ask, offer, reaches
from tests.sim.world import Household, World


async def letters_out(household: Household, topic: Topic) -> int:
    (count,) = await household.node.database.read(
        lambda c: c.execute(
            "SELECT count(*) FROM letter_out WHERE topic = ? AND is_open = 1", (int(topic),)
        ).fetchone()
    )
    return int(count)


async def test_notes_that_nobody_fetches_do_not_pile_up(
    world: World, mail: Correspondence, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parcels of one device brought by another host are noted to it, again after an hour."""
    monkeypatch.setattr("node.mail.mailroom._MAX_NOTES", 5)
    ana, ben, mallory = await world.community(["ana", "ben", "mallory"])
    raws = [
        await sealed(mallory, ben, letter(mallory, ben, content=Chat(f"{n}", None).pack()))
        for n in range(8)
    ]
    monkeypatch.setattr("protocol.mail.limits.HELD_PARCELS", 0)  # nor does anybody keep them
    await mallory.stop()
    for _ in range(3):
        for raw in raws:
            assert await deliver(ana, ben, raw) in ([Code.TAKEN], [Code.KNOWN])
        world.pass_days(0.1)
    assert await letters_out(ben, Topic.DELIVERY) == 5
    assert ben.node.health()["mail-notes-full"] > 0


async def test_who_does_not_fetch_what_it_asked_for_is_not_sent_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.trades.desk._MAX_UNFETCHED", 0)
    ana, mallory = await world.community(["ana", "mallory"])
    trade = await ask(world, mallory, await offer(ana, "Fahrrad"))
    await reaches(world, trade, State.ASKED, ana)
    content = TradeLetter(trade, (), (NOTHING, NOTHING), asks=True).pack()
    raw = await sealed(mallory, ana, letter(mallory, ana, topic=Topic.TRADE, content=content))
    assert await deliver(mallory, ana, raw) == [Code.FULL]
    assert await letters_out(ana, Topic.TRADE) == 0


@pytest.mark.covers("MAI-57")
async def test_notes_that_a_flooder_calls_for_take_no_letters_room_at_the_holder(
    world: World, mail: Correspondence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DEPOSITOR_PARCELS", 20)
    monkeypatch.setattr(limits, "NOTES_UNDER_TAG", 6)
    ana, ben, cem, mallory = await world.community(["ana", "ben", "cem", "mallory"])
    ana_id = ana.id
    raws = [
        await sealed(mallory, ben, letter(mallory, ben, content=Chat(f"{n}", None).pack()))
        for n in range(30)
    ]
    # It never fetches: each note to it would stay at the only holder there is.
    await mallory.stop()
    await ana.stop()
    for raw in raws:
        assert await deliver(cem, ben, raw) == [Code.TAKEN]
        await world.pass_time(2)
    held = (await cem.node.post.holding()).for_others
    assert (held.notes, held.parcels, held.full) == (6, 6, 0)
    assert cem.node.health()["mail-note:held"] == 30
    for number in range(15):
        await ben.node.chats.send(ana_id, f"Number {number}")
    await mail.all_are(ben, ana_id, DeliveryState.HELD)
    await ana.start()
    await mail.arrived(ana, ben.id, [f"Number {number}" for number in range(15)])


async def test_notes_to_one_household_in_a_day_are_bounded(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.mail.mailroom._NOTES_A_DAY", 5.0)
    _ana, ben, cem, mallory = await world.community(["ana", "ben", "cem", "mallory"])
    raws = [await sealed(mallory, ben, letter(mallory, ben)) for _ in range(9)]
    await mallory.stop()
    for raw in raws:
        assert await deliver(cem, ben, raw) == [Code.TAKEN]
    assert ben.node.health()["mail-notes-full"] == 4


@pytest.mark.covers("MAI-57")
async def test_the_notes_of_the_household_that_wrote_few_outlast_a_flooders(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "NOTES_UNDER_TAG", 6)
    monkeypatch.setattr(limits, "NOTES_OF_DEPOSITOR", 10)
    _ana, ben, cem = await world.community(["ana", "ben", "cem"])
    for tag, count in ((b"a" * 16, 2), (b"m" * 16, 9), (b"n" * 16, 9)):
        notes = tuple(parcel(world, tag=tag) for _ in range(count))
        assert await ask_frame(ben, cem, Leave(notes)) == Result((Code.HELD,) * count)
    rows = await cem.node.database.read(
        lambda c: c.execute("SELECT tag, count(*) FROM parcel_held GROUP BY tag").fetchall()
    )
    assert dict(rows) == {b"a" * 16: 2, b"m" * 16: 4, b"n" * 16: 4}


@pytest.mark.covers("MAI-58")
async def test_however_many_flood_a_mailbox_there_is_room_for_one_more(
    world: World, mail: Correspondence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "TAG_PARCELS", 40)
    names = ["ana", "ben", "cem", "mallory", "mike", "moritz", "meier"]
    ana, ben, cem, *flooders = await world.community(names)
    ana_id, ben_id, tag = ana.id, ben.id, tag_of(*mailbox_of(ben))
    await ben.stop()
    for flooder in flooders:
        answer = await ask_frame(
            flooder, cem, Deposit(tuple(parcel(world, tag=tag) for _ in range(40)))
        )
        assert isinstance(answer, Result)
        assert Code.FULL in answer.codes
    for flooder in flooders:
        world.part([flooder], [ana])
    await world.pass_time(10)
    await ana.node.chats.send(ben_id, "There is room")
    await mail.all_are(ana, ben_id, DeliveryState.HELD)
    await ana.stop()
    await ben.start()
    await mail.arrived(ben, ana_id, ["There is room"])


@pytest.mark.covers("MAI-58")
async def test_what_one_household_has_kept_in_a_day_is_bounded(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DEPOSITS_A_DAY", 10)
    ana, ben = await world.community(["ana", "ben"])
    for codes in ((Code.HELD,) * 8, (Code.LATER,) * 8):
        answer = await ask_frame(ben, ana, Deposit(tuple(parcel(world) for _ in range(8))))
        assert answer == Result(codes)


def mailbox_of(household: Household) -> tuple[bytes, DeviceKey, int]:
    post = household.node.post
    return post._mailroom._network_key, post._keys.device, household.clock.now_ms()
