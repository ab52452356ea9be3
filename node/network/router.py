"""What is asked of a home's router, whichever protocol it speaks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_ROUTES = Path("/proc/net/route")
_IS_UP, _HAS_GATEWAY = 1, 2
"""RTF_UP and RTF_GATEWAY of Linux' route.h."""


class RouterError(Exception):
    """The router did not do it. code: the number that its protocol gives the error, 0 if none."""

    def __init__(self, what: str, code: int = 0) -> None:
        super().__init__(what)
        self.code = code


@dataclass(frozen=True, slots=True)
class Opened:
    """A port outside that leads to this machine.

    lease_s: for so long; 0: until it is closed. outside: the router's IP address there.
    """

    external: int
    lease_s: int
    outside: str


class Router(Protocol):
    """A router that opens ports. Equal ones are the same router, asked from the same address."""

    @property
    def control(self) -> str:
        """Where it takes requests: tells one router from another."""

    async def open(self, external: int, internal: int, lease_s: int) -> Opened:
        """Forward a TCP port to this machine, or renew it; maybe another port than was asked
        for, or for less time. Raises RouterError, and then none is open.
        """

    async def close(self, opened: Opened, internal: int) -> None:
        """Forward a port no longer. Raises RouterError."""


Find = Callable[[], Awaitable[Router | None]]
"""Looks for a router that speaks a protocol."""


def default_gateway(routes: Path = _ROUTES) -> str | None:
    """The IPv4 address that the default route leads to; None without one, or not on Linux."""
    best: tuple[int, str] | None = None
    try:
        lines = routes.read_text("ascii").splitlines()[1:]
    except (OSError, UnicodeDecodeError):
        return None
    for line in lines:
        fields = line.split()
        try:
            target, gateway, flags, metric, mask = (
                int(fields[at], base) for at, base in ((1, 16), (2, 16), (3, 16), (6, 10), (7, 16))
            )
        except (ValueError, IndexError):
            continue
        if target == mask == 0 and flags & _IS_UP and flags & _HAS_GATEWAY:
            # In the byte order of the machine, which on all that we run on is little-endian.
            address = ".".join(map(str, gateway.to_bytes(4, "little")))
            best = min(best or (metric, address), (metric, address))
    return None if best is None else best[1]
