"""Vectors of the catch-up stream's frames."""

from __future__ import annotations

from collections.abc import Iterator

from vector_world import START_MS

from protocol import catchup, wire
from protocol.catchup import Compare, Fetch, Message, Offer, Records, Taken
from protocol.errors import RemoteError
from protocol.reconcile import Wanted
from vector_areas import Case

PREFIX = bytes(range(16))


def cases() -> Iterator[Case]:
    """All vectors of the area."""
    wanted = (Wanted(START_MS, PREFIX), Wanted(START_MS + 1, PREFIX[::-1]))
    good: dict[str, tuple[Message, tuple[str, ...], str]] = {
        "compare-membership": (
            Compare(True, bytes.fromhex("010300")),
            ("TRN-50", "TRN-51"),
            "the first frame of a node that has nothing",
        ),
        "compare-content": (
            Compare(False, bytes.fromhex("010000")),
            ("TRN-50", "TRN-51"),
            "all other records",
        ),
        "fetch": (Fetch(wanted), ("TRN-50", "TRN-52"), "two records, ascending by creation"),
        "records": (Records((b"\x9e", b"\x9e\x01")), ("TRN-50",), "records are opaque here"),
        "records-none": (Records(()), ("TRN-50", "TRN-53"), "none of them stands any more"),
        "offer": (Offer((b"\x9e",)), ("TRN-50", "TRN-54"), "one record"),
        "taken": (Taken(1), ("TRN-50", "TRN-54"), "it took its register"),
    }
    for name, (message, rules, comment) in good.items():
        yield _case(name, rules, comment, catchup.write(message))
    too_many = tuple((START_MS, PREFIX) for _ in range(501))
    bad: dict[str, tuple[bytes, tuple[str, ...], str]] = {
        "fetch-too-many": (wire.pack((1, too_many)), ("TRN-52",), "501 records"),
        "fetch-short-prefix": (
            wire.pack((1, ((START_MS, PREFIX[:15]),))),
            ("TRN-52",),
            "15 bytes of an id",
        ),
        "offer-too-long-record": (
            wire.pack((3, (bytes(8_193),))),
            ("TRN-54",),
            "no record is that long",
        ),
        "offer-too-many": (wire.pack((3, (b"\x9e",) * 501)), ("TRN-54",), "501 records"),
        "records-too-long-record": (
            wire.pack((2, (bytes(8_193),))),
            ("TRN-54",),
            "an answer too holds no record that long",
        ),
        "records-too-many": (wire.pack((2, (b"\x9e",) * 501)), ("TRN-54",), "nor 501"),
        "tag-unknown": (wire.pack((9, b"")), ("TRN-56",), "no such frame"),
        "tag-missing": (wire.pack(()), ("TRN-56",), "an empty array"),
        "arity": (wire.pack((4, 1, 1)), ("TRN-56",), "one field too many"),
        "not-canonical": (bytes.fromhex("92cc0401"), ("TRN-56",), "the tag in two bytes"),
    }
    for name, (frame, rules, comment) in bad.items():
        yield _case(name, rules, comment, frame)
    yield from _longest()


def _longest() -> Iterator[Case]:
    """Frames at their limits, given by their parts: a megabyte of zeros says little."""
    record = b"\xc5\x20\x00" + bytes(8_192)
    head, full = b"\x92\x02\xdc\x00\x80", 127 * len(record)
    room = (1 << 20) - len(head) - full - 3
    for name, parts, comment in (
        ("records-500", [(b"\x92\x02\xdc\x01\xf4", 1), (b"\xc4\x01\x9e", 500)], "the most"),
        ("offer-500", [(b"\x92\x03\xdc\x01\xf4", 1), (b"\xc4\x01\x9e", 500)], "the most"),
        (
            "records-longest",
            [(head, 1), (record, 127), (_byte_string(room), 1)],
            "1,048,576 bytes: the frame's limit, whatever its sender should have kept to",
        ),
        (
            "records-too-long",
            [(head, 1), (record, 127), (_byte_string(room + 1), 1)],
            "a byte more than a frame may have, each record being short enough",
        ),
        (
            "compare-longest",
            [(b"\x93\x00\xc3\xc6\x00\x0f\xff\xf8", 1), (bytes(8), 131_071)],
            "1,048,576 bytes: the frame is good, its message then too long (SYN-9)",
        ),
    ):
        found = _counted(b"".join(part * times for part, times in parts))
        given = {"parts": [list(part) for part in parts]}
        yield Case(name, ("TRN-50", "TRN-54"), comment, "read-frame", given, found)


def _counted(frame: bytes) -> dict[str, object]:
    """What a frame holds, counted."""
    try:
        message = catchup.read(frame)
    except RemoteError as error:
        return {"error": error.code}
    match message:
        case Records(raws):
            return {"tag": 2, "how_many": len(raws)}
        case Offer(raws):
            return {"tag": 3, "how_many": len(raws)}
        case Compare(_, content):
            return {"tag": 0, "how_many": len(content)}
    raise AssertionError("only long frames are counted")


def _byte_string(length: int) -> bytes:
    return wire.pack(bytes(length))


def _case(name: str, rules: tuple[str, ...], comment: str, frame: bytes) -> Case:
    return Case(name, rules, comment, "read-frame", {"frame": frame}, _read(frame))


def _read(frame: bytes) -> dict[str, object]:
    try:
        message = catchup.read(frame)
    except RemoteError as error:
        return {"error": error.code}
    match message:
        case Compare(membership, content):
            return {"tag": 0, "membership": membership, "message": content}
        case Fetch(wanted):
            return {"tag": 1, "wanted": [[w.created_at_ms, w.id_prefix] for w in wanted]}
        case Records(raws):
            return {"tag": 2, "records": list(raws)}
        case Offer(raws):
            return {"tag": 3, "records": list(raws)}
        case Taken(stored):
            return {"tag": 4, "stored": stored}
