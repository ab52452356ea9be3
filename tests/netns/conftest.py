"""A small Internet of network namespaces: public hosts, and homes behind routers that translate.

Every namespace carries this process's number in its name and is deleted after the test.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

GUARD_S = 240.0
Answer = dict[str, Any]

# As a router in a home does: what comes from inside leaves under its own address, and what
# comes from outside gets in only as an answer.
_TRANSLATION = """
table ip home {
  chain leaving { type nat hook postrouting priority 100; oifname "wan" masquerade {how}; }
  chain entering { type filter hook input priority 0; iifname "wan" ct state new drop; }
  chain passing {
    type filter hook forward priority 0;
    ct status dnat accept
    iifname "wan" ct state new drop
  }
}
"""

_FORWARDING = """
table ip home {{
  chain arriving {{
    type nat hook prerouting priority -100
    iifname "wan" tcp dport {port} dnat to {address}
  }}
}}
"""


def _do(*command: str, typed: str | None = None) -> None:
    done = subprocess.run(command, input=typed, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (command, done.stderr)


@dataclass
class Place:
    """A namespace with one network interface, ``eth0``."""

    namespace: str
    address: str
    home: Home | None = None

    def ip(self, *arguments: str) -> None:
        """Run ``ip`` in here."""
        _do("ip", "-n", self.namespace, *arguments)

    def only_ipv6(self, address: str) -> None:
        """Take an IPv6 address in place of the other one."""
        self.ip("address", "flush", "dev", "eth0")
        self.address = address
        self.ip("address", "add", f"{address}/64", "dev", "eth0", "nodad")

    def move(self, address: str, gateway: str | None) -> None:
        """Take another address in place of the old one."""
        self.ip("address", "flush", "dev", "eth0", "scope", "global")
        self.address = address
        self.ip("address", "add", f"{address}/24", "dev", "eth0")
        if gateway is not None:
            self.ip("route", "replace", "default", "via", gateway)


@dataclass
class Home:
    """A router and the hosts behind it."""

    internet: Internet
    router: str
    network: str
    places: list[Place] = field(default_factory=list)

    def place(self) -> Place:
        """A new host in this home."""
        number = len(self.places) + 2
        place = self.internet.plug(self.router, "lan", f"{self.network}.{number}")
        place.home = self
        place.ip("route", "add", "default", "via", f"{self.network}.1")
        self.places.append(place)
        return place

    def offers_upnp(self, public: str) -> None:
        """Let the router open ports when asked (UPnP)."""
        self._offers("fake_igd.py", public)

    def offers_pcp(self, public: str) -> None:
        """The same in another protocol."""
        self._offers("fake_pcp.py", public, "--port", "5351")

    def _offers(self, fake: str, public: str, *options: str) -> None:
        enter = ["ip", "netns", "exec", self.router, sys.executable]
        fake = str(Path(__file__).with_name(fake))
        arguments = [f"{self.network}.1", "--external", public, "--nft", *options]
        process = subprocess.Popen([*enter, fake, *arguments], stdout=subprocess.PIPE, text=True)
        self.internet.processes.append(process)
        assert process.stdout is not None
        process.stdout.readline()

    def forward(self, port: int, place: Place) -> None:
        """Let the router forward a TCP port from outside, as its owner can."""
        enter = ("ip", "netns", "exec", self.router)
        rules = _FORWARDING.format(port=port, address=place.address)
        _do(*enter, "nft", "-f", "-", typed=rules)


class Internet:
    """A switch with public addresses 11.0.0.0/24, and what is plugged in."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self.processes: list[subprocess.Popen[str]] = []
        self._switch = self._namespace()
        _do("ip", "-n", self._switch, "link", "add", "net", "type", "bridge")
        _do("ip", "-n", self._switch, "link", "set", "net", "up")

    def _namespace(self) -> str:
        name = f"p2pm{os.getpid()}-{len(self._names)}"
        _do("ip", "netns", "add", name)
        self._names.append(name)
        _do("ip", "-n", name, "link", "set", "lo", "up")
        return name

    def plug(self, switch: str, bridge: str, address: str) -> Place:
        """A new namespace whose eth0 is plugged into a bridge of another."""
        name = self._namespace()
        self._wire(switch, bridge, name, "eth0", address)
        return Place(name, address)

    def _wire(self, switch: str, bridge: str, name: str, device: str, address: str) -> None:
        port = f"p{len(self._names)}"
        _do(
            *("ip", "-n", switch, "link", "add", port, "type", "veth"),
            *("peer", "name", device, "netns", name),
        )
        _do("ip", "-n", switch, "link", "set", port, "master", bridge, "up")
        _do("ip", "-n", name, "address", "add", f"{address}/24", "dev", device)
        _do("ip", "-n", name, "link", "set", device, "up")

    def public(self, number: int) -> Place:
        """A host that everybody can dial, 11.0.0.<number>."""
        return self.plug(self._switch, "net", f"11.0.0.{number}")

    def home(self, number: int, network: str = "192.168.7", keeps_ports: bool = False) -> Home:
        """A router at 11.0.0.<number>, its network behind it.

        keeps_ports: whether what leaves keeps its port, so that holes can be punched.
        """
        router = self._namespace()
        self._wire(self._switch, "net", router, "wan", f"11.0.0.{number}")
        _do("ip", "-n", router, "link", "add", "lan", "type", "bridge")
        _do("ip", "-n", router, "address", "add", f"{network}.1/24", "dev", "lan")
        _do("ip", "-n", router, "link", "set", "lan", "up")
        enter = ("ip", "netns", "exec", router)
        _do(*enter, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        _do(
            *enter,
            "nft",
            "-f",
            "-",
            typed=_TRANSLATION.replace("{how}", "" if keeps_ports else "random"),
        )
        return Home(self, router, network)

    def lan(self) -> Home:
        """A network without a way out."""
        router = self._namespace()
        _do("ip", "-n", router, "link", "add", "lan", "type", "bridge")
        _do("ip", "-n", router, "link", "set", "lan", "up")
        return Home(self, router, "192.168.9")

    def close(self) -> None:
        """Delete every namespace; the wires go with them."""
        for process in self.processes:
            process.kill()
            process.communicate()
        for name in reversed(self._names):
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)


class Household:
    """A home folder, a daemon in a namespace, and the commands typed beside it.

    Commands reach the daemon through its Unix socket, which namespaces do not part.
    """

    def __init__(self, folder: Path, name: str, place: Place) -> None:
        self.name = name
        self.place = place
        self._folder = folder / name
        self._daemon: subprocess.Popen[bytes] | None = None
        self.run("init", "--name", name)

    def run(self, *arguments: str, typed: str = "", exit_code: int = 0) -> Answer:
        """Run a command to its end and return its JSON object."""
        answer, code = self._run(*arguments, typed=typed)
        assert code == exit_code, (self.name, arguments, answer)
        return answer

    def ask(self, *arguments: str, typed: str = "") -> Answer:
        """Run a command that may fail."""
        return self._run(*arguments, typed=typed)[0]

    def _run(self, *arguments: str, typed: str) -> tuple[Answer, int]:
        done = subprocess.run(
            [*_command(self._folder), "--json", *arguments],
            input=typed, capture_output=True, text=True, timeout=GUARD_S, check=False,
        )  # fmt: skip
        assert done.stdout, (self.name, arguments, done.stderr)
        answer: Answer = json.loads(done.stdout)
        return answer, done.returncode

    def up(self, *options: str) -> None:
        """Start the daemon in the namespace and wait until it answers."""
        enter = ["ip", "netns", "exec", self.place.namespace]
        command = [*enter, *_command(self._folder), "--json", "up", *options]
        self._daemon = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert self._daemon.stdout is not None
        told = b""
        for line in self._daemon.stdout:
            told += line
            if line == b"}\n":
                break
        assert b'"error"' not in told, told

    def down(self) -> None:
        """End the daemon, in order if it can."""
        if self._daemon is None:
            return
        with suppress(AssertionError, subprocess.TimeoutExpired):
            self.run("down")
        try:
            self._daemon.wait(30)
        except subprocess.TimeoutExpired:
            self._daemon.kill()
            self._daemon.wait()
        assert self._daemon.stdout is not None
        self._daemon.stdout.close()
        self._daemon = None

    def titles(self) -> list[str]:
        """What a search finds, in alphabetical order."""
        return sorted(result["title"] for result in self.run("search")["results"])

    def give(self, title: str) -> None:
        """Publish a gift."""
        self.run("publish", "--title", title, "--kind", "give", "--yes")

    def community(self) -> Answer:
        """How the only community is doing."""
        (community,) = self.run("status")["communities"]
        return dict(community)

    def reach(self) -> Answer:
        """How this household's node is reached."""
        return self.run("relay")

    def peers(self) -> dict[str, str]:
        """The connected neighbours by name, each with the address of its connection."""
        return {
            peer["household"]: peer["address"]
            for peer in self.run("peers")["results"]
            if peer["connected"]
        }

    def texts(self, household: str) -> list[str]:
        """The messages exchanged with a household."""
        return [message["text"] for message in self.run("thread", household)["results"]]


def _command(folder: Path) -> list[str]:
    return [sys.executable, "-m", "p2pmarket", "--home", str(folder), "--lang", "en"]


@pytest.fixture(scope="session")
def namespaces_allowed() -> None:
    """Skip with the reason where the kernel or the user's rights forbid namespaces."""
    name = f"p2pm{os.getpid()}-probe"
    try:
        for command in (
            ["ip", "netns", "add", name],
            ["ip", "-n", name, "link", "add", "probe", "type", "bridge"],
            ["ip", "netns", "exec", name, "nft", "add", "table", "ip", "probe"],
            ["ip", "netns", "delete", name],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                pytest.skip(f"no network namespaces here: {done.stderr.strip()}")
    except FileNotFoundError as error:
        pytest.skip(f"no network namespaces here: {error.filename} is not installed")
    finally:
        if shutil.which("ip"):
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)


@pytest.fixture
def internet(namespaces_allowed: None) -> Iterator[Internet]:
    built = Internet()
    yield built
    built.close()


@pytest.fixture
def settle(internet: Internet) -> Iterator[Callable[[str, Place], Household]]:
    """Found a household of a name in a place; its daemon ends with the test."""
    folder = Path(tempfile.mkdtemp(prefix="p2pm-"))
    settled: list[Household] = []

    def new(name: str, place: Place) -> Household:
        settled.append(Household(folder, name, place))
        return settled[-1]

    yield new
    for household in settled:
        household.down()
    shutil.rmtree(folder)


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Ask again and again; every question is a process that takes its time."""

    def wait(is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + GUARD_S
        while not is_so():
            assert time.monotonic() < deadline, "it did not come to be"

    return wait
