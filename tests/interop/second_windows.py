"""A second reader of windows between communities, written from chapter 13 (and 03) only."""

from __future__ import annotations

from second_records import Record
from second_values import DAY, charter, encode, hashed, listing, need

VISIBLE_DAYS, WINDOWS = 9, 16  # of a charter
CATEGORY, PHOTOS, VISIBLE_UNTIL, SOURCE, SHOWN_TO, ORIGIN = 4, 18, 19, 20, 21, 22  # of a listing


def named(of: list) -> dict[bytes, set[str]]:
    """The categories for each community that a charter names (WIN-1)."""
    windows = of[WINDOWS] if len(of) > WINDOWS else []
    return {community: set(categories) for community, _, categories in windows}


def open_between(one: tuple[bytes, list], other: tuple[bytes, list]) -> set[str]:
    """WIN-2; no window and a window with nothing open come to the same."""
    (one_id, one_charter), (other_id, other_charter) = one, other
    return named(one_charter).get(other_id, set()) & named(other_charter).get(one_id, set())


def thing_of(community: bytes, household: bytes, key: bytes) -> bytes:
    """WIN-5."""
    return hashed(community + household + key, 16, person=b"p2pm-window")


def carry(source: tuple, target: tuple, record: Record, now_ms: int) -> list | None:
    """The fields of the carried listing, of one that shows and is open (WIN-4)."""
    (here, _), (there, rules) = source, target
    need(record.kind == 33 and record.community == here)
    found = listing(record.body)
    shown_to, origin = found[SHOWN_TO:] or ([], None)
    if there not in shown_to or origin is not None:
        return None
    if found[CATEGORY] not in open_between(source, target):
        return None
    latest = now_ms + min(7, rules[VISIBLE_DAYS]) * DAY
    carried = [*found[:PHOTOS], [], min(found[VISIBLE_UNTIL], latest), None, [], None]
    thing = thing_of(here, record.household, record.key)
    carried[ORIGIN] = [here, thing, record.created_at_ms]
    listing(encode(carried))
    return carried


def are_alike(one: list, other: list) -> bool:
    """WIN-7: of one thing, and equal but for how long they show."""
    silent = [[*body[:VISIBLE_UNTIL], *body[VISIBLE_UNTIL + 1 :]] for body in (one, other)]
    return one[ORIGIN][1] == other[ORIGIN][1] and silent[0] == silent[1]


def order(thing: bytes, carriers: list[tuple[bytes, bytes]]) -> list[int]:
    """WIN-7: in which order carriers of a thing come."""
    ranks = [hashed(thing + home + device, 16, person=b"p2pm-carrier") for home, device in carriers]
    return sorted(range(len(carriers)), key=ranks.__getitem__)


def let_in(rules: list, found: list) -> bool:
    """WIN-8; it says nothing of a listing without an origin."""
    origin = (found[SHOWN_TO:] or ([], None))[1]
    return origin is None or found[CATEGORY] in named(rules).get(origin[0], set())


# -- the operations


def _community(given) -> tuple[bytes, list]:
    id, body = map(bytes.fromhex, given)
    return id, charter(body)


def _carry(given):
    record = Record(bytes.fromhex(given["listing"]))
    need(record.signed())
    source, target = _community(given["from"]), _community(given["into"])
    found = carry(source, target, record, given["now_ms"])
    return {"body": None if found is None else encode(found).hex()}


def _alike(given):
    one, other = (listing(bytes.fromhex(given[name])) for name in ("one", "other"))
    return {"alike": are_alike(one, other)}


def _order(given):
    carriers = [tuple(map(bytes.fromhex, one)) for one in given["carriers"]]
    return {"order": order(bytes.fromhex(given["thing"]), carriers)}


def _until(given):
    record = Record(bytes.fromhex(given["record"]))
    found = listing(record.body)
    need(found[ORIGIN] is not None)
    return {"visible_until_ms": min(found[VISIBLE_UNTIL], record.created_at_ms + 7 * DAY)}


OPERATIONS = {
    "order": _order,
    "until": _until,
    "open": lambda given: {
        "categories": sorted(open_between(_community(given["one"]), _community(given["other"])))
    },
    "carry": _carry,
    "alike": _alike,
    "let_in": lambda given: {
        "shown": let_in(
            charter(bytes.fromhex(given["charter"])), listing(bytes.fromhex(given["listing"]))
        )
    },
}
