"""Peers and daemons as child processes, and what they use of the computer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import psutil  # type: ignore[import-untyped]

from benchmarks.households import Household

_STOP_S = 30.0


class RemotePeer:
    """The parent's end of a benchmarks.peer process; one command at a time."""

    def __init__(self, household: Household) -> None:
        self.household = household
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.peer", str(household.home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addresses: list[str] = []

    def ready(self) -> None:
        """Wait until the node is open."""
        self.addresses = self.receive()["addresses"]

    def tell(self, do: str, **arguments: object) -> dict[str, Any]:
        """Give a command and wait for its answer."""
        self.send(do, **arguments)
        return self.receive()

    def send(self, do: str, **arguments: object) -> None:
        """Give a command whose answer is received later."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self._process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        """Wait for the next answer."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("a peer ended before it answered; its words are above")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def memory_bytes(self) -> int:
        """How much memory the process has resident."""
        return memory_bytes(self._process.pid)

    def close(self) -> None:
        """End the node and wait for it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def peers(households: Sequence[Household]) -> Iterator[list[RemotePeer]]:
    """Open a node of each household, side by side."""
    with ExitStack() as stack:
        opened = [RemotePeer(household) for household in households]
        for peer in opened:
            stack.callback(peer.close)
        for peer in opened:
            peer.ready()
        yield opened


def connect(group: Sequence[RemotePeer]) -> None:
    """Make a full mesh: each dials those before it; wait until all sets are equal."""
    for number, peer in enumerate(group):
        if number:
            peer.tell("dial", addresses=[other.addresses[0] for other in group[:number]])
    for peer in group:
        peer.tell("equal", neighbours=len(group) - 1)
    # Being equal may be remembered from an earlier run: what is held now counts.
    most = max(peer.tell("shown")["listings"] for peer in group)
    for peer in group:
        peer.tell("holds", listings=most)


@contextmanager
def daemon(household: Household) -> Iterator[tuple[int, list[str], float]]:
    """Run the real daemon on a home: (process id, addresses, seconds until it answered)."""
    read_end, write_end = os.pipe()
    began = time.monotonic()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "p2pmarket.daemon", "--home", str(household.home)),
            *("--listen", "/ip4/127.0.0.1/tcp/0", "--no-mdns", "--ready-fd", str(write_end)),
        ],
        pass_fds=[write_end],
    )
    os.close(write_end)
    try:
        with os.fdopen(read_end) as pipe:
            ready = json.loads(pipe.read() or "{}")
        seconds = time.monotonic() - began
        if "communities" not in ready:
            raise RuntimeError(f"the daemon did not start: {ready}")
        addresses = [a for community in ready["communities"] for a in community["addresses"]]
        yield process.pid, addresses, seconds
    finally:
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def memory_after(statement: str) -> int:
    """How much memory a bare Python has resident after a statement."""
    with subprocess.Popen(
        [sys.executable, "-c", f"{statement}\nprint(flush=True)\ninput()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        resident = memory_bytes(process.pid)
        process.communicate("\n")
    return resident


def memory_bytes(pid: int) -> int:
    """How much memory a process has resident."""
    return int(psutil.Process(pid).memory_info().rss)


def cpu_seconds(pid: int) -> float:
    """How much processor time a process has used."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)
