"""Several things written one after the other, where one that is refused holds up no other."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable

from protocol.errors import LocalError


async def refusal(writing: Awaitable[object]) -> LocalError | None:
    """Await something that writes; why it was refused, or None."""
    try:
        await writing
    except LocalError as error:
        return error
    return None


def raise_first(refused: Iterable[LocalError | None]) -> None:
    """Raise the first LocalError among them, if there is one."""
    for error in refused:
        if error is not None:
            raise error
