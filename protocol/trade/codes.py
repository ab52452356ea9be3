"""Codes that people show each other in person: confirmation without a network (spec 09 §codes).

Each side puts the hash of its code into the message that binds it, and the code itself only
on its own screen. Whoever presents the other's code proves that the other showed it.
"""

from __future__ import annotations

import base64
import hashlib

from protocol.ids import ID_BYTES
from protocol.trade.limits import CODE_BYTES

_PERSON = b"p2pm-trade-code"
_GROUP = 4


def hash_of(code: bytes) -> bytes:
    """Return the 32-byte hash that stands in ASK and PROMISE."""
    return hashlib.blake2b(code, digest_size=ID_BYTES, person=_PERSON).digest()


def derive_code(secret: bytes, salt: bytes, purpose: str) -> bytes:
    """Return a device's code for one trade. secret: 32 bytes that only the device knows.

    salt: the trade's, or what else is unique to it. purpose: "handover" or "return".
    """
    return hashlib.blake2b(
        salt + purpose.encode("ascii"), digest_size=CODE_BYTES, key=secret, person=_PERSON
    ).digest()


def code_text(code: bytes) -> str:
    """Return the code as it is shown: sixteen letters and digits in groups of four."""
    text = base64.b32encode(code).decode("ascii")
    return "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))


def read_code(text: str) -> bytes:
    """Read a typed code; dashes, spaces and case do not matter. Raises ValueError."""
    typed = "".join(text.split()).replace("-", "").upper().replace("0", "O").replace("1", "I")
    try:
        code = base64.b32decode(typed)
    except ValueError as error:
        raise ValueError(f"not a code: {text!r}") from error
    if len(code) != CODE_BYTES:
        raise ValueError(f"not a code: {text!r}")
    return code
