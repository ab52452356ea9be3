"""What another household's many words in many trades cost this one each time it looks."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import trio_asyncio

from benchmarks.report import Figure, Limit
from benchmarks.signed_trades import Parties
from node.clock import SystemClock
from node.store.database import Connection, open_database
from node.trades import book
from protocol.trade.limits import MAX_CHAIN
from protocol.trade.message import Message, read_message
from protocol.trade.transitions import State

_TURNS = 5


def run(folder: Path, parties: Parties, trades: int) -> Iterator[Figure]:
    """So many trades in which the seeker fills its whole chain with offers."""
    now_ms = SystemClock().now_ms()
    messages = [m for _ in range(trades) for m in parties.wordy(now_ms, MAX_CHAIN)]
    folder.mkdir(parents=True, exist_ok=True)
    first_s, again_s = trio_asyncio.run(_look_s, folder / "wordy.db", messages, now_ms)
    began = time.perf_counter()
    for message in messages:
        read_message(message.raw)
    verifying_s = time.perf_counter() - began
    limit = Limit("reading and verifying them", 1e3 * verifying_s)
    named = f"{trades:,} trades of {MAX_CHAIN} messages each"
    yield Figure(f"{named}, read from disk and folded", 1e3 * first_s, "ms", limit)
    yield Figure(f"{named}, looked at again", 1e3 * again_s, "ms", limit)


async def _look_s(file: Path, messages: list[Message], now_ms: int) -> tuple[float, float]:
    async with open_database(file, os.urandom(32)) as database:

        def keep(connection: Connection) -> None:
            for message in messages:
                book.insert(connection, message, now_ms)

        def look(connection: Connection) -> float:
            began = time.perf_counter()
            found = book.load_many(connection, book.every_id(connection, resting=False))
            seconds = time.perf_counter() - began
            assert all(trade.state is State.ASKED for trade in found)
            assert sum(len(trade.order) for trade in found) == len(messages)
            return seconds

        await database.write(keep)
        first = await database.read(look)
        return first, median([await database.read(look) for _ in range(_TURNS)])
