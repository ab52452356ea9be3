"""The invites of the own household: which still work, and ending one."""

from __future__ import annotations

from dataclasses import dataclass

from node.author import Author
from node.clock import Clock
from node.inbox import Inbox
from protocol.errors import LocalError
from protocol.ids import ThingKey, text_of
from protocol.kinds import Kind
from protocol.membership.bodies import Invite
from protocol.membership.evaluation import Status

_SHORTEST_PREFIX = 4


@dataclass(frozen=True, slots=True)
class InviteView:
    """An invite of this household. used: by how many that were confirmed; waiting: more who
    came by it and wait. is_over: its time has run out.
    """

    key: ThingKey
    uses: int
    used: int
    waiting: int
    made_at_ms: int
    valid_until_ms: int
    is_over: bool


class Invites:
    """Lists and withdraws; the text of an invite is shown once, and its secret is not kept."""

    def __init__(self, author: Author, inbox: Inbox, clock: Clock) -> None:
        self._author = author
        self._inbox = inbox
        self._clock = clock

    def all(self) -> list[InviteView]:
        """Return the invites that were not withdrawn, the latest first."""
        members = self._inbox.members
        own, now_ms = self._author.household, self._clock.now_ms()
        views = [
            InviteView(
                fact.record.key,
                fact.body.uses,
                members.uses_of(own, fact.record.key),
                sum(
                    member.status is Status.PROVISIONAL
                    and member.inviter == own
                    and member.invite == fact.record.key
                    for member in members.households.values()
                ),
                fact.record.created_at_ms,
                fact.body.valid_until_ms,
                fact.body.valid_until_ms < now_ms,
            )
            for fact in members.facts_of(own, Kind.INVITE)
            if isinstance(fact.body, Invite) and not fact.record.withdrawn
        ]
        return sorted(views, key=lambda view: (-view.made_at_ms, view.key))

    async def revoke(self, prefix: str) -> InviteView:
        """End the invite whose id begins so: who has not been confirmed by it does not belong.

        LocalError ``invite-not-found`` or ``invite-ambiguous``.
        """
        typed = prefix.strip().lower()
        found = [view for view in self.all() if text_of(view.key).startswith(typed)]
        if not found or len(typed) < _SHORTEST_PREFIX:
            raise LocalError("invite-not-found", id=prefix.strip())
        if len(found) > 1:
            raise LocalError("invite-ambiguous", id=prefix.strip())
        (view,) = found
        for slot, record in (await self._author.standing(Kind.INVITE)).items():
            if record.key == view.key:
                await self._author.replace(Kind.INVITE, slot, record.body, True, record.key)
        return view
