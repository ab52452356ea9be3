"""Households as people have them: a home, a daemon of their own, and the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from p2pmarket.home import Home
from p2pmarket.lock import running_pid, wait_until_stopped

LOOPBACK = ("--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0")
_PATIENCE_S = 240.0
"""Only what hangs takes as long: it says nothing about speed, on however busy a machine."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one command wrote, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def body(self) -> dict[str, Any]:
        """The one JSON object it printed."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        assert found["schema"] == 1
        return found


@dataclass(slots=True)
class Household:
    """One home, driven by the commands that people type."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, stdin: str = "") -> Outcome:
        """Run one command to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "p2pmarket", *arguments],
            input=stdin.encode("utf-8", "surrogateescape"),
            capture_output=True,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder.parent),
                "P2PMARKET_HOME": str(self.folder),
                "COLUMNS": "120",
                "LANG": "C.UTF-8",
                "TZ": "UTC",
                **self.environ,
            },
            timeout=_PATIENCE_S,
            check=False,
        )
        return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())

    def json(self, *arguments: str, stdin: str = "") -> dict[str, Any]:
        """Run one command that must succeed, and return its answer."""
        outcome = self.run(*arguments, "--json", stdin=stdin)
        assert outcome.code == 0, outcome
        return outcome.body

    def init(self, name: str, *more: str) -> dict[str, Any]:
        """Create the household."""
        return self.json("init", "--name", name, *more)

    def up(self) -> None:
        """Start the node in the background, on loopback."""
        outcome = self.run("up", "--detach", *LOOPBACK)
        assert outcome.code == 0, outcome

    def stop(self) -> None:
        """End the node, if it runs."""
        home = Home(self.folder)
        pid = running_pid(home)
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            assert wait_until_stopped(home, _PATIENCE_S)

    def until(self, holds: Callable[[], bool]) -> None:
        """Ask again until it holds: each question takes its time, there is nothing to wait on."""
        deadline = time.monotonic() + _PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, self.run("status", "--json").out

    def finds(self, *words: str) -> list[dict[str, Any]]:
        """Return what a search finds."""
        results = self.json("search", *words)["results"]
        assert isinstance(results, list)
        return results


def _households(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Household]]:
    """Make households whose nodes end with the fixture."""
    made: list[Household] = []

    def make() -> Household:
        household = Household(tmp_path_factory.mktemp("h") / "home")
        made.append(household)
        return household

    yield make
    for household in made:
        household.stop()


@pytest.fixture(scope="module")
def new_household(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Household]]:
    """Make households whose nodes end with the file of tests."""
    yield from _households(tmp_path_factory)


@pytest.fixture(scope="session")
def lasting_household(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[], Household]]:
    """Make households whose nodes end with the session."""
    yield from _households(tmp_path_factory)


@pytest.fixture(scope="session")
def founder(lasting_household: Callable[[], Household]) -> Household:
    """A household that founded a community with the sample's places, its node running."""
    household = lasting_household()
    household.init("Familie Rosenquast", "--place", "Südhöhe")
    household.up()
    places = Path(__file__).parents[2] / "p2pmarket/sample/places.json"
    household.json(
        "community", "create", "--name", "Lindenau", "--rules", "Seid nett.",
        "--places", str(places),
    )  # fmt: skip
    return household


@pytest.fixture(scope="session")
def neighbour(founder: Household, lasting_household: Callable[[], Household]) -> Household:
    """A second household in the same community, confirmed, its node running."""
    household = lasting_household()
    household.init("WG Milchmond", "--place", "Mühlenviertel")
    household.up()
    invite = founder.json("invite")["invite"]
    household.json("join", "--yes", stdin=invite)
    household.until(lambda: household.json("status")["communities"][0]["my_status"] == "confirmed")
    return household
