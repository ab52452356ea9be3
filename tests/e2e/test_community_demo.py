"""The community scenario of the demo, as a person runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def test_the_community_demo_founds_changes_and_removes(homes: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "p2pmarket", "demo", "--scenario", "community", "--json"],
        capture_output=True,
        text=True,
        env={**os.environ, "TMPDIR": str(homes), "P2PMARKET_LANG": "en"},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    assert answer["passed"] is True
    assert set(answer["checks"]) == {
        "answers_arrived",
        "let_in",
        "two_stewards",
        "one_voice_is_not_enough",
        "rules_in_force",
        "consent_needed",
        "consent_given",
        "one_voice_removes_nobody",
        "removed_vanishes",
        "removed_hears_nothing",
        "two_communities",
        "communities_apart",
        "window",
    }
    assert list(homes.iterdir()) == []  # nothing is left behind
