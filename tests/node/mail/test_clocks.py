"""Clocks are wrong, and are set while a node runs: no letter is lost, or refused for ever."""

from __future__ import annotations

from typing import Any

import pytest

from node.clock import Skew, SystemClock
from node.mail.incoming import DeliveryState
from node.network.token_bucket import TokenBucket
from protocol.limits import DAY_MS
from protocol.mail.post import Code
from tests.node.mail.conftest import Correspondence
from tests.node.mail.test_hostile import deliver, letter, sealed
from tests.node.mail.test_time import card, keys_kept
from tests.sim.world import World

WRONG = pytest.mark.parametrize("days", [-400, -20, -1, 1, 20, 400])


@WRONG
@pytest.mark.covers("MAI-64")
async def test_a_letter_that_is_written_with_a_wrong_clock_is_kept_and_arrives(
    world: World, mail: Correspondence, days: int
) -> None:
    """Set while the node runs: its neighbours' clocks still say what time it is."""
    ana, ben, _cem = await world.community(["ana", "ben", "cem"])
    ana_id, ben_id = ana.id, ben.id
    await ben.stop()
    ana.clock.ahead_ms = days * DAY_MS
    await ana.node.chats.send(ben_id, "What day is it?")
    await mail.all_are(ana, ben_id, DeliveryState.HELD)
    await ana.stop()
    world.pass_days(10)
    await ben.start()
    assert await mail.arrived(ben, ana_id, ["What day is it?"]) <= 60


@WRONG
@pytest.mark.covers("MAI-64")
async def test_a_letter_written_alone_with_a_wrong_clock_is_dated_anew_when_it_is_right(
    world: World, mail: Correspondence, days: int
) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    ana_id, ben_id = ana.id, ben.id
    await ana.stop()
    await ben.stop()
    ana.clock.ahead_ms = days * DAY_MS
    world.part([ana], [cem, ben])
    await ana.start()
    await ana.node.chats.send(ben_id, "Nobody is there")
    await world.pass_time(200)
    world.switchboard.heal()
    await world.pass_time(200)
    assert await mail.states(ana, ben_id) != [DeliveryState.EXPIRED]
    ana.clock.ahead_ms = 0
    await mail.all_are(ana, ben_id, DeliveryState.HELD)
    await ana.stop()
    world.pass_days(10)
    await ben.start()
    assert await mail.arrived(ben, ana_id, ["Nobody is there"]) <= 60


@WRONG
@pytest.mark.covers("MAI-64")
async def test_a_recipient_whose_clock_is_set_wrong_keeps_its_keys_and_gets_its_letters(
    world: World, mail: Correspondence, days: int
) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    ana_id, ben_id, before, texts = ana.id, ben.id, await card(ana, ben), ["First"]
    world.pass_days(6.5)
    raw = await sealed(ana, ben, letter(ana, ben))  # arrives only in the end
    await ben.stop()
    await ana.node.chats.send(ben_id, "First")
    await mail.all_are(ana, ben_id, DeliveryState.HELD)
    world.part([ana], [ben])
    await ben.start()
    ben.clock.ahead_ms = days * DAY_MS
    await mail.arrived(ben, ana_id, texts)
    await world.pass_time(200)
    for text, ahead_ms in (("Second", 0), ("Third", -days * DAY_MS), ("Fourth", 0)):
        texts.append(text)
        await ana.node.chats.send(ben_id, text)
        await mail.arrived(ben, ana_id, texts)
        ben.clock.ahead_ms = ahead_ms
        await world.pass_time(100)
    assert await card(ana, ben) == before
    assert await keys_kept(ben) == 1
    assert await deliver(cem, ben, raw) == [Code.TAKEN]


@WRONG
@pytest.mark.covers("MAI-64")
async def test_a_holder_whose_clock_is_wrong_takes_and_hands_out_all_the_same(
    world: World, mail: Correspondence, days: int
) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    ana_id, ben_id = ana.id, ben.id
    await ben.stop()
    await ana.node.chats.send(ben_id, "Before")
    await mail.all_are(ana, ben_id, DeliveryState.HELD)
    cem.clock.ahead_ms = days * DAY_MS
    await world.pass_time(100)
    await ana.node.chats.send(ben_id, "After")
    await mail.all_are(ana, ben_id, DeliveryState.HELD)
    await ana.stop()
    await ben.start()
    assert await mail.arrived(ben, ana_id, ["Before", "After"]) <= 60


async def test_what_came_while_the_clock_was_behind_is_known_for_as_long_as_anything(
    world: World, mail: Correspondence
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    raw = await sealed(ana, ben, letter(ana, ben))
    ben.clock.ahead_ms = -20 * DAY_MS
    assert await deliver(ana, ben, raw) == [Code.TAKEN]
    ben.clock.ahead_ms = 0
    world.pass_days(14)
    await world.pass_time(200)
    assert await deliver(ana, ben, raw) == [Code.KNOWN]


async def test_what_came_while_the_clock_was_ahead_is_forgotten_in_time(
    world: World, mail: Correspondence
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    ben.clock.ahead_ms = 400 * DAY_MS
    await ana.node.chats.send(ben.id, "Hello")
    await mail.arrived(ben, ana.id, ["Hello"])
    ben.clock.ahead_ms = 0
    await world.pass_time(200)

    def kept(connection: Any) -> int:
        return int(connection.execute("SELECT count(*) FROM letter_in").fetchone()[0])

    assert await ben.node.database.read(kept) == 1
    world.pass_days(33)
    await world.pass_time(200)
    assert await ben.node.database.read(kept) == 0


def test_a_bucket_goes_on_when_its_clock_is_set_back() -> None:
    bucket = TokenBucket(1.0, 10.0)
    assert bucket.take(1_000_000.0)
    assert bucket.take(10.0)
    assert not bucket.take(10.0, 10.0)
    assert bucket.take(20.0, 10.0)


def test_a_clock_that_is_set_while_it_runs_is_known_to_be_wrong_at_once() -> None:
    lead_ms = 5 * DAY_MS
    skew = Skew(lambda: lead_ms)
    skew.observe(b"neighbour", 1_000)
    assert skew.trustworthy
    lead_ms += DAY_MS
    assert not skew.trustworthy
    assert skew.median_ms == 1_000 - DAY_MS
    assert skew.times_ms(7 * DAY_MS) == (7 * DAY_MS, 6 * DAY_MS + 1_000)
    lead_ms -= DAY_MS
    assert skew.trustworthy
    assert skew.times_ms(7 * DAY_MS) == (7 * DAY_MS,)


def test_the_systems_clock_leads_a_steady_one_by_the_same_all_the_time() -> None:
    clock = SystemClock()
    assert abs(clock.lead_ms() - clock.lead_ms()) < 60_000
