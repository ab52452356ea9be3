"""The file in which the home keeps what is offered in several communities, sealed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from node.trades.stock import NOTHING, Pieces
from p2pmarket.daemon.sealed_file import SealedFile
from protocol import wire
from protocol.errors import LocalError, RemoteError
from protocol.ids import ID_BYTES, THING_KEY_BYTES, CommunityId, ThingKey

_MAX_BYTES = 64 << 20
_MAX_THINGS = 250_000
_MAX_SIDES = 64
_MAX_PIECES = 1 << 40


@dataclass(frozen=True, slots=True, order=True)
class Side:
    """One own listing, in its community."""

    community: CommunityId
    listing: ThingKey


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing offered in several communities. pieces: as last counted, by listing."""

    sides: tuple[Side, ...]
    pieces: Mapping[ThingKey, Pieces] = field(default_factory=dict, compare=False)

    def others(self, listing: ThingKey) -> list[Side]:
        """Return its other listings."""
        return [side for side in self.sides if side.listing != listing]


class CrossPostFile:
    """What is offered in several communities, in a sealed file."""

    def __init__(self, path: Path, database_key: bytes) -> None:
        self._file = SealedFile(path, database_key, b"p2pm-cross-post")

    def read(self) -> list[Thing]:
        """Return what was written last; nothing before that.

        Raises LocalError ``cross-posts-damaged``.
        """
        try:
            content = self._file.read()
            if content is None:
                return []
            things = wire.unpack(content, _MAX_BYTES)
            listed = wire.Fields((things,), 1, "cross-posts").array("things", _MAX_THINGS)
            return [_read_thing(value) for value in listed]
        except (RemoteError, ValueError):
            raise LocalError("cross-posts-damaged", path=str(self._file.path)) from None

    def write(self, things: Iterable[Thing], pieces: Mapping[ThingKey, Pieces]) -> None:
        """Replace everything. Raises LocalError ``disk-full`` or ``home-not-writable``."""
        content = wire.pack(
            tuple(
                tuple(
                    (side.community, side.listing, held.claimed, held.gone)
                    for side in thing.sides
                    for held in (pieces.get(side.listing, NOTHING),)
                )
                for thing in things
            )
        )
        self._file.write(content)


def _read_thing(value: wire.Value) -> Thing:
    sides: list[Side] = []
    pieces: dict[ThingKey, Pieces] = {}
    for item in wire.Fields((value,), 1, "thing").array("sides", _MAX_SIDES):
        fields = wire.Fields(item, 4, "side")
        community = CommunityId(fields.octets("community", ID_BYTES))
        listing = ThingKey(fields.octets("listing", THING_KEY_BYTES))
        claimed = fields.integer("claimed", 0, _MAX_PIECES)
        pieces[listing] = Pieces(claimed, fields.integer("gone", 0, _MAX_PIECES))
        sides.append(Side(community, listing))
    return Thing(tuple(sides), pieces)
