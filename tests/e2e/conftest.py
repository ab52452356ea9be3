"""Where the households of these tests live."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def homes() -> Iterator[Path]:
    """An empty folder whose name is short enough for a socket deep in it."""
    folder = Path(tempfile.mkdtemp(prefix="p2pm-"))
    yield folder
    shutil.rmtree(folder)
