"""Either daemon is killed at random points of a trade; both end with the same receipt."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYetDone
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from p2pmarket.demo.household import CommandFailed, Household
from protocol.errors import LocalError, Unreachable

GUARD_S = 240.0
KILLS = 4
LONGEST_WAIT_S = 0.25
"""A step takes about as long: the kill falls before, into or after it."""

Answer = dict[str, Any]


@pytest.fixture
def street(homes: Path) -> Iterator[list[Household]]:
    """Ana, who founded, Ben and Cem, all confirmed."""
    ana, *others = households = [
        Household(name, "", homes / name) for name in ("ana", "ben", "cem")
    ]
    try:
        for household in households:
            household.run("init", "--name", household.name)
            household.start()
        ana.run("community", "create", "--name", "Lindenau", "--rules", "Be kind.")
        invite = ana.run("invite", "--uses", "2")["invite"]
        for household in others:
            household.run("join", "--yes", typed=invite)
        until(lambda: all(h.community()["my_status"] != "provisional" for h in households))
        yield households
    finally:
        for household in households:
            household.kill()


def until(is_so: Callable[[], bool]) -> None:
    """Ask again and again; every question goes to another process."""
    deadline = time.monotonic() + GUARD_S
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to be"


def shows(household: Household, listing: str) -> bool:
    """Whether a listing is found at a household."""
    return any(found["id"] == listing for found in household.listings())


def seen(household: Household, trade: str) -> Answer:
    """How a trade stands; empty while nothing of it is there, or the node is down."""
    try:
        return household.trade(trade)
    except (LocalError, Unreachable, OSError):
        return {}


def next_step(household: Household, trade: str) -> tuple[str, ...] | None:
    """What this household would do now, by what its own node shows."""
    found = seen(household, trade)
    state, role = found.get("state"), found.get("role")
    if role == "publisher" and state == "asked":
        return ("trade", "promise", trade, "--yes")
    waits_for = {"publisher": "handed-by-seeker", "seeker": "handed-by-publisher"}
    if state in ("promised", waits_for.get(str(role))):
        return ("trade", "handover", trade, "--confirm")
    return None


def attempt(household: Household, command: tuple[str, ...]) -> None:
    """Do a step; whoever is refused, or cut off, looks again at what stands."""
    with suppress(CommandFailed):
        household.run(*command)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_kills_at_random_points_end_in_one_receipt_and_one_promise(
    street: list[Household], seed: int
) -> None:
    ana, ben, cem = street
    draw = random.Random(seed)
    answer = ana.run("publish", "--kind", "give", "--title", "Kinderbett", "--days", "9", "--yes")
    listing = answer["results"][0]["id"]
    trades = {}
    for asker in (ben, cem):
        until(partial(shows, asker, listing))
        trades[asker.name] = asker.run("trade", "propose", listing)["results"][0]["id"]
    until(lambda: all(seen(ana, trade) for trade in trades.values()))

    def is_over() -> bool:
        return all(
            seen(household, trades[asker.name]).get("state") in ("receipted", "closed")
            for asker in (ben, cem)
            for household in (ana, asker)
        )

    kills, deadline = KILLS, time.monotonic() + GUARD_S
    with ThreadPoolExecutor(1) as hand:
        while not is_over():
            assert time.monotonic() < deadline, f"seed {seed}: it did not end"
            turns = [(h, trades[a.name]) for a in (ben, cem) for h in (ana, a)]
            for household, trade in draw.sample(turns, len(turns)):
                command = next_step(household, trade)
                if command is None:
                    continue
                step: Future[None] = hand.submit(attempt, household, command)
                if kills and draw.random() < 0.8:
                    kills -= 1
                    victim = draw.choice(street)
                    wait_for(step, draw.uniform(0, LONGEST_WAIT_S))
                    victim.kill()
                    step.result(GUARD_S)
                    victim.start()
                step.result(GUARD_S)
    assert kills < KILLS

    receipts = set()
    for asker in (ben, cem):
        first, second = (seen(household, trades[asker.name]) for household in (ana, asker))
        assert first["state"] == second["state"], f"seed {seed}"
        if first["state"] == "receipted":
            assert first["receipt"]["digest"] == second["receipt"]["digest"]
            assert first["receipt"]["state"] == second["receipt"]["state"] == "confirmed"
            assert first["outcome"] == "completed"
            receipts.add(first["receipt"]["digest"])
    assert len(receipts) == 1, f"seed {seed}"
    said = [entry for trade in trades.values() for entry in seen(ana, trade)["timeline"]]
    assert sum(entry["type"] == "promise" for entry in said) == 1, f"seed {seed}"


def wait_for(step: Future[None], seconds: float) -> None:
    """Let a step run for a while, or to its end."""
    with suppress(NotYetDone):
        step.result(seconds)
