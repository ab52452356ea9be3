"""Where parcels for an absent device are kept: tags, ends of life, holders (spec 08 §holders)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from protocol.ids import DeviceKey, HouseholdId
from protocol.limits import DAY_MS, MAX_CLOCK_AHEAD_MS
from protocol.mail.limits import MAX_LIFE_MS, MIN_LIFE_MS, TAG_WEEKS, WEEK_MS
from protocol.mail.parcel import TAG_BYTES

_PERSON = b"p2pm-mailbox"


def tag_of(network_key: bytes, device: DeviceKey, at_ms: int) -> bytes:
    """Return the tag of a device's mailbox in the week of a time (Unix ms)."""
    return _tag(network_key, device, at_ms // WEEK_MS)


def tags_now(network_key: bytes, device: DeviceKey, now_ms: int) -> list[bytes]:
    """Return the tags under which living parcels for a device may lie."""
    latest = (now_ms + MAX_CLOCK_AHEAD_MS) // WEEK_MS
    earliest = max(0, now_ms // WEEK_MS - TAG_WEEKS)
    return [_tag(network_key, device, week) for week in range(earliest, latest + 1)]


def expiry_of(sealed_at_ms: int) -> int:
    """Return the end of life of a parcel sealed at a time: whole days, MIN to MAX_LIFE_MS."""
    return -(-(sealed_at_ms + MIN_LIFE_MS) // DAY_MS) * DAY_MS


def may_be_held(expires_at_ms: int, now_ms: int) -> bool:
    """Tell whether a parcel is neither over nor meant to be kept for too long."""
    return now_ms < expires_at_ms <= now_ms + MAX_LIFE_MS + MAX_CLOCK_AHEAD_MS


def holders_for(tag: bytes, households: Iterable[HouseholdId]) -> list[HouseholdId]:
    """Return households in the order in which they are asked to keep parcels under a tag."""
    return sorted(households, key=lambda household: _rank(tag, household), reverse=True)


def _rank(tag: bytes, household: HouseholdId) -> bytes:
    return hashlib.blake2b(tag + household, digest_size=32).digest()


def _tag(network_key: bytes, device: DeviceKey, week: int) -> bytes:
    message = device + week.to_bytes(8, "big")
    return hashlib.blake2b(message, digest_size=TAG_BYTES, key=network_key, person=_PERSON).digest()
