"""What a person at a terminal is asked, and what happens on each answer."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_PATIENCE_S = 240.0


class Dialogue:
    """A command on a terminal of its own."""

    def __init__(self, terminal: int, process: subprocess.Popen[bytes]) -> None:
        self._terminal = terminal
        self._process = process
        self.shown = ""

    def wait_for(self, text: str) -> str:
        """Read until the text is shown; return everything shown up to there."""
        while text not in self.shown:
            ready, _, _ = select.select([self._terminal], [], [], _PATIENCE_S)
            assert ready, self.shown
            self.shown += os.read(self._terminal, 4096).decode()
        before, _, self.shown = self.shown.partition(text)
        return before

    def type(self, text: str) -> None:
        """Type a line."""
        os.write(self._terminal, f"{text}\n".encode())

    def end(self) -> tuple[int, str]:
        """Read to the end; return exit code and what was shown last."""
        try:
            while chunk := os.read(self._terminal, 4096):
                self.shown += chunk.decode()
        except OSError:  # Linux reports the end of a terminal as an error
            pass
        return self._process.wait(_PATIENCE_S), self.shown


@contextmanager
def at_a_terminal(household: Any, *arguments: str, **environ: str) -> Iterator[Dialogue]:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "p2pmarket", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={
            **os.environ,
            "P2PMARKET_HOME": str(household.folder),
            "P2PMARKET_LANG": "en",
            "COLUMNS": "100",
            "NO_COLOR": "1",
            "TERM": "xterm",
            **environ,
        },
    )
    os.close(theirs)
    try:
        yield Dialogue(ours, process)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def test_init_asks_for_the_name_and_for_three_of_the_words(
    new_household: Callable[[], Any],
) -> None:
    household = new_household()
    with at_a_terminal(household, "init") as dialogue:
        dialogue.wait_for("What do your neighbours call you")
        dialogue.type("Anna")
        shown = dialogue.wait_for("With these words")
        words = dict(re.findall(r"(\d+)\. ([a-z]+)", shown))
        assert len(words) == 24
        asked = set()
        for attempt in range(3):
            dialogue.wait_for("Please type word ")
            number = dialogue.wait_for(":")
            asked.add(number)
            if attempt == 0:
                dialogue.type("wrong")
                dialogue.wait_for(f"That is not word {number}; look again.")
                dialogue.wait_for(f"Please type word {number}:")
            dialogue.type(words[number])
        code, last = dialogue.end()
    assert code == 0
    assert len(asked) == 3
    assert "Your household is ready." in last
    assert (household.folder / "household.json").exists()


@pytest.mark.parametrize(("answer", "code", "found"), [("n", 1, 0), ("y", 0, 1)])
def test_publishing_waits_for_agreement(founder: Any, answer: str, code: int, found: int) -> None:
    arguments = ("publish", "--title", f"Einrad {answer}", "--kind", "give")
    with at_a_terminal(founder, *arguments) as dialogue:
        assert "will see this until" in dialogue.wait_for("Publish? [Y/n]:")
        dialogue.type(answer)
        ended, last = dialogue.end()
    assert ended == code
    assert ("Nothing was published." in last) == (code == 1)
    assert len([x for x in founder.finds("Einrad") if x["title"].endswith(answer)]) == found


def test_a_german_question_takes_a_german_answer(founder: Any) -> None:
    arguments = ("publish", "--title", "Laufrad", "--kind", "verschenken")
    with at_a_terminal(founder, *arguments, P2PMARKET_LANG="de") as dialogue:
        dialogue.wait_for("Veröffentlichen? [J/n]:")
        dialogue.type("vielleicht")
        dialogue.wait_for("Bitte antworte mit j oder n.")
        dialogue.type("j")
        ended, last = dialogue.end()
    assert ended == 0
    assert "„Laufrad“ veröffentlicht" in last


def test_publishing_with_yes_asks_nothing(founder: Any) -> None:
    arguments = ("publish", "--title", "Hochrad", "--kind", "give", "--yes")
    with at_a_terminal(founder, *arguments) as dialogue:
        code, shown = dialogue.end()
    assert code == 0
    assert "Publish?" not in shown


def test_an_invite_is_pasted_at_the_prompt(founder: Any, neighbour: Any) -> None:
    invite = founder.json("invite")["invite"]
    with at_a_terminal(neighbour, "join") as dialogue:
        dialogue.wait_for("Paste the invite")
        dialogue.type(invite)
        code, shown = dialogue.end()
    assert code == 1
    assert "You already belong to this community." in shown


def test_an_invite_longer_than_a_line_of_the_terminal_arrives_whole(founder: Any) -> None:
    invite = founder.json("invite")["invite"]
    with at_a_terminal(founder, "join") as dialogue:
        dialogue.wait_for("Paste the invite")
        dialogue.type(" " * 5_000 + invite)
        code, shown = dialogue.end()
    assert code == 1
    assert "You already belong to this community." in shown


def test_leaving_and_removing_ask_first(founder: Any, neighbour: Any) -> None:
    with at_a_terminal(neighbour, "leave", "--no-export", "--force") as dialogue:
        dialogue.wait_for("Leave “Lindenau”?")
        dialogue.type("n")
        assert dialogue.end()[0] == 1
    with at_a_terminal(founder, "remove", "WG Milchmond", "--why", "Nur so") as dialogue:
        dialogue.wait_for("Its listings disappear everywhere")
        dialogue.type("n")
        assert dialogue.end()[0] == 1
    assert len(founder.json("members")["results"]) >= 2


def test_deciding_shows_what_follows_and_asks_first(founder: Any, neighbour: Any) -> None:
    with at_a_terminal(founder, "charter", "propose", "--days", "30") as dialogue:
        dialogue.wait_for("Days a listing shows: 90 → 30")
        dialogue.wait_for("Version 2 of the rules is in force, instead of 1.")
        dialogue.wait_for("Propose and sign it?")
        dialogue.type("n")
        assert dialogue.end()[0] == 1
    with at_a_terminal(founder, "steward", "appoint", "WG Milchmond") as dialogue:
        dialogue.wait_for("Name “WG Milchmond” as a steward?")
        dialogue.type("")
        assert dialogue.end()[0] == 1
    assert founder.json("charter", "show")["in_force"]["number"] == 1
    assert not founder.json("steward", "list")["candidates"]


def test_a_sheet_says_for_how_many_it_is_before_its_invite_is_made(
    founder: Any, tmp_path: Path
) -> None:
    file = tmp_path / "poster.pdf"
    with at_a_terminal(founder, "invite", "poster", str(file), "--uses", "3") as dialogue:
        dialogue.wait_for("The sheet is for 3 households, for 7 days.")
        dialogue.wait_for("Make it? [Y/n]:")
        dialogue.type("n")
        assert dialogue.end()[0] == 1
    assert not file.exists()


@pytest.mark.parametrize(("unwanted", "red"), [("", True), ("1", False)])
def test_an_error_is_red_on_a_terminal_unless_colours_are_unwanted(
    founder: Any, unwanted: str, red: bool
) -> None:
    with at_a_terminal(founder, "show", "zzzzzz", NO_COLOR=unwanted) as dialogue:
        code, shown = dialogue.end()
    assert code == 4
    assert ("\x1b[31m" in shown) == red


@pytest.fixture(scope="module")
def gardener(new_household: Callable[[], Any]) -> Any:
    """A household of two communities that have a window to each other, with a hoe in one."""
    household = new_household()
    household.init("Hannah")
    household.up()
    for name in ("Street", "Club"):
        household.json("community", "create", "--name", name, "--rules", "")
    for name, other in (("Street", "Club"), ("Club", "Street")):
        household.json(
            "charter", "propose", "--community", name, "--window", other, "--window-category",
            "garden", "--yes",
        )  # fmt: skip
    typed = ("--title", "Hoe", "--kind", "lend", "--category", "garden")
    household.json("publish", *typed, "--community", "Club", "--yes")
    return household


@pytest.mark.parametrize(("answer", "code", "shown"), [("n", 1, []), ("y", 0, ["Street"])])
def test_showing_a_listing_next_door_waits_for_its_authors_agreement(
    gardener: Any, answer: str, code: int, shown: list[str]
) -> None:
    hoe = gardener.json("search", "Hoe", "--community", "Club")["results"][0]["id"]
    with at_a_terminal(gardener, "edit", hoe, "--show-in", "Street") as dialogue:
        before = " ".join(dialogue.wait_for("May they? [Y/n]:").split())
        assert "Everybody in “Street” can read it as well" in before
        assert "title, text, price, place (to about a kilometre)" in before
        dialogue.type(answer)
        assert dialogue.end()[0] == code
    assert gardener.json("show", hoe)["results"][0]["shown_to"] == shown


@pytest.mark.parametrize(("answer", "code", "carries"), [("", 1, False), ("y", 0, True)])
def test_a_window_opens_only_for_a_person_who_has_read_what_that_tells_the_neighbours(
    gardener: Any, answer: str, code: int, carries: bool
) -> None:
    with at_a_terminal(gardener, "window", "open", "Club", "--into", "Street") as dialogue:
        before = " ".join(dialogue.wait_for("Show them there? [y/N]:").split())
        assert "Your neighbours in “Street” will see that you belong to “Club”." in before
        assert "what they write, and change later, stands there under yours" in before
        dialogue.type(answer)
        assert dialogue.end()[0] == code
    found = gardener.json("window", "list", "--community", "Street")["results"]
    assert [window["carries"] for window in found] == [carries]
