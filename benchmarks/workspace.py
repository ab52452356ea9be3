"""Where a run keeps its files, and the communities that several parts measure in."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from benchmarks.households import Household, copy_stock, found
from benchmarks.sizes import Sizes
from benchmarks.stock import stock, store
from protocol.envelope import Envelope


class Workspace:
    """Built as they are asked for; everything lies below one temporary folder."""

    def __init__(self, folder: Path, sizes: Sizes) -> None:
        self.folder = folder
        self.sizes = sizes
        self.stock_bytes = 0
        """Of the records of the stock that was built last."""

    @cached_property
    def small(self) -> list[Household]:
        """The first holds the small stock; the others are empty members."""
        return self._stocked("small", self.sizes.first_syncs, self.sizes.small_stock)

    @cached_property
    def large(self) -> list[Household]:
        """The first holds the large stock; the others are empty members."""
        return self._stocked("large", self.sizes.neighbours, self.sizes.large_stock)

    @cached_property
    def crowd(self) -> list[Household]:
        """The large community with the stock at every member."""
        for member in self.large[1:]:
            copy_stock(self.large[0], member)
        return self.large

    def _stocked(self, name: str, joiners: int, count: int) -> list[Household]:
        households = found(self.folder / name, joiners)
        self.stock_bytes = 0
        store(households[0], map(self._weighed, stock(households, count)))
        return households

    def _weighed(self, record: Envelope) -> Envelope:
        self.stock_bytes += len(record.raw)
        return record
