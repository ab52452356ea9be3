"""Ingest: network bytes in, verified, stored and indexed records out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median

import trio_asyncio

from benchmarks.bare import BarePipeline, Ready, make_ready
from benchmarks.households import Household, found
from benchmarks.report import Figure, Limit, Target
from benchmarks.stock import stock
from benchmarks.workspace import Workspace
from node.network.memory import open_memory
from node.network.switchboard import Switchboard
from node.node import NodeOptions, open_node
from protocol.envelope import Envelope

TARGETS = {100: Target("≥", 0.60, of="ratio")}


def run(workspace: Workspace) -> Iterator[Figure]:
    """Ours, bare and plain take turns in slices, each with a file of its own."""
    for batch, count in workspace.sizes.ingest:
        folder = workspace.folder / f"ingest-{batch}"
        households = found(folder, 0)
        records = list(stock(households, count))
        seconds = trio_asyncio.run(
            partial(_alternate, workspace.sizes.slices, batch), households[0], records, folder
        )
        ours, bare, plain = (count / sum(each) for each in zip(*seconds, strict=True))
        yield Figure(
            f"ingest, batches of {batch}",
            ours,
            "records/s",
            Limit("bare verify + insert + index", bare),
            TARGETS.get(batch),
            paired_ratio=median(b / o for o, b, _ in seconds),
        )
        yield Figure(
            f"ingest, batches of {batch}, beside a plain index",
            ours,
            "records/s",
            Limit("bare verify + insert + FTS5 unicode61", plain),
            paired_ratio=median(p / o for o, _, p in seconds),
        )


async def _alternate(
    slices: int, batch: int, household: Household, records: list[Envelope], folder: Path
) -> list[tuple[float, float, float]]:
    """Return the seconds of (ours, bare, plain) for each slice of the records."""
    ready: list[Ready] = make_ready(records)
    bare = BarePipeline(folder / "bare.db")
    plain = BarePipeline(folder / "plain.db", plain=True)
    wires = Switchboard(1)
    options = NodeOptions(network=lambda seed, key: open_memory(wires, seed, "only"))
    seconds = []
    async with open_node(household.folder, household.identity, options) as node:
        length = -(-len(records) // slices)
        for at in range(0, len(records), length):
            part = slice(at, at + length)
            raws = [record.raw for record in records[part]]
            began = time.perf_counter()
            for first in range(0, len(raws), batch):
                await node.inbox.submit(raws[first : first + batch], None)
            ours = time.perf_counter() - began
            seconds.append((ours, bare.take(ready[part], batch), plain.take(ready[part], batch)))
        assert await node.market.count() == len(records)
    bare.close()
    plain.close()
    return seconds
