"""What tests of the node share: the simulated world, and a real file to store into."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio_asyncio

from node.store.database import Database, open_database
from tests.sim.fixtures import everything_random_from, pytest_collection_modifyitems, seed, world

__all__ = [
    "aio_loop",
    "database",
    "everything_random_from",
    "key",
    "pytest_collection_modifyitems",
    "seed",
    "world",
]


@pytest.fixture
def key() -> bytes:
    return bytes(range(32))


@pytest.fixture
async def aio_loop() -> AsyncIterator[object]:
    async with trio_asyncio.open_loop() as loop:
        yield loop


@pytest.fixture
async def database(aio_loop: object, tmp_path: Path, key: bytes) -> AsyncIterator[Database]:
    async with open_database(tmp_path / "market.db", key) as opened:
        yield opened
