"""libp2p logs an ERROR for a normal close, some of it on the root logger (trap 17).

What matters of it reaches the Listener as counted misconduct.
"""

from __future__ import annotations

import logging


def quieten_libp2p() -> None:
    """Let only CRITICAL through from libp2p and the libraries under it."""
    for name in ("libp2p", "noise", "multiaddr"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
