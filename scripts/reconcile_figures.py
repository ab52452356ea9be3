"""Print what reconciliation costs: bytes, round trips, CPU of both sides together (docs/spec 05).

python scripts/reconcile_figures.py
"""

from __future__ import annotations

import random
import time
import tracemalloc
from collections.abc import Sequence

from protocol.reconcile import Initiator, ItemSet, respond

Row = tuple[int, bytes]

REPEATS = 5
SPAN_MS = 90 * 86_400_000


def rows(rng: random.Random, count: int) -> list[Row]:
    """Items spread at random over 90 days, in order."""
    return sorted(
        (1_767_225_600_000 + rng.randrange(SPAN_MS), rng.randbytes(32)) for _ in range(count)
    )


def without(items: Sequence[Row], lacking: Sequence[Row]) -> list[Row]:
    gone = set(lacking)
    return [item for item in items if item not in gone]


def measure(what: str, ours: list[Row], theirs: list[Row], jitter: int = 0) -> None:
    """Run one exchange some times; check its outcome, print its cost (the fastest run's CPU)."""
    mine, other = ItemSet(ours), ItemSet(theirs)
    fastest_s = float("inf")
    for _ in range(REPEATS):
        sent = received = rounds = 0
        have, need = [], []
        begun_s = time.process_time()
        initiator = Initiator(mine, jitter=jitter)
        message: bytes | None = initiator.initiate()
        while message is not None:
            reply = respond(other, message)
            sent, received, rounds = sent + len(message), received + len(reply), rounds + 1
            message, had, needed = initiator.reconcile(reply)
            have += had
            need += needed
        fastest_s = min(fastest_s, time.process_time() - begun_s)
    if sorted(have) != sorted(set(ours) - set(theirs)):
        raise AssertionError(f"have is wrong: {what}")
    if sorted(need) != sorted((at, id[:16]) for at, id in set(theirs) - set(ours)):
        raise AssertionError(f"need is wrong: {what}")
    print(f"{what:44} {sent:8} {received:9} {sent + received:9} {rounds:6} {fastest_s * 1000:9.1f}")


def main() -> None:
    """Print the table."""
    rng = random.Random(5)
    base = rows(rng, 10_000)
    scattered = rng.sample(base, 100)
    among_newest = rng.sample(base[-300:], 100)
    print(
        f"{'10,000 items':44} {'sent':>8} {'received':>9} {'bytes':>9} {'rounds':>6} {'CPU ms':>9}"
    )
    measure("equal", base, base)
    for jitter in (0, 128, 255):
        print(f"jitter {jitter}")
        measure("  initiator lacks the newest 100", base[:-100], base, jitter)
        measure("  responder lacks the newest 100", base, base[:-100], jitter)
        measure(
            "  each lacks 50 of the newest 100", base[:-50], without(base, base[-100:-50]), jitter
        )
        measure(
            "  initiator lacks 100 of the newest 300", without(base, among_newest), base, jitter
        )
        measure("  initiator lacks 100 scattered", without(base, scattered), base, jitter)
        measure("  responder lacks 100 scattered", base, without(base, scattered), jitter)
        lacking = without(base, scattered[:50]), without(base, scattered[50:])
        measure("  each lacks 50 scattered", *lacking, jitter)
    big = rows(rng, 100_000)
    few = rng.sample(big, 100)
    print("100,000 items")
    measure("  equal", big, big)
    measure("  initiator has none", [], big)
    measure("  responder has none", big, [])
    measure("  initiator lacks the newest 100", big[:-100], big)
    measure("  initiator lacks 100 scattered", without(big, few), big)
    measure("  initiator lacks the newest half", big[:50_000], big)
    measure("  nothing in common", big[::2], big[1::2])
    measure_the_set(big)


def measure_the_set(big: list[Row]) -> None:
    """Print what 100,000 items cost to hold, to build, to change, to sum."""
    tracemalloc.start()
    items = ItemSet(big)
    held_bytes = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    begun_s = time.process_time()
    ItemSet(big)
    built_s = time.process_time() - begun_s
    rng = random.Random(6)
    added = rows(rng, 10_000)
    begun_s = time.process_time()
    for at, id in added:
        items.add(at, id)
    added_s = time.process_time() - begun_s
    view = items.snapshot()
    begun_s = time.process_time()
    for _ in range(1000):
        view.fingerprint(*sorted(rng.sample(range(len(view)), 2)))
    summed_s = time.process_time() - begun_s
    print(f"  memory {held_bytes / len(big):.0f} bytes an item, built in {built_s * 1000:.0f} ms")
    print(f"  add {added_s * 100:.1f} µs, fingerprint of any range {summed_s * 1000:.1f} µs")


if __name__ == "__main__":
    main()
