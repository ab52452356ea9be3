"""A second responder and initiator, written from chapter 05 §§4 to 6 only."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from second_ranges import (
    ASK,
    ENTRY,
    FINGERPRINT,
    LIST,
    MOST_RANGES,
    SKIP,
    Range,
    entries_of,
    fingerprint,
    keys_of,
    not_above,
    read,
    shown,
    within,
    write,
    write_range,
)
from second_values import Refused, need


def bound_between(first: bytes, second: bytes) -> bytes | None:
    """SYN-25; None where both have the same entry."""
    return next((second[:n] for n in range(6, ENTRY + 1) if second[:n] > first), None)


def parted(items: list[bytes], starts, lower: bytes, upper: bytes | None) -> list[Range]:
    """Fingerprints of the items of a range, cut in front of each of ``starts``."""
    cuts = [bound_between(items[at - 1], items[at]) for at in starts]
    bounds = [lower, *(cut for cut in cuts if cut is not None), upper]
    found = []
    for low, high in pairwise(bounds):
        own = within(items, low, high)
        found.append(Range(low, high, FINGERPRINT, len(own), fingerprint(own)))
    return found


def strategy(own: list[bytes], theirs: int, mine: int, lower, upper) -> list[Range]:
    """SYN-27: the fingerprints to part a differing range into, or none to list it.

    theirs: the responder's count; mine: the initiator's; own: the items of who parts.
    """
    pieces = min(8, len(own) // 6)
    if theirs <= 8 or 4 * abs(theirs - mine) >= theirs or pieces < 2:
        return []
    found = parted(own, [len(own) * k // pieces for k in range(1, pieces)], lower, upper)
    return found if len(found) > 1 else []


def listed(items, lower: bytes, upper: bytes | None) -> Range:
    entries = entries_of(items)
    return Range(lower, upper, LIST, len(entries), entries=entries)


# -- §4 the responder


class _Reply:
    def __init__(self, longest: int) -> None:
        self.ranges: list[Range] = []
        self.room = longest - 1
        self.full = False

    def add(self, answer: Range) -> None:
        last = self.ranges[-1] if self.ranges else None
        if last is not None and last.mode == SKIP == answer.mode:
            self.room += len(write_range(self.ranges.pop()))
            answer = Range(last.lower, answer.upper, SKIP)
        size = len(write_range(answer))
        if size > self.room and answer.mode == LIST:
            answer = self._cut(answer)
            self.full = True
        elif size > self.room or len(self.ranges) >= MOST_RANGES:
            self.full = True
            return
        self.room -= len(write_range(answer))
        self.ranges.append(answer)

    def _cut(self, answer: Range) -> Range:
        """As much of a LIST as there is room for."""
        for count in range(answer.size - 1, 0, -1):
            kept, upper = answer.entries[:count], answer.entries[count]
            cut = Range(answer.lower, upper, LIST, count, entries=kept)
            if len(write_range(cut)) <= self.room:
                return cut
        return Range(answer.lower, answer.lower, SKIP)


def respond(items: list[bytes], message: bytes, longest: int) -> bytes:
    reply, request = _Reply(longest), read(message)
    need(all(asked.mode != LIST for asked in request))
    for asked in request:
        for answer in _answers(items, asked):
            if not reply.full:
                reply.add(answer)
    return write([one for one in reply.ranges if one.lower != one.upper])


def _answers(items: list[bytes], asked: Range) -> list[Range]:
    lower, upper = asked.lower, asked.upper
    own = within(items, lower, upper)
    same = (asked.size, asked.fingerprint) == (len(own), fingerprint(own))
    if asked.mode == SKIP or (asked.mode == FINGERPRINT and same):
        return [Range(lower, upper, SKIP)]
    parts = strategy(own, len(own), asked.size, lower, upper) if asked.mode == FINGERPRINT else []
    return parts or [listed(own, lower, upper)]


# -- §5 the initiator


@dataclass
class _Asked:
    range: Range
    reached: bytes | None
    modes: list[int]


class Initiator:
    """One exchange; ``have`` holds keys, ``need`` entries."""

    def __init__(self, items: list[bytes], jitter: int, longest: int) -> None:
        self.items, self.longest = items, longest
        self.have: list[bytes] = []
        self.need: list[bytes] = []
        starts, left = [], len(items)
        for k in range(6):
            left -= 16 * 4**k * (256 + 3 * jitter) // 256
            if left <= 0:
                break
            starts.insert(0, left)
        ask = Range(b"", None, ASK)
        self.open = parted(items, starts, b"", None) if items else [ask]

    def request(self) -> bytes:
        """SYN-18; remembers what it asks."""
        ranges, at, size = [], b"", 1
        asked = []
        for one in self.open:
            pair = [Range(at, one.lower, SKIP)] if one.lower != at else []
            pair.append(one)
            size += sum(len(write_range(part)) for part in pair)
            if asked and (size > self.longest or len(ranges) + len(pair) > MOST_RANGES):
                break
            ranges += pair
            asked.append(_Asked(one, one.lower, []))
            at = one.upper
        self.asked, self.open = asked, self.open[len(asked) :]
        return write(ranges)

    def take(self, reply: bytes) -> None:
        """SYN-19 to SYN-22: checks the whole reply, then learns from it."""
        answers = [(answer, self._asked_by(answer)) for answer in read(reply)]
        first = self.asked[0]
        need(first.reached != first.range.lower)
        still_open = []
        for answer, asked in answers:
            if answer.mode == LIST:
                self._learn(answer)
            elif asked is not None:
                still_open += self._differing(answer)
        for asked in self.asked:
            if asked.reached != asked.range.upper:
                still_open.append(self._rest(asked))
        self.open = _joined(sorted([*still_open, *self.open], key=lambda one: one.lower))

    def _asked_by(self, answer: Range) -> _Asked | None:
        """The range that a LIST or FINGERPRINT answers; None for a SKIP."""
        need(answer.mode != ASK)
        met = [
            asked
            for asked in self.asked
            if (answer.upper is None or asked.range.lower < answer.upper)
            and (asked.range.upper is None or answer.lower < asked.range.upper)
        ]
        if answer.mode == SKIP:
            for asked in met:
                need(asked.range.mode == FINGERPRINT and answer.lower <= asked.range.lower)
                need(not_above(asked.range.upper, answer.upper))
                asked.reached = asked.range.upper
            return None
        need(len(met) == 1)
        asked = met[0]
        need(asked.reached == answer.lower and not_above(answer.upper, asked.range.upper))
        need(answer.mode == LIST or asked.range.mode == FINGERPRINT)
        need(not asked.modes or {answer.mode, *asked.modes} == {FINGERPRINT})
        asked.modes.append(answer.mode)
        asked.reached = answer.upper
        return asked

    def _learn(self, answer: Range) -> None:
        own = within(self.items, answer.lower, answer.upper)
        theirs, mine = set(answer.entries), {item[:ENTRY] for item in own}
        self.have += [item for item in own if item[:ENTRY] not in theirs]
        self.need += [entry for entry in answer.entries if entry not in mine]

    def _differing(self, answer: Range) -> list[Range]:
        own = within(self.items, answer.lower, answer.upper)
        if (answer.size, answer.fingerprint) == (len(own), fingerprint(own)):
            return []
        parts = strategy(own, answer.size, len(own), answer.lower, answer.upper)
        return parts or [Range(answer.lower, answer.upper, ASK)]

    def _rest(self, asked: _Asked) -> Range:
        lower, upper = asked.reached, asked.range.upper
        own = within(self.items, lower, upper)
        if not own or asked.range.mode == ASK or LIST in asked.modes:
            return Range(lower, upper, ASK)
        return Range(lower, upper, FINGERPRINT, len(own), fingerprint(own))


def _joined(ranges: list[Range]) -> list[Range]:
    found: list[Range] = []
    for one in ranges:
        if found and found[-1].mode == ASK == one.mode and found[-1].upper == one.lower:
            one = Range(found.pop().lower, one.upper, ASK)
        found.append(one)
    return found


# -- the operations


def _respond(given):
    message, longest = bytes.fromhex(given["message"]), given["max_message_bytes"]
    try:
        return {"reply": respond(keys_of(given["items"]), message, longest).hex()}
    except Refused:
        return "error"


def _exchange(given):
    longest = given["max_message_bytes"]
    initiator = Initiator(keys_of(given["initiator"]), given["jitter"], longest)
    theirs, messages = keys_of(given["responder"]), []
    while initiator.open:
        assert len(messages) < 2 * 256
        messages.append(initiator.request())
        messages.append(respond(theirs, messages[-1], longest))
        initiator.take(messages[-1])
    return {
        "messages": [message.hex() for message in messages],
        "have": [shown(key) for key in initiator.have],
        "need": [shown(entry) for entry in initiator.need],
    }


def _reconcile(given):
    initiator = Initiator(keys_of(given["items"]), given["jitter"], 262_144)
    messages = []
    for at, reply in enumerate(given["replies"], 1):
        messages.append(initiator.request().hex())
        try:
            initiator.take(bytes.fromhex(reply))
        except Refused:
            assert at == len(given["replies"])
            return {"messages": messages, "error": "reconcile-malformed"}
    return {"messages": messages}


OPERATIONS = {"respond": _respond, "exchange": _exchange, "reconcile": _reconcile}
