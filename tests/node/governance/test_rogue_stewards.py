"""What a steward that has gone astray writes fills nobody's lists."""

from __future__ import annotations

import os
from typing import Any

import pytest

from p2pmarket.api.governance_waiting import governance_waiting
from p2pmarket.api.stewards import shown_candidates
from protocol import limits
from protocol.ids import HouseholdId
from protocol.kinds import Kind
from protocol.membership.bodies import Removal
from protocol.membership.governance import Seat, Seats
from tests.sim.world import World


async def test_strangers_named_for_seats_are_no_candidates(world: World, seated: Any) -> None:
    ana, ben, cem = await seated(["ana", "ben", "cem"], 2)
    strangers = [
        Seat(HouseholdId(os.urandom(32)), True) for _ in range(limits.MAX_SEATS_IN_RECORD - 1)
    ]
    body = Seats((Seat(cem.id, True), *strangers)).pack()
    await ben.node.market._author.publish(Kind.SEATS, [body], range(8, 16))
    await world.settle()
    assert len(ana.members.council.candidates) == limits.MAX_SEATS_IN_RECORD
    assert [household for household, _ in shown_candidates(ana.node)] == [cem.id]


async def test_nobody_is_asked_to_agree_to_a_removal_that_cannot_come_about(
    world: World, seated: Any
) -> None:
    ana, ben, cem, dora = await seated(["ana", "ben", "cem", "dora"], 3)
    bodies = [Removal(other.id, "Mine now.", ()).pack() for other in (ana, cem, dora)]
    await ben.node.market._author.publish(Kind.REMOVAL, bodies, range(8))
    await world.settle()
    asked = {
        household.name: [
            waiting.household
            for waiting in await governance_waiting(household.node, household.clock.now_ms())
            if waiting.what == "removal-to-decide"
        ]
        for household in (ana, cem, dora)
    }
    # Nobody is asked about the founder, nor about itself.
    assert asked == {"ana": ["cem", "dora"], "cem": ["dora"], "dora": []}


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Kind.REMOVAL, "unreadable:removal"),
        (Kind.AMENDMENT, "unreadable:amendment"),
        (Kind.SEATS, "unreadable:seats"),
        (Kind.LABELS, "unreadable:labels"),
        (Kind.BLOCK_LIST, "unreadable:block-list"),
        (Kind.APPEALS, "unreadable:appeals"),
    ],
)
async def test_what_cannot_be_read_is_counted_and_changes_nothing(
    world: World, seated: Any, kind: Kind, reason: str
) -> None:
    ana, ben = await seated(["ana", "ben"], 2)
    before = ana.members.council
    await ben.node.market._author.publish(kind, [b"\x92\x01\xa5\x1b[2J!"], range(8, 16))
    await world.settle()
    assert ana.node.health()[reason] == 1
    assert ana.members.council == before
