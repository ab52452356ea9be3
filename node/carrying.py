"""One community's side of its windows: what may be carried out of it, and what is carried in.

Which listings go from where to where decides whoever runs the nodes of both (spec 13): no node
knows of another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from node.author import Author
from node.clock import Clock
from node.inbox import Inbox
from node.market import is_over
from node.store.listings import StoredListing
from node.store.records import RecordStore
from node.store.windows import carried_listings, shared_listings
from protocol.envelope import Envelope
from protocol.errors import LocalError
from protocol.ids import CommunityId, DeviceKey, HouseholdId
from protocol.kinds import Kind
from protocol.listing import Listing
from protocol.membership.evaluation import Status
from protocol.windows import MAX_CARRIED

Carrier = tuple[HouseholdId, DeviceKey]
"""A household that carries, and by which of its devices: each acts for itself."""


def carrier_of(carried: StoredListing) -> Carrier:
    """Return who carries a listing."""
    return carried.household, carried.device


class Carrying:
    """Reads what is shared and carried, and publishes what this household carries."""

    def __init__(
        self,
        author: Author,
        inbox: Inbox,
        store: RecordStore,
        clock: Clock,
        require_consent: Callable[[], None],
    ) -> None:
        """require_consent: raises LocalError where the household may publish nothing (GOV-10)."""
        self._author = author
        self._inbox = inbox
        self._store = store
        self._clock = clock
        self._require_consent = require_consent

    async def shared(self, into: CommunityId) -> list[StoredListing]:
        """Return what shows here, is open, and may be shown in a community; newest first."""
        now_ms = self._clock.now_ms()
        found = await self._store.database.read(lambda c: shared_listings(c, now_ms))
        return [one for one in found if into in one.listing.shown_to]

    async def carried(self) -> list[StoredListing]:
        """Return what any household carries into this community, the own one too."""
        now_ms = self._clock.now_ms()
        return await self._store.database.read(lambda c: carried_listings(c, now_ms))

    @property
    def own(self) -> Carrier:
        """Who carries here: this device of this household."""
        return self._author.household, self._author.device

    def is_own(self, carried: StoredListing) -> bool:
        """Tell whether this device carries a listing."""
        return carrier_of(carried) == self.own

    @property
    def most(self) -> int:
        """How many listings this household may carry in here; 0 if it may not (WIN-9)."""
        members = self._inbox.members
        own = members.member(self._author.household)
        if own is None or own.status not in (Status.FOUNDER, Status.CONFIRMED):
            return 0
        return min(MAX_CARRIED, members.charter.listing_slots // 2)

    async def carry(self, listings: Sequence[Listing]) -> list[LocalError | None]:
        """Publish carried listings; one result each, None where it is done.

        LocalError ``no-free-slot``. Raises LocalError ``consent-needed``.
        """
        self._require_consent()
        # The highest slots: a household's own listings fill the low ones, which alone show
        # while it is new (GOV-16).
        slots = range(self._inbox.members.charter.listing_slots - 1, -1, -1)
        now_ms = self._clock.now_ms()
        done = await self._author.publish(
            Kind.LISTING,
            [one.pack() for one in listings],
            slots,
            lambda held: is_over(held, now_ms),
        )
        return [one if isinstance(one, LocalError) else None for one in done]

    async def change(self, carried: StoredListing, listing: Listing) -> Envelope:
        """Write a carried listing anew. LocalError ``listing-not-found``, ``consent-needed``."""
        self._require_consent()
        return await self._author.replace(
            Kind.LISTING, carried.slot, listing.pack(), key=carried.key
        )

    async def drop(self, carried: StoredListing) -> None:
        """Withdraw a carried listing. LocalError ``listing-not-found``."""
        await self._author.replace(Kind.LISTING, carried.slot, b"", withdrawn=True, key=carried.key)
