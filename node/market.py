"""The market: publish, change, find. What a household does with its listings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from node.author import Author
from node.clock import Clock
from node.inbox import Inbox
from node.search.query import Hit, Hits, SearchQuery
from node.store.listing_search import search
from node.store.listings import (
    SearchAnswer,
    StoredListing,
    count_listings,
    find_listings,
    listings_by_key,
    listings_of,
    read_hits,
)
from node.store.records import RecordStore
from protocol import limits
from protocol.envelope import Envelope
from protocol.errors import LocalError, RemoteError
from protocol.ids import THING_KEY_BYTES, HouseholdId, ThingKey, from_text
from protocol.kinds import Kind
from protocol.listing import Listing, read_listing
from protocol.mark import Mark, State
from protocol.membership.evaluation import Status
from protocol.profile import read_profile

__all__ = ["Market", "SearchAnswer", "StoredListing"]

_TEXT_DIGITS = 26
"""Base32 digits of a listing's id."""
_SHORTEST_PREFIX = 4


class Market:
    """Listings of the own household, and the view of everybody's."""

    def __init__(
        self,
        author: Author,
        inbox: Inbox,
        store: RecordStore,
        clock: Clock,
        require_consent: Callable[[], None],
        window: Callable[[], Awaitable[int | None]],
    ) -> None:
        """require_consent: raises LocalError where the household may publish nothing (GOV-10).

        window: how many of the lowest slots are to be filled first (GOV-16); None for any.
        """
        self._author = author
        self._inbox = inbox
        self._store = store
        self._clock = clock
        self._require_consent = require_consent
        self._window = window

    async def publish(self, listings: Sequence[Listing]) -> list[StoredListing | LocalError]:
        """Publish new listings, one result each, in order.

        LocalError ``no-free-slot`` (the charter's number is reached), ``no-free-slot-yet``
        (until somebody confirms this household), ``too-long``, ``shown-too-long``,
        ``too-many-photos``, ``window-not-found`` (shown_to names a community that the charter
        does not). Raises LocalError ``consent-needed``.
        """
        self._require_consent()
        members = self._inbox.members
        slots = members.charter.listing_slots
        own = members.member(self._author.household)
        if own is not None and own.status is Status.PROVISIONAL:
            slots = min(slots, limits.PROVISIONAL_SLOTS)
        now_ms = self._clock.now_ms()
        checked = [self._unshowable(listing, now_ms) for listing in listings]
        bodies = [
            listing.pack()
            for listing, problem in zip(listings, checked, strict=True)
            if problem is None
        ]
        records = iter(
            await self._author.publish(
                Kind.LISTING,
                bodies,
                range(slots),
                lambda held: is_over(held, now_ms),
                await self._window(),
            )
            if bodies
            else []
        )
        name = await self._own_name()
        results: list[StoredListing | LocalError] = []
        for listing, problem in zip(listings, checked, strict=True):
            if problem is not None:
                results.append(problem)
                continue
            record = next(records)
            results.append(
                record
                if isinstance(record, LocalError)
                else self._stored(record, listing, State.OPEN, name)
            )
        return results

    async def edit(self, key: ThingKey, listing: Listing) -> StoredListing:
        """Replace an own listing.

        LocalError ``listing-not-found``, ``listing-carried`` (it is another community's),
        ``other-device-decides`` or as publish.
        """
        self._require_consent()
        own = await self._own_to_change(key)
        problem = self._unshowable(listing, self._clock.now_ms())
        if problem is not None:
            raise problem
        record = await self._author.replace(Kind.LISTING, own.slot, listing.pack(), key=own.key)
        if own.state is not State.OPEN:
            # The mark must outlive the new revision: expired, it would leave the listing open.
            await self._mark(own, own.state)
        return self._stored(record, listing, own.state, own.household_name)

    async def withdraw(self, key: ThingKey) -> StoredListing:
        """Take an own listing back, for good. LocalError as mark."""
        own = await self._own_to_change(key)
        await self._author.replace(Kind.LISTING, own.slot, b"", withdrawn=True, key=own.key)
        return own

    async def renew(self, key: ThingKey, days: int) -> StoredListing:
        """Show an own listing for ``days`` from now. LocalError as edit."""
        own = await self._own_to_change(key)
        until = self._clock.now_ms() + days * limits.DAY_MS
        return await self.edit(key, replace(own.listing, visible_until_ms=until))

    async def mark(self, key: ThingKey, state: State) -> StoredListing:
        """Mark an own listing as reserved, taken or open again, visible at once.

        LocalError ``listing-not-found``, ``listing-carried``, ``other-device-decides`` or
        ``consent-needed``.
        """
        self._require_consent()
        return await self.follow_trade(key, state)

    async def follow_trade(self, key: ThingKey, state: State) -> StoredListing:
        """Mark as :meth:`mark`, because of a trade that goes on whatever the charter says."""
        own = await self._own_to_change(key)
        await self._mark(own, state)
        return replace(own, state=state)

    async def search(self, query: SearchQuery) -> SearchAnswer:
        """Search what shows at the moment at this node."""
        now_ms = self._clock.now_ms()
        return await self._store.database.read(lambda c: find_listings(c, query, now_ms))

    async def hits(self, query: SearchQuery) -> Hits:
        """Search, and return only where the results are and how they rank: see :meth:`read`."""
        now_ms = self._clock.now_ms()
        return await self._store.database.read(lambda c: search(c, query, now_ms))

    async def read(self, hits: Sequence[Hit]) -> dict[int, StoredListing]:
        """Return hits whole by their seq; those that are gone meanwhile are left out."""
        return await self._store.database.read(lambda c: read_hits(c, hits))

    def number_of(self, household: HouseholdId) -> int | None:
        """Return the number by which a query names a household, if it has any record."""
        return self._store.number_of(household)

    async def find(self, prefix: str) -> StoredListing:
        """Return the listing whose id begins so.

        LocalError ``listing-not-found`` or ``listing-ambiguous``.
        """
        typed = prefix.strip().lower()
        if not _SHORTEST_PREFIX <= len(typed) <= _TEXT_DIGITS:
            raise LocalError("listing-not-found", id=typed)
        try:
            low = from_text(typed.ljust(_TEXT_DIGITS, "a"))
            high = from_text(typed.ljust(_TEXT_DIGITS, "7"))
        except ValueError:
            raise LocalError("listing-not-found", id=typed) from None
        found = await self._store.database.read(
            lambda c: listings_by_key(c, low[:THING_KEY_BYTES], high[:THING_KEY_BYTES])
        )
        if not found:
            raise LocalError("listing-not-found", id=typed)
        if len(found) > 1:
            raise LocalError("listing-ambiguous", id=typed)
        return found[0]

    async def mine(self) -> list[StoredListing]:
        """Return the own listings, newest first, those that show no longer included."""
        number = self._store.number_of(self._author.household)
        if number is None:
            return []
        return await self._store.database.read(lambda c: listings_of(c, number))

    async def count(self) -> int:
        """Return how many listings show at this node at the moment."""
        now_ms = self._clock.now_ms()
        return await self._store.database.read(lambda c: count_listings(c, now_ms))

    async def _mark(self, own: StoredListing, state: State) -> None:
        await self._author.start_anew(Kind.MARK, own.slot, Mark(own.key, state).pack())

    async def _own_to_change(self, key: ThingKey) -> StoredListing:
        """Return an own listing that this device may change.

        One device decides, or two would promise the same thing: the one that signed what
        stands, while the household certifies it.
        """
        own = await self._own(key)
        if own.listing.origin is not None:
            raise LocalError("listing-carried", title=own.listing.title)
        self.refuse_other_device(own)
        return own

    def refuse_other_device(self, own: StoredListing) -> None:
        """Raise LocalError ``other-device-decides`` if another device decides about a listing."""
        another = own.device != self._author.device
        if another and self._inbox.members.signs_for(own.device, own.household):
            slot = self._inbox.members.device_slot(own.household, own.device)
            number = 0 if slot is None else slot + 1
            raise LocalError("other-device-decides", title=own.listing.title, number=number)

    async def _own(self, key: ThingKey) -> StoredListing:
        found = await self._store.database.read(lambda c: listings_by_key(c, key, key))
        for stored in found:
            if stored.household == self._author.household:
                return stored
        raise LocalError("listing-not-found", id=key.hex())

    def _unshowable(self, listing: Listing, now_ms: int) -> LocalError | None:
        charter = self._inbox.members.charter
        longest = charter.visible_days
        if listing.visible_until_ms <= now_ms:
            return LocalError("already-over")
        if listing.visible_until_ms > now_ms + longest * limits.DAY_MS + limits.MINUTE_MS:
            return LocalError("shown-too-long", days=longest)
        if len(listing.photos) > charter.photos:
            return LocalError("too-many-photos", photos=charter.photos)
        if any(charter.window_to(community) is None for community in listing.shown_to):
            return LocalError("window-not-found")
        return None

    async def _own_name(self) -> str:
        record = (await self._author.standing(Kind.PROFILE)).get(0)
        try:
            return "" if record is None else read_profile(record.body).name
        except RemoteError:
            return ""

    def _stored(self, record: Envelope, listing: Listing, state: State, name: str) -> StoredListing:
        return StoredListing(
            record.key,
            record.household,
            name,
            record.slot,
            state,
            listing,
            record.generation_ms,
            record.created_at_ms,
            record.revision,
            record.device,
        )


def is_over(record: Envelope, now_ms: int) -> bool:
    """Whether what stands in a slot shows no more, so that a new listing may have it."""
    if record.withdrawn:
        return True
    try:
        return read_listing(record.body).visible_until_ms <= now_ms
    except RemoteError:
        return False
