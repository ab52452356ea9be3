"""Two real sides joined by a plain loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pytest

from protocol.reconcile import Initiator, Item, ItemSet, Wanted, respond

Pairs = Iterable[tuple[int, bytes]]


@dataclass
class Outcome:
    """What one exchange told the initiator, and what it took."""

    have: list[Item] = field(default_factory=list)
    need: list[Wanted] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)

    @property
    def rounds(self) -> int:
        return len(self.messages) // 2


@pytest.fixture(scope="session")
def exchange() -> Callable[..., Outcome]:
    """Run an exchange between two collections of items to its end."""

    def run(
        ours: Pairs,
        theirs: Pairs,
        page: int = 256 << 10,
        jitter: int = 0,
        max_rounds: int = 256,
        meanwhile: Callable[[ItemSet, ItemSet], object] = lambda ours, theirs: None,
    ) -> Outcome:
        mine, other = ItemSet(ours), ItemSet(theirs)
        initiator = Initiator(mine, max_message_bytes=page, jitter=jitter, max_rounds=max_rounds)
        outcome = Outcome()
        message: bytes | None = initiator.initiate()
        while message is not None:
            meanwhile(mine, other)
            reply = respond(other, message, max_message_bytes=page)
            assert len(message) <= page
            assert len(reply) <= page
            outcome.messages += [message, reply]
            message, have, need = initiator.reconcile(reply)
            outcome.have += have
            outcome.need += need
        return outcome

    return run
