"""From one household's publication to everybody's search, over real libp2p between processes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from statistics import median

from benchmarks.bare import BarePipeline, make_ready, tcp_round_trips
from benchmarks.households import Household, found
from benchmarks.processes import RemotePeer, connect, peers
from benchmarks.report import Figure, Limit, Target, percentile
from benchmarks.stock import stock
from benchmarks.workspace import Workspace

_NODES = 5
_SYLLABLES = ("ba", "ko", "ri", "ma", "lu", "ten", "sor", "vi", "na", "del", "gru", "hep", "fin")


def run(workspace: Workspace) -> Iterator[Figure]:
    """Two nodes, then five, then a burst among the five."""
    households = found(workspace.folder / "spreading", _NODES - 1)
    one_by_one = _bare_seconds(workspace, households)
    limit_ms = 1000 * (2 * median(one_by_one) + median(tcp_round_trips(450, 200)) / 2)
    limit = Limit("bare: 2 × (verify, insert, index, commit) + TCP", limit_ms)
    count = workspace.sizes.publications
    with peers(households[:2]) as group:
        connect(group)
        times = _publish_ms(group, count)
    yield Figure("publish → searchable, 2 nodes, p50", median(times), "ms", limit, Target("≤", 15))
    yield Figure("publish → searchable, 2 nodes, p99", percentile(times, 99), "ms", limit)
    with peers(households) as group:
        connect(group)
        times = _publish_ms(group, count)
        yield Figure(
            "publish → searchable at all of 5, p50", median(times), "ms", limit, Target("≤", 100)
        )
        yield Figure(
            "publish → searchable at all of 5, p99",
            percentile(times, 99),
            "ms",
            limit,
            Target("≤", 500),
        )
        yield from _burst(group, workspace.sizes.burst, median(one_by_one))


def _publish_ms(group: Sequence[RemotePeer], count: int) -> list[float]:
    """Publish at one node after the other; milliseconds until the last node's search finds it."""
    draw = random.Random(len(group))
    times = []
    for number in range(count):
        # A word that no listing has had yet, in this group or one before it.
        title = "".join(draw.choices(_SYLLABLES, k=9)).capitalize()
        publisher = group[number % len(group)]
        others = [peer for peer in group if peer is not publisher]
        for peer in others:
            peer.send("found", title=title)
        published = publisher.tell("publish", title=title)
        found_at = [peer.receive()["found"] for peer in others]
        times.append(1000 * (max(found_at) - published["began"]))
    return times


def _burst(group: Sequence[RemotePeer], count: int, bare_seconds: float) -> Iterator[Figure]:
    publishers, others = group[:2], group[2:]
    present = group[0].tell("shown")["listings"]
    for peer in others:
        peer.send("holds", listings=present + count)
    for number, peer in enumerate(publishers):
        peer.send("burst", name=f"Schwall {number}", count=count // 2)
    began = [peer.receive()["began"] for peer in publishers]
    for peer in publishers:
        peer.send("holds", listings=present + count)
    ended = [peer.receive()["at"] for peer in group]
    lost = sum(abs(present + count - peer.tell("shown")["listings"]) for peer in group)
    assert lost == 0, "the burst did not reach everybody"
    yield Figure(
        f"burst of {count:,} by two households, complete at all of 5",
        max(ended) - min(began),
        "s",
        Limit("bare pipeline, one by one", bare_seconds * count),
        Target("≤", 15),
    )
    yield Figure("listings lost in the burst", lost, "listings", None, Target("≤", 0))


def _bare_seconds(workspace: Workspace, households: Sequence[Household]) -> list[float]:
    """Seconds of the bare pipeline for one record, each in a transaction of its own."""
    pipeline = BarePipeline(workspace.folder / "spreading-bare.db")
    ready = make_ready(list(stock(households, workspace.sizes.publications)))
    seconds = [pipeline.take([record], 1) for record in ready]
    pipeline.close()
    return seconds
