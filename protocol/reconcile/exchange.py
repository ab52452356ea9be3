"""Range-based set reconciliation: the two sides of an exchange (spec 05 §4, §5).

The initiator keeps the list of ranges it has yet to settle and learns what differs; the
responder answers one message at a time and remembers nothing. A reply answers the asked
ranges from the lowest on and ends where its page is full; what it leaves is asked again.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from protocol.errors import RemoteError
from protocol.reconcile import limits
from protocol.reconcile.items import TIME_BYTES, Item, ItemSet, Snapshot, item_of
from protocol.reconcile.wire import (
    ENTRY_BYTES,
    HIGHEST,
    LOWEST,
    Mode,
    PageWriter,
    Range,
    bound_between,
    malformed,
    read_message,
)


class Wanted(NamedTuple):
    """An item that the other side listed: when it says it was made, 16 bytes of its id."""

    created_at_ms: int
    id_prefix: bytes


class Step(NamedTuple):
    """What one reply taught the initiator; have and need ascend by creation.

    reply: the next message to send; None when the exchange is over.
    have: items that the responder lacks.
    need: items that the initiator lacks.
    """

    reply: bytes | None
    have: list[Item]
    need: list[Wanted]


class _Open(NamedTuple):
    """A range to be settled: mode FINGERPRINT or ASK, and the ranks of its items here."""

    lower: bytes
    upper: bytes
    start: int
    stop: int
    mode: Mode


class Initiator:
    """One exchange, seen from the side that began it.

    It works on the items as they were when it was made: later changes of the set are safe.
    If the set was empty, `need` ascends over the whole exchange, otherwise within a step.

    max_message_bytes: of what it sends, 256 to 524288.
    max_rounds: messages it sends at most (SYN-23).
    jitter: 0 to 255, drawn anew by the caller for each exchange; it moves the bounds of the
        first message, so that no two sets can be built that hide each other for long.
    """

    def __init__(
        self,
        items: ItemSet,
        *,
        max_message_bytes: int = limits.PAGE_BYTES,
        max_rounds: int = limits.MAX_ROUNDS,
        jitter: int = 0,
    ) -> None:
        if not 0 <= jitter < limits.JITTER_STEPS:
            raise ValueError("jitter is between 0 and 255")
        self._view = items.snapshot()
        self._max_message_bytes = max_message_bytes
        self._max_rounds = max_rounds
        self._rounds = 0
        self._jitter = jitter
        self._asked: list[_Open] = []
        self._unsettled: list[_Open] = []

    def initiate(self) -> bytes:
        """The first message: fine ranges for the newest items, coarse ones for the old."""
        whole = _Open(LOWEST, HIGHEST, 0, len(self._view), Mode.ASK)
        if whole.stop == 0:
            self._unsettled = [whole]
        else:
            self._unsettled = _parted(self._view, whole, self._first_ranks())
        return self._next_message()

    def reconcile(self, message: bytes) -> Step:
        """Take the reply to the last message.

        RemoteError("reconcile-malformed", reason=…) if it breaks a rule of the spec;
        RemoteError("reconcile-endless", rounds=…) if the exchange would go on for too long.
        After an error, or a step without a reply, the exchange is over.
        """
        if not self._asked:
            raise ValueError("nothing was asked")
        have: list[Item] = []
        need: list[Wanted] = []
        settled = _Answers(self._view, have, need)
        rest = settled.take(self._asked, read_message(message))
        self._unsettled = settled.open + rest + self._unsettled
        self._asked = []
        reply = self._next_message() if self._unsettled else None
        return Step(reply, have, need)

    def _first_ranks(self) -> list[int]:
        """Where the first message parts the items (SYN-26), as ascending ranks."""
        ranks: list[int] = []
        rank = len(self._view)
        stretch = limits.JITTER_STEPS + (limits.FIRST_RATIO - 1) * self._jitter
        for index in range(limits.FIRST_RANGES - 1):
            size = limits.NEWEST_ITEMS * limits.FIRST_RATIO**index
            rank -= size * stretch // limits.JITTER_STEPS
            if rank <= 0:
                break
            ranks.append(rank)
        return ranks[::-1]

    def _next_message(self) -> bytes:
        if self._rounds == self._max_rounds:
            raise RemoteError("reconcile-endless", rounds=self._rounds)
        self._rounds += 1
        page = PageWriter(self._max_message_bytes)
        end = LOWEST
        fitted = 0
        for part in self._unsettled:
            if part.lower != end:
                page.skip(part.lower)
            if part.mode is Mode.ASK:
                fits = page.ask(part.upper)
            else:
                size = part.stop - part.start
                fits = page.fingerprint(
                    part.upper, size, self._view.fingerprint(part.start, part.stop)
                )
            if not fits:
                break
            end = part.upper
            fitted += 1
        self._asked, self._unsettled = self._unsettled[:fitted], self._unsettled[fitted:]
        return page.finish(skips_end=False)


class _Answers:
    """Walks through a reply beside what was asked; collects what it teaches."""

    def __init__(self, view: Snapshot, have: list[Item], need: list[Wanted]) -> None:
        self._view = view
        self._have = have
        self._need = need
        self.open: list[_Open] = []

    def take(self, asked: list[_Open], reply: list[Range]) -> list[_Open]:
        """Settle what the reply answers; returns the asked ranges that it leaves."""
        at = 0
        for index, part in enumerate(asked):
            if len(self._have) >= limits.MAX_HAVE:
                return asked[index:]
            while at < len(reply) and reply[at].upper <= part.lower:
                if reply[at].mode is not Mode.SKIP:
                    malformed("not-asked")
                at += 1
            if at == len(reply):
                if index == 0:
                    malformed("no-progress")
                return asked[index:]
            answer = reply[at]
            if answer.mode is Mode.SKIP:
                if part.mode is Mode.ASK or answer.upper < part.upper:
                    malformed("skip")
                continue
            if answer.lower != part.lower:
                malformed("not-asked")
            end = part.lower
            while at < len(reply) and end != part.upper:
                piece = reply[at]
                if piece.mode is not answer.mode or piece.upper > part.upper:
                    malformed("mixed-answer")
                end = self._piece(part, piece)
                at += 1
                if piece.mode is Mode.LIST:
                    if end == piece.upper != part.upper and at < len(reply):
                        malformed("mixed-answer")
                    break
            if end != part.upper:
                mode = Mode.ASK if answer.mode is Mode.LIST else part.mode
                return [self._slice(end, part.upper, mode), *asked[index + 1 :]]
        if any(left.mode is not Mode.SKIP for left in reply[at:]):
            malformed("not-asked")
        return []

    def _slice(self, lower: bytes, upper: bytes, mode: Mode) -> _Open:
        start, stop = self._view.rank(lower), self._view.rank(upper)
        if start == stop:
            mode = Mode.ASK
        return _Open(lower, upper, start, stop, mode)

    def _piece(self, part: _Open, piece: Range) -> bytes:
        """Settle one range of the reply; returns the bound up to which it could be used."""
        here = self._slice(piece.lower, piece.upper, Mode.FINGERPRINT)
        if piece.mode is Mode.LIST:
            here = self._within_a_step(here)
            self._compare(here, piece.entries)
        elif piece.mode is Mode.FINGERPRINT and part.mode is Mode.FINGERPRINT:
            if not _equal(self._view, here, piece):
                self._differs(here, piece.size)
        else:
            malformed("mode")
        return here.upper

    def _within_a_step(self, here: _Open) -> _Open:
        """The lower part of a listed range whose items do not fill `have` beyond a step."""
        stop = here.start + limits.MAX_HAVE - len(self._have)
        while stop < here.stop:
            bound = bound_between(self._view.key(stop - 1), self._view.key(stop))
            if bound is not None:
                return here._replace(upper=bound, stop=stop)
            stop += 1
        return here

    def _compare(self, here: _Open, entries: tuple[bytes, ...]) -> None:
        theirs = set(entries)
        ours = set()
        for key in self._view.keys(here.start, here.stop):
            entry = key[:ENTRY_BYTES]
            ours.add(entry)
            if entry not in theirs:
                self._have.append(item_of(key))
        self._need += [
            Wanted(int.from_bytes(entry[:TIME_BYTES]), entry[TIME_BYTES:])
            for entry in entries
            if entry not in ours and entry < here.upper
        ]

    def _differs(self, here: _Open, their_count: int) -> None:
        cuts = [] if _better_listed(their_count, here.stop - here.start) else _cuts(here)
        parts = _parted(self._view, here, cuts)
        if len(parts) > 1:
            self.open += parts
        elif self.open and self.open[-1].mode is Mode.ASK and self.open[-1].upper == here.lower:
            # Adjacent questions become one, so that whatever the other side says, the open
            # ranges stay in proportion to the items here.
            before = self.open.pop()
            self.open.append(_Open(before.lower, here.upper, before.start, here.stop, Mode.ASK))
        else:
            self.open.append(here._replace(mode=Mode.ASK))


def respond(items: ItemSet, message: bytes, *, max_message_bytes: int = limits.PAGE_BYTES) -> bytes:
    """The reply to an initiator's message; nothing is remembered between two calls.

    RemoteError("reconcile-malformed", reason=…) if the message breaks a rule of the spec.
    """
    view = items.snapshot()
    page = PageWriter(max_message_bytes)
    for asked in read_message(message):
        if asked.mode is Mode.LIST:
            malformed("mode")
        if asked.mode is Mode.SKIP:
            page.skip(asked.upper)
        elif not _answer(view, asked, page):
            break
    return page.finish(skips_end=True)


def _answer(view: Snapshot, asked: Range, page: PageWriter) -> bool:
    """Write the answer to one range; False if not all of it fits."""
    here = _Open(
        asked.lower, asked.upper, view.rank(asked.lower), view.rank(asked.upper), asked.mode
    )
    parts: list[_Open] = []
    if asked.mode is Mode.FINGERPRINT:
        if _equal(view, here, asked):
            page.skip(asked.upper)
            return True
        if not _better_listed(here.stop - here.start, asked.size):
            parts = _parted(view, here, _cuts(here))
    if len(parts) < 2:
        return page.entries(here.upper, view.keys(here.start, here.stop))
    return all(
        page.fingerprint(
            part.upper, part.stop - part.start, view.fingerprint(part.start, part.stop)
        )
        for part in parts
    )


def _equal(view: Snapshot, here: _Open, theirs: Range) -> bool:
    if here.stop - here.start != theirs.size:
        return False
    return view.fingerprint(here.start, here.stop) == theirs.fingerprint


def _better_listed(count: int, other_count: int) -> bool:
    """Is a list of `count` items worth its bytes, where the other side has other_count?

    Yes if it is short, or if the counts alone prove that a quarter as many items differ.
    """
    return count <= limits.LIST_AT_MOST or 4 * abs(count - other_count) >= count


def _cuts(here: _Open) -> list[int]:
    """The ranks at which a differing range is split evenly."""
    size = here.stop - here.start
    pieces = min(limits.SPLIT_INTO, size // limits.PIECE_ITEMS)
    return [here.start + size * index // pieces for index in range(1, pieces)]


def _parted(view: Snapshot, here: _Open, ranks: list[int]) -> list[_Open]:
    """The parts of a range between ranks inside it; a rank that no bound can mark is left out."""
    ends = [(here.lower, here.start)]
    for rank in ranks:
        bound = bound_between(view.key(rank - 1), view.key(rank))
        if bound is not None:
            ends.append((bound, rank))
    ends.append((here.upper, here.stop))
    return [
        _Open(lower, upper, start, stop, Mode.FINGERPRINT)
        for (lower, start), (upper, stop) in pairwise(ends)
    ]
