"""Hypercorn on its trio worker, listening on the home's Unix socket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from hypercorn.config import Config
from hypercorn.trio import serve
from starlette.applications import Starlette

from p2pmarket.home import Home

# Nothing holds a request open, so that what is being answered ends within this.
_GRACEFUL_S = 3.0


async def serve_api(
    app: Starlette, home: Home, stop: Callable[[], Awaitable[object]], task_status: Any
) -> None:
    """Answer until ``stop`` returns. Only this user may connect: the socket's mode is 0600."""
    config = Config()
    config.bind = [f"unix:{home.socket}"]
    config.umask = 0o177
    config.graceful_timeout = _GRACEFUL_S
    config.include_server_header = False
    config.accesslog = None
    config.errorlog = None
    await serve(cast(Any, app), config, shutdown_trigger=stop, mode="asgi", task_status=task_status)
