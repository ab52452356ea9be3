"""What holds for every command: its options, its errors, its exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import click
import pytest

from p2pmarket.cli.app import build

SAMPLE = Path(__file__).parents[2] / "p2pmarket/sample/listings.jsonl"


def commands(found: click.Command, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(found, click.Group):
        return [path]
    context = click.Context(found)
    inner = [(name, found.get_command(context, name)) for name in found.list_commands(context)]
    return [p for name, c in inner if c is not None for p in commands(c, (*path, name))]


ROOT = build()


@pytest.mark.parametrize("path", commands(ROOT), ids=" ".join)
def test_every_command_takes_the_shared_options(path: tuple[str, ...]) -> None:
    found: click.Command = ROOT
    for name in path:
        assert isinstance(found, click.Group)
        inner = found.get_command(click.Context(found), name)
        assert inner is not None
        found = inner
    names = {option for parameter in found.params for option in parameter.opts}
    assert {"--home", "--community", "--json", "--lang"} <= names


def test_the_shared_options_count_before_and_after_the_command(founder: Any) -> None:
    elsewhere = str(founder.folder.parent / "nowhere")
    assert founder.run("--home", elsewhere, "search").code == 3
    assert founder.run("search", "--home", elsewhere).code == 3
    assert founder.run("--json", "members").body == founder.run("members", "--json").body
    assert founder.run("--community", "nowhere", "search").code == 4
    assert founder.run("search", "--community", "nowhere").code == 4
    assert "Kennung" in founder.run("members", "--lang", "de").out


@pytest.mark.parametrize(
    ("arguments", "code", "name"),
    [
        (("search", "--limit", "0"), 2, "usage"),
        (("serch",), 2, "usage"),
        (("publish",), 2, "usage"),
        (("show", "zzzzzzzz"), 4, "listing-not-found"),
        (("block", "Niemand"), 4, "household-not-found"),
        (("--home", "/dev/null/x", "search"), 3, "not-set-up"),
        (("--home", "/dev/null/x", "init", "--name", "A"), 1, "home-not-writable"),
        (("--home", "/" + "x" * 200, "search"), 1, "home-path-too-long"),
        (("join", "--file", "/dev/null/x"), 1, "file-unreadable"),
        (("backup", "/dev/null/x"), 1, "backup-not-writable"),
        (("search", "--within", "-1"), 1, "field-out-of-range"),
        (("invite", "--expires", "1000d"), 1, "invite-validity"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else str(value),
)
def test_a_failure_is_one_json_object_with_its_exit_code(
    founder: Any, arguments: tuple[str, ...], code: int, name: str
) -> None:
    outcome = founder.run(*arguments, "--json")
    assert outcome.code == code
    assert outcome.body["error"]["code"] == name
    assert outcome.body["error"]["text"]


def test_nobody_reachable_has_an_exit_code_of_its_own(new_household: Any) -> None:
    inviter, joiner = new_household(), new_household()
    inviter.init("Anna")
    inviter.up()
    inviter.json("community", "create", "--name", "Hof", "--rules", "")
    invite = inviter.json("invite")["invite"]
    inviter.stop()
    joiner.init("Ben")
    joiner.up()
    outcome = joiner.run("join", "--json", stdin=invite)
    assert outcome.code == 5
    assert outcome.body["error"]["code"] == "nobody-reachable"
    assert not any((joiner.folder / "communities").iterdir())
    joiner.stop()


def test_an_invite_as_an_argument_works_with_a_warning(founder: Any, neighbour: Any) -> None:
    invite = founder.json("invite")["invite"]
    outcome = neighbour.run("join", invite, "--json")
    assert outcome.body["error"]["code"] == "already-joined"
    assert "Better paste it" in outcome.err


def test_an_invite_can_be_drawn(founder: Any) -> None:
    outcome = founder.run("invite", "--qr")
    assert outcome.code == 0
    assert "█" in outcome.out


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_usage_error_speaks_one_language(founder: Any, language: str) -> None:
    outcome = founder.run("--lang", language, "search", "--limit")
    assert outcome.code == 2
    assert ("Option" in outcome.err) == (language == "en") or "braucht einen Wert" in outcome.err


def test_an_interrupted_command_ends_with_130(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "invite")
    waiting = subprocess.Popen(
        [sys.executable, "-m", "p2pmarket", "join", "--file", str(tmp_path / "invite")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "P2PMARKET_HOME": str(tmp_path)},
    )
    with waiting, (tmp_path / "invite").open("wb"):  # opens once the command reads it
        waiting.send_signal(signal.SIGINT)
        assert waiting.wait(60) == 130


def test_a_reader_that_goes_away_is_no_error_worth_a_traceback(founder: Any) -> None:
    program = f"{sys.executable} -m p2pmarket --help | true"
    done = subprocess.run(["sh", "-c", program], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr


def harmless(text: str) -> bool:
    return all(c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co") for c in text)


def test_hostile_text_in_files_and_arguments_is_shown_harmless(
    founder: Any, tmp_path: Path
) -> None:
    hostile = "\x1b[2J\u202eabc\x07\x9b"
    lines = [
        json.dumps({hostile: 1, "title": f"Hexe {hostile}", "kind": "give", "place": hostile}),
        json.dumps({"title": "a", "kind": hostile}),
        json.dumps({"title": "b", "kind": "give", "price": hostile}),
        hostile,
    ]
    path = tmp_path / "hostile.jsonl"
    path.write_text("\n".join(lines), "utf-8")
    for outcome in (
        founder.run("publish", "--from", str(path)),
        founder.run("publish", "--from", str(path), "--json"),
        founder.run("search", "Hexe"),
        founder.run("block", hostile),
        founder.run("show", hostile, "--json"),
        founder.run("--community", hostile, "search"),
        founder.run(hostile),
        founder.run("publish", "--kind", hostile),
        founder.run("publish", "--from", f"/dev/null/{hostile}"),
        founder.run("remove", hostile, "--why", hostile),
        founder.run("message", hostile, hostile),
        founder.run("message", "--listing", hostile, hostile),
        founder.run("thread", hostile),
    ):
        assert harmless(outcome.out), outcome
        assert harmless(outcome.err), outcome


def test_the_sample_file_is_published_and_again_unchanged(founder: Any) -> None:
    first = founder.json("publish", "--from", str(SAMPLE))
    assert (first["new"], first["refused"]) == (260, 0)
    assert first["unknown_fields"] == ["household"]
    again = founder.json("publish", "--from", str(SAMPLE))
    assert (again["new"], again["unchanged"]) == (0, 260)
    assert {listing["source_id"] for listing in again["results"]} == {
        json.loads(line)["id"] for line in SAMPLE.read_text("utf-8").splitlines()
    }
    outcome = founder.run("publish", "--from", str(SAMPLE))
    assert outcome.code == 0
    assert outcome.out.count("household.") == 1


def test_a_file_may_come_through_standard_input_as_csv(founder: Any) -> None:
    table = "Titel;Art;Preis\nKürbis;verkaufen;2,50\nLaterne;verborgen;1\n"
    outcome = founder.run("publish", "--from", "-", "--json", stdin=table)
    assert outcome.code == 1
    body = outcome.body
    assert [listing["price_minor"] for listing in body["results"]] == [250]
    assert [(error["line"], error["code"]) for error in body["errors"]] == [
        (3, "field-unknown-value")
    ]


def test_the_listing_that_no_slot_is_left_for_is_refused_with_its_line(
    new_household: Any, tmp_path: Path
) -> None:
    household = new_household()
    household.init("Anna")
    household.up()
    household.json("community", "create", "--name", "Hof", "--rules", "", "--slots", "2")
    table = "title,kind\n" + "".join(f"Ding {n},give\n" for n in range(4))
    outcome = household.run("publish", "--from", "-", "--json", stdin=table)
    assert outcome.code == 1
    assert outcome.body["new"] == 2
    assert [(e["line"], e["code"]) for e in outcome.body["errors"]] == [
        (4, "no-free-slot"),
        (5, "no-free-slot"),
    ]
    household.stop()
