"""What tests of trades share: the world, and words for what two households do in it."""

from __future__ import annotations

from tests.node.conftest import (
    everything_random_from,
    pytest_collection_modifyitems,
    seed,
    world,
)

__all__ = ["everything_random_from", "pytest_collection_modifyitems", "seed", "world"]
