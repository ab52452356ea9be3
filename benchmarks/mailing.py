"""Letters: sealed and opened, there and back between two nodes, and kept for who is away."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from statistics import median

from benchmarks import bare, sealing
from benchmarks.households import Household, found
from benchmarks.processes import RemotePeer, connect, peers
from benchmarks.report import Figure, Limit, Target, percentile
from benchmarks.workspace import Workspace

_HOLDERS = 3
_AWAY = 5
"""Letters that wait for a household while it is away."""
_MISSED = 20
"""Listings that it misses meanwhile."""
_PARCEL_BYTES = 3_300
"""Of a short letter on the wire."""


def run(workspace: Workspace) -> Iterator[Figure]:
    """Sealing in one process, a conversation of two, a return among five."""
    yield from sealing.figures(workspace.folder, workspace.sizes.letters)
    households = found(workspace.folder / "mailing", _HOLDERS + 1)
    yield from _conversation(workspace, households[:2])
    yield from _returns(workspace, households)


def _conversation(workspace: Workspace, households: Sequence[Household]) -> Iterator[Figure]:
    count = workspace.sizes.letters
    bare_ms = 1e3 * 2 * bare_letter_s(workspace, count)
    limit = Limit("bare: 4 commits, 2 × seal + open, TCP", bare_ms)
    ana, ben = households
    with peers(households) as (first, second):
        connect([first, second])
        for peer, other in ((first, ben), (second, ana)):
            peer.tell("knows", households=[other.id.hex()])
        second.send("reply", count=count + 1)
        first.tell("converse", household=ben.id.hex(), count=1)
        seconds = first.tell("converse", household=ben.id.hex(), count=count)["seconds"]
        second.receive()
        times = [1e3 * each for each in seconds]
        yield Figure("letter and answer, p50", median(times), "ms", limit, Target("≤", 60))
        yield Figure("letter and answer, p99", percentile(times, 99), "ms", limit)
        second.send("receive", count=count)
        began = first.tell("write", household=ben.id.hex(), count=count)["began"]
        at = second.receive()["at"]
        yield Figure(f"{count} letters at once, all taken in", count / (at - began), "letters/s")


def _returns(workspace: Workspace, households: Sequence[Household]) -> Iterator[Figure]:
    """Somebody is away, misses letters and listings, and is back when who wrote is off."""
    away, writer, *neighbours = households
    seconds, first_catch_up, rounds = [], [], []
    with peers(neighbours) as holders:
        for number in range(workspace.sizes.returns):
            with ExitStack() as stack:
                (author,) = stack.enter_context(peers([writer]))
                if number == 0:
                    _introduce(away, author, holders)
                connect([author, *holders])
                holders[0].tell("burst", name=f"Verpasst {number}", count=_MISSED)
                author.tell("write", household=away.id.hex(), count=_AWAY)
                author.tell("held", household=away.id.hex(), holders=_HOLDERS)
            with peers([away]) as (back,):
                back.tell("dial", addresses=[peer.addresses[0] for peer in holders])
                letters = back.tell("receive", count=_AWAY)
                seconds.append(letters["at"] - letters["opened"])
                first_catch_up.append(back.tell("caught_up")["at"] - letters["opened"])
                rounds.append(letters["rounds"])
                back.tell("equal", neighbours=len(holders))
    yield Figure(
        f"{_AWAY} letters kept by {_HOLDERS} neighbours, there after the return",
        median(seconds),
        "s",
        Limit("first catch-up done", median(first_catch_up)),
        note=f"p99 {percentile(seconds, 99):.2f}",
    )
    yield Figure(
        "catch-ups with one neighbour begun until then", max(rounds), "", None, Target("≤", 1)
    )


def _introduce(away: Household, author: RemotePeer, holders: Sequence[RemotePeer]) -> None:
    """Let everybody know the mail card of the one who will be away."""
    with peers([away]) as (present,):
        group = [present, author, *holders]
        connect(group)
        for peer in group[1:]:
            peer.tell("knows", households=[away.id.hex()])


def bare_letter_s(workspace: Workspace, count: int) -> float:
    """Seconds of the parts of one letter: a commit at each end, encryption, half a TCP round."""
    connection = bare.connect(workspace.folder / "commits.db")
    connection.execute("CREATE TABLE IF NOT EXISTS parcel (raw BLOB)")
    commits = []
    for _ in range(count):
        began = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO parcel VALUES (?)", (bytes(_PARCEL_BYTES),))
        connection.execute("COMMIT")
        commits.append(time.perf_counter() - began)
    connection.close()
    tcp_s = median(bare.tcp_round_trips(_PARCEL_BYTES, count)) / 2
    return 2 * median(commits) + sum(sealing.parts(count).values()) + tcp_s
