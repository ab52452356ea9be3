"""Secrets as text that people paste, type or scan: a prefix, base32, and a checksum.

Upper-case letters and digits only, so that a QR code stays small (spec 04 §text).
"""

from __future__ import annotations

import base64
import hashlib

_CHECK_BYTES = 4


def write_pasted(prefix: str, packed: bytes) -> str:
    """Return the text of some bytes."""
    return prefix + base64.b32encode(packed + _check(packed)).decode("ascii").rstrip("=")


def read_pasted(prefix: str, text: str, max_bytes: int) -> bytes:
    """Return the bytes of a text; spaces, line breaks and case do not matter.

    Raises ValueError: cut off, mistyped, longer than max_bytes, or something else.
    """
    compact = "".join(text.split()).upper()
    _, found, encoded = compact.rpartition(prefix)
    if not found or len(encoded) > 2 * max_bytes:
        raise ValueError("not such a text")
    content = base64.b32decode(encoded + "=" * (-len(encoded) % 8))
    packed, check = content[:-_CHECK_BYTES], content[-_CHECK_BYTES:]
    if check != _check(packed):
        raise ValueError("the checksum does not hold")
    return packed


def _check(packed: bytes) -> bytes:
    return hashlib.blake2b(packed, digest_size=_CHECK_BYTES, person=b"p2pm-check").digest()
