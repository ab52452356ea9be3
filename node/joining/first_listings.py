"""How many listings of each newcomer show at this node (GOV-16).

A limit moves with vouches and with trades, so it is compared with the one by which the views
were written last, and the views of those that differ are written anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set

import trio

from node.community import Community
from node.conduct import Conduct
from node.inbox import Inbox
from node.ledger.ledger import Ledger
from node.network.port import HostKey
from node.store.records import RecordStore
from node.store.settings import read_setting, write_setting
from protocol import limits, wire
from protocol.envelope import Envelope
from protocol.errors import LocalError, RemoteError
from protocol.ids import HouseholdId
from protocol.kinds import Kind
from protocol.ledger.receipt import Outcome
from protocol.ledger.trust import completed_with, inviters_of
from protocol.membership.evaluation import Member, Status
from protocol.membership.members import Members
from protocol.wire import Fields

_SHOWN_SETTING = "shown-slots"
"""By household's number: the limit by which its listings were written into the views."""
_ALL = 0
"""In place of a household's number: what the charter allows everybody."""
_MAX_BYTES = 1 << 24
_MOST = (1 << 48) - 1
_PAUSE_S = 1.0
"""Between two looks at least, however often records come."""


class FirstListings:
    """Keeps the limits; run :meth:`run` in the node's nursery."""

    def __init__(
        self,
        community: Community,
        inbox: Inbox,
        store: RecordStore,
        ledger: Ledger,
        conduct: Conduct,
    ) -> None:
        self._community = community
        self._inbox = inbox
        self._store = store
        self._ledger = ledger
        self._conduct = conduct
        self._moved = trio.Event()
        self._shown: Mapping[int, int] = {}
        inbox.on_members.append(self._follow_members)
        inbox.on_stored.append(self._follow)

    async def load(self) -> None:
        """Recall the limits of the last time, before anything is written into the views."""
        packed = await read_setting(self._store.database, _SHOWN_SETTING)
        self._shown = {} if packed is None else _unpack(packed)
        self._community.newcomers = self._shown
        self._free_own()

    async def limit(self, household: HouseholdId) -> int:
        """Return how many listings of a household its neighbours are shown."""
        member = self._inbox.members.member(household)
        charter = self._inbox.members.charter
        if member is None or not charter.reception.first_listings:
            return charter.listing_slots
        partners = completed_with(household, (await self._ledger.books.accounts()).counted)
        return self._limit(member, partners - {household})

    async def window(self) -> int | None:
        """Return how many of the own lowest slots are to be filled first; None for any.

        What stands in a low slot shows first.
        """
        charter = self._inbox.members.charter
        if await self.limit(self._community.self_id) >= charter.listing_slots:
            return None
        return charter.reception.first_listings or None

    async def run(self) -> None:
        """Bring the views in line whenever something has moved, until cancelled."""
        while True:
            self._moved = trio.Event()
            began = trio.current_time()
            try:
                await self.attend()
            except LocalError as error:  # a full disk: tried again when something moves
                self._conduct.count(f"not-attended:{error.code}")
            # All receipts are looked at: where they are many, no more than a tenth of the time.
            await trio.sleep(max(_PAUSE_S, 9 * (trio.current_time() - began)))
            await self._moved.wait()

    async def attend(self) -> None:
        """Write anew what shows of the households whose limit has moved."""
        limits_now = await self._limits()
        before, members = self._shown, self._inbox.members
        if limits_now == before:
            return
        self._community.newcomers = limits_now
        is_new_charter = before.get(_ALL, limits_now[_ALL]) != limits_now[_ALL]
        for household in members.households:
            number = self._store.number_of(household)
            if number is not None and (
                is_new_charter or limits_now.get(number) != before.get(number)
            ):
                await self._store.show_again(household)
        self._shown = limits_now
        packed = wire.pack(tuple((number, limit) for number, limit in sorted(limits_now.items())))
        await write_setting(self._store.database, _SHOWN_SETTING, packed)

    async def _limits(self) -> Mapping[int, int]:
        """Return the limits by number; the own household sees all of its own."""
        members = self._inbox.members
        charter = members.charter
        if not charter.reception.first_listings:
            return {_ALL: charter.listing_slots}
        counted = (await self._ledger.books.accounts()).counted
        partners: defaultdict[HouseholdId, set[HouseholdId]] = defaultdict(set)
        for receipt in counted:
            if receipt.outcome is Outcome.COMPLETED:
                for party in receipt.parties:
                    partners[party].add(receipt.other(party))
        found: dict[int, int] = {_ALL: charter.listing_slots}
        for household, member in members.households.items():
            number = self._store.number_of(household)
            if number is None:
                continue
            own = household == self._community.self_id
            found[number] = (
                charter.listing_slots if own else self._limit(member, partners[household])
            )
        return found

    def _limit(self, member: Member, partners: Set[HouseholdId]) -> int:
        members = self._inbox.members
        charter = members.charter
        if member.household in members.council.stewards:
            return charter.listing_slots
        # Whom one brought oneself may be more of the same people.
        vouched, traded = (
            sum(member.household not in inviters_of(other, members) for other in others)
            for others in (members.vouched(member.household), partners)
        )
        grown = charter.reception.first_listings * (1 + vouched + traded)
        is_provisional = member.status is Status.PROVISIONAL
        most = limits.PROVISIONAL_SLOTS if is_provisional else charter.listing_slots
        return min(charter.listing_slots, most, grown)

    def _follow_members(self, members: Members) -> None:
        self._free_own()
        self._moved.set()

    def _free_own(self) -> None:
        """Let the own household see all of its own from the first listing on."""
        number = self._store.number_of(self._community.self_id)
        if number is not None and number not in self._community.newcomers:
            slots = self._inbox.members.charter.listing_slots
            self._community.newcomers = {**self._community.newcomers, number: slots}

    def _follow(self, records: Sequence[Envelope], origin: HostKey | None) -> None:
        if any(record.kind == Kind.LEDGER for record in records):
            self._moved.set()


def _unpack(packed: bytes) -> Mapping[int, int]:
    found: dict[int, int] = {}
    try:
        pairs = wire.unpack(packed, _MAX_BYTES)
        for pair in pairs if type(pairs) is tuple else ():
            fields = Fields(pair, 2, "shown")
            number = fields.integer("number", 0, _MOST)
            found[number] = fields.integer("limit", 0, _MOST)
    except RemoteError:
        return {}  # written anew at once
    return found
