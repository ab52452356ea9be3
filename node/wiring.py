"""A node's options for real use: libp2p for the network, mDNS for the LAN."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from node.clock import Clock, SystemClock
from node.enrolment import Discovery
from node.network.libp2p import HostSettings, open_libp2p
from node.network.mdns import open_mdns
from node.network.port import OpenNetwork
from node.node import NodeOptions, no_discovery
from protocol.keys import topic_of
from protocol.signing import Seed

ANY_PORT = ("/ip4/0.0.0.0/tcp/0", "/ip6/::/tcp/0")
"""Many homes share an IPv4 address with strangers (CGNAT), and have IPv6 of their own."""


def real_options(
    listen: tuple[str, ...] = ANY_PORT,
    mdns: bool = True,
    clock: Clock | None = None,
    upnp: bool = True,
) -> NodeOptions:
    """Return options that listen at these multiaddrs.

    mdns: whether to look for, and be found by, neighbours on the local network. upnp: whether to
    ask the router to open the port, where it offers that.
    """
    clock = clock or SystemClock()

    def network(host_seed: Seed, network_key: bytes) -> OpenNetwork:
        settings = HostSettings(
            host_seed, network_key, topic_of(network_key), listen, map_port=upnp
        )
        return open_libp2p(settings)

    def discovery(addresses: Callable[[], Sequence[str]]) -> Discovery:
        @asynccontextmanager
        async def look(
            network_key: bytes, on_found: Callable[[Sequence[str]], None]
        ) -> AsyncIterator[None]:
            async with open_mdns(network_key, addresses, on_found, clock.now_ms):
                yield

        return look if mdns else no_discovery

    return NodeOptions(network=network, discovery=discovery, clock=clock)
