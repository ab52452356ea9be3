"""Errors as answers: a status for HTTP, code and fields for programs, English for people."""

from __future__ import annotations

from p2pmarket.api.schemas import Failure
from p2pmarket.texts.errors import sentence
from protocol.errors import P2PMarketError, RemoteError, Unreachable

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


def from_failure_group(group: BaseExceptionGroup[BaseException]) -> P2PMarketError | None:
    """Return the one error of ours in a group, or None: nurseries wrap what they raise."""
    for error in group.exceptions:
        if isinstance(error, P2PMarketError) and not isinstance(error, RemoteError):
            return error
        if isinstance(error, BaseExceptionGroup):
            inner = from_failure_group(error)
            if inner is not None:
                return inner
    return None
