"""First sync into an empty node, and catching up on little, over real libp2p between processes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import partial
from statistics import median
from typing import Any

from benchmarks.bare import BarePipeline, make_ready, tcp_copy_seconds
from benchmarks.households import Household
from benchmarks.processes import RemotePeer, connect, peers
from benchmarks.report import Figure, Limit, Target
from benchmarks.stock import signed, stock, write_records
from benchmarks.workspace import Workspace
from node.clock import SystemClock
from protocol import limits

BATCH = 100
"""Of the bare pipeline, as for ingest."""


def run(workspace: Workspace) -> Iterator[Figure]:
    """First sync small and large, then recent and scattered gaps on an open connection."""
    sizes = workspace.sizes
    source, *empty = workspace.small
    bare: list[float] = []
    seconds: list[float] = []
    with peers([source]) as (full,):
        for turn, household in enumerate(empty):
            bare.append(_bare_seconds(workspace, [source], sizes.small_stock, f"small-{turn}"))
            with peers([household]) as (joiner,):
                seconds.append(_first_sync(full, joiner, sizes.small_stock))
        yield from _figures(
            sizes.small_stock, median(seconds), median(bare), Target("≥", 0.5, of="ratio")
        )
        with peers(empty[-1:]) as (joiner,):
            connect([full, joiner])
            yield from _catch_up(workspace, full, joiner)
    small_rate = sizes.small_stock / median(seconds)
    source, member, *_ = workspace.large
    large_bare = _bare_seconds(workspace, [source], sizes.large_stock, "large")
    with peers([source, member]) as (full, joiner):
        large_seconds = _first_sync(full, joiner, sizes.large_stock)
        yield from _figures(sizes.large_stock, large_seconds, large_bare, None)
        yield Figure(
            f"memory of the joiner after {sizes.large_stock:,}", joiner.memory_bytes() / 1e6, "MB"
        )
    yield Figure(
        f"cost of a listing, {sizes.large_stock:,} against {sizes.small_stock:,}",
        small_rate / (sizes.large_stock / large_seconds),
        "times",
        note=f"bare: {(large_bare / sizes.large_stock) / (median(bare) / sizes.small_stock):.2f}",
    )


def _figures(
    count: int, seconds: float, bare_seconds: float, target: Target | None
) -> Iterator[Figure]:
    yield Figure(
        f"first sync of {count:,}, end to end",
        count / seconds,
        "records/s",
        Limit("bare verify + insert + index, batches of 100", count / bare_seconds),
        target,
    )
    copied = tcp_copy_seconds(count * 455)
    yield Figure(
        f"first sync of {count:,}", seconds, "s", Limit("bare TCP copy of the bytes", copied)
    )


def _first_sync(full: RemotePeer, joiner: RemotePeer, count: int) -> float:
    answer = joiner.tell("sync", addresses=full.addresses, listings=count)
    assert answer["shown"] == count, answer
    return float(answer["ended"] - answer["began"])


def _bare_seconds(
    workspace: Workspace, authors: Sequence[Household], count: int, name: str
) -> float:
    """What the bare pipeline needs for as many listings."""
    pipeline = BarePipeline(workspace.folder / f"bare-{name}.db")
    seconds, first = 0.0, 0
    records = list(stock(authors, count))
    while first < count:
        ready = make_ready(records[first : first + 5_000], first + 1)
        seconds += pipeline.take(ready, BATCH)
        first += len(ready)
    pipeline.close()
    return seconds


def _catch_up(workspace: Workspace, full: RemotePeer, joiner: RemotePeer) -> Iterator[Figure]:
    now_ms = SystemClock().now_ms()
    draw = random.Random(1)

    def recent(turn: int, number: int) -> int:
        return now_ms - 60_000 + turn * 5_000 + number * 20

    def scattered(turn: int, number: int) -> int:
        return now_ms - limits.DAY_MS - draw.randrange(25 * limits.DAY_MS)

    sizes = workspace.sizes
    slot = 50_000
    for name, most_bytes, created in (("recent", 4_500, recent), ("scattered", 40_000, scattered)):
        done = []
        for turn in range(sizes.catchups):
            missing = signed(
                [full.household], sizes.missing, partial(created, turn), slot, seed=slot
            )
            slot += sizes.missing
            file = workspace.folder / "missing.records"
            write_records(file, [record.raw for record in missing])
            full.tell("take", file=str(file))
            exchange = joiner.tell("exchange", peer=full.household.host_key.hex())
            # The regular exchange of each minute may have been quicker: then this says nothing.
            if exchange["missing"] == sizes.missing:
                done.append(exchange)
        assert done, "no exchange found what was missing"
        what = f"catch-up of {sizes.missing} {name} of {sizes.small_stock:,}"
        yield from _catch_up_figures(what, sizes.missing, most_bytes, name == "recent", done)


def _catch_up_figures(
    what: str, missing: int, most_bytes: int, recent: bool, done: Sequence[dict[str, Any]]
) -> Iterator[Figure]:
    yield Figure(
        f"{what}, compared",
        median(each["compared_bytes"] for each in done),
        "bytes",
        Limit("their identifiers of 32 bytes", 32.0 * missing),
        Target("≤", most_bytes),
    )
    trips = max(each["round_trips"] for each in done)
    yield Figure(f"{what}, round trips", trips, "", None, Target("≤", 3) if recent else None)
    record_bytes = int(median(each["record_bytes"] for each in done))
    yield Figure(
        what,
        1000 * median(each["seconds"] for each in done),
        "ms",
        Limit("bare TCP copy of the records", 1000 * tcp_copy_seconds(record_bytes)),
        Target("≤", 150) if recent else None,
    )
