"""What a household that waits for a confirmation writes to those who decide (GOV-14)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from node.inbox import Inbox
from node.mail.post import Post, Topic
from node.store.database import Connection, Database
from node.store.settings import ANSWERS_SETTING, read_setting
from protocol.ids import HouseholdId
from protocol.joining import Answers, read_joining
from protocol.mail.letter import MESSAGE_ID_BYTES
from protocol.membership.evaluation import Status

_STEWARDS = 5
"""The most senior; a holder keeps 16 parcels of a household that nobody has confirmed."""


class Introduction:
    """Sends the answers, once to each. Idempotent: a letter's id follows from whom it is to."""

    def __init__(self, database: Database, inbox: Inbox, post: Post, own: HouseholdId) -> None:
        self._database = database
        self._inbox = inbox
        self._post = post
        self._own = own

    async def attend(self) -> None:
        """Write to whom the membership shows now."""
        recipients = self._recipients()
        if not recipients:
            return
        content = await read_setting(self._database, ANSWERS_SETTING)
        if content is None:
            return
        answers = read_joining(content)
        assert isinstance(answers, Answers)
        if not answers.answers and not self._inbox.members.charter.reception.approval:
            return  # nothing was asked, and nobody has to decide

        def write(connection: Connection) -> None:
            for recipient in recipients:
                id = self._message_id(recipient, content)
                self._post.write(connection, recipient, Topic.JOINING, content, id)

        await self._database.write(write)
        self._post.wake()

    def _recipients(self) -> Sequence[HouseholdId]:
        members = self._inbox.members
        own = members.member(self._own)
        if own is None or own.status is not Status.PROVISIONAL:
            return []
        return list(dict.fromkeys([own.inviter, *members.council.voters[:_STEWARDS]]))

    def _message_id(self, recipient: HouseholdId, content: bytes) -> bytes:
        return hashlib.blake2b(
            self._own + recipient + content, digest_size=MESSAGE_ID_BYTES, person=b"p2pm-joining"
        ).digest()
