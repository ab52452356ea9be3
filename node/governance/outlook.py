"""What a change among the stewards brings: who belongs, who decides, which rules hold (GOV-8).

Before something is signed it is evaluated together with everything that stands, so that a
person sees what follows from it, and not what somebody thought would follow.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from protocol.envelope import Envelope
from protocol.ids import THING_KEY_BYTES, DeviceKey, HouseholdId, RecordId, ThingKey
from protocol.kinds import Kind
from protocol.limits import MAX_TIME_MS
from protocol.membership.bodies import Removal
from protocol.membership.council import CharterVersion
from protocol.membership.governance import Seat, Seats
from protocol.membership.members import Members


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is so before a change, and what after it.

    needed: how many voting stewards must agree. removed, returning: households that are removed
    only afterwards, or not any more, with what was said of them. leaving: others that belong
    before and not afterwards.
    """

    stewards_before: tuple[HouseholdId, ...]
    stewards_after: tuple[HouseholdId, ...]
    needed_before: int
    needed_after: int
    charter_before: CharterVersion
    charter_after: CharterVersion
    removed: Mapping[HouseholdId, Removal]
    returning: Mapping[HouseholdId, Removal]
    leaving: tuple[HouseholdId, ...]


def outlook(before: Members, after: Members) -> Outlook:
    """Compare two memberships of one community."""
    return Outlook(
        before.council.stewards,
        after.council.stewards,
        before.council.needed,
        after.council.needed,
        before.council.charter,
        after.council.charter,
        {h: said for h, said in after.removed.items() if h not in before.removed},
        {h: said for h, said in before.removed.items() if h not in after.removed},
        tuple(sorted(h for h in lost(before, after) if h not in after.removed)),
    )


def lost(before: Members, after: Members) -> set[HouseholdId]:
    """Return the households for which somebody stood, and afterwards nobody does."""

    def confirmed(members: Members) -> set[HouseholdId]:
        return {m.household for m in members.households.values() if m.stands and m.confirmed}

    return confirmed(before) - confirmed(after)


def without_voice(members: Members, steward: HouseholdId) -> Members:
    """Return what would follow if a steward gave up its seat now.

    Nothing is signed: the record is made up, and must not get anywhere.
    """
    member = members.member(steward)
    if member is None or not member.devices:
        return members
    body = Seats((Seat(steward, False),)).pack()
    return members.extended([_made_up(members, steward, next(iter(member.devices)), body)])


def _made_up(members: Members, household: HouseholdId, device: bytes, body: bytes) -> Envelope:
    return Envelope(
        members.community,
        Kind.SEATS,
        household,
        DeviceKey(device),
        0,
        ThingKey(os.urandom(THING_KEY_BYTES)),
        MAX_TIME_MS,
        0,
        MAX_TIME_MS,
        MAX_TIME_MS,
        False,
        body,
        b"",
        RecordId(os.urandom(32)),
    )
