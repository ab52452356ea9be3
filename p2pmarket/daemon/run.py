"""The daemon's life: lock, identity, nodes, interface, and a graceful end."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable

import trio
import trio_asyncio

from node.clock import SystemClock
from node.identity import Identity
from p2pmarket.api.app import build_app
from p2pmarket.api.endpoint import Call
from p2pmarket.api.serve import serve_api
from p2pmarket.daemon.logs import log_to_file
from p2pmarket.daemon.memberships import Memberships
from p2pmarket.daemon.network import Reach
from p2pmarket.daemon.started import Started
from p2pmarket.groups import unwrapped
from p2pmarket.home import Home, load_settings, refused_by_system
from p2pmarket.lock import single_instance
from protocol.errors import LocalError

_log = logging.getLogger(__name__)


def run(home: Home, reach: Reach, on_ready: Callable[[Memberships], None]) -> None:
    """Run until SIGTERM, SIGINT or a request to stop; a second signal ends at once.

    on_ready: called when the interface answers and every community that can be is open.
    Raises LocalError: ``no-household``, ``already-running``, ``home-not-writable``,
    ``disk-full``, those of Identity.load and open_node (if no community can be opened).
    """
    if not home.key_file.exists():
        raise LocalError("no-household", path=str(home.folder))
    load_settings(home)
    identity = Identity.load(home.folder)
    try:
        with unwrapped(), single_instance(home):
            home.communities.mkdir(mode=0o700, exist_ok=True)
            log_to_file(home)
            trio_asyncio.run(_live, home, identity, reach, on_ready)
    except OSError as error:
        raise refused_by_system(error, home) from error


async def _live(
    home: Home, identity: Identity, reach: Reach, on_ready: Callable[[Memberships], None]
) -> None:
    clock, stop = SystemClock(), trio.Event()
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_watch, signals, stop)
            async with trio.open_nursery() as nodes:
                memberships = Memberships(home, identity, reach, clock, nodes)
                nodes.start_soon(memberships.cross_posts.run)
                nodes.start_soon(memberships.windows.run)
                await memberships.open_all()
                if memberships.closed and not memberships.nodes:
                    raise memberships.closed[0].error
                call = Call(home, memberships, clock, stop, clock.now_ms(), {})
                serving = trio.Event()
                await nursery.start(_serve, call, serving)
                _log.info("answering, with %d communities", len(memberships.nodes))
                on_ready(memberships)
                await stop.wait()
                await serving.wait()
                nodes.cancel_scope.cancel()
            nursery.cancel_scope.cancel()
    _log.info("stopped")


async def _serve(call: Call, ended: trio.Event, task_status: Started[object]) -> None:
    try:
        await serve_api(build_app(call), call.home, call.stop.wait, task_status)
    finally:
        ended.set()


async def _watch(signals: object, stop: trio.Event) -> None:
    async for number in signals:  # type: ignore[attr-defined]
        if stop.is_set():
            # What was acknowledged is on disk; nothing is lost by not saying goodbye.
            os._exit(128 + number)
        stop.set()
