"""Vectors of the fold: stories that honest parties tell, and messages that no honest one writes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import trade_world as world
from trade_stories import STORIES
from trade_world import PUBLISHER, SEEKER, Play, played, signed, values_of
from vector_areas import Case, Fields

from protocol import wire
from protocol.listing import ListingKind
from protocol.trade.machine import fold
from protocol.trade.message import (
    NOTHING,
    Message,
    MessageId,
    Position,
    TradeId,
    read_message,
    sign_message,
)
from protocol.trade.trade import Trade
from protocol.trade.transitions import Role
from protocol.trade.types import Type
from protocol.wire import Value

Told = tuple[tuple[str, ...], str, Sequence[Message]]
_LATER_MS = world.ASKED_MS + 9


def fold_cases() -> Iterator[Case]:
    """All vectors of the operation ``fold``."""
    for name, (rules, comment, story) in STORIES.items():
        messages = story()
        trade = messages[0].trade
        random.Random(name).shuffle(messages)
        yield _case(name, (rules, comment, messages), trade)
    for name, told in (*_strays().items(), *_liars().items(), *_merges().items()):
        yield _case(name, told, played(_LINES).written[0].trade)
    own = Play(publisher=world.HOUSEHOLDS[SEEKER].id).written
    yield _case("with-oneself", (("TRD-10",), "nobody trades with itself", own), own[0].trade)


def shown(trade: Trade | None) -> Fields:
    """What a fold comes to."""
    if trade is None:
        return {"trade": None}
    receipt = trade.receipt()
    return {
        "trade": trade.id,
        "state": trade.state.value,
        "applied": [message.id for message in trade.applied],
        "void": [message.id for message in trade.void],
        "terms_hash": trade.terms_hash,
        "outcome": None if trade.outcome is None else int(trade.outcome),
        "at_fault": trade.at_fault,
        "receipt": None if receipt is None else wire.pack(receipt.as_value()),
        "digest": None if receipt is None else receipt.digest(),
    }


def _case(name: str, told: Told, trade: TradeId) -> Case:
    rules, comment, messages = told
    given: Fields = {"trade": trade, "messages": [message.raw for message in messages]}
    return Case(f"fold-{name}", rules, comment, "fold", given, shown(fold(messages, trade)))


_LINES: list[world.Line] = [(PUBLISHER, Type.PROMISE), (SEEKER, Type.SLOTS)]


def _changed(play: Play, **at: Value) -> Message:
    """The seeker's next message with these fields otherwise; _3 is the field with index 3."""
    values = values_of(play.draft(SEEKER, Type.CANCEL, at_ms=_LATER_MS))
    for place, value in at.items():
        values[int(place[1:])] = value
    return read_message(signed(values, world.HOUSEHOLDS[SEEKER].device()))


def _strays() -> dict[str, Told]:
    """Messages that are of no use to the trade, and gaps."""
    play = played(_LINES)
    opening, promise, slots = play.written
    second = played([], ListingKind.GIVE).written[0]
    first = _changed(play, _3=0, _4=NOTHING, _5=NOTHING)
    once_more = played([(PUBLISHER, Type.PROMISE), (SEEKER, Type.SLOTS)], text="Once more").written
    return {
        "asked-twice": (
            ("TRD-10",), "two trades of the same two about one listing: each for itself",
            [*once_more, *play.written, once_more[1]],
        ),
        "no-opening": (("TRD-10",), "without the ASK there is no trade", [promise, slots]),
        "two-openings": (
            ("TRD-10",), "the trade is the one whose id is given; the other ASK is another trade's",
            [second, *play.written],
        ),
        "in-place-of-the-opening": (
            ("TRD-10",), "nothing of the seeker's stands where the ASK does, whatever its id",
            [first, *play.written],
        ),
        "gap": (
            ("TRD-11",), "the PROMISE is missing: what names it waits", [opening, slots],
        ),
        "seq-skipped": (
            ("TRD-11",), "its seq is one too high", [*play.written, _changed(play, _3=3)],
        ),
        "repeated": (("TRD-10",), "each twice", play.written * 2),
        "other-trade": (
            ("TRD-10",), "a message of another trade",
            [*play.written, _changed(play, _2=bytes([7] * 32))],
        ),
        "other-community": (
            ("TRD-10",), "a message of another community",
            [*play.written, _changed(play, _1=bytes([7] * 32))],
        ),
        "third-author": (
            ("TRD-10",), "a message of a third household",
            [*play.written, _changed(play, _6=world.STRANGER.id)],
        ),
    }  # fmt: skip


def _liars() -> dict[str, Told]:
    """Several messages after one."""
    play = played(_LINES)
    both = sorted(
        (_changed(play), _changed(play, _8=_LATER_MS + 1)), key=lambda message: message.id
    )
    play.has[PUBLISHER].append(both[1])
    answer = play.write(PUBLISHER, Type.SIGN)
    written = play.written[:3]
    behind = _after(SEEKER, Type.ADDRESS, both[1], play.written[1].id)
    last = play.written[1]
    once = _after(PUBLISHER, Type.ADDRESS, last, both[1].id)
    again = _after(PUBLISHER, Type.ADDRESS, once, both[0].id)
    more = _after(PUBLISHER, Type.ADDRESS, again, both[0].id)
    return {
        "answered-further-on": (
            ("TRD-12",), "what follows the greater id was answered: both stand",
            [*written, *both, behind, _after(PUBLISHER, Type.ADDRESS, last, behind.id)],
        ),
        "both-answered": (
            ("TRD-12", "TRD-13"), "the least id; the publisher's, which name the other one, wait",
            [*written, *both, once, again, more],
        ),
        "what-falls-with-it": (
            ("TRD-12",), "none is answered: what follows the greater id falls with it",
            [*written, *both, behind],
        ),
        "two-after-one": (("TRD-12",), "none is answered: the least id", [*written, *both]),
        "two-after-one-answered": (
            ("TRD-12",), "the greater id stands: it was answered", [*written, *both, answer],
        ),
        "answered-by-what-does-not-stand": (
            ("TRD-12",), "of the publisher's two there the one that falls away answers, too",
            [*written, *both, *_one_falls_away(play, answer)],
        ),
    }  # fmt: skip


def _one_falls_away(play: Play, answer: Message) -> list[Message]:
    """The answer, and another message in its place whose id is less, which is answered by none."""
    author = world.HOUSEHOLDS[PUBLISHER]
    values = values_of(answer)
    values[5] = play.written[2].id
    for at_ms in range(_LATER_MS + 2, _LATER_MS + 999):
        values[8] = at_ms
        other = read_message(signed(values, author.device()))
        if other.id < answer.id:
            return [answer, other]
    raise AssertionError("one of so many ids is less")


def _merges() -> dict[str, Told]:
    """What names as seen what it should not."""
    play = played(_LINES)
    back = _changed(play, _5=NOTHING)
    more = _after(SEEKER, Type.SLOTS, back, play.written[1].id)
    play.write(PUBLISHER, Type.ADDRESS)
    address = play.written[-1]
    after_end = _after(PUBLISHER, Type.CANCEL, address, back.id)
    written = play.written[:3]
    return {
        "unseen-future": (
            ("TRD-13",), "it names as seen what nobody has: it waits",
            [*written, _changed(play, _5=bytes([7] * 32))],
        ),
        "own-as-seen": (
            ("TRD-13",), "it names as seen one of its own side",
            [*written, _changed(play, _5=written[2].id)],
        ),
        "seen-taken-back": (
            ("TRD-14",), "what was seen stays seen: this cancels nothing", [*written, back],
        ),
        "other-chain-goes-on": (
            ("TRD-13", "TRD-14"), "the seeker's chain has ended, the publisher's has not",
            [*written, back, more, address],
        ),
        "after-the-end": (
            ("TRD-13", "TRD-14"), "it names as seen what comes after the end: it waits for ever",
            [*written, back, address, after_end],
        ),
    }  # fmt: skip


def _after(role: Role, type: Type, last: Message, seen: MessageId) -> Message:
    """A message after that one, which names this one as seen."""
    household = world.HOUSEHOLDS[role]
    trade = played(_LINES).at(role)
    return sign_message(
        world.COMMUNITY, household.id, Position(trade.id, last.seq + 1, last.id, seen),
        _LATER_MS + 1, type, world.body_of(trade, role, type), household.device(),
    )  # fmt: skip
