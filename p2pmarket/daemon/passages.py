"""From which communities into which others this household carries, as its home remembers it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from p2pmarket.daemon.sealed_file import SealedFile
from protocol import wire
from protocol.errors import LocalError, RemoteError
from protocol.ids import ID_BYTES, CommunityId

_MAX_BYTES = 1 << 20
_MAX_PASSAGES = 4_096


@dataclass(frozen=True, slots=True, order=True)
class Passage:
    """From which community into which other this household carries."""

    source: CommunityId
    into: CommunityId


def read_passages(file: SealedFile) -> frozenset[Passage]:
    """Return what was written last. Raises LocalError ``windows-damaged``."""
    try:
        content = file.read()
        if content is None:
            return frozenset()
        listed = wire.Fields((wire.unpack(content, _MAX_BYTES),), 1, "windows")
        return frozenset(
            Passage(
                CommunityId(fields.octets("source", ID_BYTES)),
                CommunityId(fields.octets("into", ID_BYTES)),
            )
            for value in listed.array("passages", _MAX_PASSAGES)
            for fields in (wire.Fields(value, 2, "passage"),)
        )
    except (RemoteError, ValueError):
        raise LocalError("windows-damaged", path=str(file.path)) from None


def write_passages(file: SealedFile, passages: Iterable[Passage]) -> None:
    """Replace what was written. Raises LocalError ``disk-full`` or ``home-not-writable``."""
    file.write(wire.pack(tuple((p.source, p.into) for p in sorted(passages))))
