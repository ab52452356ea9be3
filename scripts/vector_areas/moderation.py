"""Vectors of chapter 12: what people say about listings and households, and what it does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from vector_world import DAY_MS, START_MS, Household, thing_key

from protocol import wire
from protocol.envelope import Envelope, supersedes
from protocol.errors import RemoteError
from protocol.ids import HouseholdId, ThingKey
from protocol.kinds import Kind, is_membership
from protocol.listing import Listing, ListingKind, Variant, read_listing
from protocol.membership.members import Members
from protocol.moderation.applied import applied, is_fine, labels_in, words_on
from protocol.moderation.labels import (
    Appeal,
    Appeals,
    Blocked,
    BlockList,
    Label,
    Labels,
    Subject,
    Verdict,
    read_appeals,
    read_block_list,
    read_labels,
    text_digest,
)
from protocol.moderation.report import Ground, Report, read_report
from protocol.place import Place
from vector_areas import Case
from vector_areas.governance import ANA, BEN, EVA, FOUNDER, JOINED, KIM, MAX, THREE, WORLD, seats

_READERS = {
    Kind.LABELS: read_labels,
    Kind.BLOCK_LIST: read_block_list,
    Kind.APPEALS: read_appeals,
}
COT = thing_key(7)
DRILL = thing_key(8)
CHAIR_LISTING = Listing(
    kind=ListingKind.GIVE, title="Chair", visible_until_ms=START_MS + 30 * DAY_MS
)
CHAIR = text_digest(CHAIR_LISTING)
TABLE = text_digest(replace(CHAIR_LISTING, title="Table"))


def cases() -> Iterator[Case]:
    """All vectors of the area."""
    yield from _bodies()
    yield from _texts()
    yield from _reports()
    yield from _applied()
    yield from _of_listings()


def _body(name: str, comment: str, kind: Kind, fields: wire.Value, valid: bool) -> Case:
    body = wire.pack(fields)
    try:
        _READERS[kind](body)
        found = True
    except RemoteError:
        found = False
    if found is not valid:
        raise AssertionError(f"{name}: read as {'valid' if found else 'invalid'}")
    return Case(
        f"body-{name}", ("MOD-1",), comment, "body", {"kind": int(kind), "body": body},
        {"valid": valid},
    )  # fmt: skip


def _bodies() -> Iterator[Case]:
    one = (KIM.id, COT, 3, "Stolen.", None)
    for name, comment, labels, valid in (
        ("one", "", (one,), True),
        ("none", "nothing said", (), True),
        ("household", "of all it publishes", ((KIM.id, None, 2, "Late.", None),), True),
        ("fine", "", ((KIM.id, COT, 1, "Looked at.", None),), True),
        ("twice", "the same subject twice", (one, one), True),
        ("32", "the most", (one,) * 32, True),
        ("33", "one too many", (one,) * 33, False),
        ("verdict-0", "verdicts are 1 … 3", ((KIM.id, COT, 0, "x", None),), False),
        ("verdict-4", "verdicts are 1 … 3", ((KIM.id, COT, 4, "x", None),), False),
        ("verdict-true", "true is not 1", ((KIM.id, COT, True, "x", None),), False),
        ("no-reason", "nobody is labelled without a reason", ((KIM.id, COT, 3, "", None),), False),
        ("reason-200", "the longest", ((KIM.id, COT, 3, "x" * 200, None),), True),
        ("reason-201", "one too long", ((KIM.id, COT, 3, "x" * 201, None),), False),
        ("reason-lines", "on one line", ((KIM.id, COT, 3, "a\nb", None),), False),
        ("reason-direction", "a change of direction", ((KIM.id, COT, 3, "a\u202eb", None),), False),
        ("short-listing", "15 bytes", ((KIM.id, COT[:15], 3, "x", None),), False),
        ("text-listing", "not bytes", ((KIM.id, "cot", 3, "x", None),), False),
        ("short-household", "31 bytes", ((KIM.id[:31], None, 3, "x", None),), False),
        ("label-arity", "a label of four fields", ((KIM.id, COT, 3, "x"),), False),
        ("text", "what was looked at", ((KIM.id, COT, 1, "x", CHAIR),), True),
        ("text-15", "15 bytes", ((KIM.id, COT, 1, "x", CHAIR[:15]),), False),
        ("text-words", "not bytes", ((KIM.id, COT, 1, "x", "chair"),), False),
        ("text-hide", "only what is fine has a text", ((KIM.id, COT, 3, "x", CHAIR),), False),
        ("text-household", "a household has none", ((KIM.id, None, 1, "x", CHAIR),), False),
    ):  # fmt: skip
        yield _body(f"labels-{name}", comment, Kind.LABELS, (2, labels), valid)
    yield _body("labels-version-3", "unreadable", Kind.LABELS, (3, (one,)), False)
    yield _body("labels-arity", "three fields", Kind.LABELS, (2, (one,), 0), False)
    yield _body("labels-version-1", "without texts", Kind.LABELS, (1, (one[:4],)), True)
    yield _body("labels-version-1-text", "it has none", Kind.LABELS, (1, (one,)), False)
    long = (KIM.id, COT, 3, "x" * 200, None)
    yield _body("labels-31-long", "7,970 bytes", Kind.LABELS, (2, (long,) * 31), True)
    yield _body("labels-32-long", "8,227 bytes: no record", Kind.LABELS, (2, (long,) * 32), False)
    blocked = (KIM.id, "Does not come.")
    for name, comment, listed, valid in (
        ("one", "", (blocked,), True),
        ("no-reason", "a reason may be left out", ((KIM.id, ""),), True),
        ("64", "the most", (blocked,) * 64, True),
        ("65", "one too many", (blocked,) * 65, False),
        ("reason-201", "one too long", ((KIM.id, "x" * 201),), False),
        ("nobody", "", ((None, ""),), False),
    ):
        yield _body(f"block-list-{name}", comment, Kind.BLOCK_LIST, (1, listed), valid)
    appeal = (KIM.id, COT, "It is mine.\nHere is the bill.")
    for name, comment, appeals, valid in (
        ("one", "with lines", (appeal,), True),
        ("household", "", ((KIM.id, None, "We came."),), True),
        ("8", "the most", (appeal,) * 8, True),
        ("9", "one too many", (appeal,) * 9, False),
        ("empty", "an appeal says why", ((KIM.id, COT, ""),), False),
        ("text-800", "the longest", ((KIM.id, COT, "x" * 800),), True),
        ("text-801", "one too long", ((KIM.id, COT, "x" * 801),), False),
    ):
        yield _body(f"appeals-{name}", comment, Kind.APPEALS, (1, appeals), valid)


def _texts() -> Iterator[Case]:
    whole = replace(
        CHAIR_LISTING, title="Stühle", description="Zwei.\nAus Holz.", tags=("holz", "alt"),
        swap_for="Bank", variants=(Variant("Farbe", ("rot", "blau")),),
        place=Place("Hof", 512_000, 119_000),
    )  # fmt: skip
    for name, comment, one in (
        ("title", "a title only", CHAIR_LISTING),
        ("whole", "all that its author puts in words", whole),
        ("tags", "their order counts", replace(whole, tags=("alt", "holz"))),
        (
            "moved",
            "the same letters elsewhere",
            replace(whole, title="Stü", description="hleZwei.\nAus Holz."),
        ),
        (
            "elsewhere",
            "where it is on the map is no text",
            replace(whole, place=Place("Hof", 520_000, 110_000)),
        ),
        ("swap", "what it is swapped for is", replace(whole, swap_for="Sofa")),
        (
            "choice",
            "and what there is to choose",
            replace(whole, variants=(Variant("Farbe", ("rot", "grün")),)),
        ),
    ):
        yield Case(
            f"text-digest-{name}", ("MOD-10",), comment, "text_digest", {"body": one.pack()},
            {"digest": text_digest(one)},
        )  # fmt: skip


def _reports() -> Iterator[Case]:
    usual = Report(Subject(KIM.id, COT), Ground.FORBIDDEN, "")
    other = Report(Subject(KIM.id, None), Ground.OTHER, "Shouts at night.\nEvery night.")
    long_version = b"\x95\xcc\x01" + wire.pack(KIM.id) + b"\xc0\x02\xa0"
    for name, comment, content in (
        ("listing", "no words needed", usual.pack()),
        ("household", "ground 5 with words", other.pack()),
        ("other-empty", "ground 5 needs words", wire.pack((1, KIM.id, None, 5, ""))),
        ("ground-6", "grounds are 1 … 5", wire.pack((1, KIM.id, None, 6, "x"))),
        ("ground-0", "grounds are 1 … 5", wire.pack((1, KIM.id, None, 0, "x"))),
        ("text-801", "one too long", wire.pack((1, KIM.id, None, 2, "x" * 801))),
        ("version-2", "", wire.pack((2, KIM.id, None, 2, "x"))),
        ("arity", "four fields", wire.pack((1, KIM.id, None, 2))),
        ("not-canonical", "an integer of two bytes", long_version),
    ):  # fmt: skip
        expect: dict[str, object]
        try:
            report = read_report(content)
            expect = {
                "household": report.subject.household,
                "listing": report.subject.listing,
                "ground": int(report.ground),
                "text": report.text,
            }
        except RemoteError as error:
            expect = {"error": error.code}
        yield Case(f"report-{name}", ("MOD-7",), comment, "report", {"content": content}, expect)


def label(
    by: Household, *said: tuple[Household, ThingKey | None, Verdict], slot: int = 0,
    withdrawn: bool = False, revision: int = 0, body: bytes | None = None,
    text: bytes | None = None,
) -> Envelope:  # fmt: skip
    """One record of labels; each reason names who gives it, and the slot."""
    labels = tuple(
        Label(Subject(of.id, listing), verdict, f"By {by.number}, slot {slot}.", text)
        for of, listing, verdict in said
    )
    packed = Labels(labels).pack() if body is None else body
    return WORLD.sign(
        by, Kind.LABELS, packed, slot=slot, withdrawn=withdrawn, revision=revision,
        at_ms=START_MS + DAY_MS + revision, generation_ms=START_MS + DAY_MS,
    )  # fmt: skip


def standing(
    members: Members, records: Sequence[Envelope], kind: Kind = Kind.LABELS
) -> dict[HouseholdId, list[Envelope]]:
    """Return the records of one kind of content that stand, by household."""
    held: dict[tuple[HouseholdId, int], Envelope] = {}
    for record in records:
        if (
            record.kind == kind
            and record.slot < members.slots(record.household, record.kind)
            and members.signs_for(record.device, record.household)
        ):
            place = (record.household, record.slot)
            if place not in held or supersedes(record, held[place]):
                held[place] = record
    found: defaultdict[HouseholdId, list[Envelope]] = defaultdict(list)
    for record in held.values():
        found[record.household].append(record)
    return found


def _case(
    name: str,
    rule: str,
    comment: str,
    records: Sequence[Envelope],
    verdict: Verdict | None,
    viewer: Household = EVA,
    follows: Sequence[Household] = (),
    ignores: Sequence[Household] = (),
    about: Household = KIM,
    listing: ThingKey | None = COT,
    fine: bool = False,
) -> Case:
    everything = [*JOINED, *THREE, *records]
    members = WORLD.found().extended(r for r in everything if is_membership(r.kind))
    said = {by: labels_in(held) for by, held in standing(members, everything).items()}
    voting = members.council.voters
    followed = {*voting, *(h.id for h in follows)} - {h.id for h in ignores} | {viewer.id}
    words = words_on({by: said[by] for by in said if by in followed}, about.id, listing)
    outcome = None if viewer == about else applied(words)
    found_fine = listing is not None and is_fine(said, voting, about.id, listing, CHAIR)
    if outcome is not verdict or found_fine is not fine:
        raise AssertionError(f"{name}: {outcome}, {found_fine}")
    return Case(
        f"applied-{name}", (rule,), comment, "applied",
        {
            "genesis": WORLD.genesis.raw,
            "records": [record.raw for record in everything],
            "viewer": viewer.id,
            "follows": [household.id for household in follows],
            "ignores": [household.id for household in ignores],
            "household": about.id,
            "listing": listing,
            "text": CHAIR,
        },
        {
            "verdict": None if outcome is None else int(outcome),
            "said": [[word.by, int(word.verdict), word.reason] for word in words],
            "fine": found_fine,
        },
    )  # fmt: skip


def _of_listings() -> Iterator[Case]:
    """What a key means: whatever stands under it."""
    hide, warn, fine = Verdict.HIDE, Verdict.WARN, Verdict.FINE

    def listed(
        slot: int, title: str, key: ThingKey, later: int = 0, by: Household = KIM
    ) -> Envelope:
        return WORLD.listing(by, title, slot=slot, key=key, at_ms=START_MS + DAY_MS + later)

    two = [listed(0, "Cot", COT), listed(1, "Chair", COT), listed(2, "Drill", DRILL)]
    anew = [listed(0, "Cot", COT), listed(0, "Chair", DRILL, later=DAY_MS)]
    for name, comment, records, expected in (
        (
            "one-key-twice",
            "two listings with one key: both",
            [*two, label(ANA, (KIM, COT, hide))],
            [[0, 3, False], [1, 3, False], [2, None, False]],
        ),
        (
            "one-key-one-text",
            "what was looked at is a text: the other one still waits",
            [*two, label(ANA, (KIM, COT, fine), text=CHAIR)],
            [[0, None, False], [1, None, True], [2, None, False]],
        ),
        (
            "slot-used-anew",
            "a slot is no subject: with another key it is another listing",
            [*anew, label(ANA, (KIM, COT, hide))],
            [[0, None, False]],
        ),
        (
            "key-used-anew",
            "against RCD-13 the same key for another thing: what was said stays said",
            [
                listed(0, "Cot", COT),
                listed(0, "Chair", COT, later=DAY_MS),
                label(ANA, (KIM, COT, hide)),
            ],
            [[0, 3, False]],
        ),
        (
            "key-of-another",
            "nor is a key without its household",
            [listed(0, "Cot", COT), listed(0, "Cot", COT, by=EVA), label(ANA, (EVA, COT, warn))],
            [[0, None, False]],
        ),
    ):
        yield _listings_case(name, comment, records, expected)


def _listings_case(
    name: str, comment: str, records: Sequence[Envelope], expected: Sequence[object]
) -> Case:
    everything = [*JOINED, *THREE, *records]
    members = WORLD.found().extended(r for r in everything if is_membership(r.kind))
    said = {by: labels_in(held) for by, held in standing(members, everything).items()}
    voting = members.council.voters
    followed = {by: said[by] for by in said if by in voting}
    found: list[list[object]] = []
    held = standing(members, everything, Kind.LISTING)[KIM.id]
    for record in sorted(held, key=lambda record: record.slot):
        listing = read_listing(record.body)
        text = text_digest(listing)
        verdict = applied(words_on(followed, KIM.id, record.key))
        fine = is_fine(said, voting, KIM.id, record.key, text)
        found.append([record.slot, None if verdict is None else int(verdict), fine])
    if found != expected:
        raise AssertionError(f"{name}: {found}")
    given = {
        "genesis": WORLD.genesis.raw,
        "records": [record.raw for record in everything],
        "viewer": BEN.id,
        "household": KIM.id,
    }
    rules = ("MOD-4", "MOD-5")
    return Case(f"applied-to-{name}", rules, comment, "applied_to", given, {"listings": found})


def _applied() -> Iterator[Case]:
    hide, warn, fine = Verdict.HIDE, Verdict.WARN, Verdict.FINE
    hidden = label(FOUNDER, (KIM, COT, hide))
    yield _case("nothing", "MOD-4", "nobody says anything", [], None)
    yield _case("steward", "MOD-3", "stewards are followed by themselves", [hidden], hide)
    yield _case("ignored", "MOD-3", "unless one chooses not to", [hidden], None, ignores=[FOUNDER])
    other = label(EVA, (KIM, COT, hide))
    yield _case("member", "MOD-3", "no steward", [other], None, viewer=MAX)
    yield _case("chosen", "MOD-3", "unless one chooses to", [other], hide, BEN, follows=[EVA])
    yield _case("own-word", "MOD-3", "one follows oneself", [other], hide)
    both = [label(FOUNDER, (KIM, COT, hide)), label(ANA, (KIM, COT, warn))]
    yield _case("strongest", "MOD-4", "hide over warn", both, hide)
    against = [label(FOUNDER, (KIM, COT, warn)), label(ANA, (KIM, COT, fine))]
    yield _case("fine-and-warn", "MOD-4", "fine takes nothing back", against, warn, fine=True)
    whole = label(ANA, (KIM, None, hide))
    yield _case("whole-household", "MOD-4", "all it publishes", [whole], hide)
    fine_but = [label(ANA, (KIM, COT, fine), (KIM, None, hide))]
    yield _case("both-subjects", "MOD-4", "the household is hidden", fine_but, hide, fine=True)
    yield _case("other-listing", "MOD-4", "of another listing", [hidden], None, listing=DRILL)
    yield _case("household-only", "MOD-4", "the listing alone", [hidden], None, listing=None)
    yield _case("own-listing", "MOD-4", "the author sees its own", [hidden], None, viewer=KIM)
    vain = label(ANA, (ANA, COT, hide))
    yield _case("of-itself", "MOD-4", "nobody labels itself", [vain], None, about=ANA)
    twice = label(ANA, (KIM, COT, warn), (KIM, COT, hide))
    yield _case("first-mention", "MOD-1", "the first counts", [twice], warn)
    slots = [label(ANA, (KIM, COT, hide), slot=1), label(ANA, (KIM, COT, warn))]
    yield _case("lower-slot", "MOD-1", "slot 0 before slot 1", slots, warn)
    gone = label(ANA, (KIM, COT, hide), withdrawn=True, revision=1)
    yield _case("withdrawn", "MOD-1", "says nothing", [label(ANA, (KIM, COT, hide)), gone], None)
    later = label(ANA, body=wire.pack((3, ())))
    yield _case("unreadable", "MOD-1", "of a later version", [later, slots[0]], hide)
    yield _case("last-slot", "MOD-1", "slot 31", [label(ANA, (KIM, COT, hide), slot=31)], hide)
    beyond = [label(ANA, (KIM, COT, hide), slot=32)]
    yield _case("slot-beyond", "MOD-1", "the 33rd: it cannot stand", beyond, None)
    newcomer = [
        WORLD.invite(FOUNDER),
        WORLD.certificate(MAX, FOUNDER),
        WORLD.certify_device(MAX),
        label(MAX, (KIM, COT, hide)),
    ]
    yield _case(
        "provisional", "MOD-1", "nobody stands for him: no slots", newcomer, None, follows=[MAX]
    )
    ended = [seats(FOUNDER, ANA, against=[BEN]), seats(ANA, ANA, against=[BEN])]
    former = [*ended, label(BEN, (KIM, COT, hide))]
    yield _case("former-steward", "MOD-3", "has no say", former, None)
    looked = label(ANA, (KIM, COT, fine))
    yield _case("fine", "MOD-5", "looked at", [looked], None, fine=True)
    yield _case(
        "fine-ignored", "MOD-5", "whoever follows Ana", [looked], None, ignores=[ANA], fine=True
    )
    yield _case("fine-by-member", "MOD-5", "no steward", [label(EVA, (KIM, COT, fine))], None)
    seen = label(ANA, (KIM, COT, fine), text=CHAIR)
    yield _case("fine-text", "MOD-5", "the text looked at", [seen], None, fine=True)
    edited = label(ANA, (KIM, COT, fine), text=TABLE)
    yield _case("fine-other-text", "MOD-5", "it says something else now", [edited], None)
    two = [edited, label(FOUNDER, (KIM, COT, fine), text=CHAIR)]
    yield _case("fine-two-texts", "MOD-5", "each steward its own", two, None, fine=True)
    first = label(ANA, body=wire.pack((1, ((KIM.id, COT, 1, "Looked at."),))))
    yield _case("fine-version-1", "MOD-10", "whatever it says", [first], None, fine=True)
    alone = [seats(FOUNDER, against=[ANA, BEN]), label(FOUNDER, (FOUNDER, COT, fine), text=CHAIR)]
    yield _case(
        "fine-alone", "MOD-5", "who votes alone may look at its own", alone, None,
        about=FOUNDER, fine=True,
    )  # fmt: skip
    self_praise = label(ANA, (ANA, COT, fine))
    yield _case("fine-by-itself", "MOD-5", "others look", [self_praise], None, about=ANA)
    left = [
        WORLD.certificate(ANA, FOUNDER, withdrawn=True, revision=1),
        label(ANA, (KIM, COT, hide)),
    ]
    yield _case("left", "MOD-3", "whoever left has no content", left, None, follows=[ANA])
    lists = BlockList((Blocked(KIM.id, ""),))
    appeals = Appeals((Appeal(Subject(KIM.id, COT), "It is mine."),))
    elsewhere = [
        WORLD.sign(ANA, Kind.BLOCK_LIST, lists.pack()),
        WORLD.sign(KIM, Kind.APPEALS, appeals.pack()),
    ]  # fmt: skip
    yield _case("other-kinds", "MOD-4", "block lists and appeals do nothing", elsewhere, None)
