"""What shows here and what does not, and why: labels, block lists, worry words, own choices.

It follows from records, choices and the charter in force, so it is compared with what the views
were written by last, and the listings that differ are written anew, some at a time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import trio

from node.clock import Clock
from node.community import Community
from node.conduct import Conduct
from node.inbox import Inbox
from node.moderation.choices import Choice, Choices
from node.network.port import HostKey
from node.search.worries import Worries
from node.store.database import Connection
from node.store.listings import StoredListing, concealed_listings, listings_of
from node.store.records import RecordStore
from node.store.settings import read_setting, write_setting
from node.store.unseen import Unseen
from protocol.envelope import Envelope
from protocol.errors import LocalError
from protocol.ids import HouseholdId, ThingKey
from protocol.kinds import Kind
from protocol.moderation.applied import Labelled, Word, blocked_in, found_fine, labels_in, words_on
from protocol.moderation.labels import Blocked, Verdict
from protocol.windows import is_let_in

_SAYING = frozenset({Kind.LABELS, Kind.BLOCK_LIST})
_SETTING = "unseen"
"""Digest of what the views of this file were last brought in line with."""
_READING = 2
"""Goes up when the same worry words hold otherwise, so that all listings are looked at anew."""
MOST_HELD = 500
"""Held listings that are read at once."""
BATCH = 100
"""Listings looked at in one transaction: about 15 ms in which nothing else is written."""
_PAUSE_S = 0.2
"""Between two looks, however often records come."""


class Cause(StrEnum):
    """Why a listing does not show, or shows with a word."""

    MUTED = "muted"
    BLOCKED = "blocked"
    BLOCK_LIST = "block-list"
    LABEL = "label"
    WORRY_WORD = "worry-word"
    NO_WINDOW = "no-window"


@dataclass(frozen=True, slots=True)
class Notice:
    """One reason. by: whose word it is; None where it is the own household's or the charter's.

    hides: whether the listing does not show because of it (a label may only warn). whole: it
    is about the household, not the listing. reason: a label's; or the worry words, by commas.
    """

    cause: Cause
    by: HouseholdId | None
    hides: bool
    reason: str
    whole: bool


class Showing:
    """Keeps the views in line; run :meth:`run` in the node's nursery."""

    def __init__(
        self,
        community: Community,
        inbox: Inbox,
        store: RecordStore,
        choices: Choices,
        clock: Clock,
        conduct: Conduct,
    ) -> None:
        self._community = community
        self._inbox = inbox
        self._store = store
        self._choices = choices
        self._clock = clock
        self._conduct = conduct
        self._labelled: dict[HouseholdId, Labelled] = {}
        self._lists: dict[HouseholdId, Mapping[HouseholdId, Blocked]] = {}
        self._watched: frozenset[HouseholdId] = frozenset()
        self._stale: set[HouseholdId] = set()
        self._written_by: Unseen | None = None
        self._lock = trio.Lock()
        self._moved = trio.Event()
        inbox.on_members.append(lambda members: self._moved.set())
        inbox.on_stored.append(self._follow)
        inbox.on_forgotten.append(self._forget)
        choices.changed = self.attend

    async def load(self) -> None:
        """Say what may show, before anything is written into the views."""
        unseen = self._community.unseen = await self._unseen()
        if await read_setting(self._store.database, _SETTING) == _digest(unseen):
            self._written_by = unseen

    async def run(self) -> None:
        """Bring the views in line whenever something has moved, until cancelled."""
        while True:
            self._moved = trio.Event()
            try:
                await self.attend()
            except LocalError as error:  # a full disk: tried again when something moves
                self._conduct.count(f"not-attended:{error.code}")
            await trio.sleep(_PAUSE_S)
            await self._moved.wait()

    async def attend(self) -> None:
        """Write anew the listings that are to show, or not, otherwise than they do."""
        async with self._lock:
            unseen, before = await self._unseen(), self._written_by
            if unseen == before:
                return
            self._community.unseen = unseen
            affected = None if before is None else _affected(before, unseen)
            for household in [None] if affected is None else sorted(affected):
                after: int | None = 0
                while after is not None:
                    after, differing = await self._store.reconsider(household, after, BATCH)
                    self._conduct.count("shown-otherwise", differing)
            self._written_by = unseen
            await write_setting(self._store.database, _SETTING, _digest(unseen))

    # -- whose words count

    @property
    def followed(self) -> frozenset[HouseholdId]:
        """Whose labels count here (MOD-3), whether they have any or not."""
        voters = set(self._inbox.members.council.voters)
        chosen = set(self._choices.of(Choice.LABELS))
        ignored = set(self._choices.of(Choice.IGNORED))
        return frozenset((voters - ignored) | chosen | {self._community.self_id})

    @property
    def labelled(self) -> Mapping[HouseholdId, Labelled]:
        """What those say who are followed, and all voting stewards."""
        return self._labelled

    def words_on(self, household: HouseholdId, listing: ThingKey | None) -> tuple[Word, ...]:
        """Return what is said that counts here; of one's own, all that stewards say."""
        followed = self.followed
        own = household == self._community.self_id
        return words_on(
            {by: said for by, said in self._labelled.items() if own or by in followed},
            household,
            listing,
        )

    # -- why

    def notices(self, stored: StoredListing) -> Sequence[Notice]:
        """Return what is to be said of a listing, what hides it first.

        Of the own household's: what hides or marks it at neighbours.
        """
        household, key = stored.household, stored.key
        found = [
            *self.notices_about(household),
            *(
                Notice(Cause.LABEL, word.by, word.verdict is Verdict.HIDE, word.reason, False)
                for word in self.words_on(household, key)
                if word.verdict is not Verdict.FINE and not word.whole
            ),
        ]
        unseen = self._community.unseen
        may_be_held = stored.concealed or household == unseen.own  # what shows need not be read
        if may_be_held and (worries := unseen.holds(household, key, stored.listing)):
            found.append(Notice(Cause.WORRY_WORD, None, True, ", ".join(worries), False))
        if not is_let_in(stored.listing, unseen.windows):
            found.append(Notice(Cause.NO_WINDOW, None, True, "", False))
        return sorted(found, key=lambda notice: not notice.hides)

    async def held(self) -> list[tuple[StoredListing, list[str]]]:
        """Return listings that wait for a steward to look at them, with the worry words.

        The own household's too. At most MOST_HELD of others, the newest.
        """
        unseen, own = self._community.unseen, self._store.number_of(self._community.self_id)
        if not unseen.worries.typed:
            return []
        now_ms = self._clock.now_ms()

        def read(connection: Connection) -> list[StoredListing]:
            mine = [] if own is None else listings_of(connection, own)
            mine = [one for one in mine if one.listing.visible_until_ms > now_ms]
            return [*mine, *concealed_listings(connection, now_ms, MOST_HELD)]

        return [
            (one, words)
            for one in await self._store.database.read(read)
            if (words := unseen.holds(one.household, one.key, one.listing))
        ]

    def notices_about(self, household: HouseholdId) -> list[Notice]:
        """Return what is to be said of a household as a whole."""
        found = []
        if household in self._choices.of(Choice.MUTED):
            found.append(Notice(Cause.MUTED, None, True, "", True))
        if household in self._choices.blocked:
            found.append(Notice(Cause.BLOCKED, None, True, "", True))
        for by, listed in sorted(self._lists.items()):
            if household in listed and household != self._community.self_id:
                reason = listed[household].reason
                found.append(Notice(Cause.BLOCK_LIST, by, True, reason, True))
        found += [
            Notice(Cause.LABEL, word.by, word.verdict is Verdict.HIDE, word.reason, True)
            for word in self.words_on(household, None)
            if word.verdict is not Verdict.FINE
        ]
        return found

    # -- what follows

    async def _unseen(self) -> Unseen:
        """Work out what does not show, from what is on disk and what was chosen."""
        members, own = self._inbox.members, self._community.self_id
        voters, followed = members.council.voters, self.followed
        lists = self._choices.of(Choice.BLOCK_LIST)
        self._watched = frozenset((*voters, *followed, *lists))
        # What comes in while another household's records are read is read at the next look.
        stale, self._stale = self._stale, set()
        kept = {h: said for h, said in self._labelled.items() if h not in stale}
        self._labelled = {
            household: kept[household]
            if household in kept
            else labels_in(await self._store.standing_of(household, Kind.LABELS))
            for household in {*voters, *followed}
        }
        listed = {h: said for h, said in self._lists.items() if h not in stale}
        self._lists = {
            household: listed[household]
            if household in listed
            else blocked_in(await self._store.standing_of(household, Kind.BLOCK_LIST))
            for household in lists
        }
        hidden = {
            subject
            for by in followed
            for subject, label in self._labelled[by].items()
            if label.verdict is Verdict.HIDE and by != subject.household
        }
        fine = {
            (subject.household, subject.listing, text)
            for by in voters
            for subject, label in self._labelled[by].items()
            if label.verdict is Verdict.FINE and subject.listing is not None
            for text in found_fine(self._labelled, voters, subject.household, subject.listing)
        }
        return Unseen(
            own,
            frozenset(
                {
                    *self._choices.of(Choice.MUTED),
                    *self._choices.blocked,
                    *(household for listed in self._lists.values() for household in listed),
                    *(subject.household for subject in hidden if subject.listing is None),
                }
            ),
            frozenset((s.household, s.listing) for s in hidden if s.listing is not None),
            frozenset(fine),
            _worries(members.charter.reception.worry_words),
            members.charter.windows,
        )

    def _follow(self, records: Sequence[Envelope], origin: HostKey | None) -> None:
        said = {record.household for record in records if record.kind in _SAYING}
        if not said.isdisjoint(self._watched):
            self._stale |= said & self._watched
            self._moved.set()

    def _forget(self) -> None:
        self._stale |= self._watched
        self._moved.set()


@lru_cache(maxsize=4)
def _worries(words: tuple[str, ...]) -> Worries:
    return Worries(words)


def _affected(before: Unseen, after: Unseen) -> set[HouseholdId] | None:
    """Return whose listings may show otherwise; None for everybody's."""
    if (before.worries, before.own, before.windows) != (after.worries, after.own, after.windows):
        return None
    return {
        *(before.households ^ after.households),
        *(household for household, _ in before.things ^ after.things),
        *(household for household, _, _ in before.fine ^ after.fine),
    }


def _digest(unseen: Unseen) -> bytes:
    """Return 32 bytes that tell two of them apart, the same on every start."""
    parts = (
        _READING,
        unseen.own or b"",
        sorted(unseen.households),
        sorted(unseen.things),
        sorted((household, key, text or b"") for household, key, text in unseen.fine),
        unseen.worries.typed,
        unseen.windows,
    )
    return hashlib.blake2b(repr(parts).encode(), digest_size=32).digest()
