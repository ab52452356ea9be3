"""The errors that every layer shares (docs/architecture.md, "Errors").

RemoteError: they broke the rules; it is counted and never shown as a failure of ours.
LocalError: the person asked for something impossible; shown with what, why, next step.
Unreachable: nobody is there now; not a failure, it will be tried again.
Anything else is a bug.

An error carries a ``code`` and typed fields. Its sentences, in both languages, live in
``p2pmarket/texts/errors.py``; a test walks all codes.
"""

from __future__ import annotations

Field = str | int


class P2PMarketError(Exception):
    """Base of the three families: a code, and the fields its sentence needs."""

    def __init__(self, code: str, **fields: Field) -> None:
        super().__init__(code, fields)
        self.code = code
        self.fields = fields

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.fields.items())
        return f"{self.code}({shown})"


class RemoteError(P2PMarketError):
    """Bytes or behaviour from outside that break the protocol."""


class LocalError(P2PMarketError):
    """Something the person at this node asked for cannot be done."""


class Unreachable(P2PMarketError):
    """Nobody who could answer is connected at the moment."""
