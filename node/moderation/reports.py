"""Reports: what neighbours tell the stewards in confidence (MOD-7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from node.clock import Clock
from node.community import Community
from node.conduct import Conduct
from node.inbox import Inbox
from node.mail.post import Incoming, NotYet, Post, Topic
from node.store.database import Connection, Database
from protocol import limits
from protocol.errors import LocalError, RemoteError
from protocol.ids import HouseholdId, ThingKey, short
from protocol.moderation.labels import Subject
from protocol.moderation.report import MAX_TEXT, Ground, Report, read_report
from protocol.text import clean

MAX_A_DAY = 20
"""Reports of one household that are taken in a day; more wait at their sender's."""
MAX_OPEN = 2_000
_KEPT_MS = limits.CONTENT_LIFETIME_MS


@dataclass(frozen=True, slots=True)
class ReportView:
    """One report. number: names it here. done_at_ms: when a person was done with it, or None."""

    number: int
    sender: HouseholdId
    report: Report
    at_ms: int
    done_at_ms: int | None


class Reports:
    """Writes reports, and keeps those that come to this household while it is a steward."""

    def __init__(
        self,
        database: Database,
        community: Community,
        inbox: Inbox,
        post: Post,
        clock: Clock,
        conduct: Conduct,
    ) -> None:
        self._database = database
        self._community = community
        self._inbox = inbox
        self._post = post
        self._clock = clock
        self._conduct = conduct
        post.serve(Topic.REPORT, self._take_in)

    def readers(self, subject: Subject) -> Sequence[HouseholdId]:
        """Return who would read a report: each voting steward but the one it is about."""
        voters = self._inbox.members.council.voters
        return [steward for steward in voters if steward != subject.household]

    async def report(self, subject: Subject, ground: Ground, text: str) -> Sequence[HouseholdId]:
        """Tell the stewards; return to whom it goes.

        LocalError ``not-yourself``, ``household-not-found``, ``report-refused``,
        ``nobody-to-tell``.
        """
        own = self._community.self_id
        if subject.household == own:
            raise LocalError("not-yourself")
        if self._inbox.members.member(subject.household) is None:
            raise LocalError("household-not-found", id=short(subject.household))
        readers = self.readers(subject)
        if not readers:
            raise LocalError("nobody-to-tell")
        try:
            report = Report(subject, ground, clean(text, lines=True))
        except RemoteError:
            raise LocalError("report-refused", most=MAX_TEXT) from None
        content, now_ms = report.pack(), self._clock.now_ms()

        def write(connection: Connection) -> None:
            for steward in readers:
                if steward == own:
                    _keep(connection, own, report, now_ms)
                else:
                    self._post.write(connection, steward, Topic.REPORT, content)

        await self._database.write(write)
        self._post.wake()
        return readers

    async def all(self) -> Sequence[ReportView]:
        """Return what was reported to this household: what is open first, then the latest."""
        rows = await self._database.read(
            lambda connection: connection.execute(
                "SELECT n, sender, household, listing, ground, text, at_ms, done_at_ms FROM report"
                " ORDER BY done_at_ms IS NOT NULL, at_ms DESC, n DESC LIMIT ?",
                (MAX_OPEN,),
            ).fetchall()
        )
        return [
            ReportView(
                number,
                HouseholdId(sender),
                Report(
                    Subject(HouseholdId(household), None if key is None else ThingKey(key)),
                    Ground(ground),
                    text,
                ),
                at_ms,
                done_at_ms,
            )
            for number, sender, household, key, ground, text, at_ms, done_at_ms in rows
        ]

    async def waiting(self) -> int:
        """Return how many reports nobody here is done with."""
        (count,) = await self._database.read(
            lambda connection: connection.execute(
                "SELECT count(*) FROM report WHERE done_at_ms IS NULL"
            ).fetchone()
        )
        return int(count)

    async def done(self, number: int) -> None:
        """Note that a person here is done with a report. LocalError ``report-not-found``."""
        now_ms = self._clock.now_ms()
        changed = await self._database.write(
            lambda connection: (
                connection.execute(
                    "UPDATE report SET done_at_ms = ifnull(done_at_ms, ?) WHERE n = ?",
                    (now_ms, number),
                ).rowcount
            )
        )
        if not changed:
            raise LocalError("report-not-found", number=number)

    async def forget(self) -> None:
        """Forget reports as old as content may become."""
        before_ms = self._clock.now_ms() - _KEPT_MS
        await self._database.write(
            lambda connection: connection.execute(
                "DELETE FROM report WHERE at_ms < ?", (before_ms,)
            )
        )

    def _take_in(self, connection: Connection, incoming: Incoming) -> None:
        """Within the transaction that acknowledges. What is not for a steward changes nothing."""
        report = read_report(incoming.content)
        own = self._community.self_id
        if incoming.is_copy or own not in self._inbox.members.council.voters:
            return
        if report.subject.household in (own, incoming.sender):
            return
        now_ms = self._clock.now_ms()
        (today,) = connection.execute(
            "SELECT count(*) FROM report WHERE sender = ? AND at_ms > ?",
            (incoming.sender, now_ms - limits.DAY_MS),
        ).fetchone()
        (waiting,) = connection.execute(
            "SELECT count(*) FROM report WHERE done_at_ms IS NULL"
        ).fetchone()
        if today >= MAX_A_DAY or waiting >= MAX_OPEN:
            self._conduct.count("reports-put-off")
            raise NotYet(full=True)
        _keep(connection, incoming.sender, report, now_ms)


def _keep(connection: Connection, sender: HouseholdId, report: Report, now_ms: int) -> None:
    """Keep a report, instead of an open one by the same household of the same subject."""
    subject = report.subject
    connection.execute(
        "DELETE FROM report WHERE sender = ? AND household = ? AND listing IS ?"
        " AND done_at_ms IS NULL",
        (sender, subject.household, subject.listing),
    )
    connection.execute(
        "INSERT INTO report (sender, household, listing, ground, text, at_ms)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (sender, subject.household, subject.listing, int(report.ground), report.text, now_ms),
    )
