"""Trades: one from asking to the receipt between two nodes, folding many, checking a ledger."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from statistics import median

from benchmarks import mailing, wordy_trades
from benchmarks.households import Household, found
from benchmarks.processes import connect, peers
from benchmarks.report import Figure, Limit, Target
from benchmarks.signed_trades import MESSAGES, Parties
from benchmarks.stock import store
from benchmarks.workspace import Workspace
from node.clock import SystemClock
from protocol.trade.machine import fold
from protocol.trade.message import Message, read_message
from protocol.trade.transitions import State

_TURNS = 5


def run(workspace: Workspace) -> Iterator[Figure]:
    """Sales over libp2p, then the arithmetic of trades and ledgers alone."""
    households = found(workspace.folder / "trading", 1)
    yield from _sales(workspace, households)
    yield from _folding(Parties(*households), workspace.sizes.folded)
    for count in workspace.sizes.wordy_trades:
        folder = workspace.folder / f"wordy-{count}"
        yield from wordy_trades.run(folder, Parties(*households), count)
    yield from _verifying(workspace, workspace.sizes.receipts)


def _sales(workspace: Workspace, households: Sequence[Household]) -> Iterator[Figure]:
    count = workspace.sizes.trades
    limit = Limit(
        f"bare: {MESSAGES} letters one way", MESSAGES * mailing.bare_letter_s(workspace, count)
    )
    sells, buys = households
    seconds = []
    with peers(households) as (seller, buyer):
        connect([seller, buyer])
        for peer, other in ((seller, buys), (buyer, sells)):
            peer.tell("knows", households=[other.id.hex()])
        for number in range(count):
            title = f"Fahrrad {number}"
            listing = seller.tell("offer", title=title)["listing"]
            buyer.tell("listing", title=title)
            seller.send("sell", listing=listing)
            bought = buyer.tell("buy", listing=listing)
            sold = seller.receive()
            assert sold["digest"] == bought["digest"], "the two hold different receipts"
            seconds.append(max(sold["ended"], bought["ended"]) - bought["began"])
        for peer in (seller, buyer):
            for household in households:
                peer.tell("linked", household=household.id.hex(), receipts=count)
    yield Figure(
        "a trade of eight steps, until both hold the receipt, p50",
        median(seconds),
        "s",
        limit,
        Target("≤", 1),
    )
    yield Figure("the same, the slowest", max(seconds), "s", limit)


def _folding(parties: Parties, count: int) -> Iterator[Figure]:
    """Trades of ten messages each, read and verified before."""
    now_ms = SystemClock().now_ms()
    trades = [parties.sale(now_ms) for _ in range(count // MESSAGES)]
    raws = [message.raw for trade in trades for message in trade]
    began = time.perf_counter()
    for raw in raws:
        read_message(raw)
    reading_s = time.perf_counter() - began
    seconds = median(_fold_s(trades) for _ in range(_TURNS))
    yield Figure(
        f"fold of {count:,} verified trade messages, {len(trades):,} sales",
        1e3 * seconds,
        "ms",
        Limit("reading and verifying them", 1e3 * reading_s),
        Target("≤", 300),
    )


def _fold_s(trades: Sequence[Sequence[Message]]) -> float:
    began = time.perf_counter()
    folded = [fold(messages) for messages in trades]
    seconds = time.perf_counter() - began
    assert all(trade is not None and trade.state is State.RECEIPTED for trade in folded)
    return seconds


def _verifying(workspace: Workspace, count: int) -> Iterator[Figure]:
    """One household's ledger, checked from raw records at a third household's node."""
    *two, third = found(workspace.folder / "ledgers", 2)
    parties = Parties(*two)
    with peers([*two, third]) as group:
        connect(group)  # everybody knows everybody's device
    store(third, parties.chain(count))
    with peers([third]) as (peer,):
        checks = [peer.tell("verify", household=parties.publisher.id.hex()) for _ in range(_TURNS)]
    assert checks[0]["receipts"] == count
    yield Figure(
        f"ledger of {count:,} receipts checked from raw records",
        1e3 * median(check["seconds"] for check in checks),
        "ms",
    )
