"""A nursery that ends with its body and lets the body's own exception out bare."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio


@asynccontextmanager
async def open_background_nursery() -> AsyncIterator[trio.Nursery]:
    """Tasks started here are cancelled when the ``async with`` block is left.

    trio wraps whatever leaves a nursery in an ExceptionGroup; callers of a network should
    catch ``LocalError`` or ``Refused`` as they were raised, so a group of one is opened.
    """
    try:
        async with trio.open_nursery() as nursery:
            try:
                yield nursery
            finally:
                nursery.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        raise _only_member(group) from None


def _only_member(group: BaseExceptionGroup[BaseException]) -> BaseException:
    member: BaseException = group
    while isinstance(member, BaseExceptionGroup) and len(member.exceptions) == 1:
        member = member.exceptions[0]
    return member
