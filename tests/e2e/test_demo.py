"""The demo is the main job on real input; what it promises is checked here once more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def run_demo(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "TMPDIR": str(folder), "P2PMARKET_LANG": "en"}
    return subprocess.run(
        [sys.executable, "-m", "p2pmarket", "demo", *options],
        capture_output=True,
        text=True,
        env=environ,
        check=False,
    )


def test_the_demo_ends_with_one_object_in_which_every_check_holds(homes: Path) -> None:
    done = run_demo(homes, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    assert answer["schema"] == 1
    assert answer["passed"] is True
    assert set(answer["checks"]) >= {
        "everybody_confirmed",
        "all_listings_everywhere",
        "single_listings_heard",
        "search_finds_others",
        "caught_up",
        "same_everywhere",
    }
    assert all(answer["checks"].values())
    assert answer["measured"]["listings"] == 260
    assert list(homes.iterdir()) == []  # nothing is left behind
