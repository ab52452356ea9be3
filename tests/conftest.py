"""What every test stands on: files in memory, no terminal, and the longest files first."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 2 << 30
"""A whole run leaves a quarter of a gibibyte behind, of homes and databases."""

# One file goes to one worker as a whole (--dist loadfile): what takes longest begins first,
# so that no worker is left alone with it in the end. What waits runs beside what computes.
_LONGEST_FIRST = (
    "netns/test_behind_routers.py",
    "protocol/trade/test_model.py",
    "app/test_transcripts.py",
    "protocol/test_thousand_members.py",
    "netns",
    "e2e",
    "app",
    "node",
)


def _files_in_memory() -> None:
    """Nobody here pulls a plug: waiting for a disk takes much of a run's time and shows nothing.

    Who names a folder by TMPDIR gets that one. Without such memory, all stays on disk.
    """
    if "TMPDIR" in os.environ or not os.access(_MEMORY, os.W_OK | os.X_OK):
        return
    if shutil.disk_usage(_MEMORY).free >= _ROOM_BYTES:
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)


def pytest_configure() -> None:
    _files_in_memory()
    # What is written to no terminal has no width; pytest-xdist gives its workers one.
    os.environ.pop("COLUMNS", None)
    # How long an example takes says how busy the machine is, not whether the code is right.
    settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("busy")


def _rank(path: Path) -> int:
    where = path.relative_to(Path(__file__).parent).as_posix()
    begins = (where.startswith(name) for name in _LONGEST_FIRST)
    return next((rank for rank, so in enumerate(begins) if so), len(_LONGEST_FIRST))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _rank(item.path))
