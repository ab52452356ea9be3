"""What tests of trades share: the world, and words for what two households do in it."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.node.conftest import (
    everything_random_from,
    pytest_collection_modifyitems,
    seed,
    world,
)

# Trades without nodes: what the vectors are made of.
sys.path.insert(0, str(Path(__file__).parents[3] / "scripts"))

__all__ = ["everything_random_from", "pytest_collection_modifyitems", "seed", "world"]
