"""Messages of reconciliation as bytes (spec 05 §3): total readers, a writer with a page limit.

A message is a version byte and ranges in ascending order without gaps, the first of which
begins at the lowest bound. A bound is a byte string: creation time in 6 bytes, then 0 to 16
bytes of an id; an item lies below it if its key is the smaller byte string.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple, NoReturn

from protocol.errors import RemoteError
from protocol.limits import MAX_TIME_MS
from protocol.reconcile.items import TIME_BYTES
from protocol.reconcile.limits import (
    FINGERPRINT_BYTES,
    MAX_MESSAGE_BYTES,
    MAX_RANGES,
    MIN_PAGE_BYTES,
    PREFIX_BYTES,
)

VERSION = 1
LOWEST = b""
HIGHEST = b"\xff" * 39
"""Above every key and every other bound: the end of the last range."""

ENTRY_BYTES = TIME_BYTES + PREFIX_BYTES
"""An entry of a list: the first 22 bytes of a key."""

_VARINT_BYTES = 8
_BOUND_ROOM = 8 + 1 + PREFIX_BYTES
_SKIP_ROOM = 1 + _BOUND_ROOM
_RANGE_ROOM = 5 + _BOUND_ROOM + FINGERPRINT_BYTES
_ENTRY_ROOM = 7 + PREFIX_BYTES


class Mode(IntEnum):
    """What a range says; the number is on the wire."""

    SKIP = 0
    """Nothing to do: not asked for, or found equal."""
    FINGERPRINT = 1
    """Here is the count and fingerprint of my items: compare."""
    LIST = 2
    """Here are all my items (responder only)."""
    ASK = 3
    """List all your items (initiator only)."""


_MODES = tuple(Mode)


class Range(NamedTuple):
    """The items from lower up to, not including, upper; what is said of them.

    size: how many items the sender has, for FINGERPRINT and LIST; 0 otherwise.
    entries: for LIST, ascending; each the first 22 bytes of a key.
    """

    lower: bytes
    upper: bytes
    mode: Mode
    size: int = 0
    fingerprint: bytes = b""
    entries: tuple[bytes, ...] = ()


def malformed(reason: str) -> NoReturn:
    """Raise the one error for whatever a remote message gets wrong."""
    raise RemoteError("reconcile-malformed", reason=reason)


def read_message(message: bytes) -> list[Range]:
    """The ranges of a foreign message. RemoteError if it breaks a rule of spec 05 §3."""
    if len(message) > MAX_MESSAGE_BYTES:
        malformed("too-long")
    if message[:1] != bytes([VERSION]):
        malformed("version")
    reader = _Reader(message)
    ranges: list[Range] = []
    lower = LOWEST
    while reader.at < len(message):
        if len(ranges) == MAX_RANGES:
            malformed("too-many-ranges")
        if lower == HIGHEST:
            malformed("after-the-end")
        ranges.append(reader.range(lower))
        lower = ranges[-1].upper
    if not ranges:
        malformed("empty")
    return ranges


class _Reader:
    """A position in a message, and the creation time that the next bound counts from."""

    def __init__(self, message: bytes) -> None:
        self.message = message
        self.at = 1
        self.time_ms = 0

    def range(self, lower: bytes) -> Range:
        head = self.varint()
        mode, count = _MODES[head & 3], head >> 2
        since_ms = self.time_ms
        upper = self.bound()
        if upper <= lower:
            malformed("bound-order")
        if mode is Mode.FINGERPRINT:
            if count == 0:
                malformed("empty-fingerprint")
            return Range(lower, upper, mode, count, self.take(FINGERPRINT_BYTES))
        if mode is Mode.LIST:
            return Range(
                lower, upper, mode, count, b"", self.entries(count, since_ms, lower, upper)
            )
        if count:
            malformed("count")
        return Range(lower, upper, mode)

    def bound(self) -> bytes:
        coded = self.varint()
        if coded == 0:
            return HIGHEST
        self.time_ms += (coded - 1) >> 1
        if self.time_ms > MAX_TIME_MS:
            malformed("time")
        time = self.time_ms.to_bytes(TIME_BYTES, "big")
        if (coded - 1) & 1 == 0:
            return time
        length = self.take(1)[0]
        if not 1 <= length <= PREFIX_BYTES:
            malformed("prefix-length")
        return time + self.take(length)

    def entries(self, count: int, since_ms: int, lower: bytes, upper: bytes) -> tuple[bytes, ...]:
        # Each takes at least 17 bytes: so a foreign count cannot ask for more than is there.
        if count * (1 + PREFIX_BYTES) > len(self.message) - self.at:
            malformed("truncated")
        entries: list[bytes] = []
        message, at = self.message, self.at
        for _ in range(count):
            delta = message[at] if at < len(message) else 128
            if delta < 128:
                at += 1
            else:
                self.at = at
                delta, at = self.varint(), self.at
            since_ms += delta
            if since_ms > MAX_TIME_MS:
                malformed("time")
            entries.append(since_ms.to_bytes(TIME_BYTES, "big") + message[at : at + PREFIX_BYTES])
            at += PREFIX_BYTES
        if at > len(message):
            malformed("truncated")
        self.at = at
        if entries and not (lower <= entries[0] and entries[-1] < upper):
            malformed("entry-outside")
        if not all(map(bytes.__lt__, entries, entries[1:])):
            malformed("entry-order")
        return tuple(entries)

    def take(self, size: int) -> bytes:
        taken = self.message[self.at : self.at + size]
        if len(taken) < size:
            malformed("truncated")
        self.at += size
        return taken

    def varint(self) -> int:
        value = shift = 0
        coded = self.message[self.at : self.at + _VARINT_BYTES]
        for size, byte in enumerate(coded, 1):
            value |= (byte & 127) << shift
            if byte < 128:
                if byte == 0 and size > 1:
                    malformed("varint")
                self.at += size
                return value
            shift += 7
        malformed("truncated" if len(coded) < _VARINT_BYTES else "varint")


class PageWriter:
    """Writes one message of at most max_bytes bytes and MAX_RANGES ranges.

    Each method says whether its range went in; after the first that did not, `finish`. A
    skip is held back until another range follows it, so that adjacent ones become one.
    """

    def __init__(self, max_bytes: int) -> None:
        if not MIN_PAGE_BYTES <= max_bytes <= MAX_MESSAGE_BYTES:
            raise ValueError("a page has between 256 bytes and 512 KiB")
        self._max_bytes = max_bytes
        self._out = bytearray([VERSION])
        self._ranges = 0
        self._time_ms = 0
        self._skip_until = LOWEST

    def skip(self, upper: bytes) -> None:
        """Say nothing of the items up to a bound. There is always room for it."""
        self._skip_until = upper

    def ask(self, upper: bytes) -> bool:
        """Ask for a list of the items up to a bound."""
        return self._begins(_RANGE_ROOM) and self._range(Mode.ASK, 0, upper)

    def fingerprint(self, upper: bytes, count: int, fingerprint: bytes) -> bool:
        """Say count and fingerprint of the items up to a bound."""
        if not self._begins(_RANGE_ROOM):
            return False
        self._range(Mode.FINGERPRINT, count, upper)
        self._out += fingerprint
        return True

    def entries(self, upper: bytes, keys: Iterable[bytes]) -> bool:
        """List the keys up to a bound; False if only the first of them fit (perhaps none)."""
        if not self._begins(_RANGE_ROOM + _ENTRY_ROOM):
            return False
        room = self._max_bytes - len(self._out) - _RANGE_ROOM - _SKIP_ROOM - _ENTRY_ROOM
        body = bytearray()
        count = 0
        last = b""
        time_ms = self._time_ms
        complete = True
        for key in keys:
            entry = key[:ENTRY_BYTES]
            if entry == last:
                continue  # its prefix collides with the one before: once is enough
            if len(body) > room:
                upper = entry
                complete = False
                break
            created_at_ms = int.from_bytes(entry[:TIME_BYTES])
            _put_varint(body, created_at_ms - time_ms)
            body += entry[TIME_BYTES:]
            time_ms = created_at_ms
            last = entry
            count += 1
        self._range(Mode.LIST, count, upper)
        self._out += body
        return complete

    def finish(self, *, skips_end: bool) -> bytes:
        """The message; skips_end says whether a skip at its end is written or left out."""
        if skips_end:
            self._put_skip()
        return bytes(self._out)

    def _begins(self, room: int) -> bool:
        """Write the skip that is held back; is there room for a range, and a skip after it?"""
        if self._ranges + 3 > MAX_RANGES:
            return False
        if len(self._out) + _SKIP_ROOM + room + _SKIP_ROOM > self._max_bytes:
            return False
        self._put_skip()
        return True

    def _put_skip(self) -> None:
        if self._skip_until != LOWEST:
            upper, self._skip_until = self._skip_until, LOWEST
            self._range(Mode.SKIP, 0, upper)

    def _range(self, mode: Mode, count: int, upper: bytes) -> bool:
        _put_varint(self._out, count << 2 | mode)
        self._ranges += 1
        if upper == HIGHEST:
            self._out.append(0)
            return True
        time_ms = int.from_bytes(upper[:TIME_BYTES])
        prefix = upper[TIME_BYTES:]
        _put_varint(self._out, ((time_ms - self._time_ms) << 1 | bool(prefix)) + 1)
        if prefix:
            self._out.append(len(prefix))
            self._out += prefix
        self._time_ms = time_ms
        return True


def bound_between(before: bytes, after: bytes) -> bytes | None:
    """The shortest bound above one key and not above a later one; None if none parts them."""
    if before[:TIME_BYTES] != after[:TIME_BYTES]:
        return after[:TIME_BYTES]
    for length in range(TIME_BYTES + 1, ENTRY_BYTES + 1):
        if before[:length] != after[:length]:
            return after[:length]
    return None


def _put_varint(out: bytearray, value: int) -> None:
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
