"""One run of the command line: which home, which community, how to answer.

What only some commands need is imported when they need it: `--help` must come at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from p2pmarket.cli.terminal import safe, safe_json
from p2pmarket.folder import chosen_folder
from p2pmarket.texts import _

if TYPE_CHECKING:
    from p2pmarket.api.client import Client
    from p2pmarket.home import Home

SCHEMA = 1

_ANSWERS = {"y": True, "yes": True, "j": True, "ja": True, "n": False, "no": False, "nein": False}


@dataclass(slots=True)
class Session:
    """What the shared options said, before or after the command."""

    home_option: str | None = None
    community: str | None = None
    as_json: bool = False

    @property
    def home(self) -> Home:
        """The household's folder."""
        from p2pmarket.home import choose_home

        return choose_home(self.home_option, os.environ)

    @property
    def client(self) -> Client:
        """The way to the daemon."""
        from p2pmarket.api.client import Client

        return Client(chosen_folder(self.home_option, os.environ))

    def path(self, *parts: str) -> str:
        """Return the interface's path of something in the chosen community."""
        from p2pmarket.api.client import quoted

        return "/".join(["/v1/communities", quoted(self.community or "-"), *map(quoted, parts)])

    def everywhere(self, name: str) -> str:
        """Return the path of something in the chosen community, or in all of them."""
        return f"/v1/{name}" if self.community is None else self.path(name)

    @property
    def interactive(self) -> bool:
        """Whether a person sits in front of it, who can be asked."""
        return not self.as_json and sys.stdin.isatty() and sys.stdout.isatty()

    def answer(self, body: dict[str, object], lines: Iterable[str]) -> None:
        """Print the one JSON object, or the lines for people. ``lines`` must be safe."""
        if self.as_json:
            click.echo(safe_json({"schema": SCHEMA, **body}))
        else:
            self.say(*lines)

    def say(self, *lines: str) -> None:
        """Print lines for people; silent where a program asked."""
        if not self.as_json:
            for line in lines:
                click.echo(line)

    def agrees(self, question: str, default: bool) -> bool:
        """Ask a question until it is answered with yes or no, in either language."""
        choices = _("Y/n") if default else _("y/N")
        while True:
            typed: str = click.prompt(f"{question} [{choices}]", default="", show_default=False)
            answer = typed.strip().casefold()
            if answer in _ANSWERS or not answer:
                return _ANSWERS.get(answer, default)
            click.echo(_("Please answer with y or n."))

    def warn(self, line: str) -> None:
        """Print a line beside the answer, on standard error."""
        click.echo(safe(line, lines=True), err=True)
