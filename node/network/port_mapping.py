"""Keeping a port open at the home's router for as long as the node runs, where it lets us."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from ipaddress import ip_address
from random import Random

import trio

from node.network.igd import Gateway, GatewayError, find_gateway

_LEASE_S = 3600
_RENEW_S = 1200.0
_LOOK_AGAIN_S = 300.0
_FAREWELL_S = 3.0
_CONFLICT = 718
_ONLY_PERMANENT = 725
_TRIES = 4
_FREE_PORTS = (49_152, 65_535)

Find = Callable[[], Awaitable[Gateway | None]]


class PortMapping:
    """Asks the router, renews, and closes the port again at the end. Never fails its owner."""

    def __init__(
        self, port: int, counts: Counter[str], random: Random, find: Find = find_gateway
    ) -> None:
        """port: the TCP port on which this node listens. counts: by what became of it."""
        self._port = port
        self._counts = counts
        self._random = random
        self._find = find
        self._opened: tuple[Gateway, int] | None = None
        self._wake = trio.Event()
        self.address: str | None = None
        """The multiaddr outside that leads here, as the router says; without a peer id."""

    def moved(self) -> None:
        """Ask at once: this machine may be behind another router, or that have a new address."""
        self._wake.set()

    async def run(self) -> None:
        """Keep the port open until cancelled."""
        try:
            while True:
                self._wake = trio.Event()
                await self._renew()
                with trio.move_on_after(_LOOK_AGAIN_S if self._opened is None else _RENEW_S):
                    await self._wake.wait()
        finally:
            with trio.CancelScope(deadline=trio.current_time() + _FAREWELL_S, shield=True):
                await self._close()

    async def _renew(self) -> None:
        gateway = await self._find()
        if self._opened is not None and self._opened[0] != gateway:
            await self._leave(self._opened, gateway)
        if gateway is None:
            self.address = None
            self._counts["port-mapping:no-router"] += 1
            return
        try:
            external = await self._open(gateway)
            self._opened = gateway, external
            outside = ip_address(await gateway.external_address())
        except GatewayError:
            self.address = None
            self._counts["port-mapping:refused"] += 1
            return
        if not outside.is_global:
            # The provider translates once more: a port that is open here leads nowhere.
            self._counts["port-mapping:not-public"] += 1
            await self._close()
            return
        self.address = f"/ip{outside.version}/{outside}/tcp/{external}"
        self._counts["port-mapping:open"] += 1

    async def _leave(self, opened: tuple[Gateway, int], now: Gateway | None) -> None:
        """Let go of a port: moved into another network, or the router is gone, or this machine
        has another address behind it. Then the port leads to the old one, and is given back.
        """
        self.address = self._opened = None
        before, external = opened
        if now is not None and now.control == before.control:
            with suppress(GatewayError):
                await now.close(external)

    async def _open(self, gateway: Gateway) -> int:
        """Return the port outside. Raises GatewayError."""
        external = self._port if self._opened is None else self._opened[1]
        lease_s = _LEASE_S
        for _ in range(_TRIES):
            try:
                await gateway.open(external, self._port, lease_s)
            except GatewayError as error:
                if error.code == _ONLY_PERMANENT and lease_s:
                    lease_s = 0
                elif error.code == _CONFLICT:
                    external = self._random.randint(*_FREE_PORTS)
                else:
                    raise
            else:
                return external
        raise GatewayError("every port is taken")

    async def _close(self) -> None:
        self.address = None
        if self._opened is not None:
            gateway, external = self._opened
            try:
                await gateway.close(external)
            except GatewayError:
                self._counts["port-mapping:left-open"] += 1
            self._opened = None
