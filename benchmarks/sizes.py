"""How much is measured: all of it, or a little of everything to see that it works."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """Counts of listings unless the name says otherwise."""

    publications: int
    burst: int
    ingest: tuple[tuple[int, int], ...]
    """(records a batch, records in all)."""
    slices: int
    """Into how many slices ours and bare alternate."""
    small_stock: int
    large_stock: int
    first_syncs: int
    """Times that the small stock is synced into an empty node."""
    missing: int
    catchups: int
    search: tuple[int, ...]
    queries: int
    neighbours: int
    idle_s: float
    starts: int
    letters: int
    """Sealed and opened in a transaction at each side, and in one conversation of two nodes."""
    returns: int
    """Times that a household was away while mail waited for it."""
    trades: int
    folded: int
    """Trade messages."""
    wordy_trades: tuple[int, ...]
    """Trades in which another household has filled its chain: as many as one can, and more."""
    receipts: int
    members: int
    """Households, each with three membership records."""
    communities: int
    """Further ones in one daemon."""
    community_stock: int


FULL = Sizes(
    publications=300,
    burst=1_000,
    ingest=((1, 600), (10, 4_000), (100, 16_000)),
    slices=8,
    small_stock=10_000,
    large_stock=100_000,
    first_syncs=3,
    missing=100,
    catchups=7,
    search=(10_000, 100_000, 1_000_000),
    queries=250,
    neighbours=10,
    idle_s=120.0,
    starts=15,
    letters=300,
    returns=7,
    trades=30,
    folded=10_000,
    wordy_trades=(20, 100),
    receipts=1_000,
    members=3_333,
    communities=5,
    community_stock=2_000,
)

QUICK = Sizes(
    publications=4,
    burst=20,
    ingest=((1, 8), (10, 40), (100, 200)),
    slices=2,
    small_stock=300,
    large_stock=900,
    first_syncs=1,
    missing=20,
    catchups=2,
    search=(300, 600, 900),
    queries=8,
    neighbours=2,
    idle_s=2.0,
    starts=3,
    letters=6,
    returns=1,
    trades=2,
    folded=100,
    wordy_trades=(2,),
    receipts=10,
    members=30,
    communities=2,
    community_stock=100,
)
