"""Vectors of chapter 03: charter, profile, listing, mark, addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from vector_world import DAY_MS, HOUR_MS, START_MS, Household, thing_key

from protocol.addresses import read_addresses
from protocol.charter import read_charter
from protocol.envelope import Envelope, read_genesis
from protocol.errors import RemoteError
from protocol.kinds import Kind
from protocol.listing import bounded, read_listing
from protocol.mark import Mark, State, read_mark
from protocol.place import distance_m
from protocol.profile import read_profile
from protocol.wire import Value, pack
from vector_areas import Case
from vector_areas.records import NOW_MS, WORLD

READERS: dict[Kind, Callable[[bytes], object]] = {
    Kind.CHARTER: read_charter,
    Kind.PROFILE: read_profile,
    Kind.LISTING: read_listing,
    Kind.MARK: read_mark,
    Kind.ADDRESSES: read_addresses,
}

PLACE = ("Altstadt", 512_012, 119_034)
CHARTER: tuple[Value, ...] = (
    1, "Lindenstraße", "Be kind.\nNo shops.", bytes(range(16)), ("de", "en"), "EUR",
    ("tools", "baby-kids"), ("Which house?",), 500, 90, 6, 10, 1, (PLACE,),
)  # fmt: skip
PROFILE: tuple[Value, ...] = (1, "Ana", "Ring twice.\nWe have a dog.", ("de",), PLACE)
LISTING: tuple[Value, ...] = (
    1, 1, "Cot", "Beech, with mattress.\n70 × 140 cm.", "baby-kids", ("cot", "bed"), "de",
    4_500, "EUR", True, 1, 3, (("size", ("70", "80")),), None, None, None, None, PLACE,
    ((bytes(32), 80_000),), START_MS + 30 * DAY_MS, "A-17",
)  # fmt: skip
LEND: dict[int, Value] = {1: 4, 14: (14, 2_000), 15: "EUR"}
EVENT: dict[int, Value] = {1: 8, 16: (START_MS + DAY_MS, START_MS + DAY_MS + HOUR_MS)}
MARK: tuple[Value, ...] = (1, bytes(16), 1)
ADDRESSES: tuple[Value, ...] = (1, bytes(range(32)), ("/ip4/192.168.1.7/tcp/4001",))

Changed = tuple[str, dict[int, Value], bool]
"""Why the case is there, the fields that differ (by position), whether it is valid."""


def cases() -> Iterator[Case]:
    """All vectors of the area."""
    yield body_case("example", ("LST-8", "WIR-7"), "the example of chapter 03", Kind.LISTING, (
        1, 2, "Cot", "", "other", (), "de", None, None, False, 1, None, (), None, None, None,
        None, None, (), START_MS + HOUR_MS + 30 * DAY_MS, None,
    ), True)  # fmt: skip
    yield from _variations("charter", "LST-4", Kind.CHARTER, CHARTER, _CHARTERS)
    yield from _variations("profile", "LST-7", Kind.PROFILE, PROFILE, _PROFILES)
    yield from _variations("place", "LST-1", Kind.PROFILE, PROFILE, _PLACES)
    yield from _variations("listing", "LST-8", Kind.LISTING, LISTING, _LISTINGS)
    yield from _variations("mark", "LST-12", Kind.MARK, MARK, _MARKS)
    yield from _variations("addresses", "LST-14", Kind.ADDRESSES, ADDRESSES, _ADDRESSES)
    yield from _geneses()
    yield from _shown()
    yield from _distances()


def body_case(
    name: str,
    rules: tuple[str, ...],
    comment: str,
    kind: Kind,
    fields: tuple[Value, ...],
    valid: bool,
) -> Case:
    """One body. valid: what the specification says of it."""
    body = pack(fields)
    try:
        READERS[kind](body)
        found = True
    except RemoteError:
        found = False
    if found is not valid:
        raise AssertionError(f"{name}: read as {'valid' if found else 'invalid'}")
    return Case(name, rules, comment, "body", {"kind": int(kind), "body": body}, {"valid": valid})


def _variations(
    area: str, rule: str, kind: Kind, fields: tuple[Value, ...], cases: dict[str, Changed]
) -> Iterator[Case]:
    yield body_case(f"{area}-full", (rule, "WIR-7"), "every field in use", kind, fields, True)
    for name, (comment, changed, valid) in cases.items():
        values = tuple(changed.get(index, value) for index, value in enumerate(fields))
        bounded_by = "RCD-2" if name.endswith(("-bytes", "-wide")) else "WIR-7"
        yield body_case(f"{area}-{name}", (rule, bounded_by), comment, kind, values, valid)
    yield body_case(
        f"{area}-field-missing", ("WIR-7",), "the last field left out", kind, fields[:-1], False
    )
    yield body_case(
        f"{area}-field-more", ("WIR-7",), "a field too many", kind, (*fields, None), False
    )
    later = (2, *fields[1:])
    yield body_case(f"{area}-version-2", (rule, "RCD-10"), "of a later time", kind, later, False)


_CHARTERS: dict[str, Changed] = {
    "name-empty": ("a community has a name", {1: ""}, False),
    "name-with-line-feed": ("a name is one line", {1: "a\nb"}, False),
    "rules-empty": ("rules may be none", {2: ""}, True),
    "rules-longest": ("800 code points", {2: "ß" * 800}, True),
    "rules-too-long": ("801", {2: "ß" * 801}, False),
    "salt-short": ("15 bytes", {3: bytes(15)}, False),
    "languages-none": ("at least one", {4: ()}, False),
    "languages-nine": ("at most eight", {4: ("de",) * 9}, False),
    "language-escape": ("no language, and hostile", {4: ("\x1b[2J",)}, False),
    "currency-not-ascii": ("capitals, but not A to Z", {5: "ÄÖÜ"}, False),
    "categories-none": ("at least one", {6: ()}, False),
    "category-capital": ("lower case only", {6: ("Tools",)}, False),
    "category-two-hyphens": ("single hyphens", {6: ("a--b",)}, False),
    "category-longest": ("24 characters", {6: ("a" * 24,)}, True),
    "category-too-long": ("25", {6: ("a" * 25,)}, False),
    "questions-six": ("at most five", {7: ("a",) * 6}, False),
    "slots-0": ("at least one listing", {8: 0}, False),
    "slots-most": ("a shop with a large catalogue", {8: 250_000}, True),
    "slots-too-many": ("one more", {8: 250_001}, False),
    "slots-true": ("true is not 1", {8: True}, False),
    "days-91": ("90 at most", {9: 91}, False),
    "photos-9": ("8 at most", {10: 9}, False),
    "budget-0": ("only the founder stands for anybody", {11: 0}, True),
    "budget-too-large": ("one more than the founder's", {11: 4_097}, False),
    "quorum-0": ("at least one", {12: 0}, False),
    "places-33": ("at most 32", {13: (PLACE,) * 33}, False),
}
_PROFILES: dict[str, Changed] = {
    "least": ("a name is enough", {2: "", 3: (), 4: None}, True),
    "name-empty": ("a household has a name", {1: ""}, False),
    "name-61": ("60 code points", {1: "a" * 61}, False),
    "about-801": ("800 code points", {2: "a" * 801}, False),
    "language-escape": ("no language, and hostile", {3: ("\x1b[2J",)}, False),
    "languages-string": ("an array of strings", {3: "de"}, False),
}
_PLACES: dict[str, Changed] = {
    "name-only": ("not everybody says where", {4: ("Altstadt", None, None)}, True),
    "half": ("both or none", {4: ("Altstadt", 512_012, None)}, False),
    "pole": ("the edge of the map", {4: ("Pole", -900_000, 1_800_000)}, True),
    "beyond-the-pole": ("one step more", {4: ("Pole", -900_001, 0)}, False),
    "beyond-the-date-line": ("one step more", {4: ("Fiji", 0, 1_800_001)}, False),
    "name-empty": ("a place has a name", {4: ("", 0, 0)}, False),
}
_LISTINGS: dict[str, Changed] = {
    "kind-0": ("1 to 8", {1: 0}, False),
    "kind-9": ("1 to 8", {1: 9}, False),
    "title-empty": ("what is it?", {2: ""}, False),
    "title-121": ("120 code points", {2: "a" * 121}, False),
    "description-3000": ("the longest", {3: "a" * 3_000}, True),
    "description-3001": ("one more", {3: "a" * 3_001}, False),
    "category-unknown": ("any well-formed one: charters differ", {4: "space-ships"}, True),
    "category-empty": ("some category", {4: ""}, False),
    "tags-13": ("at most 12", {5: ("a",) * 13}, False),
    "tag-empty": ("a tag says something", {5: ("",)}, False),
    "language-empty": ("in some language", {6: ""}, False),
    "price-0": ("free, but sold", {7: 0}, True),
    "price-highest": ("10^12", {7: 10**12}, True),
    "price-too-high": ("one more", {7: 10**12 + 1}, False),
    "price-negative": ("none pays to give", {7: -1}, False),
    "price-without-currency": ("45 what?", {8: None}, False),
    "currency-without-price": ("a currency of nothing", {7: None}, False),
    "currency-small": ("capitals", {8: "eur"}, False),
    "negotiable-1": ("1 is not true", {9: 1}, False),
    "quantity-0": ("at least one", {10: 0}, False),
    "quantity-too-many": ("a million at most", {10: 1_000_001}, False),
    "condition-nil": ("a service has none", {11: None}, True),
    "condition-6": ("1 to 5", {11: 6}, False),
    "variants-7": ("at most 6", {12: (("size", ("70",)),) * 7}, False),
    "variant-without-choice": ("at least one", {12: (("size", ()),)}, False),
    "variant-17-choices": ("at most 16", {12: (("size", ("a",) * 17),)}, False),
    "swap": ("swap for what", {1: 3, 13: "a stroller"}, True),
    "swap-for-empty": ("nil says nothing", {1: 3, 13: ""}, False),
    "swap-for-in-event": ("an event is not swapped", {**EVENT, 13: "a stroller"}, False),
    "lend": ("14 days, with deposit", LEND, True),
    "lend-without-deposit": ("no deposit, no currency", {**LEND, 14: (14, None), 15: None}, True),
    "lend-kit": ("a kit on loan", {**LEND, 1: 7}, True),
    "lend-wanted": ("wanted, on loan", {**LEND, 1: 5}, True),
    "lend-when-sold": ("what is sold does not come back", {**LEND, 1: 1}, False),
    "lend-0-days": ("at least one", {**LEND, 14: (0, 2_000)}, False),
    "deposit-without-currency": ("20 what?", {**LEND, 15: None}, False),
    "deposit-currency-alone": ("a currency of nothing", {15: "EUR"}, False),
    "event": ("an hour", EVENT, True),
    "event-open-end": ("until the last one goes", {**EVENT, 16: (START_MS, None)}, True),
    "event-without-time": ("to be agreed", {**EVENT, 16: None}, True),
    "event-ends-first": ("ends before it starts", {**EVENT, 16: (START_MS, START_MS - 1)}, False),
    "event-time-when-sold": ("only an event has one", {16: (START_MS, None)}, False),
    "place-nil": ("that of the household", {17: None}, True),
    "photos-9": ("at most 8", {18: ((bytes(32), 1),) * 9}, False),
    "photo-short-hash": ("31 bytes", {18: ((bytes(31), 1),)}, False),
    "photo-of-nothing": ("at least a byte", {18: ((bytes(32), 0),)}, False),
    "photo-too-large": ("4 MiB", {18: ((bytes(32), 4_194_305),)}, False),
    "visible-until-0": ("never shown", {19: 0}, False),
    "visible-until-latest": ("bounded when shown, not here", {19: 2**48 - 1}, True),
    "source-id-nil": ("not from a file", {20: None}, True),
    "source-id-65": ("64 code points", {20: "a" * 65}, False),
}
_EMPTY_BYTES = len(pack((*LISTING[:3], "", *LISTING[4:]))) + 2
"""Of a listing whose description is empty, but has the head of a long one."""


def _described(body_bytes: int) -> Changed:
    """A description, of at most 3,000 code points, with which the body has so many bytes."""
    wide, narrow = divmod(body_bytes - _EMPTY_BYTES, 3)
    text = "文" * wide + "a" * narrow
    fits = body_bytes <= 8_192
    comment = f"{body_bytes:,} bytes in {len(text):,} code points: "
    comment += "readable, though no record can hold it" if fits else "longer than any record"
    return comment, {3: text}, fits


_LISTINGS |= {f"{size}-bytes": _described(size) for size in (8_192, 8_193)}
_LISTINGS["description-3000-wide"] = (
    "9,000 bytes: good for its length in code points, and no record",
    {3: "文" * 3_000},
    False,
)
_MARKS: dict[str, Changed] = {
    "open": ("as if there were none", {2: 0}, True),
    "state-3": ("0 to 2", {2: 3}, False),
    "key-short": ("15 bytes", {1: bytes(15)}, False),
}
_ADDRESSES: dict[str, Changed] = {
    "none": ("reachable nowhere", {2: ()}, True),
    "nine": ("at most 8", {2: ("/a",) * 9}, False),
    "longest": ("160 characters", {2: ("/" + "a" * 159,)}, True),
    "too-long": ("161", {2: ("/" + "a" * 160,)}, False),
    "no-slash": ("not a multiaddr", {2: ("192.168.1.7",)}, False),
    "escape": ("printable only", {2: ("/\x1b[2J",)}, False),
    "host-short": ("31 bytes", {1: bytes(31)}, False),
}


def _geneses() -> Iterator[Case]:
    genesis, founder = WORLD.genesis, WORLD.founder

    def case(name: str, comment: str, raw: bytes, valid: bool) -> Case:
        try:
            record = read_genesis(raw)
            read_charter(record.body)
            expect: dict[str, object] = {
                "valid": True, "community": record.id, "founder": record.household,
            }  # fmt: skip
        except RemoteError:
            expect = {"valid": False}
        if expect["valid"] is not valid:
            raise AssertionError(f"genesis {name}: {expect}")
        return Case(f"genesis-{name}", ("LST-5",), comment, "genesis", {"record": raw}, expect)

    def forged(**fields: object) -> bytes:
        fields = {"device": founder.id, **fields}
        return WORLD.forge(genesis, founder.root, **fields)

    yield case("good", "the community of most vectors", genesis.raw, True)
    yield case("in-a-community", "a later charter", forged(community=bytes(range(32))), False)
    yield case("withdrawn", "what is founded stays so", forged(withdrawn=True), False)
    yield case("other-kind", "a device record", forged(kind=3), False)
    flipped = bytearray(genesis.raw)
    flipped[-40] ^= 1
    yield case("signature", "signed by nobody", bytes(flipped), False)
    yield case("unreadable-body", "what would the limits be?", forged(body=b"\x90"), False)
    for size, valid in ((2_048, True), (2_049, False)):
        raw = next(raw for raw in _growing(lambda body: forged(body=body)) if len(raw) == size)
        yield case(f"{size}-bytes", "2,048 are the most", raw, valid)


def _growing(forged: Callable[[bytes], bytes]) -> Iterator[bytes]:
    """Founding charters, each a byte longer than the one before."""
    for count in range(12, 24):
        for length in range(1, 61):
            names = ("p" * 57,) * count + ("p" * length,)
            places = tuple((name, None, None) for name in names)
            yield forged(pack((*CHARTER[:2], "a" * 800, *CHARTER[3:13], places)))


def _shown() -> Iterator[Case]:
    ana, charter = Household(2), WORLD.charter
    listing = WORLD.listing(ana)
    at_ms = listing.created_at_ms
    later = WORLD.listing(ana, "Bike", at_ms=at_ms + HOUR_MS, key=thing_key(9))
    long = pack((*LISTING[:19], 2**48 - 1, None))
    forever = WORLD.sign(ana, Kind.LISTING, long)
    withdrawn = WORLD.sign(ana, Kind.LISTING, b"", withdrawn=True, key=listing.key)
    tenth, eleventh = WORLD.listing(ana, slot=9), WORLD.listing(ana, slot=10)
    unreadable = WORLD.sign(ana, Kind.LISTING, b"\x90")

    def mark(of: Envelope, state: State, withdrawn: bool = False) -> Envelope:
        return WORLD.sign(ana, Kind.MARK, Mark(of.key, state).pack(), withdrawn=withdrawn)

    taken, reserved = mark(listing, State.TAKEN), mark(listing, State.RESERVED)
    end_ms, limit_ms = at_ms + 30 * DAY_MS, at_ms + 90 * DAY_MS
    for name, rule, comment, records, now_ms, shows, state in (
        ("plain", "LST-9", "no mark: open", [listing], NOW_MS, True, 0),
        ("last-ms", "LST-9", "until visible_until_ms", [listing], end_ms - 1, True, 0),
        ("over", "LST-9", "not from then on", [listing], end_ms, False, 0),
        ("bounded-last-ms", "LST-9", "90 days at most", [forever], limit_ms - 1, True, 0),
        ("bounded", "LST-9", "whatever it says of itself", [forever], limit_ms, False, 0),
        ("withdrawn", "LST-9", "ended", [withdrawn], NOW_MS, False, 0),
        ("unreadable", "RCD-10", "stands, and is not shown", [unreadable], NOW_MS, False, 0),
        ("last-slot", "LST-11", "ten are shown", [tenth], NOW_MS, True, 0),
        ("slot-beyond", "LST-11", "the eleventh stands unseen", [eleventh], NOW_MS, False, 0),
        ("taken", "LST-13", "gone", [listing, taken], NOW_MS, True, 2),
        ("taken-first", "LST-13", "the mark came first", [taken, listing], NOW_MS, True, 2),
        ("reserved", "LST-13", "promised", [listing, reserved], NOW_MS, True, 1),
        ("mark-of-earlier", "LST-13", "says nothing of the next", [later, taken], NOW_MS, True, 0),
        ("mark-withdrawn", "LST-13", "open again",
         [listing, mark(listing, State.TAKEN, withdrawn=True)], NOW_MS, True, 0),
    ):  # fmt: skip
        if _shows(records, now_ms) != (shows, state):
            raise AssertionError(f"shows-{name}: {_shows(records, now_ms)}")
        yield Case(
            f"shows-{name}", (rule,), comment, "shows",
            {"charter": charter.pack(), "records": [r.raw for r in records], "now_ms": now_ms},
            {"shows": shows, "state": state},
        )  # fmt: skip


def _shows(records: list[Envelope], now_ms: int) -> tuple[bool, int]:
    listing = next(record for record in records if record.kind == Kind.LISTING)
    if listing.withdrawn or listing.slot >= WORLD.charter.listing_slots:
        return False, 0
    try:
        body = bounded(read_listing(listing.body), listing.created_at_ms)
    except RemoteError:
        return False, 0
    state = State.OPEN
    for record in records:
        if record.kind == Kind.MARK and not record.withdrawn:
            mark = read_mark(record.body)
            state = mark.state if mark.listing == listing.key else State.OPEN
    shows = now_ms < body.visible_until_ms
    return shows, int(state) if shows else 0


def _distances() -> Iterator[Case]:
    for name, comment, a, b in (
        ("none", "the same point", (512_012, 119_034), (512_012, 119_034)),
        ("street", "across the town", (512_012, 119_034), (512_087, 118_921)),
        ("date-line", "near, though the numbers differ most", (0, 1_799_999), (0, -1_799_999)),
        ("poles", "half of the way round", (900_000, 0), (-900_000, 0)),
    ):
        yield Case(
            f"distance-{name}", ("LST-3",), comment, "distance",
            {"a": list(a), "b": list(b)}, {"metres": distance_m(a, b)},
        )  # fmt: skip
