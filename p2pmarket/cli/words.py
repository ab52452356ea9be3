"""The 24 words, typed at a prompt or piped in: never an argument, which others could see."""

from __future__ import annotations

import sys

import click

from p2pmarket.cli.session import Session
from p2pmarket.texts import _

_MAX_CHARACTERS = 1_000


def read_words(session: Session) -> list[str]:
    """Return what was typed, split at white space; numbers and dots between are dropped."""
    if session.interactive:
        typed = click.prompt(_("Type the 24 words, with spaces between them"))
    else:
        typed = sys.stdin.read(_MAX_CHARACTERS)
    return [word for word in typed.replace(".", " ").split() if not word.isdigit()]
