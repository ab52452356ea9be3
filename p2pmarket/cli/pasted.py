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
_QUIET_MODULES = (2, 1)
"""How wide the empty frame of a QR code is, best first; ISO/IEC 18004 asks for four, which cameras
do without, and with one an invite with several addresses still fits into 80 columns."""


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
    """Draw a text as a QR code of half blocks; say so instead if it does not fit the window."""
    from io import StringIO

    import segno

    code = segno.make_qr(text, error="l")
    modules = code.symbol_size(border=0)[0]
    border = next((b for b in _QUIET_MODULES if modules + 2 * b <= columns()), None)
    if border is None:
        return paragraph(
            _(
                "The QR code would be {width} columns wide, and this window has {columns}: hand"
                " on the text instead, or widen the window and give the command again."
            ).format(width=modules + 2 * min(_QUIET_MODULES), columns=columns())
        )
    written = StringIO()
    code.terminal(out=written, border=border, compact=True)
    return written.getvalue().rstrip("\n").split("\n")
