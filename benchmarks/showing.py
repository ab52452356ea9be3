"""Looking anew at a large stock after the rules of what shows have changed, beside other work."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import trio
import trio_asyncio

from benchmarks.households import LISTING_SLOTS, Household
from benchmarks.report import Figure, Target, percentile
from benchmarks.workspace import Workspace
from node.moderation.showing import BATCH
from node.search.query import SearchQuery
from node.search.worries import Worries
from node.store.database import Database, open_database
from node.store.listing_search import search
from node.store.records import RecordStore
from node.store.unseen import Unseen
from node.store.views import ViewRules

WORDS = ("fahrrad", "waffe", "tabak", "alkohol", "hund")
"""Worry words: the first is common in the stock."""
_EVERY_S = 0.02


def run(workspace: Workspace) -> Iterator[Figure]:
    """A charter with worry words comes into force, and goes again."""
    count = workspace.sizes.large_stock
    seconds, differing, writes, searches = trio_asyncio.run(_measure, workspace.large[0])
    yield Figure(
        f"worry words in force, {count:,} listings looked at anew",
        seconds,
        "s",
        None,
        Target("≤", 60),
        note=f"{differing:,} concealed",
    )
    yield _waiting("a write", writes)
    yield _waiting("a search", searches)


def _waiting(what: str, seconds: list[float]) -> Figure:
    return Figure(
        f"{what} meanwhile, p99",
        1000 * percentile(seconds, 99),
        "ms",
        None,
        Target("≤", 250),
        note=f"p50 {1000 * percentile(seconds, 50):.1f}",
    )


async def _measure(household: Household) -> tuple[float, int, list[float], list[float]]:
    key = household.identity.database_key
    async with open_database(household.database, key) as database:
        unseen = Unseen(worries=Worries(WORDS))
        store = RecordStore(database, lambda: ViewRules(LISTING_SLOTS, unseen))
        await store.load()
        writes: list[float] = []
        searches: list[float] = []
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_every, writes, lambda: _write(database))
            nursery.start_soon(_every, searches, lambda: _search(database))
            began = time.perf_counter()
            differing = await _look(store)
            seconds = time.perf_counter() - began
            nursery.cancel_scope.cancel()
        unseen = Unseen()
        if await _look(store) != differing:
            raise AssertionError("what was concealed did not come back")
        return seconds, differing, writes, searches


async def _look(store: RecordStore) -> int:
    after: int | None = 0
    found = 0
    while after is not None:
        after, differing = await store.reconsider(None, after, BATCH)
        found += differing
    return found


async def _every(waits: list[float], act: Callable[[], object]) -> None:
    while True:
        began = time.perf_counter()
        await act()  # type: ignore[misc]
        waits.append(time.perf_counter() - began)
        await trio.sleep(_EVERY_S)


async def _write(database: Database) -> None:
    await database.write(
        lambda connection: connection.execute(
            "INSERT OR REPLACE INTO setting VALUES ('bench', x'00')"
        )
    )


async def _search(database: Database) -> None:
    query = SearchQuery(words="Kinderwagen", limit=20)
    await database.read(lambda connection: search(connection, query, 1))
