"""Vectors of chapter 05: fingerprints, messages, replies, whole exchanges, refusals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b

from protocol.errors import RemoteError
from protocol.reconcile import Initiator, Item, ItemSet, Wanted, respond
from protocol.reconcile.limits import PAGE_BYTES
from protocol.reconcile.wire import HIGHEST, Mode, Range, read_message
from vector_areas import Case, Fields

START_MS = 1_767_225_600_000
MINUTE_MS = 60_000


def item(number: int, created_at_ms: int | None = None) -> tuple[int, bytes]:
    """The number-th item: a minute after the one before, its id a hash of the number."""
    id = blake2b(b"item %d" % number, digest_size=32).digest()
    return (START_MS + number * MINUTE_MS if created_at_ms is None else created_at_ms, id)


def same_id(byte: int, created_at_ms: int) -> tuple[int, bytes]:
    return created_at_ms, bytes([byte]) * 32


def shown(items: Iterable[tuple[int, bytes]]) -> list[list[object]]:
    return [[created_at_ms, id] for created_at_ms, id in sorted(items)]


def cases() -> Iterator[Case]:
    """All vectors of the area."""
    yield from _fingerprints()
    yield from _messages()
    yield from _malformed()
    yield from _responses()
    yield from _exchanges()
    yield from _refused_replies()


def _fingerprints() -> Iterator[Case]:
    sets = {
        "none": ([], "the sum and the number of nothing"),
        "one": ([item(1)], "one id is its own sum"),
        "three": ([item(3), item(1), item(2)], "the order does not matter"),
        "sum-overflows": (
            [same_id(0xFF, 1), same_id(0xFE, 1)],
            "the sum is taken modulo 2^256",
        ),
        "time-is-not-summed": ([item(1, 0)], "the same as fingerprint-one: times are not summed"),
    }
    for name, (items, comment) in sets.items():
        fingerprint = ItemSet(items).snapshot().fingerprint(0, len(items))
        yield Case(
            f"fingerprint-{name}",
            ("SYN-1", "SYN-3"),
            comment,
            "fingerprint",
            {"items": shown(items)},
            {"fingerprint": fingerprint},
        )


MESSAGES = {
    "skip-everything": ("010000", ("SYN-4", "SYN-6"), "the reply to a set that is equal"),
    "ask-everything": ("010300", ("SYN-4", "SYN-6"), "the first message of an empty set"),
    "fingerprint": ("010900" + "aa" * 16, ("SYN-6",), "two items, up to the end"),
    "empty-list": ("010200", ("SYN-6", "SYN-8"), "nothing is there"),
    "times-as-bounds": ("0100d10f03d10f", ("SYN-5", "SYN-7"), "bounds at 1000 and 2000 ms"),
    "prefix-as-bound": ("0103d20f03aabbcc0000", ("SYN-7",), "a time, and three bytes of an id"),
    "list": (
        "01000d0ad50f04" + "11" * 16 + "80" + "07" + "22" * 16,
        ("SYN-7", "SYN-8"),
        "the first entry counts from the lower bound: 6 + 4 ms; the second from the first",
    ),
    "latest-time": ("0103ffffffffffff7f", ("SYN-5", "SYN-7"), "2^48 - 1 ms, the latest bound"),
    "not-to-the-end": ("0103d10f", ("SYN-4",), "a message may end before the last item"),
}

MALFORMED = {
    "no-bytes": ("", ("SYN-4",), "not even a version"),
    "other-version": ("020000", ("SYN-4",), "another version"),
    "no-range": ("01", ("SYN-4",), "a version and nothing else"),
    "after-the-end": ("0100000000", ("SYN-4",), "a range after the one above every item"),
    "bound-not-above": ("0103d10f0301", ("SYN-4", "SYN-7"), "the same bound twice"),
    "prefix-not-above": ("0103d20f02aabb030202aabb", ("SYN-4", "SYN-7"), "aabb after aabb"),
    "varint-not-minimal": ("01830000", ("SYN-5",), "3 in two bytes"),
    "varint-too-long": ("0103" + "ff" * 8 + "01", ("SYN-5",), "nine bytes"),
    "varint-cut": ("0183", ("SYN-5",), "the message ends within a varint"),
    "bound-missing": ("0103", ("SYN-4",), "the message ends before a bound"),
    "skip-with-size": ("010400", ("SYN-6",), "SKIP has no size"),
    "ask-with-size": ("010700", ("SYN-6",), "ASK has no size"),
    "fingerprint-of-none": ("010100" + "aa" * 16, ("SYN-6",), "a FINGERPRINT of no item"),
    "fingerprint-cut": ("010500" + "aa" * 15, ("SYN-4",), "15 bytes of a fingerprint"),
    "prefix-empty": ("0103d20f0000", ("SYN-7",), "a prefix of no byte has no length byte"),
    "prefix-too-long": ("0103d20f11" + "aa" * 17, ("SYN-7",), "17 bytes of an id"),
    "prefix-cut": ("0103d20f03aabb", ("SYN-7",), "two of three bytes"),
    "time-too-late": ("010381808080808080" + "01", ("SYN-7",), "2^48 ms"),
    "entry-too-late": (
        "010600" + "8080808080" + "8040" + "11" * 16,
        ("SYN-7", "SYN-8"),
        "an entry at 2^48 ms",
    ),
    "entry-cut": ("010600" + "01" + "11" * 15, ("SYN-8",), "15 bytes of an id"),
    "last-entry-cut": (
        "010a00" + ("8101" + "11" * 16) + ("01" + "22" * 15),
        ("SYN-8",),
        "the last byte of the second id is missing",
    ),
    "entries-missing": ("010a00" + "01" + "11" * 16, ("SYN-8",), "one entry of two"),
    "entries-beyond-all": (
        "01feffffffffff7f00" + "01" + "11" * 16,
        ("SYN-8", "SYN-9"),
        "2^47 - 1 entries are announced: nothing may be allocated for them",
    ),
    "entries-equal": ("010a00" + ("01" + "11" * 16) + ("00" + "11" * 16), ("SYN-8",), "twice"),
    "entries-descend": ("010a00" + ("01" + "22" * 16) + ("00" + "11" * 16), ("SYN-8",), "22, 11"),
    "entry-above-range": ("01060d" + "06" + "11" * 16, ("SYN-8",), "at 6 ms, the bound is 6 ms"),
    "entry-below-range": (
        "01000e01200600" + "00" + "11" * 16,
        ("SYN-8",),
        "11… at 6 ms, the lower bound is 20 at 6 ms",
    ),
}


def _messages() -> Iterator[Case]:
    for name, (coded, rules, comment) in MESSAGES.items():
        message = bytes.fromhex(coded)
        yield Case(f"message-{name}", rules, comment, "read", {"message": message}, _read(message))


def _malformed() -> Iterator[Case]:
    for name, (coded, rules, comment) in MALFORMED.items():
        message = bytes.fromhex(coded)
        yield Case(
            f"malformed-{name}",
            (*rules, "SYN-10"),
            comment,
            "read",
            {"message": message},
            _read(message),
        )


def _read(message: bytes) -> Fields:
    try:
        ranges = read_message(message)
    except RemoteError as error:
        return {"error": error.code, "reason": error.fields["reason"]}
    return {"ranges": [_range(part) for part in ranges]}


def _range(part: Range) -> Fields:
    upper = "end" if part.upper == HIGHEST else part.upper
    if part.mode is Mode.FINGERPRINT:
        told: Fields = {"size": part.size, "fingerprint": part.fingerprint}
    elif part.mode is Mode.LIST:
        told = {"entries": part.entries}
    else:
        told = {}
    return {"upper": upper, "mode": part.mode.name, **told}


def _responses() -> Iterator[Case]:
    items = [item(number) for number in range(40)]
    asked = Initiator(ItemSet(items)).initiate()
    others = [item(number) for number in range(1, 41)]
    first_of_few = Initiator(ItemSet([item(7), item(100)])).initiate()
    twins = [(START_MS, bytes(16) + bytes([last]) * 16) for last in range(20)]
    for name, rules, comment, held, message, limit in (
        ("equal", ("SYN-12", "SYN-16"), "equal ranges are one SKIP", items, asked, 256),
        ("differing", ("SYN-12", "SYN-16"), "one item more, one fewer", others, asked, 4096),
        (
            "to-few",
            ("SYN-12", "SYN-27"),
            "2 items against 40: 40 are listed",
            items,
            first_of_few,
            4096,
        ),
        ("nothing", ("SYN-12",), "a LIST of none answers a FINGERPRINT", [], asked, 4096),
        ("ask", ("SYN-13",), "all that is there", items[:3], bytes.fromhex("010300"), 4096),
        ("ask-nothing", ("SYN-13",), "a LIST of none", [], bytes.fromhex("010300"), 4096),
        ("skipped", ("SYN-11",), "nothing was asked", items, bytes.fromhex("01000d0000"), 4096),
        (
            "not-to-the-end",
            ("SYN-15",),
            "as far as was asked",
            items,
            bytes.fromhex("01000d"),
            4096,
        ),
        (
            "full-page",
            ("SYN-15",),
            "the LIST ends in front of an item",
            items,
            bytes.fromhex("010300"),
            256,
        ),
        (
            "collision",
            ("SYN-2",),
            "20 items with one entry: listed once",
            twins,
            bytes.fromhex("010300"),
            256,
        ),
        ("list", ("SYN-14",), "only a responder lists", items, bytes.fromhex("010200"), 4096),
    ):
        yield Case(
            f"respond-{name}",
            rules,
            comment,
            "respond",
            {"items": shown(held), "message": message, "max_message_bytes": limit},
            _response(held, message, limit),
        )


def _response(held: list[tuple[int, bytes]], message: bytes, limit: int) -> Fields:
    try:
        return {"reply": respond(ItemSet(held), message, max_message_bytes=limit)}
    except RemoteError as error:
        return {"error": error.code, "reason": error.fields["reason"]}


def _exchanges() -> Iterator[Case]:
    many = [item(number) for number in range(120)]
    ours = [part for number, part in enumerate(many) if number not in (3, 40)]
    theirs = [part for number, part in enumerate(many) if number not in (20, 77, 101)]
    at_once = [item(number, START_MS) for number in range(60)]
    twins = [(START_MS, bytes(16) + bytes([last]) * 16) for last in range(2)]
    alice = [same_id(0xAA, 1000), same_id(0xBB, 2000), same_id(0xCC, 3000)]
    bob = [same_id(0xAA, 1000), same_id(0xDD, 2500)]
    learning = ("SYN-17", "SYN-18", "SYN-19", "SYN-20", "SYN-21")
    strategy = ("SYN-25", "SYN-26", "SYN-27")

    def case(
        name: str,
        rules: tuple[str, ...],
        comment: str,
        ours: list[tuple[int, bytes]],
        theirs: list[tuple[int, bytes]],
        jitter: int = 0,
        max_message_bytes: int = PAGE_BYTES,
    ) -> Case:
        setting = {"jitter": jitter, "max_message_bytes": max_message_bytes}
        return Case(
            name,
            rules,
            comment,
            "exchange",
            {"initiator": shown(ours), "responder": shown(theirs), **setting},
            _exchange(ours, theirs, jitter, max_message_bytes),
        )

    yield case("example", learning, "the example of chapter 05", alice, bob)
    name = "exchange-"
    yield case(name + "nothing-at-all", ("SYN-17", "SYN-20"), "two empty sets", [], [])
    yield case(
        name + "from-nothing", ("SYN-17", "SYN-24"), "an empty set learns all", [], many[:30]
    )
    yield case(name + "to-nothing", ("SYN-20",), "the responder is empty", many[:30], [])
    yield case(name + "equal", ("SYN-19",), "one message each way", many, many)
    yield case(name + "newest-missing", ("SYN-20", "SYN-26"), "one reply tells", many[:-5], many)
    yield case(name + "scattered", learning + strategy, "both lack a few old ones", ours, theirs)
    yield case(name + "jitter", ("SYN-26",), "as scattered, with other bounds", ours, theirs, 200)
    yield case(
        name + "paged-list",
        ("SYN-15", "SYN-20", "SYN-24"),
        "pages of 256 bytes: each LIST ends early, and the rest is asked for",
        [],
        many[:30],
        max_message_bytes=256,
    )
    yield case(
        name + "paged-fingerprints",
        ("SYN-15", "SYN-18", "SYN-21"),
        "pages of 256 bytes: requests and replies end early",
        ours,
        theirs,
        max_message_bytes=256,
    )
    yield case(
        name + "one-time",
        ("SYN-7", "SYN-25"),
        "all made at one time: bounds part the ids",
        at_once[:-3],
        at_once[3:],
    )
    yield case(
        name + "collision",
        ("SYN-2",),
        "two ids with the same first 16 bytes, one at each side: neither is learnt",
        twins[:1],
        twins[1:],
    )


def _exchange(
    ours: list[tuple[int, bytes]],
    theirs: list[tuple[int, bytes]],
    jitter: int,
    max_message_bytes: int,
) -> Fields:
    initiator = Initiator(ItemSet(ours), jitter=jitter, max_message_bytes=max_message_bytes)
    held = ItemSet(theirs)
    message: bytes | None = initiator.initiate()
    messages: list[bytes] = []
    have: list[Item] = []
    need: list[Wanted] = []
    while message is not None:
        reply = respond(held, message, max_message_bytes=max_message_bytes)
        messages += [message, reply]
        message, had, needed = initiator.reconcile(reply)
        have += had
        need += needed
    return {"messages": messages, "have": have, "need": need}


def _refused_replies() -> Iterator[Case]:
    few = [same_id(0xAA, 1000), same_id(0xBB, 2000)]
    some = [item(number, 5000 + number) for number in range(40)]
    end, at_1500, one_at_end = "00", "b917", "0500" + "aa" * 16
    skip_to_1500, list_to_1500 = "00" + at_1500, "02" + at_1500
    answering = ("SYN-22",)
    for name, rules, comment, ours, replies in (
        ("skip-of-ask", ("SYN-19",), "a SKIP answers ASK", [], ["00" + end]),
        ("skip-of-a-part", ("SYN-19",), "a SKIP ends within the range", few, [skip_to_1500]),
        ("ask", answering, "an ASK in a reply", few, ["03" + end]),
        ("fingerprint-of-ask", answering, "a FINGERPRINT answers ASK", [], [one_at_end]),
        ("gap-before-list", answering, "a gap before the LIST", few, [skip_to_1500 + "02" + end]),
        ("two-lists", answering, "two LISTs for one range", few, [list_to_1500 + "02" + end]),
        ("list-and-fingerprint", answering, "both for one range", few, [list_to_1500 + one_at_end]),
        (
            "fingerprint-and-skip",
            answering,
            "both for one range",
            few,
            ["05" + at_1500 + "aa" * 16 + "00" + end],
        ),
        (
            "no-progress",
            answering,
            "the first reply leaves the newest items open; the second ends before them",
            some,
            ["00c14e" + "020d", skip_to_1500],
        ),
        (
            "not-asked",
            answering,
            "a LIST from 5024 ms on, of which only what is after 5030 is still open",
            some,
            ["00c14e" + "020d", "00c14e" + "0200"],
        ),
        (
            "before-what-was-asked",
            answering,
            "a LIST up to 5024 ms, but only what is after 5030 is still open",
            some,
            ["00c14e" + "020d", "02c14e" + "000d" + "0200"],
        ),
        (
            "after-what-was-asked",
            answering,
            "the first reply leaves open what is before 5024 ms; the second goes on to the end",
            some,
            ["0dc14e" + "aa" * 16 + "0000", "02c14e" + "0200"],
        ),
        ("malformed", ("SYN-10",), "what is malformed is refused here too", few, ["04" + end]),
    ):
        coded = [bytes.fromhex("01" + reply) for reply in replies]
        yield Case(
            f"refused-{name}",
            rules,
            comment,
            "reconcile",
            {"items": shown(ours), "jitter": 0, "replies": coded},
            _refusal(ours, coded),
        )


def _refusal(ours: list[tuple[int, bytes]], replies: list[bytes]) -> Fields:
    initiator = Initiator(ItemSet(ours))
    message: bytes | None = initiator.initiate()
    messages = [message]
    try:
        for reply in replies:
            message = initiator.reconcile(reply).reply
            messages.append(message)
    except RemoteError as error:
        refusal = {"error": error.code, "reason": error.fields["reason"]}
        return {"messages": messages, **refusal}
    raise AssertionError("the last reply was accepted")
