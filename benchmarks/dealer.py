"""What a benchmark's peer does with mail and trades when it is told to."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import trio

from node.catchup import Exchange
from node.clock import SystemClock
from node.mail.incoming import DeliveryState, Incoming
from node.mail.sealing import cards_of
from node.network.port import HostKey
from node.node import Node
from node.search.query import SearchQuery
from node.trades.views import TradeView
from protocol.ids import HouseholdId, ThingKey
from protocol.limits import DAY_MS
from protocol.listing import Listing, ListingKind
from protocol.mail.letter import Topic
from protocol.money import Price
from protocol.trade.meeting import Slot
from protocol.trade.message import TradeId
from protocol.trade.terms import Terms
from protocol.trade.transitions import State

Answer = dict[str, Any]

_HOUR_MS = 3_600_000
_LOOK_S = 0.005
"""What a node does in a trade by itself tells nobody here: looked for so often."""
_PRICE = Terms(price=Price(85_00, "EUR"))


@dataclass(frozen=True, slots=True)
class _Chat:
    """Who wrote it, when it was taken in, and after how many catch-ups with one neighbour."""

    sender: HouseholdId
    at: float
    rounds: int


class Dealer:
    """Answers the commands, whose names are its public methods."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._opened = time.monotonic()
        self._chats: deque[_Chat] = deque()
        self._taken = trio.Event()
        self._rounds: Counter[HostKey] = Counter()
        self._caught_up = 0.0
        self._first_exchange = trio.Event()
        node.post.on_taken.append(self._note)
        self._exchange = node.catchup.exchange
        node.catchup.exchange = self._count_exchange  # type: ignore[method-assign]

    async def _count_exchange(
        self, peer: HostKey, scope: trio.CancelScope | None = None
    ) -> Exchange:
        self._rounds[peer] += 1
        done = await self._exchange(peer, scope)
        self._caught_up = self._caught_up or time.monotonic()
        self._first_exchange.set()
        return done

    def _note(self, taken: Sequence[Incoming]) -> None:
        at, rounds = time.monotonic(), max(self._rounds.values(), default=0)
        self._chats += [_Chat(x.sender, at, rounds) for x in taken if x.topic is Topic.CHAT]
        self._taken.set()

    # -- mail

    async def converse(self, household: str, count: int) -> Answer:
        """Write letters one by one, each after the answer to the one before; seconds of each."""
        seconds = []
        for number in range(count):
            began = time.perf_counter()
            await self._node.chats.send(_household(household), f"Noch zu haben? {number}")
            await self._next_chat()
            seconds.append(time.perf_counter() - began)
        return {"seconds": seconds}

    async def reply(self, count: int) -> Answer:
        """Answer so many letters."""
        for _ in range(count):
            letter = await self._next_chat()
            await self._node.chats.send(letter.sender, "Ja, gern.")
        await self._node.chats.mark_read(letter.sender)  # who leaves 500 unread gets no more
        return {}

    async def write(self, household: str, count: int) -> Answer:
        """Write letters without waiting for anything; answers when that began."""
        began = time.monotonic()
        for number in range(count):
            await self._node.chats.send(_household(household), f"Brief {number}")
        return {"began": began}

    async def receive(self, count: int) -> Answer:
        """Wait for letters; answers when the last one came.

        rounds: how many catch-ups with one neighbour had begun until then, at most.
        """
        for _ in range(count):
            chat = await self._next_chat()
        return {"opened": self._opened, "at": chat.at, "rounds": chat.rounds}

    async def caught_up(self) -> Answer:
        """Wait until a catch-up has ended since this node was opened; answers when."""
        await self._first_exchange.wait()
        return {"at": self._caught_up}

    async def knows(self, households: list[str]) -> Answer:
        """Wait until the mail cards of these households are here."""
        for household in map(_household, households):
            read = partial(cards_of, household=household)
            while not await self._node.database.read(read):  # noqa: ASYNC110
                await trio.sleep(_LOOK_S)
        return {}

    async def held(self, household: str, holders: int) -> Answer:
        """Wait until the last letter to a household is kept by so many."""
        while True:
            delivery = (await self._node.chats.thread(_household(household)))[-1].delivery
            assert delivery is not None
            if delivery.state is DeliveryState.HELD and delivery.holders >= holders:
                return {"holders": delivery.holders}
            await trio.sleep(_LOOK_S)

    async def _next_chat(self) -> _Chat:
        while not self._chats:
            self._taken = trio.Event()
            await self._taken.wait()
        return self._chats.popleft()

    # -- a sale in eight steps

    async def offer(self, title: str) -> Answer:
        """Publish something to haggle for."""
        until_ms = SystemClock().now_ms() + 30 * DAY_MS
        listing = Listing(
            kind=ListingKind.SELL,
            title=title,
            visible_until_ms=until_ms,
            price=Price(100_00, "EUR"),
            negotiable=True,
        )
        (result,) = await self._node.market.publish([listing])
        if isinstance(result, Exception):
            raise result
        return {"listing": result.key.hex()}

    async def sell(self, listing: str) -> Answer:
        """Sell to the one who asks: haggle, promise, name a time, hand over."""
        key = ThingKey(bytes.fromhex(listing))
        trade = await self._asked_for(key)
        await self._node.trades.offer(trade, lambda terms: _PRICE)
        await self._until(trade, lambda view: view.trade.terms == _PRICE and _in(view, State.ASKED))
        await self._node.trades.promise(trade)
        starts_ms = SystemClock().now_ms() + _HOUR_MS
        await self._node.trades.slots(trade, [Slot(starts_ms, starts_ms + _HOUR_MS)])
        await self._until(trade, lambda view: _in(view, State.APPOINTED))
        await self._node.trades.handover(trade)
        return await self._receipted(trade)

    async def buy(self, listing: str) -> Answer:
        """Buy: ask, take the counter-offer, choose the time, confirm; answers when it began."""
        began = time.monotonic()
        asked = await self._node.trades.ask(
            ThingKey(bytes.fromhex(listing)), Terms(price=Price(70_00, "EUR"))
        )
        trade = asked.trade.id
        await self._until(trade, lambda view: _in(view, State.OFFERED))
        await self._node.trades.accept(trade)
        await self._until(trade, lambda view: bool(view.trade.offered_slots))
        await self._node.trades.appoint(trade, 1)
        await self._until(trade, lambda view: _in(view, State.HANDED_BY_PUBLISHER))
        await self._node.trades.handover(trade)
        return {"began": began, **await self._receipted(trade)}

    async def listing(self, title: str) -> Answer:
        """Return the key of a listing, once it is found here."""
        while True:
            answer = await self._node.market.search(SearchQuery(words=title))
            for found in answer.results:
                if found.listing.title == title:
                    return {"listing": found.key.hex()}
            await trio.sleep(_LOOK_S)

    async def linked(self, household: str, receipts: int) -> Answer:
        """Wait until so many receipts of a household are linked, and hold; answers when."""
        while True:
            report = await self._node.ledger.verify(_household(household))
            if len(report.receipts) >= receipts:
                assert report.sound, report.findings
                return {"at": time.monotonic()}
            await trio.sleep(_LOOK_S)

    async def verify(self, household: str) -> Answer:
        """Check a household's ledger from its raw records; answers with the seconds."""
        began = time.perf_counter()
        report = await self._node.ledger.verify(_household(household))
        seconds = time.perf_counter() - began
        assert report.sound, report.findings
        return {"seconds": seconds, "receipts": len(report.receipts)}

    async def _receipted(self, trade: TradeId) -> Answer:
        view = await self._until(trade, lambda view: _in(view, State.RECEIPTED))
        assert view.receipt is not None
        assert view.receipt.complete
        return {"ended": time.monotonic(), "digest": view.receipt.receipt.digest().hex()}

    async def _asked_for(self, listing: ThingKey) -> TradeId:
        while True:
            self._taken = trio.Event()
            for view in await self._node.trades.mine():
                if view.trade.ask.listing == listing:
                    return view.trade.id
            await self._taken.wait()

    async def _until(self, trade: TradeId, is_so: Callable[[TradeView], bool]) -> TradeView:
        while True:
            self._taken = trio.Event()
            view = await self._node.trades.show(trade)
            if is_so(view):
                return view
            with trio.move_on_after(_LOOK_S):
                await self._taken.wait()


def _in(view: TradeView, state: State) -> bool:
    return view.trade.state is state


def _household(text: str) -> HouseholdId:
    return HouseholdId(bytes.fromhex(text))
