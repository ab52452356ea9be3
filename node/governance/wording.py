"""What a household says already, by slot, and what it has to write to say something else.

All devices of a household speak for it. Each writes new things into slots of its own, so that
two of them that do not hear of each other lose nothing; what stands is changed where it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from node.author import Change
from protocol import limits
from protocol.errors import LocalError
from protocol.ids import HouseholdId
from protocol.kinds import Kind
from protocol.membership.bodies import Removal
from protocol.membership.facts import Fact
from protocol.membership.governance import Amendment, Seat, Seats
from protocol.membership.members import Members


def standing(members: Members, household: HouseholdId, kind: Kind) -> dict[int, Fact]:
    """Return what a household says in records of one kind, by slot, withdrawn ones left out."""
    return {
        fact.record.slot: fact
        for fact in sorted(members.facts_of(household, kind), key=lambda fact: fact.record.slot)
        if not fact.record.withdrawn
    }


def own_removals(members: Members, household: HouseholdId) -> dict[int, Removal]:
    """Return the removals that a household wants, by slot."""
    found = standing(members, household, Kind.REMOVAL)
    return {slot: fact.body for slot, fact in found.items() if isinstance(fact.body, Removal)}


def own_amendments(members: Members, household: HouseholdId) -> dict[int, Amendment]:
    """Return the versions of the charter that a household wants in force, by slot."""
    found = standing(members, household, Kind.AMENDMENT)
    return {slot: fact.body for slot, fact in found.items() if isinstance(fact.body, Amendment)}


def withdrawal(kind: Kind, slot: int) -> Change:
    """Return the change that takes back what stands in a slot."""
    return Change(kind, b"", slot, withdrawn=True)


def seat_changes(
    members: Members, author: HouseholdId, device_slot: int, household: HouseholdId, wanted: bool
) -> list[Change]:
    """Return what the author writes to want a household as a steward, or not to (GOV-5).

    Nothing if it says so already. Whoever sits keeps its place, whatever is said of it; whoever
    does not is named behind all others, also if it was named before. Raises LocalError
    ``too-many-seats-named``.
    """
    held = {
        slot: fact.body.seats
        for slot, fact in standing(members, author, Kind.SEATS).items()
        if isinstance(fact.body, Seats)
    }
    said = next(
        (s.wanted for seats in held.values() for s in seats if s.household == household), None
    )
    if said is wanted:
        return []
    now = {slot: _without(seats, household) for slot, seats in held.items()}
    if said is not None and (not wanted or household in members.council.stewards):
        slot = next(s for s, seats in held.items() if any(x.household == household for x in seats))
        at = next(n for n, seat in enumerate(held[slot]) if seat.household == household)
        now[slot] = (*now[slot][:at], Seat(household, wanted), *now[slot][at:])
    else:
        slot = _last_slot(members, author, device_slot, now)
        now[slot] = (*now.get(slot, ()), Seat(household, wanted))
    return [
        Change(Kind.SEATS, Seats(seats).pack(), slot)
        for slot, seats in now.items()
        if seats != held.get(slot)
    ]


def _without(seats: Sequence[Seat], household: HouseholdId) -> tuple[Seat, ...]:
    return tuple(seat for seat in seats if seat.household != household)


def _last_slot(
    members: Members,
    author: HouseholdId,
    device_slot: int,
    held: Mapping[int, Sequence[Seat]],
) -> int:
    """Return the slot for one more name: behind all that are named, if possible the device's."""
    last = max(standing(members, author, Kind.SEATS), default=-1)
    own = range(device_slot, members.slots(author, Kind.SEATS), limits.DEVICE_SLOTS)

    def has_room(slot: int) -> bool:
        return len(held.get(slot, ())) < limits.MAX_SEATS_IN_RECORD

    # What is unreadable here was written by a later version, and is left alone.
    if last in held and (last in own or not any(slot > last for slot in own)) and has_room(last):
        return last
    free = [slot for slot in own if slot > last]
    free += range(last + 1, members.slots(author, Kind.SEATS))
    if not free:
        raise LocalError("too-many-seats-named", most=limits.MAX_SEATS_IN_RECORD)
    return free[0]
