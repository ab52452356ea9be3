"""Strict canonical msgpack: one meaning has exactly one encoding (spec 01).

msgpack itself accepts non-minimal integers, duplicate keys, floats and extension types.
Here only nil, bool, integers of 64 bits, byte strings, UTF-8 strings and arrays pass, nested
at most MAX_DEPTH deep, and decoding re-encodes and compares.
"""

from __future__ import annotations

from typing import TypeAlias

import msgpack

from protocol.errors import RemoteError
from protocol.limits import MAX_DEPTH

Value: TypeAlias = "bool | int | bytes | str | tuple[Value, ...] | None"

_PLAIN = frozenset({bool, int, bytes, str, type(None)})


def pack(value: Value) -> bytes:
    """Return the canonical encoding. Arrays are tuples; anything else is a TypeError."""
    packed: bytes = msgpack.packb(value)
    return packed


def unpack(raw: bytes, max_bytes: int) -> Value:
    """Return the value that ``raw`` encodes canonically.

    raw: at most max_bytes bytes, checked before decoding.
    Raises RemoteError ``wire-too-long``, ``wire-malformed`` or ``wire-not-canonical``.
    """
    if len(raw) > max_bytes:
        raise RemoteError("wire-too-long", bytes=len(raw), max_bytes=max_bytes)
    try:
        value = msgpack.unpackb(raw, use_list=False)
    except (ValueError, msgpack.UnpackException, RecursionError, TypeError, OverflowError):
        raise RemoteError("wire-malformed") from None
    if not _allowed(value, MAX_DEPTH):
        raise RemoteError("wire-malformed")
    if msgpack.packb(value) != raw:
        raise RemoteError("wire-not-canonical")
    checked: Value = value
    return checked


def _allowed(value: object, depth: int) -> bool:
    if type(value) is not tuple:
        return type(value) in _PLAIN
    if depth == 0:
        return False
    # Most arrays hold no others: one comparison tells.
    return _PLAIN.issuperset(map(type, value)) or all(_allowed(item, depth - 1) for item in value)


class Fields:
    """Reads the fields of a decoded array one after the other, each with its type and bounds.

    Every mismatch is RemoteError ``body-invalid`` naming the field, so that a body class
    states its shape once, in its reading order.
    """

    def __init__(self, value: Value, arity: int, name: str) -> None:
        if type(value) is not tuple or len(value) != arity:
            raise RemoteError("body-invalid", field=name)
        self._values = iter(value)

    def integer(self, name: str, lowest: int, highest: int) -> int:
        """The next field: an integer within [lowest, highest]."""
        value = next(self._values)
        if type(value) is not int or not lowest <= value <= highest:
            raise RemoteError("body-invalid", field=name)
        return value

    def optional_integer(self, name: str, lowest: int, highest: int) -> int | None:
        """The next field: nil, or an integer within [lowest, highest]."""
        value = next(self._values)
        if value is None:
            return None
        if type(value) is not int or not lowest <= value <= highest:
            raise RemoteError("body-invalid", field=name)
        return value

    def boolean(self, name: str) -> bool:
        """The next field: true or false."""
        value = next(self._values)
        if type(value) is not bool:
            raise RemoteError("body-invalid", field=name)
        return value

    def octets(self, name: str, length: int) -> bytes:
        """The next field: exactly ``length`` bytes."""
        value = next(self._values)
        if type(value) is not bytes or len(value) != length:
            raise RemoteError("body-invalid", field=name)
        return value

    def text(self, name: str) -> str:
        """The next field: a string (its content is checked by the body class)."""
        value = next(self._values)
        if type(value) is not str:
            raise RemoteError("body-invalid", field=name)
        return value

    def optional_text(self, name: str) -> str | None:
        """The next field: nil, or a string."""
        value = next(self._values)
        if value is None or type(value) is str:
            return value
        raise RemoteError("body-invalid", field=name)

    def array(self, name: str, longest: int) -> tuple[Value, ...]:
        """The next field: an array of at most ``longest`` items."""
        value = next(self._values)
        if type(value) is not tuple or len(value) > longest:
            raise RemoteError("body-invalid", field=name)
        return value

    def texts(self, name: str, longest: int) -> tuple[str, ...]:
        """The next field: an array of at most ``longest`` strings."""
        items = self.array(name, longest)
        found: list[str] = []
        for item in items:
            if type(item) is not str:
                raise RemoteError("body-invalid", field=name)
            found.append(item)
        return tuple(found)

    def optional(self, name: str) -> Value:
        """The next field, whatever it is: for nested arrays that may be nil."""
        return next(self._values)
