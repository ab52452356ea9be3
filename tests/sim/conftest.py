"""Every test here may live in a simulated world."""

from tests.sim.fixtures import everything_random_from, pytest_collection_modifyitems, seed, world

__all__ = ["everything_random_from", "pytest_collection_modifyitems", "seed", "world"]
