"""Errors as answers: a status for HTTP, code and fields for programs, English for people."""

from __future__ import annotations

from p2pmarket.api.schemas import Failure
from p2pmarket.texts.errors import sentence
from protocol.errors import P2PMarketError, Unreachable

_NOT_FOUND = 404
_CONFLICT = 409
_MALFORMED = 422
_UNREACHABLE = 503


def failure_of(error: P2PMarketError) -> Failure:
    """Return the answer's body for an error."""
    family = "unreachable" if isinstance(error, Unreachable) else "local"
    text = sentence(error.code, error.fields, translate=str)
    return Failure(error.code, text, family, dict(error.fields))  # type: ignore[arg-type]


def status_of(error: P2PMarketError) -> int:
    """Return the HTTP status for an error."""
    if isinstance(error, Unreachable):
        return _UNREACHABLE
    if error.code.endswith("-not-found"):
        return _NOT_FOUND
    return _MALFORMED if error.code.startswith(("request-", "field-")) else _CONFLICT
