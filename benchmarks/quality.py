"""How good the search is, on the judged queries of the sample."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib import resources
from statistics import mean
from typing import Any

from benchmarks.report import Figure, Limit, Target
from benchmarks.workspace import Workspace
from scripts.search_quality import identify, open_index, read_lines, scores

_WORD = re.compile(r"\w+")


def run(workspace: Workspace) -> Iterator[Figure]:
    """Mean precision, recall and F1 a query over all results, the hard ones left out."""
    sample = resources.files("p2pmarket") / "sample"
    listings = identify(read_lines((sample / "listings.jsonl").read_text("utf-8")))
    judgments = read_lines((sample / "search_judgments.jsonl").read_text("utf-8"))
    judged = [judgment for judgment in judgments if not judgment.get("hard")]
    connection = open_index(workspace.folder, list(listings.values()))
    ours = list(scores(connection, list(listings), judged))
    bare = _bare_scores(connection, listings, judged)
    connection.close()
    targets = {"F1": Target("≥", 0.90)}
    for name, field in (("precision", 0), ("recall", 1), ("F1", 2)):
        yield Figure(
            f"quality of search, {name}",
            mean((score.precision, score.recall, score.f1)[field] for score in ours),
            f"mean of {len(ours)}",
            Limit("bare FTS5 unicode61", mean(score[field] for score in bare)),
            targets.get(name),
        )


def _bare_scores(
    connection: Any, listings: dict[str, dict[str, Any]], judged: Sequence[dict[str, Any]]
) -> list[tuple[float, float, float]]:
    """(precision, recall, F1) of each query put to FTS5 as it comes: all words must occur."""
    connection.execute("CREATE VIRTUAL TABLE plain USING fts5 (text, content = '')")
    ids = list(listings)
    connection.executemany(
        "INSERT INTO plain (rowid, text) VALUES (?, ?)",
        [
            (seq, " ".join((listing["title"], listing["description"], *listing["tags"])))
            for seq, listing in enumerate(listings.values(), 1)
        ],
    )
    found = []
    for judgment in judged:
        match = " ".join(f'"{word}"' for word in _WORD.findall(judgment["query"]))
        rows = connection.execute("SELECT rowid FROM plain WHERE plain MATCH ?", (match,))
        hits = {ids[seq - 1] for (seq,) in rows} - set(judgment.get("also_ok", ()))
        found.append(_score(hits, set(judgment["relevant"])))
    return found


def _score(hits: set[str], relevant: set[str]) -> tuple[float, float, float]:
    if not relevant:
        return (0.0, 0.0, 0.0) if hits else (1.0, 1.0, 1.0)
    right = len(hits & relevant)
    precision, recall = right / len(hits) if hits else 0.0, right / len(relevant)
    return precision, recall, 2 * precision * recall / (precision + recall) if right else 0.0
