"""What this household says in public of listings and households, and appeals to (MOD-1, MOD-9)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress

from node.community import Community
from node.inbox import Inbox
from node.moderation.statements import Form, Statements
from node.store.records import RecordStore
from protocol import limits
from protocol.errors import LocalError, RemoteError
from protocol.ids import HouseholdId, ThingKey, short, text_of
from protocol.kinds import Kind
from protocol.listing import read_listing
from protocol.moderation.labels import (
    MAX_APPEAL,
    MAX_APPEALS,
    MAX_LABELS,
    Appeal,
    Appeals,
    Label,
    Labels,
    Subject,
    Verdict,
    read_appeals,
    read_labels,
    text_digest,
)
from protocol.text import clean

LABELS: Form[Subject, Label] = Form(
    Kind.LABELS,
    MAX_LABELS,
    lambda body: read_labels(body).labels,
    lambda labels: Labels(tuple(labels)).pack(),
    lambda label: label.subject,
)
APPEALS: Form[Subject, Appeal] = Form(
    Kind.APPEALS,
    MAX_APPEALS,
    lambda body: read_appeals(body).appeals,
    lambda appeals: Appeals(tuple(appeals)).pack(),
    lambda appeal: appeal.subject,
)


class Labelling:
    """Signs labels and appeals, and renews them while their subjects stand."""

    def __init__(
        self,
        labels: Statements[Subject, Label],
        appeals: Statements[Subject, Appeal],
        community: Community,
        inbox: Inbox,
        store: RecordStore,
        changed: Callable[[], Awaitable[None]],
    ) -> None:
        """changed: brings what shows here in line with what was just said."""
        self._labels = labels
        self._appeals = appeals
        self._community = community
        self._inbox = inbox
        self._store = store
        self._changed = changed

    async def labels(self) -> Mapping[Subject, Label]:
        """Return the own labels."""
        return await self._labels.all()

    async def appeals(self) -> Mapping[Subject, Appeal]:
        """Return the own appeals."""
        return await self._appeals.all()

    async def label(
        self, subject: Subject, verdict: Verdict, reason: str, seen: bytes | None = None
    ) -> None:
        """Say publicly what one thinks of a subject, instead of what one said before.

        A listing is found fine as it stands at this node now: with another text it waits again.
        seen: digest of the text that was read (labels.text_digest); None where nobody says.
        LocalError ``label-yourself``, ``household-not-found``, ``listing-not-found``,
        ``listing-changed``, ``reason-needed``, and those of Statements.put.
        """
        own, members = self._community.self_id, self._inbox.members
        if subject.household == own and not (
            verdict is Verdict.FINE
            and subject.listing is not None
            and members.council.voters == (own,)
        ):
            raise LocalError("label-yourself")
        if members.member(subject.household) is None:
            raise LocalError("household-not-found", id=short(subject.household))
        text = None
        if verdict is Verdict.FINE and subject.listing is not None:
            text = await self._text_of(subject.household, subject.listing)
            if seen not in (None, text):
                raise LocalError("listing-changed", id=text_of(subject.listing)[:8])
        try:
            label = Label(subject, verdict, clean(reason), text)
        except RemoteError:
            raise LocalError("reason-needed", longest=limits.MAX_REASON) from None
        await self._labels.put(label)
        await self._changed()

    async def _text_of(self, household: HouseholdId, key: ThingKey) -> bytes:
        for record in await self._store.standing_of(household, Kind.LISTING):
            if record.key == key and not record.withdrawn:
                with suppress(RemoteError):  # a later version's: nobody here has read it
                    listing = read_listing(record.body)
                    return text_digest(listing)
        raise LocalError("listing-not-found", id=text_of(key))

    async def unlabel(self, subject: Subject) -> None:
        """Take the own label back. LocalError ``not-labelled``, and those of Statements.put."""
        if not await self._labels.remove(subject):
            raise LocalError("not-labelled")
        await self._changed()

    async def appeal(self, subject: Subject, text: str) -> None:
        """Say publicly why a label or a removal should be taken back.

        For oneself, or for somebody who cannot. LocalError ``appeal-refused``, and those of
        Statements.put.
        """
        try:
            appeal = Appeal(subject, clean(text, lines=True))
        except RemoteError:
            raise LocalError("appeal-refused", most=MAX_APPEAL) from None
        await self._appeals.put(appeal)

    async def unappeal(self, subject: Subject) -> None:
        """Take the own appeal back. LocalError ``no-such-appeal``, and those of Statements.put."""
        if not await self._appeals.remove(subject):
            raise LocalError("no-such-appeal")

    async def renew(self) -> int:
        """Renew what would expire, of what stands; return how many records were written."""
        subjects = {*await self._labels.all(), *await self._appeals.all()}
        standing = await self._standing(subjects)
        renewed = await self._labels.renew(lambda label: label.subject in standing)
        return renewed + await self._appeals.renew(lambda appeal: appeal.subject in standing)

    async def _standing(self, subjects: Collection[Subject]) -> set[Subject]:
        """Return those that are still there: the household belongs, or is removed for now."""
        members = self._inbox.members
        keys: dict[bytes, set[bytes]] = {}
        for household in {subject.household for subject in subjects if subject.listing}:
            listings = await self._store.standing_of(household, Kind.LISTING)
            keys[household] = {record.key for record in listings if not record.withdrawn}
        return {
            subject
            for subject in subjects
            if (
                subject.listing in keys[subject.household]
                if subject.listing is not None
                else subject.household in members.removed
                or ((member := members.member(subject.household)) is not None and member.stands)
            )
        }
