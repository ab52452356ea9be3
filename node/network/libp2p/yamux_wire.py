"""Yamux frames (hashicorp/yamux spec.md): a 12-byte header, for data the bytes after it."""

from __future__ import annotations

import struct
from enum import IntEnum, IntFlag

_HEADER = struct.Struct("!BBHII")
HEADER_BYTES = _HEADER.size
VERSION = 0


class Type(IntEnum):
    """What a frame is."""

    DATA = 0
    WINDOW_UPDATE = 1
    PING = 2
    GO_AWAY = 3


class Flag(IntFlag):
    """What a frame does to its stream besides."""

    NONE = 0
    SYN = 1
    ACK = 2
    FIN = 4
    RST = 8


def encode(kind: Type, flags: Flag, stream_id: int, value: int) -> bytes:
    """value: the length of the data, the window's increment, a ping's opaque or a code."""
    return _HEADER.pack(VERSION, kind, flags, stream_id, value)


def decode(header: bytes) -> tuple[int, int, Flag, int, int]:
    """Take a header apart: version, type, flags, stream id, value. Checks nothing."""
    version, kind, flags, stream_id, value = _HEADER.unpack(header)
    return version, kind, Flag(flags & 0xF), stream_id, value
