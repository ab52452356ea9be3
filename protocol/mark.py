"""Marks: a listing is reserved or taken, visible at once and in few bytes (spec 03 §mark).

A mark stands in the slot of its listing, under its own kind, and names the listing's key: a
mark on an earlier listing of the slot says nothing about a later one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from protocol import limits, wire
from protocol.ids import THING_KEY_BYTES, ThingKey
from protocol.wire import Fields

BODY_VERSION = 1


class State(IntEnum):
    """What has become of a listing so far."""

    OPEN = 0
    RESERVED = 1
    TAKEN = 2


@dataclass(frozen=True, slots=True)
class Mark:
    """listing: the key of the listing in the same slot that this is about."""

    listing: ThingKey
    state: State

    def pack(self) -> bytes:
        """Return the body's canonical bytes."""
        return wire.pack((BODY_VERSION, self.listing, int(self.state)))


def read_mark(body: bytes) -> Mark:
    """Read a mark's body. Raises RemoteError ``body-invalid`` or ``wire-…``."""
    fields = Fields(wire.unpack(body, limits.MAX_RECORD_BYTES), 3, "mark")
    fields.integer("version", BODY_VERSION, BODY_VERSION)
    return Mark(
        ThingKey(fields.octets("listing", THING_KEY_BYTES)), State(fields.integer("state", 0, 2))
    )
