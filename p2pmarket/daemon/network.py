"""Where this computer's nodes listen: addresses chosen by a person, or kept from last time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address

from node.clock import Clock
from node.node import NodeOptions
from node.wiring import ANY_PORT, real_options
from protocol.errors import LocalError

EVERYWHERE = ANY_PORT
"""Every interface, a port of the system's choice; kept from then on."""


@dataclass(frozen=True, slots=True)
class Reach:
    """listen: multiaddrs. mdns: whether to look for neighbours on the local network.

    upnp: whether to ask the router to open the port.

    Raises LocalError ``listen-address-malformed``, also where there is no community yet.
    """

    listen: tuple[str, ...]
    mdns: bool
    upnp: bool = True

    def __post_init__(self) -> None:
        for address in self.listen:
            if not _is_address(address):
                raise LocalError("listen-address-malformed", address=address)

    @property
    def chosen(self) -> bool:
        """Whether a person chose the port, who must hear of it if it is taken."""
        return any(_port(address) != 0 for address in self.listen)

    def with_port(self, port: int) -> Reach:
        """Return the same addresses with another TCP port."""
        return replace(self, listen=tuple(_with_port(each, port) for each in self.listen))

    def shifted(self, by: int) -> Reach:
        """Return the addresses of the next community: chosen ports count up."""
        listen = (
            _with_port(address, port + by) if (port := _port(address)) else address
            for address in self.listen
        )
        return replace(self, listen=tuple(listen))

    def options(self, clock: Clock) -> NodeOptions:
        """Return what a node is opened with."""
        return real_options(self.listen, self.mdns, clock, self.upnp)


def port_of(addresses: Sequence[str]) -> int | None:
    """Return the TCP port of the first address that has one."""
    return next((port for address in addresses if (port := _port(address))), None)


def _is_address(address: str) -> bool:
    parts = address.split("/")
    if len(parts) != 5 or parts[0] or parts[1] not in ("ip4", "ip6") or parts[3] != "tcp":
        return False
    try:
        version = ip_address(parts[2]).version
    except ValueError:
        return False
    return parts[1] == f"ip{version}" and parts[4].isdigit() and int(parts[4]) < 65_536


def _port(address: str) -> int:
    _, found, rest = address.partition("/tcp/")
    digits = rest.partition("/")[0]
    return int(digits) if found and digits.isdigit() else 0


def _with_port(address: str, port: int) -> str:
    head, found, rest = address.partition("/tcp/")
    _, slash, tail = rest.partition("/")
    return f"{head}{found}{port}{slash}{tail}" if found else address
