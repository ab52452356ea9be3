"""Print precision, recall and F1 of the search over judged queries.

    python scripts/search_quality.py [--listings FILE] [--judgments FILE] [--every]

Listings that a judgment calls `also_ok` count neither for nor against; queries marked `hard`
are left out of the mean. A query with no relevant listing scores 1 if nothing is returned, else 0.
Listings and judgments default to the sample that the package ships.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as sqlite

from node.search.query import SearchQuery
from node.store.database import schema_steps
from node.store.listing_index import ListingRow, insert_listings, search

_KINDS = ("sell", "give", "swap", "lend", "wanted", "service", "kit", "event")
_FOREVER_MS = 1 << 50


@dataclass(frozen=True, slots=True)
class Score:
    """Of one query: what was returned of what was relevant, the tolerable ones left out."""

    query: str
    precision: float
    recall: float
    f1: float
    hard: bool
    wrong: tuple[str, ...]
    missing: tuple[str, ...]


def read_lines(text: str) -> list[dict[str, Any]]:
    """JSON Lines into dicts."""
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def identify(listings: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Listings by the identifiers that judgments use."""
    return {listing["id"]: listing for listing in listings}


def row_of(listing: dict[str, Any], seq: int) -> ListingRow:
    """A listing of the sample's format as a row of the view, without a place."""
    return ListingRow(
        seq=seq,
        household=1,
        slot=seq,
        key=seq.to_bytes(16, "big"),
        kind=_KINDS.index(listing["kind"]) + 1,
        category=listing["category"],
        language=listing["lang"],
        title=listing["title"],
        description=listing["description"],
        tags=tuple(listing["tags"]),
        swap_for=listing.get("swap_for") or "",
        price_minor=listing.get("price_minor"),
        currency=listing.get("currency"),
        lat_e4=None,
        lon_e4=None,
        created_at_ms=0,
        visible_until_ms=_FOREVER_MS,
        state=0,
    )


def open_index(folder: Path, listings: Sequence[dict[str, Any]]) -> Any:
    """A fresh encrypted database with the listing view and these listings, seq from 1."""
    connection = sqlite.connect(str(folder / "quality.db"))
    connection.execute(f"PRAGMA key = \"x'{'00' * 32}'\"")
    for _, sql in schema_steps():
        connection.executescript(sql)
    insert_listings(connection.cursor(), [row_of(x, n) for n, x in enumerate(listings, 1)])
    connection.commit()
    return connection


def scores(
    connection: Any, ids: Sequence[str], judgments: Sequence[dict[str, Any]]
) -> Iterator[Score]:
    """One score for each judged query."""
    for judgment in judgments:
        hits = search(connection, SearchQuery(words=judgment["query"], limit=len(ids)), 1)
        tolerable = set(judgment.get("also_ok", ()))
        relevant = set(judgment["relevant"])
        found = {ids[hit.seq - 1] for hit in hits.results} - tolerable
        right = len(found & relevant)
        if relevant:
            precision = right / len(found) if found else 0.0
            recall = right / len(relevant)
            f1 = 2 * precision * recall / (precision + recall) if right else 0.0
        else:
            precision = recall = f1 = 0.0 if found else 1.0
        yield Score(
            judgment["query"],
            precision,
            recall,
            f1,
            bool(judgment.get("hard")),
            tuple(sorted(found - relevant)),
            tuple(sorted(relevant - found)),
        )


def main(argv: Sequence[str]) -> int:
    sample = resources.files("p2pmarket") / "sample"
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--listings", type=Path)
    parser.add_argument("--judgments", type=Path)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    arguments = parser.parse_args(argv)
    listings_file = arguments.listings or sample / "listings.jsonl"
    judgments_file = arguments.judgments or sample / "search_judgments.jsonl"
    listings = identify(read_lines(listings_file.read_text(encoding="utf-8")))
    judgments = read_lines(judgments_file.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        connection = open_index(Path(folder), list(listings.values()))
        scored = list(scores(connection, list(listings), judgments))
        connection.close()
    counted = [score for score in scored if not score.hard]
    mean = {
        name: sum(getattr(score, name) for score in counted) / max(1, len(counted))
        for name in ("precision", "recall", "f1")
    }
    if arguments.json:
        print(json.dumps({"schema": 1, "queries": len(counted), **mean}))
        return 0
    print(f"{'query':32} {'P':>5} {'R':>5} {'F1':>5}")
    for score in scored:
        wrong = f"  wrong {' '.join(score.wrong)}" if score.wrong else ""
        missing = f"  missing {' '.join(score.missing)}" if score.missing else ""
        mark = "  (hard)" if score.hard else ""
        numbers = f"{score.precision:5.2f} {score.recall:5.2f} {score.f1:5.2f}"
        print(f"{score.query:32} {numbers}{mark}{wrong}{missing}")
    print(
        f"{len(counted)} queries: precision {mean['precision']:.3f}, "
        f"recall {mean['recall']:.3f}, F1 {mean['f1']:.3f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
