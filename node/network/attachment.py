"""Where this machine is attached to networks, and when that changes: a Wi-Fi, a cable, a lease."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from ipaddress import ip_address

import ifaddr
import trio

LOOK_EVERY_S = 3.0
"""A look costs less than a millisecond, and nothing is sent."""
_FAR = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
"""Addresses for documentation (RFC 5737, RFC 3849): far away for every machine."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """hosts: the IP addresses of the interfaces, but those that mean only this machine or link.

    ways: the own addresses that would be used for what is far, one a version, if there is a way.
    """

    hosts: frozenset[str]
    ways: tuple[str, ...]

    def leads_out_as(self, other: Attachment) -> bool:
        """Whether what is far sees this machine as it did, as far as that shows here."""
        return bool(self.ways) and self.ways == other.ways


def interface_addresses() -> list[str]:
    """The IP addresses of all interfaces, of both versions, as the system lists them."""
    return [
        ip.ip if isinstance(ip.ip, str) else ip.ip[0]
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
    ]


def read_attachment() -> Attachment:
    """How this machine is attached now."""
    addresses = [each for each in interface_addresses() if _tells(each)]
    ways = [way for family, far in _FAR if (way := _way_to(family, far)) is not None]
    return Attachment(frozenset(addresses), tuple(ways))


async def changes(
    read: Callable[[], Attachment] = read_attachment, look_every_s: float = LOOK_EVERY_S
) -> AsyncIterator[tuple[Attachment, Attachment]]:
    """Each attachment that differs from the one before, and that one before it, for ever."""
    before = read()
    while True:
        await trio.sleep(look_every_s)
        now = read()
        if now != before:
            yield before, now
            before = now


def _tells(address: str) -> bool:
    parsed = ip_address(address.partition("%")[0])
    return not (parsed.is_loopback or parsed.is_link_local)


def _way_to(family: socket.AddressFamily, far: str) -> str | None:
    with socket.socket(family, socket.SOCK_DGRAM) as udp:
        try:
            udp.connect((far, 9))  # sends nothing
        except OSError:
            return None
        return str(udp.getsockname()[0])
