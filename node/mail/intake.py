"""Parcels on their way in: opened, checked, handed over, and never twice (docs/adr/0009).

Runs inside one transaction: effect, de-duplication, acknowledgement and ratchet stand or fall
together, each parcel by itself.
"""

from __future__ import annotations

import logging
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from node.mail.incoming import Incoming, NotYet, TakeIn
from node.mail.sealing import Sealing
from node.network.token_bucket import TokenBucket
from node.store.database import Connection
from protocol.errors import RemoteError
from protocol.ids import CommunityId, DeviceKey, HouseholdId
from protocol.limits import DAY_MS
from protocol.mail.letter import Letter, Topic, read_letter
from protocol.mail.parcel import Inner, Parcel, parcel_id, read_parcel
from protocol.mail.post import Code
from protocol.membership.members import Members

REMEMBERED_MS = 32 * DAY_MS
"""How long what arrived is known again: keys that open a parcel are gone after 23 days."""
_NOTED_AGAIN_MS = 3_600_000
"""Three holders bring the same parcel: it is not acknowledged three times."""
_A_DAY = 5_000.0
"""Parcels taken in from one household: what is remembered of them must not fill the disk."""
_HOUSEHOLDS_REMEMBERED = 512
_log = logging.getLogger(__name__)

Author = tuple[HouseholdId, DeviceKey]


@dataclass(slots=True)
class Taken:
    """What became of some parcels. codes: one each, in order.

    acks (message ids), nacks (parcel ids): what should be noted to their authors, as they
    came through somebody else.
    """

    codes: list[Code] = field(default_factory=list)
    letters: list[Incoming] = field(default_factory=list)
    acks: dict[Author, list[bytes]] = field(default_factory=dict)
    nacks: dict[Author, list[bytes]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Found:
    """What is known of one parcel so far. author: None where nothing is to be remembered."""

    code: Code
    author: Author | None = None
    message_id: bytes | None = None


class Intake:
    """Takes parcels in for one device."""

    def __init__(
        self,
        community: CommunityId,
        household: HouseholdId,
        sealing: Sealing,
        members: Callable[[], Members],
    ) -> None:
        self._community = community
        self._household = household
        self._sealing = sealing
        self._members = members
        self._served: dict[int, TakeIn] = {}
        self._buckets: OrderedDict[HouseholdId, TokenBucket] = OrderedDict()

    def serve(self, topic: Topic, take_in: TakeIn) -> None:
        """Name who takes in the letters of a topic."""
        assert topic not in self._served
        self._served[topic] = take_in

    def take(
        self, connection: Connection, raws: Sequence[bytes], remote: bytes, now_ms: int
    ) -> Taken:
        """Take parcels in; what fails is undone by itself.

        remote: the host that hands them over, their author's or another.
        Raises RemoteError if one is malformed: whoever hands it over could see that.
        """
        parcels = [read_parcel(raw) for raw in raws]
        taken = Taken()
        seeds = self._sealing.seeds(connection)
        for raw, parcel in zip(raws, parcels, strict=True):
            connection.execute("SAVEPOINT parcel")
            try:
                code = self._take_once(
                    connection, parcel_id(raw), parcel, seeds, remote, taken, now_ms
                )
            except NotYet as reason:
                connection.execute("ROLLBACK TO parcel")
                code = Code.FULL if reason.full else Code.LATER
                taken.counts[f"mail-{reason}"] += 1
            except Exception:
                if not connection.in_transaction:
                    raise  # a full disk has undone all of it
                # A bug where one letter is taken in must not keep all others out.
                _log.exception("a letter could not be taken in")
                connection.execute("ROLLBACK TO parcel")
                code = Code.LATER
                taken.counts["mail-failed"] += 1
            connection.execute("RELEASE parcel")
            taken.codes.append(code)
        return taken

    def forget(self, connection: Connection, now_ms: int) -> None:
        """Forget what can no longer come a second time; what is dated ahead counts from now."""
        for table in ("parcel_in", "letter_in"):
            connection.execute(f"UPDATE {table} SET at_ms = ?1 WHERE at_ms > ?1", (now_ms,))
            connection.execute(f"DELETE FROM {table} WHERE at_ms < ?", (now_ms - REMEMBERED_MS,))

    def _take_once(
        self,
        connection: Connection,
        id: bytes,
        parcel: Parcel,
        seeds: Sequence[bytes],
        remote: bytes,
        taken: Taken,
        now_ms: int,
    ) -> Code:
        known = connection.execute(
            "SELECT code, household, device, message_id, noted_at_ms FROM parcel_in WHERE id = ?",
            (id,),
        ).fetchone()
        if known is None:
            found = self._take(connection, parcel, seeds, taken, now_ms)
            if found.author is None:
                return found.code
            noted = self._note(id, found, found.author, remote, taken)
            connection.execute(
                "INSERT INTO parcel_in VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    id,
                    int(Code.KNOWN if found.code is Code.TAKEN else found.code),
                    *found.author,
                    found.message_id,
                    now_ms,
                    now_ms if noted else 0,
                ),
            )
            return found.code
        code, household, device, message_id, noted_at_ms = known
        author = (HouseholdId(household), DeviceKey(device))
        found = _Found(Code(code), author, message_id)
        is_due = not noted_at_ms <= now_ms < noted_at_ms + _NOTED_AGAIN_MS
        if is_due and self._note(id, found, author, remote, taken):
            connection.execute("UPDATE parcel_in SET noted_at_ms = ? WHERE id = ?", (now_ms, id))
        return found.code

    def _note(self, id: bytes, found: _Found, author: Author, remote: bytes, taken: Taken) -> bool:
        """Have the author told what became of its parcel, unless it is told on this stream."""
        household, device = author
        member = self._members().member(household)
        if member is None or member.devices.get(device) == remote:
            return False
        if found.code is Code.UNDECIPHERABLE:
            taken.nacks.setdefault(author, []).append(id)
        elif found.message_id is not None:
            taken.acks.setdefault(author, []).append(found.message_id)
        return True

    def _take(
        self,
        connection: Connection,
        parcel: Parcel,
        seeds: Sequence[bytes],
        taken: Taken,
        now_ms: int,
    ) -> _Found:
        try:
            inner = self._sealing.open(parcel, seeds)
        except RemoteError as error:
            taken.counts[f"mail-refused:{error.code}"] += 1
            return _Found(Code.REFUSED)
        if inner is None:
            taken.counts["mail-undecipherable"] += 1
            return _Found(Code.UNDECIPHERABLE)
        author = (inner.household, inner.device)
        members = self._members()
        member = members.member(inner.household)
        if member is None or not member.stands:
            raise NotYet
        if inner.device not in member.devices:
            if not members.was_device(inner.household, inner.device):
                raise NotYet
            # Given up: nobody can tell what it sealed before from what a thief seals now.
            taken.counts["mail-former-device"] += 1
            return _Found(Code.REFUSED)
        if inner.household != self._household and _is_blocked(connection, inner.household):
            taken.counts["mail-blocked"] += 1
            return _Found(Code.REFUSED)
        if not self._may(inner.household, now_ms):
            raise NotYet(full=True)
        plaintext = self._sealing.decipher(connection, inner, now_ms)
        if plaintext is None:
            taken.counts["mail-undecipherable"] += 1
            return _Found(Code.UNDECIPHERABLE, author)
        try:
            letter = self._read(plaintext, inner)
        except RemoteError as error:
            taken.counts[f"mail-refused:{error.code}"] += 1
            return _Found(Code.REFUSED, author)
        return self._hand_over(connection, letter, inner, taken, now_ms)

    def _may(self, household: HouseholdId, now_ms: int) -> bool:
        """Whether a household has not filled our file too fast; its other devices count, too."""
        bucket = self._buckets.pop(household, None) or TokenBucket(_A_DAY / DAY_MS * 1_000, _A_DAY)
        self._buckets[household] = bucket
        while len(self._buckets) > _HOUSEHOLDS_REMEMBERED:
            self._buckets.popitem(last=False)
        return household == self._household or bucket.take(now_ms / 1_000)

    def _read(self, plaintext: bytes, inner: Inner) -> Letter:
        """Read a letter and check that it was written for this household, by its author."""
        letter = read_letter(plaintext)
        if letter.community != self._community:
            raise RemoteError("letter-other-community")
        if letter.sender != inner.household:
            raise RemoteError("letter-other-sender")
        if self._household not in (letter.recipient, letter.sender):
            raise RemoteError("letter-other-recipient")
        if letter.topic not in self._served:
            raise RemoteError("letter-topic")
        if letter.topic == Topic.OWN and letter.sender != letter.recipient:
            raise RemoteError("letter-not-own")
        return letter

    def _hand_over(
        self, connection: Connection, letter: Letter, inner: Inner, taken: Taken, now_ms: int
    ) -> _Found:
        # A note is not acknowledged: that would never end.
        acknowledged = None if letter.topic == Topic.DELIVERY else letter.message_id
        found = _Found(Code.TAKEN, (inner.household, inner.device), acknowledged)
        is_new = connection.execute(
            "INSERT OR IGNORE INTO letter_in VALUES (?, ?, ?)",
            (letter.sender, letter.message_id, now_ms),
        ).rowcount
        if not is_new:
            # Sealed a second time: the first parcel came after all, or its ack was lost.
            found.code = Code.KNOWN
            return found
        incoming = Incoming(
            letter.message_id,
            letter.sender,
            inner.device,
            letter.recipient,
            letter.sent_at_ms,
            Topic(letter.topic),
            letter.content,
            is_copy=self._household == letter.sender != letter.recipient,
        )
        connection.execute("SAVEPOINT effect")
        try:
            self._served[letter.topic](connection, incoming)
        except RemoteError as error:
            connection.execute("ROLLBACK TO effect")
            connection.execute("RELEASE effect")
            taken.counts[f"mail-refused:{error.code}"] += 1
            found.code = Code.REFUSED
            return found
        connection.execute("RELEASE effect")
        taken.letters.append(incoming)
        return found


def _is_blocked(connection: Connection, household: HouseholdId) -> bool:
    row = connection.execute(
        "SELECT 1 FROM blocked JOIN household ON n = blocked.household WHERE id = ?", (household,)
    ).fetchone()
    return row is not None
