"""Hypercorn on its trio worker, listening on the home's Unix socket."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, cast

import hypercorn.trio.run
from hypercorn.config import Config
from hypercorn.trio import serve
from hypercorn.trio.tcp_server import TCPServer
from starlette.applications import Starlette

from p2pmarket.home import Home

_log = logging.getLogger(__name__)

# Nothing holds a request open, so that what is being answered ends within this.
_GRACEFUL_S = 3.0


class _Connection(TCPServer):  # type: ignore[misc]
    """A connection whose faults are its own.

    Hypercorn 0.18 closes a connection while an answer is on its way, trio forbids the two at
    once, and the error ends every connection, the nodes included. A client that goes in the
    middle of its request (Ctrl-C during a large ``publish``) is enough.
    """

    async def run(self) -> None:
        try:
            await super().run()
        except Exception as error:
            _log.info("a connection to the interface broke: %r", error)


async def serve_api(
    app: Starlette, home: Home, stop: Callable[[], Awaitable[object]], task_status: Any
) -> None:
    """Answer until ``stop`` returns. Only this user may connect: the socket's mode is 0600."""
    hypercorn.trio.run.TCPServer = _Connection
    config = Config()
    config.bind = [f"unix:{home.socket}"]
    config.umask = 0o177
    config.graceful_timeout = _GRACEFUL_S
    config.include_server_header = False
    config.accesslog = None
    config.errorlog = None
    await serve(cast(Any, app), config, shutdown_trigger=stop, mode="asgi", task_status=task_status)
