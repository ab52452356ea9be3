"""How long commands and the daemon take to start, beside Python itself."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from benchmarks.households import found
from benchmarks.processes import daemon
from benchmarks.report import Figure, Limit, Target
from benchmarks.stock import stock, store
from benchmarks.workspace import Workspace

_BARE = (sys.executable, "-c", "pass")
LIBRARIES = "import libp2p, trio_asyncio, aiosqlite, sqlcipher3, hypercorn.trio, starlette"
"""What a daemon cannot do without."""
_STOCK = 1_000


def run(workspace: Workspace) -> Iterator[Figure]:
    """Each command and its raw limit take turns."""
    count = workspace.sizes.starts
    command = Path(sys.executable).with_name("p2pmarket")
    (household,) = found(workspace.folder / "starting", 0)
    store(household, stock([household], _STOCK))
    yield _start("p2pmarket --help", [str(command), "--help"], count)
    with daemon(household):
        words = [str(command), "--home", str(household.home), "search", "Fahrrad"]
        yield _start("p2pmarket search", words, count)
    started = []
    for _ in range(max(1, count // 5)):
        with daemon(household) as (_, _, seconds):
            started.append(seconds)
    imported = [_seconds((sys.executable, "-c", LIBRARIES)) for _ in started]
    yield Figure(
        f"daemon start, {_STOCK:,} listings",
        median(started),
        "s",
        Limit("Python importing its libraries", median(imported)),
    )


def _start(name: str, command: Sequence[str], count: int) -> Figure:
    pairs = [(_seconds(command), _seconds(_BARE)) for _ in range(count)]
    return Figure(
        f"start: {name}",
        1000 * median(ours for ours, _ in pairs),
        "ms",
        Limit("bare Python", 1000 * median(bare for _, bare in pairs)),
        Target("≤", 8, of="ratio"),
        paired_ratio=median(ours / bare for ours, bare in pairs),
    )


def _seconds(command: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began
