"""libp2p logs an ERROR for a normal close, some of it on the root logger (trap 17).

What matters of it reaches the Listener as counted misconduct.
"""

from __future__ import annotations

import logging
from pathlib import Path

import libp2p

_LIBP2P = str(Path(libp2p.__file__).parent)


def quieten_libp2p() -> None:
    """Let only CRITICAL through from libp2p and the libraries under it."""
    for name in ("libp2p", "noise", "multiaddr"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # A logger's own filters see what is logged on it by name, not what is handed up to it.
    logging.getLogger().addFilter(_is_not_libp2ps)


def _is_not_libp2ps(record: logging.LogRecord) -> bool:
    return not record.pathname.startswith(_LIBP2P)
