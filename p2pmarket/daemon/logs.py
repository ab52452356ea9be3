"""The daemon's log: a few small files that never fill a disk."""

from __future__ import annotations

import logging
import logging.handlers

from p2pmarket.home import Home

_MAX_BYTES = 1 << 20
_KEPT = 2


def log_to_file(home: Home) -> None:
    """Write the log of this process to the home; what libraries say only if it is a warning."""
    target = logging.handlers.RotatingFileHandler(
        home.log_file, maxBytes=_MAX_BYTES, backupCount=_KEPT, encoding="utf-8"
    )
    target.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.raiseExceptions = False  # a full disk must not fill the terminal instead
    root = logging.getLogger()
    root.addHandler(target)
    root.setLevel(logging.WARNING)
    for ours in ("p2pmarket", "node"):
        logging.getLogger(ours).setLevel(logging.INFO)
