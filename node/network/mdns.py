"""Finding neighbours on the local network.

zeroconf runs on threads of its own: py-libp2p's discovery blocks trio for 1.5 s, does not
hear JS peers, which send no SRV record, and advertises 0.0.0.0 (docs/adr/0003, trap 19).
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import trio
from zeroconf import InterfaceChoice, ServiceInfo, ServiceListener, Zeroconf

from node.network import mdns_record
from node.network.mdns_record import SERVICE_TYPE
from node.network.nursery import open_background_nursery

_CHECK_EVERY_S = 5.0
_REQUEST_MS = 3000
_WAITING = 64
_CIRCUIT = "/p2p-circuit"
_log = logging.getLogger(__name__)


class Discovery:
    """What became of the discovery. It never fails its owner."""

    def __init__(self) -> None:
        self.failure: str | None = None
        """Why there is no discovery now, if there is none: no multicast, no network."""
        self.failures = 0
        self.announced = trio.Event()
        """Set when the first attempt to announce this node has ended, well or not."""


@asynccontextmanager
async def open_mdns(
    network_key: bytes,
    addresses: Callable[[], Sequence[str]],
    on_found: Callable[[Sequence[str]], None],
    now_ms: Callable[[], int],
    interfaces: Sequence[str] | None = None,
    check_every_s: float = _CHECK_EVERY_S,
) -> AsyncIterator[Discovery]:
    """Announce this node and look for others for the length of the block.

    addresses: the multiaddrs to announce, asked again every check_every_s.
    on_found: told on the trio thread what another node of this community announces.
    interfaces: IP addresses of the interfaces to use, None for all.
    """
    discovery = Discovery()
    found, heard = trio.open_memory_channel[Sequence[str]](_WAITING)

    async def report() -> None:
        async for each in heard:
            try:
                on_found(each)
            except Exception:
                _log.exception("on_found raised")

    async def keep_announced() -> None:
        announced: tuple[str, Sequence[str]] | None = None
        service: _Service | None = None
        try:
            while True:
                # Who hears this is near: a way round through a relay is of no use to it.
                near = tuple(each for each in addresses() if _CIRCUIT not in each)
                current = mdns_record.tag(network_key, now_ms()), near
                if current != announced:
                    # A changed address may mean a changed interface: start from scratch.
                    await _close(service)
                    service = _Service(network_key, current[1], now_ms, interfaces, found)
                    announced = current if await _start(service, discovery) else None
                    discovery.announced.set()
                await trio.sleep(check_every_s)
        finally:
            await _close(service)

    async with open_background_nursery() as nursery:
        nursery.start_soon(report)
        nursery.start_soon(keep_announced)
        yield discovery


async def _start(service: _Service, discovery: Discovery) -> bool:
    try:
        # Not abandoned on cancellation: a half-started zeroconf could not be closed.
        await trio.to_thread.run_sync(service.start)
    except Exception as error:
        # A sandbox without multicast, a machine without a network: zeroconf raises what
        # its sockets raise, and its own exceptions. It is tried again.
        discovery.failure = f"{type(error).__name__}: {error}"
        discovery.failures += 1
        return False
    discovery.failure = None
    return True


async def _close(service: _Service | None) -> None:
    if service is not None:
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(service.close)


class _ThreadedZeroconf(Zeroconf):
    """Zeroconf on a plain asyncio loop in its own thread.

    trio-asyncio, under which a node's database runs, replaces the policy that zeroconf would
    take its loop from, in all threads; the one it hands out cannot be closed from here.
    """

    def _start_thread(self) -> None:
        ready = threading.Event()

        def run_loop() -> None:
            self.loop = asyncio.SelectorEventLoop()
            self.engine.setup(self.loop, ready)
            self.loop.run_forever()

        self._loop_thread = threading.Thread(target=run_loop, daemon=True)
        self._loop_thread.start()
        ready.wait()


class _Service(ServiceListener):
    """One announcement and one browser. All methods run on threads, none on trio's."""

    def __init__(
        self,
        network_key: bytes,
        addresses: Sequence[str],
        now_ms: Callable[[], int],
        interfaces: Sequence[str] | None,
        found: trio.MemorySendChannel[Sequence[str]],
    ) -> None:
        self._network_key = network_key
        self._addresses = addresses
        self._now_ms = now_ms
        self._interfaces = InterfaceChoice.All if interfaces is None else list(interfaces)
        self._found = found
        self._trio = trio.lowlevel.current_trio_token()
        # New with every start, so that the name does not betray what the tag hides.
        self._host = os.urandom(16).hex()
        self._name = f"{self._host}.{SERVICE_TYPE}"
        self._zeroconf: Zeroconf | None = None

    def start(self) -> None:
        """Announce and browse. Raises what zeroconf raises."""
        self._zeroconf = _ThreadedZeroconf(interfaces=self._interfaces)
        if self._addresses:
            self._zeroconf.register_service(self._announcement())
        self._zeroconf.add_service_listener(SERVICE_TYPE, self)

    def close(self) -> None:
        """Take the announcement back and end zeroconf's threads."""
        if self._zeroconf is not None:
            self._zeroconf.close()

    def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        """zeroconf: a service appeared."""
        if name == self._name:
            return
        info = ServiceInfo(type_, name)
        info.load_from_cache(zc)
        if not info.text:
            # False for a peer without an SRV record, but the text is there.
            info.request(zc, _REQUEST_MS)
        addresses = mdns_record.decode(self._network_key, self._now_ms(), info.text or b"")
        if addresses:
            self._trio.run_sync_soon(self._hand_over, addresses)

    def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        """zeroconf: a service changed."""
        self.add_service(zc, type_, name)

    def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        """zeroconf: a service left. The peer book finds out by dialing."""

    def _hand_over(self, addresses: Sequence[str]) -> None:
        try:
            self._found.send_nowait(addresses)
        except (trio.WouldBlock, trio.BrokenResourceError, trio.ClosedResourceError):
            return

    def _announcement(self) -> ServiceInfo:
        now_ms = self._now_ms()
        return ServiceInfo(
            SERVICE_TYPE,
            self._name,
            port=_port_of(self._addresses[0]),
            properties=mdns_record.encode(self._network_key, now_ms, self._addresses),
            server=f"{self._host}.local.",
        )


def _port_of(address: str) -> int:
    """The TCP port of a multiaddr, for the SRV record that the format asks for."""
    parts = address.split("/")
    port = parts[parts.index("tcp") + 1] if "tcp" in parts[:-1] else ""
    return int(port) if port.isascii() and port.isdigit() and int(port) < 1 << 16 else 0
