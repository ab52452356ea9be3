"""Vectors of chapter 13: what two neighbouring communities show each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from vector_world import DAY_MS, START_MS, Household, thing_key

from protocol.charter import Charter, Reception, Window, read_charter
from protocol.ids import CommunityId
from protocol.kinds import Kind
from protocol.listing import Listing, Origin, bounded, read_listing
from protocol.windows import (
    carried,
    is_alike,
    is_let_in,
    may_carry,
    open_categories,
    rank_of,
    thing_of,
)
from protocol.wire import Value, pack
from vector_areas import Case
from vector_areas.listings import CHARTER as PLAIN_CHARTER
from vector_areas.listings import LISTING as PLAIN_LISTING
from vector_areas.listings import body_case
from vector_areas.records import WORLD

LANE, CLUB, FAR = (CommunityId(bytes([n]) * 32) for n in (0x11, 0x22, 0x33))
NOW_MS = START_MS + 3 * DAY_MS
ANA = Household(2)
KEY = thing_key(40)

WINDOW: tuple[Value, ...] = (CLUB, "Club", ("tools", "bikes"))
CHARTER: tuple[Value, ...] = (4, *PLAIN_CHARTER[1:], None, (False, 0, 0, ()), (WINDOW,))
ORIGIN: tuple[Value, ...] = (LANE, bytes(range(16)), START_MS)
OPTED_IN: tuple[Value, ...] = (2, *PLAIN_LISTING[1:], (CLUB, FAR), None)
CARRIED: tuple[Value, ...] = (2, *PLAIN_LISTING[1:18], (), PLAIN_LISTING[19], None, (), ORIGIN)


def cases() -> Iterator[Case]:
    """All vectors of the area."""
    yield from _charters()
    yield from _listings()
    yield from _open()
    yield from _carry()
    yield from _alike()
    yield from _order()
    yield from _let_in()
    yield from _shows()


def _charters() -> Iterator[Case]:
    full, rules = (40 * ("a",), ("LST-4", "LST-16", "WIN-1"))
    wide = tuple((bytes([n]) * 32, f"c{n}", ("tools",)) for n in range(1, 10))
    changed: dict[str, tuple[str, tuple[Value, ...], bool]] = {
        "window": ("a neighbouring community", CHARTER, True),
        "credit": ("with all that versions 2 and 3 say", (*CHARTER[:14], ("Std", 20),
                   (True, 0, 3, ("gun",)), (WINDOW,)), True),
        "8-windows": ("the most", (*CHARTER[:16], wide[:8]), True),
        "9-windows": ("one more", (*CHARTER[:16], wide), False),
        "no-window": ("another version says it", (*CHARTER[:16], ()), False),
        "named-twice": ("once is enough", (*CHARTER[:16], (WINDOW, (CLUB, "c", ("a",)))), False),
        "one-name": ("no telling apart", (*CHARTER[:16], (WINDOW, (FAR, "Club", ("a",)))), False),
        "name-60": ("the longest", (*CHARTER[:16], ((CLUB, "c" * 60, ("a",)),)), True),
        "name-61": ("one more", (*CHARTER[:16], ((CLUB, "c" * 61, ("a",)),)), False),
        "short-id": ("31 bytes", (*CHARTER[:16], ((bytes(31), "c", ("a",)),)), False),
        "no-name": ("people call it something", (*CHARTER[:16], ((CLUB, "", ("a",)),)), False),
        "no-category": ("it shows something", (*CHARTER[:16], ((CLUB, "c", ()),)), False),
        "40-categories": ("the most", (*CHARTER[:16], ((CLUB, "c", full),)), True),
        "41-categories": ("one more", (*CHARTER[:16], ((CLUB, "c", (*full, "a")),)), False),
        "category-capital": ("as all", (*CHARTER[:16], ((CLUB, "c", ("Tools",)),)), False),
        "reception-nil": ("always there", (*CHARTER[:15], None, (WINDOW,)), False),
        "version-3": ("with a field too many", (3, *CHARTER[1:]), False),
    }  # fmt: skip
    for name, (comment, fields, valid) in changed.items():
        yield body_case(f"charter-{name}", rules, comment, Kind.CHARTER, fields, valid)


def _listings() -> Iterator[Case]:
    many = tuple(bytes([n]) * 32 for n in range(1, 10))
    changed: dict[str, tuple[str, tuple[Value, ...], bool]] = {
        "opted-in": ("may be shown in two communities", OPTED_IN, True),
        "8-communities": ("the most", (*OPTED_IN[:21], many[:8], None), True),
        "9-communities": ("one more", (*OPTED_IN[:21], many, None), False),
        "descending": ("ascending only", (*OPTED_IN[:21], (FAR, CLUB), None), False),
        "twice": ("once is enough", (*OPTED_IN[:21], (CLUB, CLUB), None), False),
        "short-id": ("31 bytes", (*OPTED_IN[:21], (bytes(31),), None), False),
        "neither": ("version 1 says it", (*OPTED_IN[:21], (), None), False),
        "carried": ("a carried one", CARRIED, True),
        "both": ("what is carried is not carried on", (*CARRIED[:21], (CLUB,), ORIGIN), False),
        "thing-short": ("15 bytes", (*CARRIED[:22], (LANE, bytes(15), START_MS)), False),
        "time-negative": ("before 1970", (*CARRIED[:22], (LANE, bytes(16), -1)), False),
        "time-latest": ("2^48 - 1", (*CARRIED[:22], (LANE, bytes(16), 2**48 - 1)), True),
        "time-too-late": ("2^48", (*CARRIED[:22], (LANE, bytes(16), 2**48)), False),
        "origin-short": ("31 bytes", (*CARRIED[:22], (bytes(31), bytes(16), START_MS)), False),
        "carried-photo": (
            "pictures stay behind",
            (*CARRIED[:18], ((bytes(32), 1),), *CARRIED[19:]),
            False,
        ),
        "carried-source-id": (
            "the author's own number too",
            (*CARRIED[:20], "A-17", *CARRIED[21:]),
            False,
        ),
        "version-1": ("with two fields too many", (1, *CARRIED[1:]), False),
    }
    rules = ("LST-18", "WIN-3", "WIN-4")
    for name, (comment, fields, valid) in changed.items():
        yield body_case(f"listing-{name}", rules, comment, Kind.LISTING, fields, valid)


def _charter(*windows: Window, days: int = 90) -> Charter:
    return Charter(
        name="Any", rules="", salt=bytes(16), visible_days=days, windows=windows,
        reception=Reception(),
    )  # fmt: skip


_TOWARDS_CLUB = _charter(Window(CLUB, "Club", ("bikes", "tools", "garden")))
_TOWARDS_LANE = _charter(Window(LANE, "Lane", ("tools", "bikes", "music")))
_NOWHERE = _charter()


def _open() -> Iterator[Case]:
    far = _charter(Window(FAR, "Club", ("tools",)))
    pairs = {
        "both": ("what both name", _TOWARDS_CLUB, _TOWARDS_LANE),
        "one-only": ("the other has not agreed", _TOWARDS_CLUB, _NOWHERE),
        "neither": ("strangers", _NOWHERE, _NOWHERE),
        "of-that-name": ("the id counts, not the name", far, _TOWARDS_LANE),
        "nothing-in-common": (
            "agreed on nothing",
            _TOWARDS_CLUB,
            _charter(Window(LANE, "Lane", ("music",))),
        ),
    }
    for name, (comment, one, other) in pairs.items():
        found = open_categories(LANE, one, CLUB, other)
        assert found == open_categories(CLUB, other, LANE, one)
        yield Case(
            f"open-{name}", ("WIN-2",), comment, "open",
            {"one": (LANE, one.pack()), "other": (CLUB, other.pack())},
            {"categories": sorted(found)},
        )  # fmt: skip


def _original(**changed: object) -> Listing:
    plain = replace(
        read_listing(pack(OPTED_IN)),
        category="tools",
        visible_until_ms=NOW_MS + 30 * DAY_MS,
    )
    return replace(plain, **changed)  # type: ignore[arg-type]


def _carry() -> Iterator[Case]:
    soon = NOW_MS + 2 * DAY_MS
    strict = _charter(Window(LANE, "Lane", ("tools",)), days=3)
    tried = {
        "carried": ("photos, own number and opting in stay behind", _original(), _TOWARDS_LANE),
        "over-soon": ("never longer than the original", _original(visible_until_ms=soon),
                      _TOWARDS_LANE),
        "short-charter": ("3 days by the other charter", _original(), strict),
        "not-opted-in": ("its author did not say so", _original(shown_to=()), _TOWARDS_LANE),
        "opted-in-elsewhere": ("for another community", _original(shown_to=(FAR,)),
                               _TOWARDS_LANE),
        "other-category": ("only one charter names it", _original(category="garden"),
                           _TOWARDS_LANE),
        "no-window": ("the other has not agreed", _original(), _NOWHERE),
        "carried-already": ("nothing goes on to a third", _original(
            shown_to=(), photos=(), source_id=None, origin=Origin(FAR, bytes(16), START_MS)),
            _TOWARDS_LANE),
    }  # fmt: skip
    for name, (comment, listing, into) in tried.items():
        record = WORLD.sign(ANA, Kind.LISTING, listing.pack(), key=KEY, community=LANE)
        categories = open_categories(LANE, _TOWARDS_CLUB, CLUB, into)
        body = None
        if may_carry(listing, CLUB, categories):
            origin = Origin(
                LANE, thing_of(LANE, record.household, record.key), record.created_at_ms
            )
            body = carried(listing, origin, NOW_MS, into.visible_days * DAY_MS).pack()
        yield Case(
            f"carry-{name}", ("WIN-4", "WIN-5"), comment, "carry",
            {"from": (LANE, _TOWARDS_CLUB.pack()), "into": (CLUB, into.pack()),
             "listing": record.raw, "now_ms": NOW_MS},
            {"body": body},
        )  # fmt: skip


def _alike() -> Iterator[Case]:
    one = read_listing(pack(CARRIED))
    origin = one.origin
    assert origin is not None
    others = {
        "longer": ("however long it shows", replace(one, visible_until_ms=NOW_MS)),
        "other-text": ("not what the author wrote", replace(one, title="Coat")),
        "later": ("the author changed it since", replace(
            one, origin=replace(origin, changed_at_ms=NOW_MS))),
    }  # fmt: skip
    for name, (comment, other) in others.items():
        yield Case(
            f"alike-{name}", ("WIN-7",), comment, "alike",
            {"one": one.pack(), "other": other.pack()}, {"alike": is_alike(one, other)},
        )  # fmt: skip


def _order() -> Iterator[Case]:
    carriers = [(Household(n).id, Household(n).device(d).public) for n in (2, 3) for d in (0, 1)]
    for number in range(3):
        thing = bytes([number]) * 16
        ordered = sorted(carriers, key=lambda one: rank_of(thing, *one))
        yield Case(
            f"order-{number}", ("WIN-7",), "another order for each thing", "order",
            {"thing": thing, "carriers": carriers},
            {"order": [carriers.index(one) for one in ordered]},
        )  # fmt: skip


def _shows() -> Iterator[Case]:
    """Until when a carried listing shows, whatever its carrier wrote into it."""
    long = replace(read_listing(pack(CARRIED)), visible_until_ms=START_MS + 80 * DAY_MS)
    record = WORLD.sign(ANA, Kind.LISTING, long.pack(), key=KEY, community=CLUB)
    until_ms = bounded(long, record.created_at_ms).visible_until_ms
    yield Case(
        "until-7-days", ("WIN-8",), "its carrier wrote 80", "until", {"record": record.raw},
        {"visible_until_ms": until_ms},
    )  # fmt: skip


def _let_in() -> Iterator[Case]:
    carried_one = replace(read_listing(pack(CARRIED)), category="tools")
    tried = {
        "named": ("the charter names it", _TOWARDS_LANE, carried_one),
        "category": ("but not this category", _TOWARDS_LANE,
                     replace(carried_one, category="garden")),
        "community": ("another community", _TOWARDS_CLUB, carried_one),
        "no-window": ("no windows at all", _NOWHERE, carried_one),
        "own": ("no window is needed", _NOWHERE, replace(carried_one, origin=None)),
    }  # fmt: skip
    for name, (comment, charter, listing) in tried.items():
        charter = read_charter(charter.pack())
        yield Case(
            f"let-in-{name}", ("WIN-8",), comment, "let_in",
            {"charter": charter.pack(), "listing": listing.pack()},
            {"shown": is_let_in(listing, charter.windows)},
        )  # fmt: skip
