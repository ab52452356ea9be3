"""Searching ever larger markets, beside a bare FTS5 query for the same words."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.bare import connect
from benchmarks.households import charter
from benchmarks.report import Figure, Limit, Target, percentile
from benchmarks.synthetic import listings
from benchmarks.workspace import Workspace
from node.clock import SystemClock
from node.search.query import SearchQuery
from node.store.listing_index import KnownWords, ListingRow, insert_listings, search
from protocol import limits
from protocol.charter import Charter

_BATCH = 10_000
_WITHIN_M = 2_000
_KINDS = ("sell", "give", "swap", "lend", "wanted", "service", "kit", "event")
_TARGET = Target("≤", 50)
"""At 100,000 with filters."""

Draw = Callable[[random.Random, list[dict[str, Any]]], SearchQuery]


def run(workspace: Workspace) -> Iterator[Figure]:
    """Grow one file to each size in turn and put every sort of query to it."""
    path = workspace.folder / "search.db"
    market = _Market(path)
    for size in workspace.sizes.search:
        market.grow(size)
        for name, draw in SORTS.items():
            chosen = random.Random(name)
            queries = [draw(chosen, market.examples) for _ in range(workspace.sizes.queries)]
            ours, bare = market.ask(queries)
            filtered = "with" in name and size == workspace.sizes.search[1]
            yield Figure(
                f"search {size:,}: {name}, p99",
                percentile(ours, 99),
                "ms",
                Limit("bare FTS5", percentile(bare, 99)),
                _TARGET if filtered else None,
                note=f"p50 {percentile(ours, 50):.2f}, bare {percentile(bare, 50):.2f}",
            )
    market.close()


def _one(draw: random.Random, examples: list[dict[str, Any]]) -> SearchQuery:
    """A word of some listing's title: common words are common in queries too."""
    return SearchQuery(words=draw.choice(draw.choice(examples)["title"].split()).strip(","))


def _two(draw: random.Random, examples: list[dict[str, Any]]) -> SearchQuery:
    example = draw.choice(examples)
    first = draw.choice(example["title"].split())
    second = draw.choice((example["title"] + " " + example["description"]).split())
    return SearchQuery(words=f"{first} {second}".replace(",", ""))


def _mistyped(draw: random.Random, examples: list[dict[str, Any]]) -> SearchQuery:
    word = _one(draw, [e for e in examples if len(e["title"].split()[0]) > 5]).words
    at = draw.randrange(len(word))
    return SearchQuery(words=word[:at] + word[at + 1 :])


def _category(draw: random.Random, examples: list[dict[str, Any]]) -> SearchQuery:
    return replace(_one(draw, examples), category=draw.choice(examples)["category"])


def _price(draw: random.Random, examples: list[dict[str, Any]]) -> SearchQuery:
    lowest = draw.choice((500, 1_000, 5_000))
    return replace(
        _one(draw, examples), min_price_minor=lowest, max_price_minor=lowest * 4, sort="price"
    )


def _distance(draw: random.Random, examples: list[dict[str, Any]]) -> SearchQuery:
    return replace(_one(draw, examples), centre=_centre(draw), within_m=_WITHIN_M, sort="distance")


def _everything(draw: random.Random, examples: list[dict[str, Any]]) -> SearchQuery:
    return replace(
        _two(draw, examples),
        kinds=frozenset({1, 2}),
        category=draw.choice(examples)["category"],
        max_price_minor=20_000,
        centre=_centre(draw),
        within_m=_WITHIN_M,
    )


def _browse(draw: random.Random, examples: list[dict[str, Any]]) -> SearchQuery:
    return SearchQuery(category=draw.choice(examples)["category"], centre=_centre(draw))


def _centre(draw: random.Random) -> tuple[int, int]:
    place = draw.choice(charter().places)
    assert place.lat_e4 is not None
    assert place.lon_e4 is not None
    return place.lat_e4, place.lon_e4


SORTS: dict[str, Draw] = {
    "one word, relevance": _one,
    "one word, newest": lambda draw, e: replace(_one(draw, e), sort="newest"),
    "two words, relevance": _two,
    "two words, newest": lambda draw, e: replace(_two(draw, e), sort="newest"),
    "a misspelt word": _mistyped,
    "one word with category": _category,
    "one word with price, by price": _price,
    "one word with distance, by distance": _distance,
    "two words with kind, category, price, distance": _everything,
    "no words, with category, newest": _browse,
}


class _Market:
    """A file with the listing view and, beside it, a plain FTS5 table of the same texts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places = _places(charter())
        self._source = listings(10**9)
        self._held = 0
        self._now_ms = SystemClock().now_ms()
        self._draw = random.Random(1)
        self.examples: list[dict[str, Any]] = []
        self._connection = connect(path)

    def grow(self, size: int) -> None:
        """Add listings in big batches, not durably, until there are so many."""
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("PRAGMA cache_size = -200000")
        known = KnownWords()
        while self._held < size:
            batch = list(islice(self._source, min(_BATCH, size - self._held)))
            cursor = self._connection.cursor()
            cursor.execute("BEGIN IMMEDIATE")
            rows = [self._row(fields, self._held + n) for n, fields in enumerate(batch, 1)]
            insert_listings(cursor, rows, known)
            cursor.executemany(
                "INSERT INTO plain (rowid, title, description) VALUES (?, ?, ?)",
                [(row.seq, row.title, row.description) for row in rows],
            )
            cursor.execute("COMMIT")
            self._held += len(batch)
            self.examples += self._draw.sample(batch, min(len(batch), 100))
        # Queries meet the settings of a node, and a cache that knows nothing yet.
        self.close()
        self._connection = connect(self._path)

    def ask(self, queries: list[SearchQuery]) -> tuple[list[float], list[float]]:
        """Milliseconds of each query, ours and the bare one in turn."""
        ours, bare = [], []
        for query in queries:
            began = time.perf_counter()
            hits = search(self._connection, query, self._now_ms)
            ours.append(1000 * (time.perf_counter() - began))
            assert len(hits.results) <= query.limit
            began = time.perf_counter()
            self._bare(query.words)
            bare.append(1000 * (time.perf_counter() - began))
        return ours, bare

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _bare(self, words: str) -> None:
        """The newest twenty that hold the very words; without words, the newest of all."""
        if not words:
            self._connection.execute(
                "SELECT seq FROM listing ORDER BY seq DESC LIMIT 20"
            ).fetchall()
            return
        match = " ".join('"' + word.replace('"', "") + '"' for word in words.split())
        self._connection.execute(
            "SELECT rowid FROM plain WHERE plain MATCH ? ORDER BY rowid DESC LIMIT 20", (match,)
        ).fetchall()

    def _row(self, fields: dict[str, Any], seq: int) -> ListingRow:
        lat_e4, lon_e4 = self._places[fields["place"]]
        return ListingRow(
            seq=seq,
            household=1,
            slot=seq,
            key=seq.to_bytes(16, "big"),
            kind=_KINDS.index(fields["kind"]) + 1,
            category=fields["category"],
            language=fields["lang"],
            title=fields["title"],
            description=fields["description"],
            tags=tuple(fields["tags"]),
            swap_for=fields["swap_for"] or "",
            price_minor=fields["price_minor"],
            currency=fields["currency"],
            lat_e4=lat_e4,
            lon_e4=lon_e4,
            created_at_ms=self._now_ms - limits.DAY_MS,
            visible_until_ms=self._now_ms + fields["days_valid"] * limits.DAY_MS,
            state=0,
        )


def _places(rules: Charter) -> dict[str, tuple[int, int]]:
    return {
        place.name: (place.lat_e4, place.lon_e4)
        for place in rules.places
        if place.lat_e4 is not None and place.lon_e4 is not None
    }
