"""Names of things: hashes and public keys, 32 bytes each, and how people type them."""

from __future__ import annotations

import base64
import hashlib
from typing import NewType

CommunityId = NewType("CommunityId", bytes)
"""The record id of the founding charter."""

HouseholdId = NewType("HouseholdId", bytes)
"""A household's Ed25519 public key in one community."""

DeviceKey = NewType("DeviceKey", bytes)
"""The Ed25519 public key with which a device signs records."""

RecordId = NewType("RecordId", bytes)
"""BLAKE2b-256 over every byte of a record, its signature included."""

ThingKey = NewType("ThingKey", bytes)
"""16 random bytes that stay the same over all revisions of one listing, invite, ..."""

ID_BYTES = 32
THING_KEY_BYTES = 16
NO_COMMUNITY = CommunityId(bytes(ID_BYTES))
"""Stands for the community in its own founding charter, whose id is not known yet."""


def record_id(raw: bytes) -> RecordId:
    """Return the id of a record's exact bytes."""
    return RecordId(hashlib.blake2b(raw, digest_size=ID_BYTES).digest())


def text_of(identifier: bytes) -> str:
    """Return the form people see and type: lower-case base32 without padding (RFC 4648)."""
    return base64.b32encode(identifier).decode("ascii").rstrip("=").lower()


def from_text(text: str) -> bytes:
    """Return the bytes behind :func:`text_of`. Raises ValueError if it is none."""
    padded = text.upper() + "=" * (-len(text) % 8)
    try:
        return base64.b32decode(padded)
    except ValueError as error:
        raise ValueError(f"not a base32 identifier: {text!r}") from error


def short(identifier: bytes) -> str:
    """Return the first ten characters of the text form: enough within one community."""
    return text_of(identifier)[:10]
