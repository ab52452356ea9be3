"""The daemon's life: how it starts, what stops it, and what it survives."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlcipher3

from node.identity import words_of
from p2pmarket.daemon.network import Reach, port_of
from p2pmarket.home import Home, refused_by_system
from p2pmarket.lock import running_pid, single_instance, wait_until_stopped
from protocol.errors import LocalError


@pytest.fixture
def settled(new_household: Callable[[], Any]) -> Iterator[Any]:
    """A household with a community and one listing, its node not running."""
    household = new_household()
    household.init("Anna")
    household.up()
    household.json("community", "create", "--name", "Hof", "--rules", "")
    household.json("publish", "--title", "Bett", "--kind", "give")
    household.stop()
    yield household
    household.stop()


def addresses(household: Any) -> list[str]:
    found = household.json("status")["communities"][0]["addresses"]
    assert isinstance(found, list)
    return found


def test_a_node_keeps_its_port_and_its_listings_over_a_restart(settled: Any) -> None:
    settled.up()
    before = addresses(settled)
    settled.stop()
    settled.up()
    assert addresses(settled) == before
    assert [listing["title"] for listing in settled.finds()] == ["Bett"]


def test_a_kept_port_that_is_taken_meanwhile_is_replaced(settled: Any) -> None:
    (port_file,) = settled.folder.glob("communities/*/port")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port_file.write_text(str(taken.getsockname()[1]))
        settled.up()
        assert port_of(addresses(settled)) != taken.getsockname()[1]


def test_a_chosen_port_that_is_taken_is_refused_and_nothing_is_lost(settled: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"/ip4/127.0.0.1/tcp/{taken.getsockname()[1]}"
        outcome = settled.run("up", "--detach", "--no-mdns", "--listen", address, "--json")
    assert outcome.code == 1
    assert outcome.body["error"]["code"] == "port-in-use"
    settled.up()
    assert [listing["title"] for listing in settled.finds()] == ["Bett"]


def test_a_node_that_was_killed_has_lost_nothing(settled: Any) -> None:
    settled.up()
    settled.json("publish", "--title", "Lampe", "--kind", "give")
    pid = settled.json("status")["pid"]
    os.kill(pid, signal.SIGKILL)
    assert wait_until_stopped(Home(settled.folder), 30)
    assert settled.run("search").code == 3
    settled.up()
    assert {listing["title"] for listing in settled.finds()} == {"Bett", "Lampe"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_node_in_the_foreground_gracefully(settled: Any, number: int) -> None:
    node = subprocess.Popen(
        [sys.executable, "-m", "p2pmarket", "up", "--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0"],
        env={**os.environ, "P2PMARKET_HOME": str(settled.folder), "P2PMARKET_LANG": "de"},
        stdout=subprocess.PIPE,
        text=True,
    )
    with node:
        assert node.stdout is not None
        assert node.stdout.readline().startswith("Dein Knoten läuft")
        assert node.stdout.readline().startswith("„Hof“ antwortet unter /ip4/127.0.0.1")
        node.send_signal(number)
        assert node.stdout.read() == "Dein Knoten ist beendet.\n"
        assert node.wait(30) == 0
    assert running_pid(Home(settled.folder)) is None


def refusal(household: Any) -> tuple[str, str]:
    outcome = household.run("up", "--detach", "--no-mdns", "--json")
    assert outcome.code == 1
    error = outcome.body["error"]
    return error["code"], error["text"]


def test_a_key_file_that_others_can_read_is_refused(settled: Any) -> None:
    (settled.folder / "household.key").chmod(0o644)
    code, text = refusal(settled)
    assert code == "key-file-open-to-others"
    assert "chmod 600" in text


def test_a_damaged_key_file_is_refused(settled: Any) -> None:
    (settled.folder / "household.key").write_text("{}")
    assert refusal(settled)[0] == "key-file-damaged"


def test_damaged_settings_are_refused(settled: Any) -> None:
    (settled.folder / "household.json").write_text("[1")
    assert refusal(settled)[0] == "settings-damaged"


def test_a_wrong_key_is_refused_and_the_right_one_still_opens(settled: Any) -> None:
    key_file = settled.folder / "household.key"
    right = key_file.read_text()
    key_file.write_text(json.dumps({**json.loads(right), "database_key": "00" * 32}))
    assert refusal(settled)[0] == "wrong-key"
    key_file.write_text(right)
    settled.up()
    assert len(settled.finds()) == 1


def test_a_database_of_a_newer_version_is_refused_and_left_as_it_is(settled: Any) -> None:
    (database,) = settled.folder.glob("communities/*/market.db")
    key = json.loads((settled.folder / "household.key").read_text())["database_key"]
    connection = sqlcipher3.connect(str(database))
    connection.execute(f"PRAGMA key = \"x'{key}'\"")
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    code, text = refusal(settled)
    assert code == "newer-schema"
    assert "999" in text


def test_a_community_that_cannot_be_opened_leaves_the_others_running(settled: Any) -> None:
    settled.up()
    settled.json("community", "create", "--name", "Garten", "--rules", "")
    settled.stop()
    broken = next(folder for folder in (settled.folder / "communities").iterdir())
    (broken / "market.db").write_bytes(b"this is no database" * 1000)
    settled.up()
    status = settled.json("status")
    assert [closed["error"]["code"] for closed in status["closed"]] == ["wrong-key"]
    assert len(status["communities"]) == 1
    assert settled.run("doctor").code == 1


def test_in_several_communities_the_meant_one_must_be_named(settled: Any) -> None:
    settled.up()
    settled.json("community", "create", "--name", "Garten", "--rules", "")
    outcome = settled.run("peers", "--json")
    assert (outcome.code, outcome.body["error"]["code"]) == (1, "community-not-named")
    assert len(settled.finds()) == 1
    assert settled.finds("--community", "garten") == []
    assert len(settled.finds("--community", "Hof")) == 1
    identifier = settled.json("status")["communities"][1]["id"]
    assert settled.finds("--community", identifier[:6]) == []
    assert settled.run("--community", "Wald", "search").code == 4


def test_a_household_comes_back_from_its_backup_as_a_new_device(
    settled: Any, new_household: Callable[[], Any], tmp_path: Path
) -> None:
    key = json.loads((settled.folder / "household.key").read_text())
    words = " ".join(words_of(bytes.fromhex(key["root"])))
    settled.up()
    before = settled.json("status")["communities"][0]
    settled.json("backup", str(tmp_path / "b"))
    settled.stop()
    restored = new_household()
    assert restored.json("restore", str(tmp_path / "b"), stdin=words)["name"] == "Anna"
    again = restored.run("restore", str(tmp_path / "b"), "--json", stdin=words)
    assert again.body["error"]["code"] == "home-exists"
    restored.up()
    after = restored.json("status")["communities"][0]
    assert after["household_id"] == before["household_id"]
    assert [listing["title"] for listing in restored.json("mine")["results"]] == ["Bett"]
    restored.json("publish", "--title", "Lampe", "--kind", "give")
    assert len(restored.finds()) == 2


def test_a_household_comes_back_from_its_words_with_a_new_invite(
    founder: Any, new_household: Callable[[], Any]
) -> None:
    lost, back = new_household(), new_household()
    words = " ".join(lost.init("Carla")["words"])
    lost.up()
    lost.json("join", "--yes", stdin=founder.json("invite")["invite"])
    lost.json("publish", "--title", "Carlas Zauberkugel", "--kind", "give")
    founder.until(lambda: bool(founder.finds("Zauberkugel")))
    lost.stop()
    back.json("init", "--name", "Carla", "--words", stdin=words)
    back.up()
    back.json("join", "--yes", stdin=founder.json("invite")["invite"])
    back.until(lambda: bool(back.json("mine")["results"]))
    (listing,) = back.json("mine")["results"]
    assert listing["title"] == "Carlas Zauberkugel"
    refused = back.run("withdraw", listing["id"], "--json").body["error"]
    assert refused["code"] == "other-device-decides"
    back.json("device", "revoke", str(refused["fields"]["number"]))
    back.json("withdraw", listing["id"])
    founder.until(lambda: not founder.finds("Zauberkugel"))
    back.stop()


def test_only_one_daemon_holds_a_home(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert running_pid(home) is None
    with single_instance(home):
        assert running_pid(home) == os.getpid()
        with pytest.raises(LocalError, match="already-running"), single_instance(home):
            pass
        assert not wait_until_stopped(home, 0.01)
    assert wait_until_stopped(home, 30)


def test_a_home_whose_socket_could_not_be_bound_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="home-path-too-long"):
        _ = Home(tmp_path / ("x" * 100)).socket


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "disk-full"),
        (errno.EROFS, "home-not-writable"),
        (errno.EIO, "system-refused"),
    ],
)
def test_what_the_system_refuses_has_a_sentence(number: int, code: str, tmp_path: Path) -> None:
    error = OSError(number, os.strerror(number))
    assert refused_by_system(error, Home(tmp_path)).code == code


def test_a_daemon_whose_disk_is_full_says_so(settled: Any) -> None:
    """A file size limit of zero stands in for a full disk: no file can grow."""
    program = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        " resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0));"
        " from p2pmarket.daemon.__main__ import main; sys.exit(main())"
    )
    arguments = ["--home", str(settled.folder), "--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0"]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    settled.up()
    assert [listing["title"] for listing in settled.finds()] == ["Bett"]


def test_chosen_ports_count_up_from_community_to_community() -> None:
    reach = Reach(("/ip4/0.0.0.0/tcp/4001", "/ip6/::/tcp/0"), mdns=False)
    assert reach.chosen
    assert reach.shifted(2).listen == ("/ip4/0.0.0.0/tcp/4003", "/ip6/::/tcp/0")
    assert not reach.with_port(0).chosen


@pytest.mark.parametrize(
    "address",
    ["", "localhost:4001", "/ip4/localhost/tcp/1", "/ip4/1.2.3.4/udp/1", "/ip4/::1/tcp/1",
     "/ip4/1.2.3.4/tcp/99999", "/ip4/1.2.3.4/tcp/1/p2p/x"],
)  # fmt: skip
def test_an_address_that_cannot_be_listened_at_is_refused(address: str) -> None:
    with pytest.raises(LocalError, match="listen-address-malformed"):
        Reach((address,), mdns=False)
