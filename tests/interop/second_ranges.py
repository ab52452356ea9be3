"""A second reader of what two sets say of each other, written from chapter 05 §§1 to 3 only.

An item is its key: 6 bytes of time and the 32 bytes of its id. A bound is a byte string; None
lies above every item.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from second_values import Refused, hashed, need

SKIP, FINGERPRINT, LIST, ASK = range(4)
MODES = ("SKIP", "FINGERPRINT", "LIST", "ASK")
ENTRY, LATEST = 22, 2**48 - 1
LONGEST, MOST_RANGES = 524_288, 4_096


def key_of(item) -> bytes:
    return item[0].to_bytes(6, "big") + bytes.fromhex(item[1])


def keys_of(items) -> list[bytes]:
    return sorted(map(key_of, items))


def shown(key: bytes) -> list:
    return [int.from_bytes(key[:6], "big"), key[6:].hex()]


def fingerprint(items) -> bytes:
    total = sum(int.from_bytes(item[6:], "big") for item in items) % 2**256
    message = total.to_bytes(32, "big") + len(items).to_bytes(8, "big")
    return hashed(b"p2pmarket/1/reconcile/range" + message, 16)


def within(items: list[bytes], lower: bytes, upper: bytes | None) -> list[bytes]:
    start = bisect_left(items, lower)
    return items[start:] if upper is None else items[start : bisect_left(items, upper)]


def entries_of(items) -> list[bytes]:
    return list(dict.fromkeys(item[:ENTRY] for item in items))


def not_above(a: bytes | None, b: bytes | None) -> bool:
    """Whether an upper bound is another one or lies below it."""
    return b is None or (a is not None and a <= b)


@dataclass
class Range:
    lower: bytes
    upper: bytes | None
    mode: int
    size: int = 0
    fingerprint: bytes = b""
    entries: list[bytes] = field(default_factory=list)


class _Reader:
    def __init__(self, raw: bytes) -> None:
        self.raw, self.at = raw, 0

    def take(self, size: int) -> bytes:
        need(self.at + size <= len(self.raw))
        self.at += size
        return self.raw[self.at - size : self.at]

    def varint(self) -> int:
        value = 0
        for place in range(8):
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                need(byte or place == 0)
                return value
        raise Refused

    def time(self, since: bytes, delta: int) -> bytes:
        time = int.from_bytes(since[:6], "big") + delta
        need(time <= LATEST)
        return time.to_bytes(6, "big")

    def bound(self, before: bytes) -> bytes | None:
        number = self.varint()
        if number == 0:
            return None
        delta, prefixed = divmod(number - 1, 2)
        bound = self.time(before, delta)
        if prefixed:
            length = self.take(1)[0]
            need(1 <= length <= 16)
            bound += self.take(length)
        need(bound > before)
        return bound

    def range(self, lower: bytes) -> Range:
        size, mode = divmod(self.varint(), 4)
        found = Range(lower, self.bound(lower), mode, size)
        if mode == FINGERPRINT:
            need(size >= 1)
            found.fingerprint = self.take(16)
        elif mode == LIST:
            before = lower
            for _ in range(size):
                entry = self.time(before, self.varint()) + self.take(16)
                need(entry >= lower and (found.upper is None or entry < found.upper))
                need(not found.entries or entry > before)
                found.entries.append(entry)
                before = entry
        else:
            need(size == 0)
        return found


def read(raw: bytes) -> list[Range]:
    need(len(raw) <= LONGEST)
    reader, ranges = _Reader(raw), []
    need(reader.take(1) == b"\x01")
    lower: bytes | None = b""
    while reader.at < len(raw) or not ranges:
        need(lower is not None and len(ranges) < MOST_RANGES)
        ranges.append(reader.range(lower))
        lower = ranges[-1].upper
    return ranges


def _varint(number: int) -> bytes:
    head = b""
    while number >= 0x80:
        head, number = head + bytes([number & 0x7F | 0x80]), number >> 7
    return head + bytes([number])


def _delta(now: bytes, before: bytes) -> int:
    return int.from_bytes(now[:6], "big") - int.from_bytes(before[:6], "big")


def write_range(of: Range) -> bytes:
    raw = _varint(4 * of.size + of.mode)
    if of.upper is None:
        raw += b"\x00"
    else:
        prefix = of.upper[6:]
        raw += _varint(1 + 2 * _delta(of.upper, of.lower) + bool(prefix))
        raw += bytes([len(prefix)]) + prefix if prefix else b""
    raw += of.fingerprint
    before = of.lower
    for entry in of.entries:
        raw += _varint(_delta(entry, before)) + entry[6:]
        before = entry
    return raw


def write(ranges) -> bytes:
    return b"\x01" + b"".join(map(write_range, ranges))


def _shown_range(of: Range) -> dict:
    found = {"upper": "end" if of.upper is None else of.upper.hex(), "mode": MODES[of.mode]}
    if of.mode == FINGERPRINT:
        found |= {"size": of.size, "fingerprint": of.fingerprint.hex()}
    return found | ({"entries": [e.hex() for e in of.entries]} if of.mode == LIST else {})


def _read(given):
    try:
        ranges = read(bytes.fromhex(given["message"]))
    except Refused:
        return "error"
    return {"ranges": [_shown_range(one) for one in ranges]}


OPERATIONS = {
    "read": _read,
    "fingerprint": lambda given: {"fingerprint": fingerprint(keys_of(given["items"])).hex()},
}
