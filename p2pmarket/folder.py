"""Which folder is the household's, and where in it the daemon answers.

Apart from `p2pmarket.home` because every command needs this and pathlib takes 6 ms to import.
"""

# ruff: noqa: PTH100, PTH110, PTH111, PTH118
from __future__ import annotations

import os
from collections.abc import Mapping

from protocol.errors import LocalError

KEY_FILE = "household.key"
LOG_FILE = "daemon.log"

# A Unix socket's address has room for 104 bytes on macOS, 108 on Linux.
_MAX_SOCKET_BYTES = 103


def chosen_folder(option: str | None, environ: Mapping[str, str]) -> str:
    """Return the folder that an option, P2PMARKET_HOME or the XDG default names, in this order."""
    named = option or environ.get("P2PMARKET_HOME")
    if not named:
        shared = environ.get("XDG_DATA_HOME") or "~/.local/share"
        named = os.path.join(shared, "p2pmarket")
    return os.path.abspath(os.path.expanduser(named))


def socket_path(folder: str) -> str:
    """Return where the daemon of a folder answers. Raises LocalError ``home-path-too-long``."""
    path = os.path.join(folder, "daemon.sock")
    if len(os.fsencode(path)) > _MAX_SOCKET_BYTES:
        raise LocalError("home-path-too-long", path=folder)
    return path


def has_household(folder: str) -> bool:
    """Tell whether a household was created in a folder."""
    return os.path.exists(os.path.join(folder, KEY_FILE))
