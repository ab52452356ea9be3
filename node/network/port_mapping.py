"""Keeping a port open at the home's router for as long as the node runs, where it lets us."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_address
from random import Random

import trio

from node.network.router import Find, Opened, Router, RouterError

_LEASE_S = 3600
_RENEW_S = 1200.0
_SOONEST_S = 30.0
_LOOK_AGAIN_S = 300.0
_FAREWELL_S = 3.0
_CONFLICT = 718
_ONLY_PERMANENT = 725
"""What a UPnP router says; the other protocols have no such numbers, and choose for us."""
_TRIES = 4
_FREE_PORTS = (49_152, 65_535)


class PortMapping:
    """Asks the router, renews, and closes the port again at the end. Never fails its owner."""

    def __init__(
        self, port: int, counts: Counter[str], random: Random, finds: Sequence[Find]
    ) -> None:
        """port: the TCP port on which this node listens. counts: by what became of it.

        finds: one for each protocol, tried in turn until a router opens the port.
        """
        self._port = port
        self._counts = counts
        self._random = random
        self._finds = finds
        self._opened: tuple[Router, Opened] | None = None
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
                with trio.move_on_after(self._renew_after_s()):
                    await self._wake.wait()
        finally:
            with trio.CancelScope(deadline=trio.current_time() + _FAREWELL_S, shield=True):
                await self._close()

    def _renew_after_s(self) -> float:
        if self._opened is None or self.address is None:
            return _LOOK_AGAIN_S
        lease_s = self._opened[1].lease_s
        return max(_SOONEST_S, min(_RENEW_S, lease_s / 2)) if lease_s else _RENEW_S

    async def _renew(self) -> None:
        became = "no-router"
        for find in self._finds:
            router = await find()
            if router is None:
                continue
            try:
                became = await self._open_at(router)
                break
            except RouterError:
                became = "refused"
        if became != "open":
            self.address = None
        if became == "no-router":
            self._opened = None
        self._counts[f"port-mapping:{became}"] += 1

    async def _open_at(self, router: Router) -> str:
        """Open the port or renew it; return what became of it. Raises RouterError."""
        before = self._opened
        if before is not None and before[0] != router:
            # This machine has moved. Where it has only another address behind the same router,
            # the port leads to the old one, and is given back.
            if before[0].control == router.control:
                with suppress(RouterError):
                    await router.close(before[1], self._port)
            before = self._opened = None
        opened = await self._open(router, self._port if before is None else before[1].external)
        self._opened = router, opened
        outside = ip_address(opened.outside)
        if not outside.is_global or outside.is_multicast:
            # The provider translates once more: a port that is open here leads nowhere.
            await self._close()
            return "not-public"
        self.address = f"/ip{outside.version}/{outside}/tcp/{opened.external}"
        return "open"

    async def _open(self, router: Router, external: int) -> Opened:
        lease_s = _LEASE_S
        for _ in range(_TRIES):
            try:
                return await router.open(external, self._port, lease_s)
            except RouterError as error:
                if error.code == _ONLY_PERMANENT and lease_s:
                    lease_s = 0
                elif error.code == _CONFLICT:
                    external = self._random.randint(*_FREE_PORTS)
                else:
                    raise
        raise RouterError("every port is taken")

    async def _close(self) -> None:
        self.address = None
        if self._opened is not None:
            router, opened = self._opened
            try:
                await router.close(opened, self._port)
            except RouterError:
                self._counts["port-mapping:left-open"] += 1
            self._opened = None
