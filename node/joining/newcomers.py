"""Households that wait for a confirmation: what they answer, and what is decided here (GOV-14).

A decision is this household's alone. To approve is to sign a confirmation; to decline is to
leave it be, and to say so: another member may still stand for the household.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from node.clock import Clock
from node.community import Community, MemberView
from node.inbox import Inbox
from node.mail.post import Incoming, Post, Topic
from node.store.database import Connection, Database
from protocol.errors import LocalError, RemoteError
from protocol.ids import HouseholdId, ThingKey, short
from protocol.joining import MAX_ANSWER, Answers, Declined, read_joining
from protocol.membership.evaluation import Member, Status
from protocol.text import clean


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A household that waits. answered: (question, answer) in order; the question is "" where
    the version of the charter that asks it is not known here.

    mine: whether this household decides: it invited the newcomer, or is a steward.
    declined_at_ms: when a person here said no; None if nobody did.
    """

    member: MemberView
    answered: Sequence[tuple[str, str]]
    has_written: bool
    mine: bool
    declined_at_ms: int | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A member told this household that it will not confirm it. reason: may be empty."""

    household: HouseholdId
    reason: str
    at_ms: int


class Newcomers:
    """Keeps what newcomers write, and decides as a person says."""

    def __init__(
        self, database: Database, community: Community, inbox: Inbox, post: Post, clock: Clock
    ) -> None:
        self._database = database
        self._community = community
        self._inbox = inbox
        self._post = post
        self._clock = clock
        post.serve(Topic.JOINING, self._take_in)

    async def load(self) -> None:
        """Recall whom a person here has declined: such a one is not confirmed by itself."""
        rows = await self._database.read(
            lambda connection: connection.execute(
                "SELECT household FROM newcomer WHERE declined_at_ms IS NOT NULL"
            ).fetchall()
        )
        self._community.declined = frozenset(HouseholdId(household) for (household,) in rows)

    # -- who waits

    async def waiting(self) -> list[Newcomer]:
        """Return the households that wait for a confirmation, who has waited longest first."""
        rows = await self._database.read(
            lambda connection: connection.execute(
                "SELECT household, content, declined_at_ms FROM newcomer"
            ).fetchall()
        )
        kept = {HouseholdId(household): (content, at) for household, content, at in rows}
        found = []
        for view in await self._community.members():
            if view.status == Status.PROVISIONAL.value:
                content, declined_at_ms = kept.get(view.household, (None, None))
                found.append(
                    Newcomer(
                        view,
                        () if content is None else self._answered(content),
                        content is not None,
                        self._decides(view.inviter),
                        declined_at_ms,
                    )
                )
        return found

    def _answered(self, content: bytes) -> Sequence[tuple[str, str]]:
        written = read_joining(content)
        assert isinstance(written, Answers)
        council = self._inbox.members.council
        questions = next(
            (
                version.charter.questions
                for version in (council.charter, *council.proposals)
                if version.digest == written.charter
            ),
            self._inbox.members.founding.questions
            if written.charter == self._inbox.members.community
            else (),
        )
        padded = (*questions, *[""] * len(written.answers))
        return list(zip(padded, written.answers, strict=False))

    def _decides(self, inviter: HouseholdId) -> bool:
        own = self._community.self_id
        return own == inviter or own in self._inbox.members.council.voters

    # -- deciding

    async def approve(self, household: HouseholdId) -> None:
        """Stand for a household that waits.

        LocalError ``not-waiting``, ``not-yours-to-decide``, ``invite-budget-spent``, or as any
        record's of one's own.
        """
        member = self._to_decide(household)
        await self._community.confirm(member)
        await self._database.write(
            lambda connection: connection.execute(
                "DELETE FROM newcomer WHERE household = ?", (household,)
            )
        )
        await self.load()

    def invite_of(self, household: HouseholdId) -> ThingKey | None:
        """Return the key of the invite by which a household came; None where it is not known."""
        member = self._inbox.members.member(household)
        return None if member is None else member.invite

    async def decline(self, household: HouseholdId, reason: str) -> None:
        """Leave a household unconfirmed, for good as far as this one goes, and tell it so.

        LocalError ``not-waiting``, ``not-yours-to-decide``, ``answer-refused``.
        """
        self._to_decide(household)
        try:
            content = Declined(clean(reason, lines=True)).pack()
        except RemoteError:
            raise LocalError("answer-refused", most=MAX_ANSWER) from None
        now_ms = self._clock.now_ms()

        def write(connection: Connection) -> None:
            connection.execute(
                "INSERT INTO newcomer VALUES (?1, NULL, ?2, ?2)"
                " ON CONFLICT (household) DO UPDATE SET declined_at_ms = ?2",
                (household, now_ms),
            )
            self._post.write(connection, household, Topic.JOINING, content)

        await self._database.write(write)
        await self.load()
        self._post.wake()

    def _to_decide(self, household: HouseholdId) -> Member:
        member = self._inbox.members.member(household)
        if member is None or member.status is not Status.PROVISIONAL:
            raise LocalError("not-waiting", id=short(household))
        if not self._decides(member.inviter):
            raise LocalError("not-yours-to-decide", id=short(household))
        return member

    # -- the own waiting

    async def refusals(self) -> list[Refusal]:
        """Return who told this household that it will not confirm it, the latest first."""
        rows = await self._database.read(
            lambda connection: connection.execute(
                "SELECT household, reason, at_ms FROM declining ORDER BY at_ms DESC, household"
            ).fetchall()
        )
        return [Refusal(HouseholdId(household), reason, at) for household, reason, at in rows]

    # -- letters

    def _take_in(self, connection: Connection, incoming: Incoming) -> None:
        """Within the transaction that acknowledges. What comes too late changes nothing."""
        match read_joining(incoming.content):
            case Answers():
                self._keep_answers(connection, incoming)
            case Declined(reason):
                self._keep_refusal(connection, incoming.sender, reason)

    def _keep_answers(self, connection: Connection, incoming: Incoming) -> None:
        sender = self._inbox.members.member(incoming.sender)
        waits = sender is not None and sender.status is Status.PROVISIONAL
        if sender is not None and waits and self._decides(sender.inviter):
            connection.execute(
                "INSERT INTO newcomer VALUES (?1, ?2, ?3, NULL)"
                " ON CONFLICT (household) DO UPDATE SET content = ?2",
                (incoming.sender, incoming.content, self._clock.now_ms()),
            )

    def _keep_refusal(self, connection: Connection, sender: HouseholdId, reason: str) -> None:
        own = self._inbox.members.member(self._community.self_id)
        if own is None or own.status is not Status.PROVISIONAL:
            return
        if sender == own.inviter or sender in self._inbox.members.council.voters:
            connection.execute(
                "INSERT OR REPLACE INTO declining VALUES (?, ?, ?)",
                (sender, reason, self._clock.now_ms()),
            )

    async def forget(self) -> None:
        """Forget what was answered by households that wait no more, and old refusals."""
        members = self._inbox.members
        own = members.member(self._community.self_id)

        def delete(connection: Connection) -> int:
            rows = connection.execute("SELECT household FROM newcomer").fetchall()
            gone = [
                (household,)
                for (household,) in rows
                if (member := members.member(HouseholdId(household))) is None
                or member.status is not Status.PROVISIONAL
            ]
            connection.executemany("DELETE FROM newcomer WHERE household = ?", gone)
            if own is not None and own.confirmed:
                connection.execute("DELETE FROM declining")
            return len(gone)

        if await self._database.write(delete):
            await self.load()
