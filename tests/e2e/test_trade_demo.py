"""The trade scenario of the demo, as a person runs it; what it promises is checked once more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def test_the_trade_demo_ends_with_receipts_that_everybody_can_check(homes: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "p2pmarket", "demo", "--scenario", "trade", "--json"],
        capture_output=True,
        text=True,
        env={**os.environ, "TMPDIR": str(homes), "P2PMARKET_LANG": "en"},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    assert answer["passed"] is True
    assert set(answer["checks"]) >= {
        "everybody_confirmed",
        "killed_in_the_middle",
        "sale_done",
        "swap_done",
        "loan_done",
        "gift_queue",
        "gift_done",
        "promised_once",
        "mail_held",
        "mail_arrived",
        "mail_acknowledged",
        "same_receipts",
        "linked_everywhere",
        "ledgers_verified",
    }
    assert all(answer["checks"].values())
    assert answer["measured"]["receipts"] == 4
    assert list(homes.iterdir()) == []  # nothing is left behind
