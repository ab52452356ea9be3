"""Records full of conflicts, for properties that must hold of any set of them.

Two invites and devices each, edits, withdrawals, revocations, removals, forgeries.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

from vector_world import HOUR_MS, START_MS, Household, World

from protocol.charter import Charter
from protocol.envelope import Envelope
from protocol.kinds import Kind, is_membership
from protocol.membership.governance import Amendment, Seat, Seats

WORLD = World(
    charter=Charter(
        name="Lindenstraße", rules="Be kind.", salt=bytes(range(16)), listing_slots=10,
        invite_budget=4, quorum=2,
    )
)  # fmt: skip
FOUNDER = WORLD.founder
PEOPLE = [Household(number) for number in range(2, 6)]
NOW_MS = START_MS + 10 * HOUR_MS
EARLY, LATE = START_MS + HOUR_MS, START_MS + 2 * HOUR_MS


def _pool() -> list[Envelope]:
    records: list[Envelope] = []
    edits: tuple[dict[str, Any], ...] = ({}, {"withdrawn": True}, {"revision": 1}, {"at_ms": LATE})
    for who in (FOUNDER, *PEOPLE):
        for number, edit in product((0, 1), edits):
            records.append(WORLD.certify_device(who, number, **edit))
    for who, device in product((FOUNDER, PEOPLE[0]), (0, 1)):
        for slot, edit in product((0, 1), edits):
            records.append(WORLD.invite(who, slot, uses=1, device=device, **edit))
    for who, inviter, slot in product(PEOPLE, (FOUNDER, *PEOPLE[:2]), (0, 1)):
        if who is not inviter:
            for edit in edits:
                records.append(WORLD.certificate(who, inviter, slot, **edit))
    for by, of in product((FOUNDER, *PEOPLE[:3]), PEOPLE):
        if by is not of:
            for device, edit in product((0, 1), edits[:3]):
                records.append(WORLD.confirmation(by, of, of.number % 2, device=device, **edit))
    for of, slot, standing in product(PEOPLE, (0, 1), ((), (PEOPLE[1],))):
        records.append(WORLD.removal(of, standing, slot))
        records.append(WORLD.removal(of, standing, slot, withdrawn=True))
    records += _governing()
    for who, device, slot in product((FOUNDER, *PEOPLE), (0, 1), (0, 5)):
        records.append(WORLD.listing(who, slot=slot, device=device))
        records.append(WORLD.listing(who, "Bike", slot=slot, device=device, revision=1))
    records.append(WORLD.confirmation(FOUNDER, PEOPLE[0], signer=PEOPLE[3].device(), revision=2))
    return list({record.id: record for record in records}.values())


def _governing() -> list[Envelope]:
    """Seats given and refused, removals by those who have one, and two charters."""
    records: list[Envelope] = []
    ana, ben, eva, _ = PEOPLE
    words = [
        (FOUNDER, (ana, ben), ()), (FOUNDER, (ana,), (ben,)), (FOUNDER, (ben,), (FOUNDER,)),
        (ana, (ana,), ()), (ana, (ana, ben), ()), (ana, (ana,), (ben,)),
        (ben, (ben,), ()), (ben, (ben, eva), (ana,)), (eva, (eva,), ()),
    ]  # fmt: skip
    for (by, wanted, unwanted), device in product(words, (0, 1)):
        said = (*(Seat(h.id, True) for h in wanted), *(Seat(h.id, False) for h in unwanted))
        records.append(WORLD.sign(by, Kind.SEATS, Seats(said).pack(), device=device))
    for by, of in product((ana, ben), (ana, ben, eva)):
        if by is not of:
            records.append(WORLD.removal(of, slot=of.number, by=by))
            records.append(WORLD.removal(of, (PEOPLE[3],), of.number, by, at_ms=LATE))
    for by, number in product((FOUNDER, ana, ben), (2, 3)):
        charter = replace(WORLD.charter, rules=f"{number}")
        body = Amendment(number, bytes(32), charter).pack()
        records.append(WORLD.sign(by, Kind.AMENDMENT, body, slot=number))
    return records


POOL = _pool()
MEMBERSHIP = [record for record in POOL if is_membership(record.kind)]
GOVERNING = [record for record in MEMBERSHIP if record.kind in (Kind.SEATS, Kind.AMENDMENT)]
LIKELY = [
    *(WORLD.certify_device(who) for who in (FOUNDER, *PEOPLE)),
    *(WORLD.invite(FOUNDER, slot, uses=1) for slot in (0, 1)),
    *(WORLD.certificate(who, FOUNDER, who.number % 2) for who in PEOPLE),
]
"""What most sets need before anybody belongs at all."""
