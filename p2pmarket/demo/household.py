"""One household of the demo: a home folder, driven by the same commands that people type."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from p2pmarket.api.client import Client
from p2pmarket.home import Home
from p2pmarket.lock import running_pid, wait_until_stopped

_DEADLINE_S = 120.0


class CommandFailed(Exception):
    """A command of the demo ended with an error, which says itself what happened."""

    def __init__(self, command: Sequence[str], text: str) -> None:
        super().__init__(text)
        self.command = " ".join(command)
        self.text = text


class Household:
    """name: what neighbours call it. Its node is a process of its own."""

    def __init__(self, name: str, place: str, folder: Path) -> None:
        self.name = name
        self.place = place
        self.folder = folder
        self.client = Client(Home(folder))

    def run(self, *arguments: str, typed: str = "") -> dict[str, Any]:
        """Run one command to its end and return what it answers as JSON.

        Raises CommandFailed with the command's own sentence.
        """
        command = [sys.executable, "-m", "p2pmarket", "--home", str(self.folder), *arguments]
        done = subprocess.run(  # noqa: S603 - our own program, no shell
            [*command, "--json"],
            input=typed,
            capture_output=True,
            text=True,
            timeout=_DEADLINE_S,
            check=False,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        )
        try:
            answer: dict[str, Any] = json.loads(done.stdout)
        except ValueError:
            raise CommandFailed(arguments, done.stderr.strip() or done.stdout.strip()) from None
        if done.returncode != 0:
            error = answer.get("error") or {}
            raise CommandFailed(arguments, str(error.get("text") or done.stderr.strip()))
        return answer

    def listings(self, words: str = "", limit: int = 1_000) -> list[dict[str, Any]]:
        """Return what a search at this household's node finds, taken listings included."""
        question = {"words": words, "limit": limit, "taken": True}
        found: list[dict[str, Any]] = self.client.get("/v1/communities/-/listings", question)[
            "results"
        ]
        return found

    def ledger(self, household: str) -> dict[str, Any]:
        """Return a household's ledger, by its name, as checked at this household."""
        path = f"/v1/communities/-/ledgers/{quote(household)}"
        answer: dict[str, Any] = self.client.get(path)
        return answer

    def trade(self, trade: str) -> dict[str, Any]:
        """Return how a trade stands at this household; raises LocalError if it is not here."""
        answer: dict[str, Any] = self.client.get(f"/v1/communities/-/trades/{trade}")
        return answer

    def community(self, name: str = "-") -> dict[str, Any]:
        """Return how a community (the only one) looks from this household."""
        answer: dict[str, Any] = self.client.get(f"/v1/communities/{quote(name)}")
        return answer

    def start(self) -> None:
        """Start the node in the background, on loopback only."""
        self.run("up", "--detach", "--listen", "/ip4/127.0.0.1/tcp/0", "--no-mdns")

    def stop(self) -> None:
        """Stop the node gracefully."""
        self.run("down")

    def kill(self) -> None:
        """End the node's process without a word: what it had not written is gone."""
        pid = running_pid(Home(self.folder))
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            wait_until_stopped(Home(self.folder), _DEADLINE_S)
