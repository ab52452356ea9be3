"""The simulated world as a fixture; ``seed`` may be parametrised and is shown in the test's id."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from tests.sim.world import World, open_world


def run_simulated(function: Any, clock: object = None, instruments: Sequence[Any] = ()) -> Any:
    """As trio.run, on a clock that only the world moves."""
    return trio.run(function, clock=MockClock(), instruments=instruments)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "world" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.trio(run=run_simulated))


@pytest.fixture
def seed() -> int:
    return 1


@pytest.fixture
def everything_random_from(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys, salts and the order of trio's tasks follow from the seed."""
    monkeypatch.setattr(os, "urandom", Random(f"urandom/{seed}").randbytes)
    trio._core._run._r.seed(seed)  # type: ignore[attr-defined]


@pytest.fixture
async def world(seed: int, everything_random_from: None, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(seed, tmp_path) as opened:
        yield opened
