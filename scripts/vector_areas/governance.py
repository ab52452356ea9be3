"""Vectors of chapter 11: stewards, removals by quorum, the charter in force, shares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

from vector_world import START_MS, Household, World

from protocol import wire
from protocol.charter import Charter, CreditRules, Reception, read_charter
from protocol.envelope import Envelope
from protocol.errors import RemoteError
from protocol.kinds import Kind
from protocol.membership.bodies import Removal
from protocol.membership.governance import (
    Amendment,
    Consent,
    Seat,
    Seats,
    Vouches,
    read_amendment,
    read_consent,
    read_seats,
    read_vouches,
)
from protocol.membership.members import Members
from protocol.membership.showing import proof_of
from vector_areas import Case
from vector_areas.evaluation import shown

CHARTER = Charter(
    name="Lindenstraße", rules="Be kind.", salt=bytes(range(16)), quorum=2, listing_slots=10,
    invite_budget=4,
)  # fmt: skip
WORLD = World(charter=CHARTER)
FOUNDER, ANA, BEN, EVA, KIM, MAX = (Household(number) for number in range(1, 7))
JOINED = [
    WORLD.certify_device(FOUNDER),
    *(
        record
        for slot, household in enumerate((ANA, BEN, EVA, KIM))
        for record in WORLD.joined(household, FOUNDER, slot=slot)
    ),
]
_READERS = {
    Kind.CHARTER: read_charter,
    Kind.SEATS: read_seats,
    Kind.AMENDMENT: read_amendment,
    Kind.CONSENT: read_consent,
    Kind.VOUCHES: read_vouches,
}


def cases() -> Iterator[Case]:
    """All vectors of the area."""
    yield from _bodies()
    yield from _seating()
    yield from _removing()
    yield from _charters()
    yield from _consenting()
    yield from _shares()
    yield from _proofs()


def seats(
    by: Household, *wanted: Household, against: Sequence[Household] = (), slot: int = 0,
    withdrawn: bool = False,
) -> Envelope:  # fmt: skip
    """Whom a household wants as stewards, and whom not."""
    said = (
        *(Seat(household.id, True) for household in wanted),
        *(Seat(household.id, False) for household in against),
    )
    body = Seats(said).pack()
    return WORLD.sign(by, Kind.SEATS, body, slot=slot, withdrawn=withdrawn)


def removal(
    by: Household, of: Household, standing: tuple[Household, ...] = (), slot: int = 0
) -> Envelope:
    """A household's word that another shall go."""
    return WORLD.removal(of, standing, slot, by)


def amendment(by: Household, charter: Charter, number: int = 2, slot: int = 0) -> Envelope:
    """A household's word that a version shall be in force."""
    body = Amendment(number, bytes(WORLD.community), charter).pack()
    return WORLD.sign(by, Kind.AMENDMENT, body, slot=slot)


def governed(members: Members) -> dict[str, object]:
    """Who decides and what is decided, as the vectors have it."""
    council = members.council
    return {
        "stewards": council.stewards,
        "voting": council.voters,
        "must_agree": council.needed,
        "charter": [council.charter.number, council.charter.digest],
        "proposed": [
            [version.number, version.digest, len(version.wanted_by)]
            for version in council.proposals
        ],
        "consenting": sorted(h for h in members.households if members.consents(h)),
        "vouched": sorted(
            [household, sorted(members.vouched(household))]
            for household in members.households
            if members.vouched(household)
        ),
    }


def _govern(
    name: str,
    rules: tuple[str, ...],
    comment: str,
    records: Sequence[Envelope],
    stewards: list[int],
    world: World = WORLD,
    joined: Sequence[Envelope] = JOINED,
) -> Case:
    """One set. stewards: by number, as the author means it."""
    everything = [*joined, *records]
    random = Random(name)
    orders = [list(range(len(everything)))]
    for _ in range(2):
        orders.append(random.sample(orders[0], len(everything)))
    outcomes = []
    for order in orders:
        members = world.found().extended([everything[index] for index in order])
        outcomes.append({**shown(members), **governed(members)})
    if any(outcome != outcomes[0] for outcome in outcomes):
        raise AssertionError(f"{name}: the order matters")
    numbers = {Household(number).id: number for number in range(1, 60)}
    found = [numbers[h] for h in world.found().extended(everything).council.stewards]
    if found != stewards:
        raise AssertionError(f"{name}: {found} instead of {stewards}")
    raws = [record.raw for record in everything]
    return Case(
        name, rules, comment, "govern",
        {"genesis": world.genesis.raw, "records": raws, "orders": orders}, outcomes[0],
    )  # fmt: skip


def _body(name: str, rules: str, comment: str, kind: Kind, body: bytes, valid: bool) -> Case:
    try:
        _READERS[kind](body)
        found = True
    except RemoteError:
        found = False
    if found is not valid:
        raise AssertionError(f"{name}: read as {'valid' if found else 'invalid'}")
    return Case(
        f"body-{name}", tuple(rules.split()), comment, "body", {"kind": int(kind), "body": body},
        {"valid": valid},
    )  # fmt: skip


def _bodies() -> Iterator[Case]:
    pair = (ANA.id, True)
    yield _body("seats", "GOV-1", "", Kind.SEATS, wire.pack((1, (pair,))), True)
    yield _body("seats-none", "GOV-1", "nobody named", Kind.SEATS, wire.pack((1, ())), True)
    most = tuple((Household(number).id, False) for number in range(1, 130))
    yield _body("seats-128", "GOV-1", "the most", Kind.SEATS, wire.pack((1, most[:128])), True)
    yield _body("seats-129", "GOV-1", "one too many", Kind.SEATS, wire.pack((1, most)), False)
    integer = wire.pack((1, ((ANA.id, 1),)))
    yield _body("seats-integer", "GOV-1", "1 is not true", Kind.SEATS, integer, False)
    second = Amendment(2, bytes(32), CHARTER)
    yield _body("amendment", "GOV-1", "", Kind.AMENDMENT, second.pack(), True)
    for number, valid in ((1, False), (1_000_000, True), (1_000_001, False)):
        body = wire.pack((1, number, bytes(32), CHARTER.pack()))
        comment = "2 … 1,000,000"
        yield _body(f"amendment-{number}", "GOV-1", comment, Kind.AMENDMENT, body, valid)
    nested = wire.pack((1, 2, bytes(32), wire.unpack(CHARTER.pack(), 8_192)))
    yield _body("amendment-nested", "GOV-1", "not a byte string", Kind.AMENDMENT, nested, False)
    unreadable = wire.pack((1, 2, bytes(32), b"\x90"))
    yield _body("amendment-no-charter", "GOV-1", "", Kind.AMENDMENT, unreadable, False)
    yield _body("consent", "GOV-1", "", Kind.CONSENT, Consent(bytes(32)).pack(), True)
    yield _body("consent-short", "GOV-1", "", Kind.CONSENT, wire.pack((1, bytes(31))), False)
    yield _body("vouches", "GOV-1", "", Kind.VOUCHES, Vouches((ANA.id, BEN.id)).pack(), True)
    yield Case(
        "digest", ("GOV-2",), "", "amendment_digest", {"body": second.pack()},
        {"digest": second.digest()},
    )  # fmt: skip
    governed_charter = replace(
        CHARTER, reception=Reception(True, 30, 3, ("gun", "tobacco")), credit=CreditRules("h", 10)
    )
    fields = wire.unpack(governed_charter.pack(), 8_192)
    assert isinstance(fields, tuple)
    for name, changed, valid in (
        ("full", fields, True),
        ("without-credit", (*fields[:14], None, fields[15]), True),
        ("lowest-version", (*fields[:15], (False, 0, 0, ())), False),
        ("two-with-nil", (2, *fields[1:14], None), False),
        ("three-short", fields[:15], False),
        ("subtree", (*fields[:15], (True, 100_001, 3, ())), False),
        ("worry-word-empty", (*fields[:15], (True, 30, 3, ("",))), False),
        ("version-4", (4, *fields[1:]), False),
    ):
        yield _body(f"charter-{name}", "LST-16 LST-17", "", Kind.CHARTER, wire.pack(changed), valid)


TWO = [seats(FOUNDER, ANA), seats(ANA, ANA)]
THREE = [seats(FOUNDER, ANA, BEN), seats(ANA, ANA, BEN), seats(BEN, BEN)]


def _seating() -> Iterator[Case]:
    yield _govern("founder-alone", ("GOV-4", "GOV-7"), "nobody else", [], [1])
    yield _govern("named", ("GOV-4",), "Ana has not said yes", [seats(FOUNDER, ANA)], [1])
    yield _govern("unnamed", ("GOV-4",), "yes is not enough", [seats(ANA, ANA)], [1])
    yield _govern("two", ("GOV-4",), "named, and says yes", TWO, [1, 2])
    one_voice = [seats(FOUNDER, ANA, BEN), seats(ANA, ANA), seats(BEN, BEN)]
    yield _govern("third-by-one", ("GOV-4",), "two must agree by now", one_voice, [1, 2])
    yield _govern("three", ("GOV-4",), "and two do", THREE, [1, 2, 3])
    silent = [seats(FOUNDER, ANA, BEN), seats(BEN, BEN)]
    yield _govern("silent-before", ("GOV-4",), "Ana, named first, is silent", silent, [1, 3])
    reverse = [seats(FOUNDER, BEN, ANA), seats(ANA, ANA, BEN), seats(BEN, BEN, ANA)]
    yield _govern("order-of-naming", ("GOV-4", "GOV-5"), "Ben is named first", reverse, [1, 3, 2])
    quarrel = [
        seats(FOUNDER, ANA, BEN), seats(ANA, ANA, against=[BEN]), seats(BEN, BEN, against=[ANA]),
    ]  # fmt: skip
    yield _govern("quarrel", ("GOV-5",), "the senior stays", quarrel, [1, 2])
    ended = [seats(FOUNDER, ANA, against=[BEN]), seats(ANA, ANA, against=[BEN]), THREE[2]]
    yield _govern("ended", ("GOV-4",), "by two who are senior", ended, [1, 2])
    half = [seats(FOUNDER, ANA, BEN), seats(ANA, ANA, BEN, against=[]), THREE[2],
            seats(ANA, against=[BEN], slot=1)]  # fmt: skip
    yield _govern("first-mention", ("GOV-3",), "Ana's second record says no", half, [1, 2, 3])
    gone = seats(ANA, ANA, withdrawn=True)
    yield _govern("withdrawn", ("GOV-3",), "withdrawn says nothing", [TWO[0], gone], [1])
    stolen = WORLD.sign(
        FOUNDER, Kind.SEATS, Seats((Seat(BEN.id, True),)).pack(), signer=FOUNDER.root
    )
    yield _govern("root-signed", ("GOV-3",), "not by a device", [stolen, THREE[2]], [1])
    orphan = [seats(FOUNDER, MAX), seats(MAX, MAX), WORLD.certificate(MAX, ANA),
              WORLD.certify_device(MAX)]  # fmt: skip
    yield _govern("nobody-stands-for", ("GOV-4", "MEM-12"), "named, so it belongs", orphan, [1, 6])
    stepped = [seats(FOUNDER, ANA, BEN, against=[FOUNDER]), *THREE[1:]]
    yield _govern("stepped-down", ("GOV-6",), "the seats stay", stepped, [1, 2, 3])
    alone = [seats(FOUNDER, against=[FOUNDER])]
    yield _govern("stepped-down-alone", ("GOV-6",), "nobody else is there", alone, [1])
    left = WORLD.certificate(ANA, FOUNDER, withdrawn=True, revision=1)
    yield _govern("left", ("GOV-4",), "who leaves has no seat", [*TWO, left], [1])
    appointing = [
        seats(FOUNDER, ANA, BEN), seats(ANA, ANA, BEN, EVA), seats(BEN, BEN, EVA), seats(EVA, EVA),
        WORLD.certificate(ANA, FOUNDER, withdrawn=True, revision=1),
        WORLD.certificate(BEN, FOUNDER, withdrawn=True, revision=1),
    ]  # fmt: skip
    yield _govern("left-and-appointing", ("GOV-4",), "their words end, too", appointing, [1])
    false_first = [seats(FOUNDER, BEN, ANA), seats(BEN, ANA, BEN), seats(ANA, ANA, BEN)]
    yield _govern("two-rank", ("GOV-4",), "Ben is named first", false_first, [1, 3, 2])
    refused = Seats((Seat(KIM.id, False), Seat(ANA.id, True), Seat(BEN.id, True)))
    ranked = [WORLD.sign(FOUNDER, Kind.SEATS, refused.pack()), seats(ANA, ANA, BEN),
              seats(BEN, BEN)]  # fmt: skip
    yield _govern("place-after-a-no", ("GOV-4",), "a no takes no place", ranked, [1, 2, 3])
    no_first = [seats(FOUNDER, BEN, ANA), seats(BEN, BEN, ANA, against=[EVA]),
                seats(ANA, ANA, EVA), seats(EVA, EVA)]  # fmt: skip
    yield _govern("no-gives-no-place", ("GOV-4",), "Ben's no does not seat", no_first, [1, 3, 2])
    stood_down = [seats(FOUNDER, ANA, against=[FOUNDER]), seats(ANA, ANA),
                  WORLD.certificate(ANA, FOUNDER, withdrawn=True, revision=1)]  # fmt: skip
    yield _govern("stepped-down-and-left", ("GOV-6",), "the founder after all", stood_down, [1])


def _removing() -> Iterator[Case]:
    yield _govern("remove-alone", ("MEM-10",), "the founder alone", [removal(FOUNDER, EVA)], [1])
    one = [*TWO, removal(FOUNDER, EVA)]
    yield _govern("remove-one-of-two", ("MEM-10", "GOV-7"), "one is missing", one, [1, 2])
    both = [*one, removal(ANA, EVA)]
    yield _govern("remove-two", ("MEM-10",), "both agree", both, [1, 2])
    no_steward = [*one, removal(BEN, EVA)]
    yield _govern("remove-no-steward", ("MEM-10",), "Ben is none", no_steward, [1, 2])
    senior = [*THREE, removal(BEN, ANA), removal(FOUNDER, ANA)]
    yield _govern(
        "remove-senior", ("GOV-5",), "without the founder no seat, and two say go", senior, [1, 3]
    )
    junior = [*THREE, removal(BEN, ANA), removal(EVA, ANA)]
    yield _govern("remove-by-junior", ("GOV-5",), "Ben's word is junior", junior, [1, 2, 3])
    of_steward = [*THREE, removal(FOUNDER, BEN), removal(ANA, BEN)]
    yield _govern("remove-steward", ("MEM-10", "GOV-4"), "seat and place", of_steward, [1, 2])
    back = WORLD.sign(ANA, Kind.REMOVAL, b"", revision=1, withdrawn=True)
    yield _govern("pardon", ("GOV-12",), "one withdraws", [*both, back], [1, 2])
    guests = [*WORLD.joined(MAX, EVA), *TWO, removal(FOUNDER, EVA), removal(ANA, EVA, (MAX,))]
    yield _govern("standing", ("MEM-10", "MEM-22"), "one of the two lists Max", guests, [1, 2])
    named = [*TWO[1:], seats(FOUNDER, ANA, BEN), removal(ANA, BEN), removal(EVA, BEN)]
    yield _govern("remove-named", ("GOV-4",), "named, without a seat", named, [1, 2])
    not_removed = [*WORLD.joined(MAX, EVA), *TWO, removal(FOUNDER, EVA, (MAX,)), removal(FOUNDER,
                   BEN, slot=1), removal(ANA, BEN, slot=1)]  # fmt: skip
    yield _govern("standing-not-removed", ("MEM-10",), "the list is of no effect", not_removed,
                  [1, 2])  # fmt: skip
    out = [
        seats(FOUNDER, ANA, against=[BEN]),
        seats(ANA, ANA, against=[BEN]),
        seats(BEN, BEN, EVA),
        seats(EVA, EVA, BEN),
        removal(BEN, KIM),
        removal(EVA, KIM),
    ]
    yield _govern("former-stewards", ("GOV-4",), "their keys are worth nothing", out, [1, 2])


def _charters() -> Iterator[Case]:
    second, third = replace(CHARTER, rules="Be kinder."), replace(CHARTER, rules="Be kindest.")
    one = [*TWO, amendment(FOUNDER, second)]
    yield _govern("charter-proposed", ("GOV-9",), "one is missing", one, [1, 2])
    both = [*one, amendment(ANA, second)]
    yield _govern("charter-in-force", ("GOV-9",), "", both, [1, 2])
    higher = [*both, amendment(ANA, third, 3, 1)]
    yield _govern("charter-next", ("GOV-9",), "number 3 is proposed", higher, [1, 2])
    rivals = [*THREE, amendment(FOUNDER, second), amendment(ANA, second),
              amendment(ANA, third, slot=1), amendment(BEN, third)]  # fmt: skip
    yield _govern("charter-rivals", ("GOV-9",), "two by two: seniority", rivals, [1, 2, 3])
    majority = [*rivals, amendment(FOUNDER, third, slot=1)]
    yield _govern("charter-majority", ("GOV-9",), "three by two", majority, [1, 2, 3])
    for name, other in (
        ("quorum", replace(CHARTER, quorum=1)),
        ("invite-budget", replace(CHARTER, invite_budget=5)),
        ("subtree", replace(CHARTER, reception=Reception(subtree=9))),
        ("salt", replace(CHARTER, salt=bytes(16))),
    ):
        changed = [*TWO, amendment(FOUNDER, other), amendment(ANA, other)]
        yield _govern(f"charter-{name}", ("GOV-2",), "fixed at the founding", changed, [1, 2])
    fewer = [*THREE, amendment(FOUNDER, second), amendment(ANA, second), amendment(BEN, second),
             amendment(ANA, third, 3, 1), amendment(BEN, third, 3, 1)]  # fmt: skip
    yield _govern("charter-higher-number", ("GOV-9",), "two are enough", fewer, [1, 2, 3])
    stepped = [seats(FOUNDER, ANA, BEN, against=[FOUNDER]), *THREE[1:],
               amendment(FOUNDER, second), amendment(ANA, second)]  # fmt: skip
    yield _govern("charter-stepped-down", ("GOV-6", "GOV-9"), "one of two", stepped, [1, 2, 3])
    twice = [amendment(FOUNDER, second), amendment(FOUNDER, second, slot=1), *TWO]
    yield _govern("charter-twice", ("GOV-9",), "one household is one", twice, [1, 2])


def _consenting() -> Iterator[Case]:
    second = Amendment(2, bytes(WORLD.community), replace(CHARTER, rules="Be kinder."))
    signed = [WORLD.sign(by, Kind.AMENDMENT, second.pack()) for by in (FOUNDER, ANA)]
    said = WORLD.sign(EVA, Kind.CONSENT, Consent(second.digest()).pack())
    other = WORLD.sign(KIM, Kind.CONSENT, Consent(bytes(32)).pack())
    records = [*TWO, *signed, said, other]
    yield _govern("consent", ("GOV-10",), "Eva, and who signed", records, [1, 2])
    vouches = [
        WORLD.sign(EVA, Kind.VOUCHES, Vouches((KIM.id, EVA.id, MAX.id)).pack()),
        WORLD.sign(BEN, Kind.VOUCHES, Vouches((KIM.id,)).pack()),
    ]
    yield _govern("vouches", ("GOV-15",), "not for oneself", vouches, [1])


def _shares() -> Iterator[Case]:
    world = World(charter=replace(CHARTER, invite_budget=3, reception=Reception(subtree=6)))
    records = [world.certify_device(FOUNDER), *world.joined(ANA, FOUNDER)]
    for slot in range(4):
        records += world.joined(Household(10 + slot), ANA, slot=slot)
        for below in range(2):
            guest = Household(20 + 10 * slot + below)
            records += world.joined(guest, Household(10 + slot), slot=below)
    yield _govern(
        "shares", ("MEM-34",), "six below Ana: three, and one each", records, [1], world, ()
    )
    body = Seats((Seat(ANA.id, True),)).pack()
    lifted = [world.sign(by, Kind.SEATS, body) for by in (FOUNDER, ANA)]
    yield _govern(
        "shares-of-a-steward", ("MEM-34",), "her slots, and six below each", [*records, *lifted],
        [1, 2], world, (),
    )  # fmt: skip
    yield from _kidnapping()
    yield from _valued()
    backdated = World(charter=replace(CHARTER, invite_budget=1))
    pair = [backdated.certify_device(FOUNDER), *backdated.joined(ANA, FOUNDER),
            *backdated.joined(BEN, ANA), *backdated.joined(EVA, ANA, slot=1)]  # fmt: skip
    early = backdated.sign(ANA, Kind.REMOVAL, Removal(BEN.id, "x").pack(), slot=1, at_ms=START_MS)
    yield _govern(
        "budget-of-one", ("MEM-34",), "a second slot brings nobody", [*pair, early], [1],
        backdated, (),
    )  # fmt: skip


def _valued() -> Iterator[Case]:
    """What somebody gave does not lose its value by a new charter."""
    hours = CreditRules("h", 10)
    world = World(charter=replace(CHARTER, credit=hours))
    joined = [world.certify_device(FOUNDER)]
    for name, credit in (
        ("higher", CreditRules("h", 20)), ("lower", CreditRules("h", 9)),
        ("other-unit", CreditRules("points", 10)), ("none", None),
    ):  # fmt: skip
        body = Amendment(2, bytes(32), replace(world.charter, credit=credit)).pack()
        records = [*joined, world.sign(FOUNDER, Kind.AMENDMENT, body)]
        comment = "the limit may only rise"
        yield _govern(f"credit-{name}", ("GOV-2",), comment, records, [1], world, ())


def _kidnapping() -> Iterator[Case]:
    """Somebody stands for another's guest: neither its inviter nor its share changes."""
    world = World(charter=replace(CHARTER, invite_budget=3, reception=Reception(subtree=30)))
    low, high = sorted((ANA, BEN), key=lambda household: household.id)
    records = [world.certify_device(FOUNDER), *world.joined(low, FOUNDER),
               *world.joined(high, FOUNDER, slot=1), *world.joined(EVA, high)]  # fmt: skip
    for slot in range(2):
        records += world.joined(Household(10 + slot), EVA, slot=slot)
    for slot in range(3):
        filled = Household(20 + slot)
        records += world.joined(filled, low, slot=slot)
    records.append(world.confirmation(low, EVA, slot=2, revision=1))
    yield _govern(
        "kidnapping", ("MEM-12", "MEM-34"), "her own inviter comes first", records, [1], world, ()
    )


def _proofs() -> Iterator[Case]:
    """What shows, to who knows the founding charter only, that a household belongs by a seat."""
    by_steward = [*THREE, *WORLD.joined(MAX, BEN, slot=200)]
    named = [seats(FOUNDER, MAX), WORLD.certificate(MAX, ANA), WORLD.certify_device(MAX)]
    kept = [*TWO, *WORLD.joined(MAX, EVA), removal(FOUNDER, EVA, (MAX,)), removal(ANA, EVA)]
    for name, comment, records in (
        ("by-a-steward", "beyond what others may confirm", by_steward),
        ("named", "nobody else stands for it", named),
        ("kept", "by the removal of its inviter", kept),
    ):
        members = WORLD.found().extended([*JOINED, *records])
        proof = proof_of(MAX.id, members)
        if not WORLD.found().extended(proof).is_host_of(MAX.host(), MAX.id):
            raise AssertionError(name)
        words = [r for r in proof if (r.kind, r.household) == (Kind.SEATS, FOUNDER.id)]
        for removed in ([], words):
            given = [record for record in proof if record not in removed]
            belongs = WORLD.found().extended(given).is_host_of(MAX.host(), MAX.id)
            yield Case(
                f"proof-{name}{'-without-a-seat' if removed else ''}", ("MEM-24",), comment,
                "prove",
                {
                    "genesis": WORLD.genesis.raw, "records": [r.raw for r in given],
                    "household": MAX.id, "host": MAX.host(),
                },
                {"belongs": belongs},
            )  # fmt: skip
            if not removed and name == "named":
                break
