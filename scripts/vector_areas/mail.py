"""Vectors of chapter 08: cards, letters, parcels, mailboxes and frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from vector_world import DAY_MS, HOUR_MS, START_MS, Household, thing_key

from protocol import wire
from protocol.envelope import Envelope
from protocol.errors import RemoteError
from protocol.ids import DeviceKey
from protocol.joining import Answers, Declined, read_joining
from protocol.kinds import Kind
from protocol.mail import letter as letters
from protocol.mail import mailbox, parcel, post
from protocol.mail.card import Card, bind, card_in
from protocol.mail.letter import Chat, Letter, Note, Topic
from protocol.mail.parcel import Inner, Parcel
from protocol.mail.post import (
    Code,
    Collect,
    Collected,
    Deliver,
    Deposit,
    Leave,
    Parcels,
    Result,
    Waiting,
)
from vector_areas import Case
from vector_areas.mail_sealed import ANA_DEVICE, COMMUNITY, HPKE_PUBLIC, HPKE_SEED, NETWORK_KEY
from vector_areas.records import ANA, BEN, WORLD

WEEK_MS = 7 * DAY_MS
IDENTITY, FALLBACK = bytes(range(32)), bytes(range(32, 64))
BINDING = bind(COMMUNITY, ANA_DEVICE, IDENTITY)
CARD = Card(IDENTITY, FALLBACK, HPKE_PUBLIC, BINDING)
LETTER = Letter(
    COMMUNITY, bytes(range(16)), ANA.id, BEN.id, START_MS, Topic.CHAT, Chat("Hello", None).pack()
)
INNER = Inner(ANA.id, DeviceKey(ANA_DEVICE.public), IDENTITY, BINDING, 0, b"\3olm")
PARCEL = Parcel(bytes(range(16)), mailbox.expiry_of(START_MS), bytes(3_184))


def cases() -> Iterator[Case]:
    """All vectors of the area."""
    yield from _cards()
    yield from _letters()
    yield from _parcels()
    yield from _mailboxes()
    yield from _frames()


# -- cards


def _cards() -> Iterator[Case]:
    public = {"public": HPKE_PUBLIC}
    yield Case(
        "hpke-key", ("MAI-1", "MAI-2"), "from a seed", "hpke-key", {"seed": HPKE_SEED}, public
    )

    def record(body: bytes, **fields: Any) -> Envelope:
        return WORLD.sign(ANA, Kind.MAIL_CARD, body, START_MS + HOUR_MS, **fields)

    other = bind(COMMUNITY, BEN.device(), IDENTITY)
    shifted = bind(COMMUNITY, ANA_DEVICE, FALLBACK)
    values = (1, IDENTITY, FALLBACK, HPKE_PUBLIC, BINDING)
    records: dict[str, tuple[Envelope, str, str]] = {
        "good": (record(CARD.pack()), "MAI-2", "a usable card"),
        "slot-7": (record(CARD.pack(), slot=7), "MAI-4", "the last slot a device can have"),
        "slot-8": (record(CARD.pack(), slot=8), "MAI-4", "a slot that no device can have"),
        "withdrawn": (record(CARD.pack(), withdrawn=True), "MAI-4", "withdrawn"),
        "version-2": (record(wire.pack((2, *values[1:]))), "MAI-2", "a later version"),
        "short-key": (
            record(wire.pack((1, IDENTITY, FALLBACK, HPKE_PUBLIC[:-1], BINDING))),
            "MAI-2",
            "1,215 bytes",
        ),
        "arity": (record(wire.pack((*values, None))), "MAI-2", "one field too many"),
        "binding-of-another": (
            record(Card(IDENTITY, FALLBACK, HPKE_PUBLIC, other).pack()),
            "MAI-3",
            "another device vouches",
        ),
        "binding-of-fallback": (
            record(Card(IDENTITY, FALLBACK, HPKE_PUBLIC, shifted).pack()),
            "MAI-3",
            "the device vouches for something else",
        ),
        "other-kind": (
            WORLD.sign(ANA, 41, CARD.pack(), START_MS + HOUR_MS),
            "MAI-4",
            "a record of another kind",
        ),
    }
    for name, (made, rule, comment) in records.items():
        card = card_in(made)
        expect: dict[str, object] = {"usable": card is not None}
        if card is not None:
            expect |= {
                "device": made.device,
                "olm_identity": card.olm_identity,
                "olm_fallback": card.olm_fallback,
                "hpke_public": card.hpke_public,
            }
        yield Case(f"card-{name}", (rule,), comment, "card", {"record": made.raw}, expect)


# -- letters


def _letters() -> Iterator[Case]:
    listing = thing_key(7)
    fields = (1, COMMUNITY, LETTER.message_id, ANA.id, BEN.id, START_MS, 1, b"")
    for name, raw, rule, comment in (
        ("good", LETTER.pack(), "MAI-10", "a chat"),
        ("longest", _with(fields, 7, bytes(32_000)), "MAI-10", "32,000 bytes of content"),
        ("too-long", _with(fields, 7, bytes(32_001)), "MAI-10", "one more"),
        ("topic-later", _with(fields, 6, 65_535), "MAI-10", "readable; then MAI-11 refuses it"),
        ("topic-0", _with(fields, 6, 0), "MAI-10", "topics begin at 1"),
        ("topic-65536", _with(fields, 6, 65_536), "MAI-10", "two bytes"),
        ("version-2", _with(fields, 0, 2), "MAI-10", "a later version"),
        ("message-id-short", _with(fields, 2, bytes(15)), "MAI-10", "15 bytes"),
        ("content-text", _with(fields, 7, "text"), "MAI-10", "a string is no byte string"),
        ("arity", wire.pack((*fields, None)), "MAI-10", "one field too many"),
    ):
        yield _read(f"letter-{name}", rule, comment, "read-letter", raw, _letter)
    for name, raw, comment in (
        ("good", Chat("Hello\nthere", None).pack(), "a line feed, and no listing"),
        ("listing", Chat("Is it still there?", listing).pack(), "about a listing"),
        ("longest", wire.pack((1, None, "ä" * 4_000)), "4,000 code points"),
        ("too-long", wire.pack((1, None, "a" * 4_001)), "4,001"),
        ("empty", wire.pack((1, None, "")), "nothing said"),
        ("escape", wire.pack((1, None, "\x1b[2J")), "would steer a terminal"),
        ("listing-short", wire.pack((1, bytes(15), "x")), "15 bytes"),
        ("version-2", wire.pack((2, None, "x")), "a later version"),
    ):
        yield _read(f"chat-{name}", "MAI-13", comment, "read-chat", raw, _chat)
    many = tuple(n.to_bytes(16, "big") for n in range(501))
    longer = tuple(n.to_bytes(32, "big") for n in range(500))
    for name, raw, comment in (
        ("good", Note((bytes(16),), (bytes(32),), (bytes(range(16)),)).pack(), "one of each"),
        ("empty", Note().pack(), "nothing to tell"),
        ("most", Note(acks=many[:500]).pack(), "500"),
        ("too-many", Note(acks=many).pack(), "501"),
        ("brimful", Note(many[:500], longer[:411], many[:500]).pack(), "31,985 bytes"),
        ("brimming-over", Note(many[:500], longer[:412], many[:500]).pack(), "32,019 bytes"),
        ("nack-short", wire.pack((1, (), (bytes(16),), ())), "a parcel id has 32 bytes"),
        ("ack-long", wire.pack((1, (bytes(32),), (), ())), "a message id has 16 bytes"),
    ):
        yield _read(f"note-{name}", "MAI-14", comment, "read-note", raw, _note)
    charter = bytes(range(32))
    for name, raw, comment in (
        (
            "answers",
            Answers(charter, ("Two doors down.\nSince May.", "")).pack(),
            "to two questions",
        ),
        ("no-answers", Answers(charter).pack(), "the charter asks nothing"),
        ("declined", Declined("We do not know you.").pack(), "with a reason"),
        ("declined-silently", Declined("").pack(), "without one"),
        ("most", wire.pack((1, 1, charter, ("a" * 300,) * 5)), "five answers of 300"),
        ("too-many", wire.pack((1, 1, charter, ("a",) * 6)), "six"),
        ("too-long", wire.pack((1, 1, charter, ("a" * 301,))), "301 code points"),
        ("escape", wire.pack((1, 1, charter, ("\x1b[2J",))), "would steer a terminal"),
        ("charter-short", wire.pack((1, 1, charter[:-1], ())), "31 bytes"),
        ("declined-too-long", wire.pack((1, 2, "a" * 301)), "301 code points"),
        ("says-3", wire.pack((1, 3, "a")), "says neither"),
        ("answers-says-2", wire.pack((1, 2, charter, ())), "the form of answers"),
        ("version-2", wire.pack((2, 1, charter, ())), "a later version"),
    ):
        yield _read(f"joining-{name}", "GOV-14", comment, "read-joining", raw, _joining)


def _letter(raw: bytes) -> dict[str, object]:
    read = letters.read_letter(raw)
    return {
        "community": read.community,
        "message_id": read.message_id,
        "sender": read.sender,
        "recipient": read.recipient,
        "sent_at_ms": read.sent_at_ms,
        "topic": read.topic,
        "content_bytes": len(read.content),
    }


def _chat(raw: bytes) -> dict[str, object]:
    read = letters.read_chat(raw)
    return {"listing": read.listing, "text": read.text}


def _note(raw: bytes) -> dict[str, object]:
    read = letters.read_note(raw)
    return {"acks": list(read.acks), "nacks": list(read.nacks), "reads": list(read.reads)}


def _joining(raw: bytes) -> dict[str, object]:
    match read_joining(raw):
        case Answers(charter, answers):
            return {"charter": charter, "answers": list(answers)}
        case Declined(reason):
            return {"declined": reason}


# -- parcels


def _parcels() -> Iterator[Case]:
    for size in (0, 1, 2_044, 2_045, 8_188, 8_189, 32_764):
        comment = "the smallest size that suffices"
        inner = bytes([7]) * size
        expect = {"bytes": len(parcel.pad(inner)), "id": parcel.parcel_id(parcel.pad(inner))}
        given = {"byte": b"\7", "bytes": size}
        yield Case(f"pad-{size}", ("MAI-22", "MAI-25"), comment, "pad", given, expect)
    good = parcel.pad(b"inner")
    for name, padded, comment in (
        ("good", good, "five bytes"),
        ("last-not-zero", good[:-1] + b"\1", "the last byte is 1"),
        ("first-not-zero", good[:9] + b"\1" + good[10:], "the first byte after it is 1"),
        ("beyond-the-end", (2_045).to_bytes(4, "big") + bytes(2_044), "2,045 of 2,044"),
        ("other-size", good + b"\0", "2,049 bytes"),
        ("nothing", b"", "no bytes at all"),
    ):
        yield _read(f"unpad-{name}", "MAI-22", comment, "unpad", padded, _unpadded, "padded")
    fields = (1, ANA.id, ANA_DEVICE.public, IDENTITY, BINDING, 0, b"\3olm")
    for name, raw, comment in (
        ("good", INNER.pack(), "a pre-key message"),
        ("type-1", _with(fields, 5, 1), "any other"),
        ("type-2", _with(fields, 5, 2), "no such type"),
        ("type-false", _with(fields, 5, False), "false is no integer"),
        ("binding-short", _with(fields, 4, bytes(63)), "63 bytes"),
        ("arity", wire.pack(fields[:-1]), "no message"),
        ("version-2", _with(fields, 0, 2), "a later version"),
    ):
        yield _read(f"inner-{name}", "MAI-21", comment, "read-inner", raw, _inner)
    outer = (1, PARCEL.tag, PARCEL.expires_at_ms)
    for name, raw, comment in (
        ("good", PARCEL.pack(), "the smallest"),
        ("largest", wire.pack((*outer, bytes(33_904))), "the largest"),
        ("other-size", wire.pack((*outer, bytes(3_185))), "one byte too many"),
        ("tag-short", wire.pack((1, bytes(15), 0, bytes(3_184))), "15 bytes"),
        ("time-negative", wire.pack((1, bytes(16), -1, bytes(3_184))), "before 1970"),
        ("version-2", wire.pack((2, *outer[1:], bytes(3_184))), "a later version"),
        ("trailing", PARCEL.pack() + b"\0", "one byte more"),
    ):
        yield _read(f"parcel-{name}", "MAI-24", comment, "read-parcel", raw, _parcel)


def _unpadded(padded: bytes) -> dict[str, object]:
    return {"inner": parcel.unpad(padded)}


def _inner(raw: bytes) -> dict[str, object]:
    read = parcel.read_inner(raw)
    return {
        "household": read.household,
        "device": read.device,
        "olm_identity": read.olm_identity,
        "binding": read.binding,
        "olm_type": read.olm_type,
        "olm_message": read.olm_message,
    }


def _parcel(raw: bytes) -> dict[str, object]:
    read = parcel.read_parcel(raw)
    return {
        "tag": read.tag,
        "expires_at_ms": read.expires_at_ms,
        "sealed_bytes": len(read.sealed),
        "id": parcel.parcel_id(raw),
    }


# -- mailboxes


def _mailboxes() -> Iterator[Case]:
    device = DeviceKey(BEN.device().public)
    monday = START_MS // WEEK_MS * WEEK_MS
    for name, at_ms, comment in (
        ("week-0", 0, "there are no weeks before it"),
        ("begins", monday, "the first moment of a week"),
        ("ends", monday + WEEK_MS - 1, "the last one: the next week's tag is answered to as well"),
        ("nearly-ends", monday + WEEK_MS - 600_001, "not yet"),
    ):
        expect = {
            "tag": mailbox.tag_of(NETWORK_KEY, device, at_ms),
            "tags": mailbox.tags_now(NETWORK_KEY, device, at_ms),
        }
        given = {"network_key": NETWORK_KEY, "device": device, "at_ms": at_ms}
        yield Case(f"tag-{name}", ("MAI-27", "MAI-52"), comment, "tag", given, expect)
    for name, at_ms, comment in (
        ("midnight", START_MS, "a whole day: 14 days later"),
        ("after-midnight", START_MS + 1, "rounded up"),
        ("before-midnight", START_MS - 1, "rounded up by a millisecond"),
    ):
        expect = {"expires_at_ms": mailbox.expiry_of(at_ms)}
        given = {"sealed_at_ms": at_ms}
        yield Case(f"expiry-{name}", ("MAI-26",), comment, "expiry", given, expect)
    tag = mailbox.tag_of(NETWORK_KEY, device, START_MS)
    people = sorted(Household(number).id for number in range(10, 20))
    for shown in (tag, tag[::-1]):
        order = mailbox.holders_for(shown, people)
        given = {"tag": shown, "households": people}
        comment = "another tag, another order"
        yield Case(
            f"holders-{shown.hex()[:6]}",
            ("MAI-50",),
            comment,
            "holders",
            given,
            {"households": order},
        )


# -- frames


def _frames() -> Iterator[Case]:
    raw, id = PARCEL.pack(), bytes(range(32))
    good: dict[str, tuple[post.Message, str]] = {
        "deliver": (Deliver((raw,)), "one parcel"),
        "deliver-nothing": (Deliver(()), "no parcels"),
        "result": (Result(tuple(Code)), "one of each code"),
        "deposit": (Deposit((raw,)), "one parcel"),
        "leave": (Leave((raw,)), "one note"),
        "collect": (Collect(0), "from the start"),
        "collect-on": (Collect(70_000), "what comes after number 70,000"),
        "parcels": (Parcels(70_001, (raw,)), "one parcel, with its number"),
        "parcels-none": (Parcels(70_001, ()), "that was all"),
        "collected": (Collected((id,)), "one id"),
        "waiting": (Waiting(), "come and collect"),
    }
    for name, (message, comment) in good.items():
        yield _read(f"frame-{name}", "MAI-40", comment, "read-frame", post.write(message), _frame)
    short = b"\x90"
    for name, frame, rule, comment in (
        ("result-later-code", wire.pack((1, (7, 255))), "MAI-42", "read as later"),
        ("result-code-256", wire.pack((1, (256,))), "MAI-42", "no code"),
        ("result-code-negative", wire.pack((1, (-1,))), "MAI-42", "no code"),
        ("result-too-many", wire.pack((1, (0,) * 65)), "MAI-40", "65 codes"),
        ("deliver-too-many", wire.pack((0, (short,) * 65)), "MAI-40", "65 parcels"),
        ("deliver-64", wire.pack((0, (short,) * 64)), "MAI-40", "the most; each is read later"),
        ("result-64", wire.pack((1, (0,) * 64)), "MAI-40", "the most"),
        ("collected-64", wire.pack((5, (id,) * 64)), "MAI-40", "the most"),
        ("collected-65", wire.pack((5, (id,) * 65)), "MAI-40", "65 ids"),
        ("parcels-65", wire.pack((4, 1, (short,) * 65)), "MAI-40", "65 parcels"),
        ("leave-longest-parcel", wire.pack((7, (bytes(33_968),))), "MAI-40", "33,968 bytes"),
        ("collected-none", wire.pack((5, ())), "MAI-40", "nothing to forget"),
        ("deliver-long-parcel", wire.pack((0, (bytes(33_969),))), "MAI-40", "no parcel is so long"),
        ("deliver-text", wire.pack((0, ("parcel",))), "MAI-40", "a string is no byte string"),
        ("collect-negative", wire.pack((3, -1)), "MAI-40", "numbers begin at 0"),
        ("collected-short", wire.pack((5, (bytes(31),))), "MAI-40", "31 bytes of an id"),
        ("waiting-arity", wire.pack((6, None)), "MAI-40", "one field too many"),
        ("collect-greatest", wire.pack((3, 2**48 - 1)), "MAI-40", "the greatest number"),
        ("collect-beyond", wire.pack((3, 2**48)), "MAI-40", "beyond it"),
        ("parcels-last-beyond", wire.pack((4, 2**48, ())), "MAI-40", "beyond the greatest number"),
        ("leave-arity", wire.pack((7,)), "MAI-43", "no list of notes"),
        ("tag-unknown", wire.pack((8,)), "MAI-43", "no such frame"),
        ("tag-missing", wire.pack(()), "MAI-43", "an empty array"),
        ("not-canonical", bytes.fromhex("91cc06"), "MAI-43", "the tag in two bytes"),
    ):
        yield _read(f"frame-{name}", rule, comment, "read-frame", frame, _frame, "frame")


def _frame(frame: bytes) -> dict[str, object]:
    match post.read(frame):
        case Deliver(parcels):
            return {"tag": 0, "parcels": _ids(parcels)}
        case Result(codes):
            return {"tag": 1, "codes": list(codes)}
        case Deposit(parcels):
            return {"tag": 2, "parcels": _ids(parcels)}
        case Leave(parcels):
            return {"tag": 7, "parcels": _ids(parcels)}
        case Collect(after):
            return {"tag": 3, "after": after}
        case Parcels(last, parcels):
            return {"tag": 4, "last": last, "parcels": _ids(parcels)}
        case Collected(ids):
            return {"tag": 5, "ids": list(ids)}
    return {"tag": 6}


def _ids(raws: tuple[bytes, ...]) -> list[bytes]:
    return [parcel.parcel_id(raw) for raw in raws]


# -- making cases


def _with(fields: tuple[wire.Value, ...], at: int, value: wire.Value) -> bytes:
    return wire.pack((*fields[:at], value, *fields[at + 1 :]))


def _read(
    name: str,
    rule: str,
    comment: str,
    operation: str,
    raw: bytes,
    read: Callable[[bytes], dict[str, object]],
    field: str = "bytes",
) -> Case:
    if operation == "read-frame":
        field = "frame"
    try:
        expect = read(raw)
    except RemoteError as error:
        expect = {"error": error.code}
    return Case(name, (rule,), comment, operation, {field: raw}, expect)
