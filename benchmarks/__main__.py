"""``python -m benchmarks [--quick] [--only NAME …] [--json FILE]``: measure, print, and keep."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path

from benchmarks import (
    catching_up,
    communities,
    ingest,
    mailing,
    membership,
    quality,
    relaying,
    searching,
    showing,
    spreading,
    standing,
    starting,
    trading,
)
from benchmarks.report import Figure, as_json, table, without_target
from benchmarks.sizes import FULL, QUICK
from benchmarks.workspace import Workspace

Part = Callable[[Workspace], Iterator[Figure]]

PARTS: dict[str, Part] = {
    "ingest": ingest.run,
    "spreading": spreading.run,
    "catching-up": catching_up.run,
    "membership": membership.run,
    "mailing": mailing.run,
    "trading": trading.run,
    "standing": standing.run,
    "relaying": relaying.run,
    "communities": communities.run,
    "searching": searching.run,
    "showing": showing.run,
    "quality": quality.run,
    "starting": starting.run,
}


def main() -> int:
    """Run the parts asked for. Returns 1 if one of them failed; a missed target is no failure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--quick", action="store_true", help="little of everything")
    parser.add_argument("--only", action="append", choices=PARTS, metavar="NAME")
    parser.add_argument("--json", type=Path, metavar="FILE")
    chosen = parser.parse_args()
    sizes = QUICK if chosen.quick else FULL
    began = datetime.now(UTC)
    figures: list[Figure] = []
    failed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="p2pmarket-bench-") as folder:
        workspace = Workspace(Path(folder), sizes)
        for name in chosen.only or PARTS:
            started = time.monotonic()
            try:
                for figure in PARTS[name](workspace):
                    assert isfinite(figure.value), figure
                    assert figure.value >= 0, figure
                    # Little of everything shows that it works, not how fast it is.
                    figures.append(without_target(figure) if chosen.quick else figure)
            except Exception:
                traceback.print_exc()
                failed.append(name)
            print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    print(table(figures))
    file = chosen.json or Path(f"bench-{began:%Y-%m-%d}.json")
    file.write_text(as_json(figures, _conditions(began, chosen.quick)) + "\n", "utf-8")
    for name in failed:
        print(f"failed: {name}", file=sys.stderr)
    return 1 if failed else 0


def _conditions(began: datetime, quick: bool) -> dict[str, object]:
    return {
        "began": began.isoformat(timespec="seconds"),
        "quick": quick,
        "cores": os.cpu_count(),
        "load_average": os.getloadavg(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


if __name__ == "__main__":
    sys.exit(main())
