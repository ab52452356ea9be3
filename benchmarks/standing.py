"""What a node costs that only stands there: memory, processor and disk."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.households import Household, found
from benchmarks.processes import RemotePeer, cpu_seconds, daemon, memory_after, memory_bytes, peers
from benchmarks.report import Figure, Limit, Target, percentile
from benchmarks.searching import SORTS
from benchmarks.starting import LIBRARIES
from benchmarks.synthetic import listings
from benchmarks.workspace import Workspace
from node.search.query import SearchQuery

_SETTLE_S = 10.0
_SORT = "two words with kind, category, price, distance"


def run(workspace: Workspace) -> Iterator[Figure]:
    """The daemon on the large stock, its neighbours as processes of their own beside it."""
    sizes = workspace.sizes
    first, *neighbours = workspace.crowd
    yield _disk(workspace, first)
    with daemon(first) as (pid, addresses, seconds), peers(neighbours) as crowd:
        yield Figure(f"daemon start, {sizes.large_stock:,} listings", seconds, "s")
        for peer in crowd:
            peer.tell("dial", addresses=addresses)
        for peer in crowd:
            peer.tell("equal", neighbours=1)
        time.sleep(min(_SETTLE_S, sizes.idle_s))
        began, used = time.monotonic(), cpu_seconds(pid)
        time.sleep(sizes.idle_s)
        busy = (cpu_seconds(pid) - used) / (time.monotonic() - began)
        beside = f"{len(crowd)} neighbours and {sizes.large_stock:,} listings"
        yield Figure(f"idle processor, {beside}", 100 * busy, "% of a core", None, Target("≤", 0.5))
        yield Figure(
            f"memory, {beside}",
            memory_bytes(pid) / 1e6,
            "MB",
            Limit("Python with its libraries", memory_after(LIBRARIES) / 1e6),
            Target("≤", 160),
        )
        yield _search(crowd[0], sizes.large_stock, sizes.queries)


def _disk(workspace: Workspace, household: Household) -> Figure:
    """The file after closing, which checkpoints; an empty community's is taken off."""
    (empty,) = found(workspace.folder / "empty", 0)
    count = workspace.sizes.large_stock
    grown = household.database.stat().st_size - empty.database.stat().st_size
    signed = workspace.stock_bytes
    return Figure(
        f"on disk a listing, {count:,} listings",
        grown / count,
        "bytes",
        Limit("the signed bytes alone", signed / count),
        Target("≤", 2_200),
    )


def _search(peer: RemotePeer, size: int, count: int) -> Figure:
    """Through the whole node, its results read and decoded, filters and two words."""
    draw = random.Random(1)
    examples = list(listings(min(size, 5_000)))
    queries = [_as_json(SORTS[_SORT](draw, examples)) for _ in range(count)]
    seconds: Sequence[float] = peer.tell("search", queries=queries)["seconds"]
    return Figure(
        f"search {size:,} through the node: {_SORT}, p99",
        1000 * percentile(seconds, 99),
        "ms",
        None,
        Target("≤", 50),
        note=f"p50 {1000 * percentile(seconds, 50):.2f}",
    )


def _as_json(query: SearchQuery) -> dict[str, Any]:
    return {
        "words": query.words,
        "kinds": sorted(query.kinds),
        "category": query.category,
        "max_price_minor": query.max_price_minor,
        "centre": query.centre,
        "within_m": query.within_m,
    }
