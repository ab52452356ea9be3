"""Vectors of chapter 09 §9: what is laid before a steward, part by part, and what comes back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import trade_world as world
from trade_world import HOUSEHOLDS, PUBLISHER, SEEKER, STEWARD, STRANGER, Play, played
from vector_world import DAY_MS

from protocol import wire
from protocol.errors import RemoteError
from protocol.ids import CommunityId, HouseholdId
from protocol.trade.agreement import Words
from protocol.trade.case import (
    OPENERS,
    CasePart,
    Extent,
    RulingLetter,
    missing,
    open_part,
    parts_of,
    read_case_letter,
)
from protocol.trade.machine import fold
from protocol.trade.message import Message, Position, sign_message
from protocol.trade.trade import Trade
from protocol.trade.transitions import Role
from protocol.trade.types import Type
from vector_areas import Case, Fields

HANDED_MS = world.ASKED_MS + 10 * DAY_MS
WORDS = "It is not as agreed."
_SEEKER, _PUBLISHER = HOUSEHOLDS[SEEKER].id, HOUSEHOLDS[PUBLISHER].id


def cases() -> Iterator[Case]:
    """All vectors of the area."""
    yield from _letters()
    yield from _whole()
    yield from _refused()


def _disputed(*before: world.Line, text: str = "") -> Play:
    return played(
        [*before, (PUBLISHER, Type.PROMISE), (PUBLISHER, Type.HANDOVER),
         (SEEKER, Type.DISPUTE), (PUBLISHER, Type.STEWARD)], text=text,
    )  # fmt: skip


def _part(trade: Trade, text: str = WORDS) -> CasePart:
    (part,) = parts_of(trade, HANDED_MS, text)
    return part


def _letters() -> Iterator[Case]:
    trade = _disputed().at(SEEKER)
    part = _part(trade)
    good = part.pack()
    yield Case(
        "part", ("TRD-25",), "what a party hands over", "case_letter", {"bytes": good},
        {
            "trade": trade.id,
            "handed_at_ms": HANDED_MS,
            "named": [[extent.count, extent.head] for extent in part.named],
            "messages": list(part.raws),
            "text": WORDS,
        },
    )  # fmt: skip
    ruling = world.ruling(trade)
    answer = RulingLetter(trade.id, ruling).pack()
    yield Case(
        "ruling", ("TRD-25",), "what the steward answers", "case_letter", {"bytes": answer},
        {"trade": trade.id, "ruling": ruling},
    )  # fmt: skip
    value = wire.unpack(good, 32_000)
    assert isinstance(value, tuple)
    head = bytes(32)
    for name, comment, content in (
        ("two-messages", "too few to show anything", (*value[:5], value[5][:2], WORDS)),  # type: ignore[index]
        ("65-messages", "too many", (*value[:5], (b"",) * 65, WORDS)),
        ("long-message", "6,145 bytes", (*value[:5], (*part.raws, bytes(6_145)), WORDS)),
        ("empty-chain", "both have written", (*value[:4], ((0, head), (3, head)), *value[5:])),
        ("long-chain", "257 messages", (*value[:4], ((257, head), (3, head)), *value[5:])),
        ("no-time", "handed over at no time", (*value[:3], 0, *value[4:])),
        ("long-text", "501 code points", (*value[:6], "x" * 501)),
        ("other-what", "neither a part nor a ruling", (1, 3, *value[2:])),
        ("long-ruling", "6,145 bytes", (1, 2, trade.id, bytes(6_145))),
        ("ruling-with-text", "a ruling has its own", (1, 2, trade.id, ruling, "and")),
    ):
        yield Case(
            f"letter-{name}", ("TRD-25",), comment, "case_letter",
            {"bytes": wire.pack(content)}, {"error": "malformed"},
        )  # fmt: skip
    filled = (*part.raws, *[bytes(6_144)] * 4)
    room = 32_000 - len(replace(part, raws=(*filled, bytes(300))).pack()) + 300
    brim = replace(part, raws=(*filled, bytes(room)))
    yield Case(
        "letter-longest", ("TRD-25",), "32,000 bytes; whether they are messages shows later",
        "case_letter", {"bytes": brim.pack()},
        {
            "trade": trade.id,
            "handed_at_ms": HANDED_MS,
            "named": [[extent.count, extent.head] for extent in part.named],
            "messages": list(brim.raws),
            "text": WORDS,
        },
    )  # fmt: skip
    yield Case(
        "letter-too-long-by-one", ("TRD-25",), "32,001", "case_letter",
        {"bytes": replace(part, raws=(*filled, bytes(room + 1))).pack()}, {"error": "malformed"},
    )  # fmt: skip
    words = replace(part, text="ä" * 500)
    yield Case(
        "letter-text-500", ("TRD-25",), "500 code points, 1,000 bytes", "case_letter",
        {"bytes": words.pack()},
        {
            "trade": trade.id,
            "handed_at_ms": HANDED_MS,
            "named": [[extent.count, extent.head] for extent in part.named],
            "messages": list(part.raws),
            "text": words.text,
        },
    )  # fmt: skip
    long = replace(part, raws=(*part.raws, *[bytes(6_144)] * 5)).pack()
    yield Case(
        "letter-too-long", ("TRD-25",), "more than a letter holds", "case_letter",
        {"bytes": long}, {"error": "malformed"},
    )  # fmt: skip


def _whole() -> Iterator[Case]:
    haggled = _disputed(*[(role, Type.OFFER) for role in (PUBLISHER, SEEKER) * 3])
    parts = _cut(haggled.at(SEEKER))
    assert len(parts) > 3
    yield _laid("whole", "all parts, the last one first", parts[::-1], ("TRD-38", "TRD-39"))
    yield _laid("repeated", "a part that came twice", [*parts, parts[1]])
    yield _laid("first", "the first part alone: how it ends, and how much is missing", parts[:1])
    yield _laid("gap", "the second part is lost", [parts[0], *parts[2:]])
    again = _cut(haggled.at(SEEKER), HANDED_MS + 1, "I had forgotten something.")
    yield _laid("again", "the later words count", [*again[:1], *parts])
    same = [replace(parts[0], text=text) for text in ("A", "B")]
    yield _laid("same-time", "two of one time: the greater bytes", same)
    other = _cut(haggled.at(PUBLISHER), text="By the other side.")
    yield _laid("publisher", "the publisher hands over", other, sender=_PUBLISHER)
    beyond = _disputed()
    short = _part(beyond.at(SEEKER))
    extent = Extent(short.named[0].count, short.named[1].head)
    yield _laid(
        "other-head", "the last message is not the one named: it is missing",
        [replace(short, named=(extent, short.named[1]))],
    )  # fmt: skip


def _cut(trade: Trade, handed_at_ms: int = HANDED_MS, text: str = WORDS) -> list[CasePart]:
    """Parts with two messages each beside the openers."""
    (whole,) = parts_of(trade, handed_at_ms, text)
    openers, others = whole.raws[:OPENERS], whole.raws[OPENERS:]
    return [
        replace(whole, raws=(*openers, *others[at : at + 2])) for at in range(0, len(others), 2)
    ]


def _refused() -> Iterator[Case]:
    play = _disputed()
    trade = play.at(SEEKER)
    part = _part(trade)
    ask, dispute, acceptance = part.raws[:3]
    rest = part.raws[3:]

    def with_raws(*raws: bytes) -> CasePart:
        return replace(part, raws=raws)

    def forged(role: Role, after: Position, type: Type, author: HouseholdId) -> Message:
        signer = HOUSEHOLDS[role].device()
        body = Words("It was never so.")
        return sign_message(
            trade.community, author, after, HANDED_MS, type, body, signer
        )  # fmt: skip

    position = trade.next_position(SEEKER)
    elsewhere = sign_message(
        CommunityId(bytes([9] * 32)), _SEEKER, position, HANDED_MS, Type.CANCEL,
        Words(), HOUSEHOLDS[SEEKER].device(),
    )  # fmt: skip
    third = forged(SEEKER, position, Type.CANCEL, STRANGER.id)
    more = forged(SEEKER, position, Type.CANCEL, _SEEKER)
    other_trade = _disputed(text="Another one").at(SEEKER)
    settled = played(
        [(PUBLISHER, Type.PROMISE), (SEEKER, Type.DISPUTE), (PUBLISHER, Type.DISPUTE)]
    ).at(SEEKER)
    alone = tuple(m.raw for m in settled.applied if m.type is Type.DISPUTE)
    bit = rest[0][:-1] + bytes([rest[0][-1] ^ 1])
    listed: Sequence[tuple[str, str, CasePart]] = (
        ("no-opening", "the ASK is not first", with_raws(dispute, ask, acceptance, *rest)),
        ("not-accepted", "the other side has not accepted", with_raws(ask, dispute, *rest)),
        ("both-dispute", "each has named it, neither accepted", with_raws(ask, *alone)),
        ("other-trade", "another trade's id", replace(part, trade=other_trade.id)),
        (
            "other-trades-message", "a message of another trade",
            with_raws(*part.raws, other_trade.order[-1].raw),
        ),
        ("other-community", "a message of another community", _longer(part, elsewhere)),
        ("third-author", "a message of somebody else", _longer(part, third)),
        ("beyond", "a message beyond those named", with_raws(*part.raws, more.raw)),
        ("bit", "one bit of a signature", with_raws(ask, dispute, acceptance, bit, *rest[1:])),
    )  # fmt: skip
    for name, comment, given in listed:
        yield _laid(f"refused-{name}", comment, [given], ("TRD-37",))
    yield _laid("refused-stranger", "handed over by neither side", [part], ("TRD-37",), STRANGER.id)
    yield _laid(
        "refused-other-steward", "laid before somebody else", [part], ("TRD-37",),
        steward=STRANGER.id,
    )  # fmt: skip
    yield _laid(
        "refused-one-of-several", "one bad part among good ones",
        [part, with_raws(dispute, ask, acceptance)], ("TRD-37",),
    )  # fmt: skip


def _longer(part: CasePart, message: Message) -> CasePart:
    """The same with one message more, and named so."""
    publisher, seeker = part.named
    named = publisher, Extent(seeker.count + 1, message.id)
    return replace(part, named=named, raws=(*part.raws, message.raw))


def _laid(
    name: str,
    comment: str,
    parts: Sequence[CasePart],
    rules: tuple[str, ...] = ("TRD-38",),
    sender: HouseholdId = _SEEKER,
    steward: HouseholdId = STEWARD.id,
) -> Case:
    letters = [part.pack() for part in parts]
    return Case(
        f"case-{name}", rules, comment, "case",
        {"letters": letters, "sender": sender, "steward": steward},
        _expected(letters, sender, steward),
    )  # fmt: skip


def _expected(letters: Sequence[bytes], sender: HouseholdId, steward: HouseholdId) -> Fields:
    parts = [part for part in map(read_case_letter, letters) if isinstance(part, CasePart)]
    try:
        messages = [m for part in parts for m in open_part(part, sender, steward)]
    except RemoteError as error:
        return {"error": error.code}
    trade = fold(messages)
    assert trade is not None
    told = max(parts, key=lambda part: part.rank)
    return {
        "text": told.text,
        "missing": missing(told.named, trade.publisher, trade.seeker, messages),
        "state": trade.state.value,
    }
