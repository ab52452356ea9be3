"""Restoring a household where no daemon runs yet."""

from __future__ import annotations

from pathlib import Path

import trio_asyncio

from node.backup import restore_backup
from node.clock import SystemClock
from p2pmarket.groups import unwrapped
from p2pmarket.home import Home, HouseholdSettings, load_settings
from protocol.errors import LocalError


def restore_household(file: Path, words: list[str], home: Home) -> HouseholdSettings:
    """Unpack a backup into an empty home and return its settings.

    Raises LocalError as ``node.backup.restore_backup``, and ``backup-damaged`` if the backup
    holds no settings.
    """
    with unwrapped():
        trio_asyncio.run(restore_backup, file, words, home.folder, SystemClock())
    try:
        return load_settings(home)
    except LocalError:
        raise LocalError("backup-damaged", path=str(file)) from None
