"""Nurseries wrap what they raise in groups; people want the one sentence inside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from protocol.errors import P2PMarketError, RemoteError


def error_in(group: BaseExceptionGroup[BaseException]) -> P2PMarketError | None:
    """Return the first error of ours in a group, or None. Peers' faults are none of ours."""
    for error in group.exceptions:
        if isinstance(error, P2PMarketError) and not isinstance(error, RemoteError):
            return error
        if isinstance(error, BaseExceptionGroup):
            inner = error_in(error)
            if inner is not None:
                return inner
    return None


@contextmanager
def unwrapped() -> Iterator[None]:
    """Raise the error of ours that a group holds instead of the group."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise error_in(group) or group from None
