"""Texts that a person pastes, pipes in or scans: invites and device codes."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

import click

from p2pmarket.cli.session import Session
from p2pmarket.cli.terminal import columns, paragraph
from p2pmarket.texts import _
from p2pmarket.texts.errors import refusal
from protocol.errors import LocalError

_MAX_CHARACTERS = 20_000


def read_pasted(session: Session, source: Path | None, question: str) -> str:
    """Return the text from a file, the prompt or standard input.

    Raises LocalError ``file-unreadable``.
    """
    if source is not None:
        try:
            with source.open(encoding="utf-8", errors="replace") as file:
                return file.read(_MAX_CHARACTERS)
        except OSError as error:
            reason = refusal(error)
            raise LocalError("file-unreadable", path=str(source), reason=reason) from None
    if session.interactive:
        _allow_long_lines()
        typed: str = click.prompt(question)
        return typed
    return sys.stdin.read(_MAX_CHARACTERS)


def _allow_long_lines() -> None:
    # A terminal itself takes no line longer than 1,024 (macOS) or 4,095 (Linux) characters; an
    # invite with several addresses is longer. With readline, input() reads character by character.
    with suppress(ImportError):
        import readline  # noqa: F401


def qr_lines(text: str) -> list[str]:
    """Draw a text as a QR code; say so if the window is too narrow for it."""
    from io import StringIO

    import segno

    written = StringIO()
    segno.make_qr(text, error="l").terminal(out=written, border=2, compact=True)
    drawn = written.getvalue().rstrip("\n").split("\n")
    if len(drawn[0]) > columns():
        drawn += paragraph(
            _(
                "The QR code is {width} columns wide, and this window is not: widen it, and"
                " give the command again."
            ).format(width=len(drawn[0]))
        )
    return drawn
