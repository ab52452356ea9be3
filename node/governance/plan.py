"""A decision before it is signed: what is written for it, and what follows from that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import trio

from node.author import Author, Change
from node.governance.outlook import Outlook, outlook
from node.inbox import Inbox
from protocol.envelope import Envelope
from protocol.errors import LocalError
from protocol.kinds import Kind
from protocol.membership.bodies import Confirmation, Removal, read_confirmation, read_removal
from protocol.membership.governance import Amendment, read_amendment
from protocol.membership.members import Members


@dataclass(frozen=True, slots=True)
class Plan:
    """What is signed along with a decision, and what follows. after: the membership then.

    removals, amendments, confirmations: signed so that what was decided before goes on to hold.
    """

    changes: tuple[Change, ...]
    removals: tuple[Removal, ...]
    amendments: tuple[Amendment, ...]
    confirmations: tuple[Confirmation, ...]
    outlook: Outlook
    after: Members


class Deciding:
    """What charters, stewards and removals share: the own voice, and one decision at a time."""

    def __init__(self, author: Author, inbox: Inbox, device_slot: int) -> None:
        self.author = author
        self.device_slot = device_slot
        self.lock = trio.Lock()
        self._inbox = inbox

    @property
    def members(self) -> Members:
        """The membership as this node knows it."""
        return self._inbox.members

    @property
    def is_voting(self) -> bool:
        """Whether this household decides with others."""
        return self.author.household in self.members.council.voters

    def require_vote(self) -> None:
        """Raise LocalError ``only-stewards`` unless this household decides with others."""
        if not self.is_voting:
            raise LocalError("only-stewards")

    async def plan(self, own: Sequence[Change], along: Sequence[Change] = ()) -> Plan:
        """Evaluate what these would bring. along: of other decisions, signed before the own ones.

        Raises the LocalError of what cannot be written.
        """
        changes = (*along, *own)
        drafted: list[Envelope] = []
        for result in await self.author.draft(changes):
            if isinstance(result, LocalError):
                raise result
            drafted.append(result)
        before = self.members
        after = before.extended(drafted)
        said = [change for change in along if not change.withdrawn]
        return Plan(
            tuple(changes),
            tuple(read_removal(c.body) for c in said if c.kind == Kind.REMOVAL),
            tuple(read_amendment(c.body) for c in said if c.kind == Kind.AMENDMENT),
            tuple(read_confirmation(c.body) for c in said if c.kind == Kind.CONFIRMATION),
            outlook(before, after),
            after,
        )

    async def carry_out(self, plan: Plan) -> Plan:
        """Sign all of it in one transaction. LocalError as Author.write."""
        if plan.changes:
            await self.author.write(plan.changes)
        return plan
