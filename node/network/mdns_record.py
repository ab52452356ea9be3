"""What a node says about itself on the local network, and how others recognise it.

Only who holds the community's network key can tell that a tag is this community's, and
the tag changes every day, so that nobody else can follow it (spec 06, mDNS).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

SERVICE_TYPE = "_p2pmarket._udp.local."
MAX_ADDRESSES = 8
_MAX_TXT_STRING_BYTES = 255
_DAY_MS = 24 * 60 * 60 * 1000
_DOMAIN = b"p2pmarket/mdns/1"
_TAG_BYTES = 16


def tag(network_key: bytes, now_ms: int, days: int = 0) -> str:
    """The tag of a UTC day, 32 hex digits. days: from today, e.g. -1 for yesterday."""
    day = now_ms // _DAY_MS + days
    message = _DOMAIN + day.to_bytes(8, "big", signed=True)
    return hashlib.blake2b(message, key=network_key, digest_size=_TAG_BYTES).hexdigest()


def encode(network_key: bytes, now_ms: int, addresses: Sequence[str]) -> bytes:
    """The TXT record: one ``tag=``, then ``a=`` for each address that fits."""
    strings = [f"tag={tag(network_key, now_ms)}".encode()]
    for address in addresses[:MAX_ADDRESSES]:
        encoded = f"a={address}".encode()
        if len(encoded) <= _MAX_TXT_STRING_BYTES:
            strings.append(encoded)
    return b"".join(bytes([len(each)]) + each for each in strings)


def decode(network_key: bytes, now_ms: int, txt: bytes) -> list[str]:
    """The addresses in a TXT record of this community; empty if it is another's.

    Clocks differ, so yesterday's and tomorrow's tags are good too. Never raises.
    """
    accepted = {tag(network_key, now_ms, days) for days in (-1, 0, 1)}
    tags: list[str] = []
    addresses: list[str] = []
    for string in _strings(txt):
        key, _, value = string.partition(b"=")
        if not value.isascii():
            continue
        if key == b"tag":
            tags.append(value.decode("ascii"))
        elif key == b"a" and value.startswith(b"/"):
            addresses.append(value.decode("ascii"))
    is_ours = len(tags) == 1 and tags[0] in accepted
    return addresses[:MAX_ADDRESSES] if is_ours else []


def _strings(txt: bytes) -> Iterator[bytes]:
    position = 0
    while position < len(txt):
        length = txt[position]
        yield txt[position + 1 : position + 1 + length]
        position += 1 + length
