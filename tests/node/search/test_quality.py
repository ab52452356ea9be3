"""How good the search is on judged queries: a floor, so that no change lowers it unseen."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from scripts.search_quality import identify, open_index, read_lines, scores

HERE = Path(__file__).parent
SAMPLE = resources.files("p2pmarket") / "sample"


@pytest.mark.parametrize(
    ("listings", "judgments", "floor"),
    [
        (SAMPLE / "listings.jsonl", SAMPLE / "search_judgments.jsonl", 0.95),
        (SAMPLE / "listings.jsonl", HERE / "held_out.jsonl", 0.95),
        (HERE / "second_market.jsonl", HERE / "second_judgments.jsonl", 0.95),
    ],
    ids=["sample", "held out", "second market"],
)
def test_mean_f1_over_judged_queries(
    tmp_path: Path, listings: Any, judgments: Any, floor: float
) -> None:
    market = identify(read_lines(listings.read_text(encoding="utf-8")))
    judged = read_lines(judgments.read_text(encoding="utf-8"))
    connection = open_index(tmp_path, list(market.values()))
    counted = [s for s in scores(connection, list(market), judged) if not s.hard]
    connection.close()
    mean = sum(score.f1 for score in counted) / len(counted)
    wanting = {s.query: (s.wrong, s.missing) for s in counted if s.f1 < 1}
    assert mean >= floor, json.dumps(wanting, indent=1)
