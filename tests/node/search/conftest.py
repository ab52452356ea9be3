"""What the search tests share: a real encrypted database with a few listings in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlcipher3.dbapi2 as sqlite

from node.search.query import SearchQuery
from node.store.database import schema_steps
from node.store.listing_index import (
    KnownWords,
    ListingRow,
    insert_listings,
    remove_listings,
    search,
    set_state,
)

NOW_MS = 1_700_000_000_000

_PLAIN = ListingRow(
    seq=0,
    household=1,
    slot=0,
    key=bytes(16),
    kind=1,
    category="other",
    language="de",
    title="",
    description="",
    tags=(),
    swap_for="",
    price_minor=None,
    currency=None,
    lat_e4=None,
    lon_e4=None,
    created_at_ms=NOW_MS,
    visible_until_ms=NOW_MS + 1,
    state=0,
)


class Market:
    """Listings in a database; their titles name them in the tests."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.titles: dict[int, str] = {}
        self.known = KnownWords()

    def add(self, title: str, description: str = "", **fields: Any) -> int:
        """Insert one listing and return its seq."""
        row = self.row(title, description, **fields)
        insert_listings(self.connection.cursor(), [row], self.known)
        self.titles[row.seq] = title
        return row.seq

    def row(self, title: str, description: str = "", **fields: Any) -> ListingRow:
        seq = max(self.titles, default=0) + 1
        key = seq.to_bytes(16, "big")
        return replace(
            _PLAIN, seq=seq, slot=seq, key=key, title=title, description=description, **fields
        )

    def remove(self, *seqs: int) -> None:
        remove_listings(self.connection.cursor(), seqs)

    def mark(self, seq: int, state: int) -> None:
        set_state(self.connection.cursor(), seq, state)

    def find(self, words: str = "", **fields: Any) -> list[str]:
        """The titles found, in order."""
        return [self.titles[hit.seq] for hit in self.hits(words, **fields).results]

    def hits(self, words: str = "", now_ms: int = NOW_MS, **fields: Any) -> Any:
        return search(self.connection, SearchQuery(words=words, **fields), now_ms)


@pytest.fixture
def market(tmp_path: Path) -> Iterator[Market]:
    connection = sqlite.connect(str(tmp_path / "market.db"), isolation_level=None)
    connection.execute(f"PRAGMA key = \"x'{'07' * 32}'\"")
    for _, sql in schema_steps():
        connection.executescript(sql)
    yield Market(connection)
    connection.close()


@pytest.fixture
def offer(market: Market) -> Any:
    """Add listings by title alone, or by (title, description)."""

    def add(*listings: str | tuple[str, str]) -> Market:
        for listing in listings:
            market.add(*((listing, "") if isinstance(listing, str) else listing))
        return market

    return add


@pytest.fixture
def market_of_chairs(market: Market) -> Market:
    for title in ("Stuhl", "Klappstühle 26 Zoll", "E-Bike", "Größe 98"):
        market.add(title, "ein Tisch, ohne Beine")
    return market
