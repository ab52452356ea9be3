"""Holders that hand over junk, or too much, are asked ever less often; mail comes by others."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from node.mail.holder_conduct import FIRST_PAUSE_S, LONGEST_PAUSE_S, HolderConduct
from protocol.mail import post
from protocol.mail.post import Code, Collect, Parcels, Result
from tests.node.mail.conftest import Correspondence
from tests.node.mail.test_hostile import letter, parcel, sealed
from tests.sim.world import Household, World


class Liar:
    """Takes the place of a neighbour's mail service; notes when it was asked to hand over."""

    def __init__(self, world: World, at: Household, parcels: Callable[[], tuple[bytes, ...]]):
        self.asked_s: list[float] = []
        self._world = world
        self._numbers = itertools.count(1)
        self._parcels = parcels
        at.wire.serve(post.PROTOCOL, self._serve)

    async def _serve(self, stream: Any) -> None:
        answer: post.Message
        while (frame := await stream.receive_frame()) is not None:
            match post.read(frame):
                case Collect():
                    self.asked_s.append(self._world.clock.now_ms() / 1_000)
                    answer = Parcels(next(self._numbers), self._parcels())
                case message:
                    answer = Result((Code.LATER,) * len(getattr(message, "parcels", ())))
            await stream.send_frame(post.write(answer))


async def liar_at(
    world: World, parcels: Callable[[Household], Callable[[], tuple[bytes, ...]]]
) -> tuple[Household, Household, Liar]:
    """Ana and Mallory, who lies; on new streams from now on. Ben is their honest neighbour."""
    ana, ben, mallory = await world.community(["ana", "ben", "mallory"])
    liar = Liar(world, mallory, parcels(ana))
    world.part([mallory], [ana, ben])
    world.part([mallory], [ben])
    world.switchboard.heal()
    world.part([mallory], [ben])
    return ana, ben, liar


@pytest.mark.covers("MAI-59")
async def test_a_holder_that_hands_over_junk_without_end_is_asked_ever_less_often(
    world: World, mail: Correspondence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.mail.holder_conduct._A_DAY", 400.0)
    ana, ben, liar = await liar_at(
        world, lambda ana: lambda: tuple(parcel(world) for _ in range(16))
    )
    await world.pass_time(2 * 3_600)
    rounds = [b - a for a, b in itertools.pairwise(liar.asked_s) if b - a > 1]
    assert 4 <= len(rounds) <= 9
    assert rounds[-1] >= 10 * rounds[0]
    # What a day allows is spent at once; then one answer each time that it is asked.
    assert len(liar.asked_s) <= 400 / (16 * 4) + len(rounds) + 2
    assert ana.node.health()["fault:mail-useless"] >= 4
    await ben.node.chats.send(ana.id, "All is well")
    assert await mail.arrived(ana, ben.id, ["All is well"]) <= 1


@pytest.mark.covers("MAI-59")
async def test_a_holder_that_repeats_what_was_taken_is_asked_ever_less_often(
    world: World, mail: Correspondence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.mail.holder_conduct._A_DAY", 100.0)
    raws: list[bytes] = []
    ana, ben, liar = await liar_at(world, lambda ana: lambda: tuple(raws))
    raws.append(await sealed(ben, ana, letter(ben, ana)))
    await mail.arrived(ana, ben.id, ["Hello"])
    await world.pass_time(2 * 3_600)
    assert len(liar.asked_s) <= 100 * (1 + 2 / 24) + 10
    assert ana.node.health()["fault:mail-useless"] >= 4


async def test_junk_in_one_frame_a_minute_counts_against_the_holder_each_time(
    world: World, mail: Correspondence
) -> None:
    ana, ben, liar = await liar_at(world, lambda ana: lambda: (b"junk",))
    await world.pass_time(6 * 3_600)
    assert 5 <= len(liar.asked_s) <= 14
    assert ana.node.health()["fault:wire-malformed"] == len(liar.asked_s)
    await ben.node.chats.send(ana.id, "All is well")
    assert await mail.arrived(ana, ben.id, ["All is well"]) <= 1


def test_a_holder_with_a_fault_a_day_is_not_left_alone_for_longer_each_time() -> None:
    conduct = HolderConduct(Random(1))
    for day in range(1, 5):
        conduct.fault(b"h", 100_000.0 * day)
        assert conduct.again_s(b"h") - 100_000.0 * day <= 1.2 * FIRST_PAUSE_S
    for _ in range(20):
        conduct.fault(b"h", 400_000.0)
    assert 0.8 * LONGEST_PAUSE_S <= conduct.again_s(b"h") - 400_000.0 <= 1.2 * LONGEST_PAUSE_S
    assert conduct.again_s(b"another") == 0
