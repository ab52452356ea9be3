"""The shapes of requests and answers about a household's devices."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """name: what to call the device on this computer."""

    name: str


@dataclass(frozen=True, slots=True)
class DeviceCodeAnswer:
    """Whoever holds the code becomes the device."""

    number: int
    name: str
    community: str
    code: str
    valid_until: str


@dataclass(frozen=True, slots=True)
class DeviceJoinRequest:
    """The text of a device code."""

    code: str


@dataclass(frozen=True, slots=True)
class DeviceAnswer:
    """One device. last_seen_at: when it last wrote something that others still hold."""

    number: int
    name: str
    this: bool
    since: str
    connected: bool
    last_seen_at: str | None


@dataclass(frozen=True, slots=True)
class DevicesAnswer:
    """The devices of the household. holds_key: whether this one may add and revoke."""

    results: list[DeviceAnswer]
    holds_key: bool


@dataclass(frozen=True, slots=True)
class RevocationRequest:
    """end_listings: whether its listings end, instead of going on at this device."""

    end_listings: bool = False


@dataclass(frozen=True, slots=True)
class RevocationAnswer:
    """lost_records: how many could not be signed anew, and are void now. messages_sent_again:
    what it had written lately, in case that it was still under way.
    """

    number: int
    name: str
    listings_taken_over: int
    listings_ended: int
    messages_sent_again: int
    lost_records: int


@dataclass(frozen=True, slots=True)
class RenewalAnswer:
    """number: of the new device that this computer is. before: of the one that it was."""

    number: int
    before: int
