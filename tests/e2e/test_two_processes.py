"""Two households as two processes that talk libp2p on loopback, driven as a person would."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

GUARD_S = 240.0
LOOPBACK = "/ip4/127.0.0.1/tcp/0"

Answer = dict[str, Any]


class HouseholdProcess:
    """A home, its daemon while it runs, and the commands typed beside it."""

    def __init__(self, home: Path, name: str) -> None:
        self.home = home
        self.name = name
        self._daemon: subprocess.Popen[str] | None = None

    def run(self, *arguments: str, typed: str = "", exit_code: int = 0) -> Answer:
        """Run a command to its end and return its one JSON object."""
        done = subprocess.run(
            [*_command(self.home), "--json", *arguments],
            input=typed, capture_output=True, text=True, timeout=GUARD_S, check=False,
        )  # fmt: skip
        assert done.returncode == exit_code, (arguments, done.stdout, done.stderr)
        answer: Answer = json.loads(done.stdout)
        assert answer["schema"] == 1
        return answer

    def up(self) -> Answer:
        """Start the daemon in a process of its own; return what it says once it answers."""
        self._daemon = subprocess.Popen(
            [*_command(self.home), "--json", "up", "--no-mdns", "--listen", LOOPBACK],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert self._daemon.stdout is not None
        told = ""
        for line in self._daemon.stdout:
            told += line
            if line == "}\n":
                break
        answer: Answer = json.loads(told)
        assert "error" not in answer, answer
        return answer

    def kill(self) -> None:
        """End the daemon without a word: what it had not written is gone."""
        assert self._daemon is not None
        self._daemon.kill()
        self._daemon.wait(GUARD_S)
        self._close()

    def down(self) -> int:
        """End the daemon in order; return its exit code."""
        assert self._daemon is not None
        self.run("down")
        code = self._daemon.wait(GUARD_S)
        self._close()
        return code

    def _close(self) -> None:
        assert self._daemon is not None
        assert self._daemon.stdout is not None
        self._daemon.stdout.close()
        self._daemon = None

    @property
    def runs(self) -> bool:
        return self._daemon is not None

    def titles(self, *words: str) -> list[str]:
        """What a search finds, in alphabetical order."""
        return sorted(result["title"] for result in self.run("search", *words)["results"])

    def give(self, title: str) -> str:
        """Publish a gift; return its id."""
        answer = self.run("publish", "--title", title, "--kind", "give", "--yes")
        return str(answer["results"][0]["id"])


def _command(home: Path) -> list[str]:
    return [sys.executable, "-m", "p2pmarket", "--home", str(home), "--lang", "en"]


def until(is_so: Callable[[], bool]) -> None:
    """Ask again and again; every question is a process that takes its time."""
    deadline = time.monotonic() + GUARD_S
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to be"


@pytest.fixture
def households(homes: Path) -> Iterator[tuple[HouseholdProcess, HouseholdProcess]]:
    ana, ben = (HouseholdProcess(homes / name, name) for name in ("ana", "ben"))
    try:
        yield ana, ben
    finally:
        for household in (ana, ben):
            if household.runs:
                household.kill()


def test_two_households_from_founding_to_parting(
    households: tuple[HouseholdProcess, HouseholdProcess],
) -> None:
    ana, ben = households
    for household in households:
        household.run("init", "--name", household.name)
        household.up()

    # Found, invite, join.
    ana.run("community", "create", "--name", "Lindenau", "--rules", "Be kind.")
    invite = ana.run("invite")["invite"]
    ben.run("join", "--yes", typed=f"{invite}\n")
    until(lambda: len(ana.run("members")["results"]) == 2)
    until(lambda: status_of(ben) == "confirmed")

    # Publish at one, find at the other.
    cot = ana.give("Kinderbett aus Holz")
    until(lambda: ben.titles("kinderbett") == ["Kinderbett aus Holz"])
    ben.give("Bohrmaschine")
    until(lambda: ana.titles("bohrmaschine") == ["Bohrmaschine"])

    # Nothing acknowledged is lost by a kill, and what was missed is caught up.
    ben.give("Fahrrad")
    ben.kill()
    assert ben.run("status", exit_code=3)["error"]["code"] == "not-running"
    ana.run("edit", cot, "--title", "Kinderbett mit Matratze")
    ana.give("Sofa")
    ben.up()
    expected = ["Bohrmaschine", "Fahrrad", "Kinderbett mit Matratze", "Sofa"]
    until(lambda: ben.titles() == expected)
    until(lambda: ana.titles() == expected)

    # A second daemon on the same home is refused, and the first goes on.
    second = ben.run("up", "--no-mdns", "--listen", LOOPBACK, exit_code=1)
    assert second["error"]["code"] == "already-running"
    assert ben.titles() == expected

    # Removed: gone here, and told so there.
    ana.run("remove", "ben", "--why", "A test.", "--yes")
    until(lambda: ana.titles() == ["Kinderbett mit Matratze", "Sofa"])
    until(lambda: status_of(ben) == "removed")
    assert [m["name"] for m in ana.run("members")["results"]] == ["ana"]

    assert ana.down() == 0
    assert ben.down() == 0


def status_of(household: HouseholdProcess) -> str:
    """How the household stands in its only community."""
    (community,) = household.run("status")["communities"]
    return str(community["my_status"])


def test_a_backup_moves_a_household_to_another_computer(
    households: tuple[HouseholdProcess, HouseholdProcess], homes: Path
) -> None:
    ana, ben = households
    words = ana.run("init", "--name", "ana")["words"]
    ana.up()
    ana.run("community", "create", "--name", "Lindenau", "--rules", "Be kind.")
    ana.give("Kinderbett")
    backup = homes / "ana.backup"
    ana.run("backup", str(backup))
    ana.kill()
    shutil.rmtree(ana.home)
    ben.run("restore", str(backup), typed=" ".join(words) + "\n")
    ben.up()
    assert ben.titles() == ["Kinderbett"]
    ben.give("Fahrrad")
    assert ben.titles() == ["Fahrrad", "Kinderbett"]
    assert (ben.home / "household.key").stat().st_mode & 0o777 == 0o600
