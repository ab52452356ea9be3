"""One household's node in a process of its own, over real libp2p, that does as it is told.

``python -m benchmarks.peer HOME`` reads one JSON object a line from standard input and answers
each with one on standard output. Moments are seconds of the computer's monotonic clock, which
all processes share.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import trio
import trio_asyncio

from benchmarks.dealer import Dealer
from benchmarks.stock import read_records
from node.clock import SystemClock
from node.identity import Identity
from node.network.port import HostKey
from node.node import Node, open_node
from node.search.query import SearchQuery
from node.wiring import real_options
from protocol import limits
from protocol.envelope import Envelope
from protocol.kinds import Kind
from protocol.listing import Listing, ListingKind

LOOPBACK = ("/ip4/127.0.0.1/tcp/0",)
_PATIENCE_S = 900.0
Answer = dict[str, Any]


class Peer:
    """Answers the commands, whose names are its public methods."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._listings = 0
        self._stored = trio.Event()
        node.inbox.on_stored.append(self._note)

    def _note(self, records: Sequence[Envelope], origin: HostKey | None) -> None:
        self._listings += sum(record.kind == Kind.LISTING for record in records)
        self._stored.set()

    async def dial(self, addresses: list[str]) -> Answer:
        """Find neighbours at these addresses, as if the LAN had told."""
        self._node.neighbourhood.found(addresses)
        return {}

    async def equal(self, neighbours: int) -> Answer:
        """Wait until the set was equal with so many connected neighbours."""
        while (await self._node.sync.status()).neighbours_synced < neighbours:  # noqa: ASYNC110
            await trio.sleep(0.02)
        return {}

    async def publish(self, title: str) -> Answer:
        """Publish one listing; answers when that began and when it was found here."""
        began = time.monotonic()
        await self._publish(title)
        assert await self._finds(title)
        return {"began": began, "found": time.monotonic()}

    async def found(self, title: str) -> Answer:
        """Wait until a search finds a listing; answers when it did."""
        while True:
            self._stored = trio.Event()
            if await self._finds(title):
                return {"found": time.monotonic()}
            await self._stored.wait()

    async def burst(self, name: str, count: int) -> Answer:
        """Publish many listings one by one, as quickly as they are taken."""
        began = time.monotonic()
        for number in range(count):
            await self._publish(f"{name} {number}")
        return {"began": began, "ended": time.monotonic()}

    async def holds(self, listings: int) -> Answer:
        """Wait until so many listings show here; answers when they did."""
        while True:
            self._stored = trio.Event()
            if await self._node.market.count() >= listings:
                return {"at": time.monotonic()}
            await self._stored.wait()

    async def shown(self) -> Answer:
        """Return how many listings show here."""
        return {"listings": await self._node.market.count()}

    async def sync(self, addresses: list[str], listings: int) -> Answer:
        """Dial, and wait until so many listings were stored."""
        began = time.monotonic()
        self._node.neighbourhood.found(addresses)
        first = None
        while self._listings < listings:
            self._stored = trio.Event()
            await self._stored.wait()
            if first is None and self._listings:
                first = time.monotonic()
        ended = time.monotonic()
        shown = await self._node.market.count()
        return {"began": began, "first": first, "ended": ended, "shown": shown}

    async def take(self, file: str) -> Answer:
        """Store records without telling anybody."""
        await self._node.inbox.submit(read_records(Path(file)), None)
        return {}

    async def exchange(self, peer: str) -> Answer:
        """Catch up once with a connected neighbour."""
        began = time.monotonic()
        done = await self._node.catchup.exchange(HostKey(bytes.fromhex(peer)))
        return {"seconds": time.monotonic() - began, **asdict(done)}

    async def search(self, queries: list[dict[str, Any]]) -> Answer:
        """Answer searches one by one; answers with the seconds each took."""
        seconds = []
        for fields in queries:
            query = SearchQuery(**{**fields, "kinds": frozenset(fields.get("kinds", ()))})
            began = time.perf_counter()
            await self._node.market.search(query)
            seconds.append(time.perf_counter() - began)
        return {"seconds": seconds}

    async def health(self) -> Answer:
        """Return the node's counters."""
        return dict(self._node.health())

    async def _finds(self, title: str) -> bool:
        answer = await self._node.market.search(SearchQuery(words=title))
        return any(found.listing.title == title for found in answer.results)

    async def _publish(self, title: str) -> None:
        until_ms = SystemClock().now_ms() + 30 * limits.DAY_MS
        listing = Listing(
            kind=ListingKind.GIVE,
            title=title,
            description="Kaum benutzt, aus einem Haushalt ohne Tiere. Nur Abholung.",
            category="household",
            visible_until_ms=until_ms,
        )
        (result,) = await self._node.market.publish([listing])
        if isinstance(result, Exception):
            raise result


async def main(home: Path) -> None:
    """Open the node and obey until standard input ends."""
    (folder,) = (home / "communities").iterdir()
    options = real_options(LOOPBACK, mdns=False)
    async with open_node(folder, Identity.load(home), options) as node:
        peer, dealer = Peer(node), Dealer(node)
        _say({"addresses": list(node.addresses())})
        async for line in trio.wrap_file(sys.stdin):
            command = json.loads(line)
            name = command.pop("do")
            obeys = peer if hasattr(peer, name) else dealer
            method: Callable[..., Awaitable[Answer]] = getattr(obeys, name)
            with trio.fail_after(_PATIENCE_S):
                _say(await method(**command))


def _say(answer: Answer) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    trio_asyncio.run(main, Path(sys.argv[1]))
