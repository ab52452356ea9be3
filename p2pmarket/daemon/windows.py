"""Carrying listings between communities of this home that have windows to each other (spec 13).

Nodes know nothing of each other: here, above them, is compared what one community shares with
what is carried into the other.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from dataclasses import dataclass

import trio

from node.carrying import carrier_of
from node.clock import Clock
from node.moderation.showing import Cause
from node.node import Node
from node.store.listings import StoredListing
from p2pmarket.daemon.sealed_file import SealedFile
from protocol import limits, wire
from protocol.errors import LocalError, RemoteError
from protocol.ids import ID_BYTES, CommunityId, HouseholdId
from protocol.listing import Listing, Origin
from protocol.windows import (
    MAX_CARRIED_OF_ONE,
    RENEW_MS,
    carried,
    is_alike,
    may_carry,
    open_categories,
    rank_of,
    thing_of,
)

_log = logging.getLogger(__name__)

_AGAIN_S = 60.0
_PAUSE_S = 0.5
"""Between two looks, however often records come."""
_BELONGING = frozenset({"founder", "confirmed"})
_MAX_BYTES = 1 << 20
_MAX_PASSAGES = 4_096


@dataclass(frozen=True, slots=True, order=True)
class Passage:
    """From which community into which other this household carries."""

    source: CommunityId
    into: CommunityId


@dataclass(frozen=True, slots=True)
class WindowView:
    """One window of a community, as this household sees it.

    categories: of this community's charter, none where it has no such window (any more). open:
    what both charters name, None where the household does not belong to the other community.
    carries: whether this household carries from there into here; carried: how many listings;
    by_others: how many other households do.
    """

    community: CommunityId
    name: str
    categories: tuple[str, ...]
    open: tuple[str, ...] | None
    carries: bool
    carried: int
    by_others: int


class Windows:
    """Keeps what this household carries in line with what its authors and both charters say.

    Run :meth:`run` beside the nodes, and within :meth:`attending` each of them.
    """

    def __init__(self, file: SealedFile, clock: Clock) -> None:
        """Raises LocalError ``windows-damaged``."""
        self._file = file
        self._clock = clock
        self._passages = _read(file)
        self._nodes: dict[CommunityId, Node] = {}
        self._seen: dict[tuple[Passage, bytes], float] = {}
        """Since when (trio's clock) things wait for others to carry them."""
        self._lock = trio.Lock()
        self._working = trio.CancelScope()
        """Of the look under way, which no node may close beneath."""
        self._moved = trio.Event()

    # -- what the application asks

    async def views(self, node: Node) -> list[WindowView]:
        """Return the windows of a community: those of its charter, then others once opened."""
        here = node.community
        charter = here.charter
        found = await node.carrying.carried()
        ids = [window.community for window in charter.windows]
        ids += sorted(
            passage.source
            for passage in self._passages
            if passage.into == here.id and passage.source not in ids
        )
        views = []
        for community in ids:
            window, other = charter.window_to(community), self._nodes.get(community)
            from_there = [one for one in found if _source(one) == community]
            own = sum(map(node.carrying.is_own, from_there))
            views.append(
                WindowView(
                    community,
                    "" if window is None else window.name,
                    () if window is None else window.categories,
                    None if other is None else tuple(sorted(_open(other, node))),
                    Passage(community, here.id) in self._passages,
                    own,
                    len(from_there) - own,
                )
            )
        return views

    async def open(self, source: Node, into: Node) -> None:
        """Carry from now on what authors let be shown, and do so at once.

        Raises LocalError ``window-not-agreed`` (name: of the community whose rules have no such
        window; "" where both have, without a category in common), ``not-yet-a-member``,
        ``consent-needed``.
        """
        for one, other in ((source, into), (into, source)):
            if one.community.charter.window_to(other.community.id) is None:
                raise LocalError("window-not-agreed", name=one.community.charter.name)
            if one.community.my_status not in _BELONGING:
                raise LocalError("not-yet-a-member", reason=one.community.my_status)
        if not _open(source, into):
            raise LocalError("window-not-agreed", name="")
        into.governance.charters.require_consent()
        async with self._lock:
            passage = Passage(source.community.id, into.community.id)
            self._save({*self._passages, passage})
            await self._attend(passage)

    async def close(self, source: CommunityId, into: Node) -> None:
        """Carry nothing from there any more, and withdraw what is carried.

        Raises LocalError ``window-not-found`` if this household carries nothing from there.
        """
        async with self._lock:
            passage = Passage(source, into.community.id)
            if passage not in self._passages:
                raise LocalError("window-not-found")
            with trio.CancelScope() as self._working:
                await self._write(into, await self._own(passage), {})
                self._save(self._passages - {passage})

    async def forget(self, community: CommunityId) -> None:
        """Withdraw what is carried from a community that the household has left."""
        async with self._lock:
            for passage in sorted(self._passages):
                if passage.source == community and passage.into in self._nodes:
                    with trio.CancelScope() as self._working:
                        node = self._nodes[passage.into]
                        await self._write(node, await self._own(passage), {})
            self._save({p for p in self._passages if community not in (p.source, p.into)})

    # -- beside the nodes

    @asynccontextmanager
    async def attending(self, node: Node) -> AsyncIterator[None]:
        """Take a node into account while it is open; to be left before it closes."""
        self._nodes[node.community.id] = node
        node.inbox.on_stored.append(lambda records, origin: self._moved.set())
        node.inbox.on_members.append(lambda members: self._moved.set())
        self._moved.set()
        try:
            yield
        finally:
            self._nodes.pop(node.community.id, None)
            self._working.cancel()  # begun again at the next look, without this node
            with trio.CancelScope(shield=True):
                async with self._lock:
                    pass

    async def run(self) -> None:
        """Look whenever something has come in, and every minute, until cancelled."""
        while True:
            self._moved = trio.Event()
            for passage in sorted(self._passages):
                try:
                    async with self._lock:
                        await self._attend(passage)
                except LocalError as error:  # a full disk, rules to agree to: tried again
                    _log.warning("cannot carry listings: %s", error)
            await trio.sleep(_PAUSE_S)
            with trio.move_on_after(_AGAIN_S):
                await self._moved.wait()

    async def _attend(self, passage: Passage) -> None:
        with trio.CancelScope() as self._working:
            await self._compare(passage)

    async def _compare(self, passage: Passage) -> None:
        source, into = self._nodes.get(passage.source), self._nodes.get(passage.into)
        if source is None or into is None or passage not in self._passages:
            return  # what is carried from a community that cannot be opened ends by itself
        wanted = await self._wanted(source, into)
        self._seen = {
            (of, thing): since_s
            for (of, thing), since_s in self._seen.items()
            if of != passage or thing in wanted
        }
        standing = await into.carrying.carried()
        own = [one for one in standing if into.carrying.is_own(one)]
        from_there = {_thing(one): one for one in own if _source(one) == passage.source}
        others = [
            one
            for one in standing
            if _source(one) == passage.source and not into.carrying.is_own(one)
        ]
        for thing, listing in list(wanted.items()):
            if self._is_for_others(passage, into, listing, thing in from_there, others):
                del wanted[thing]
        if not self._is_up_to_date(source):
            # Who does not hear whether a thing is still there neither shows it nor renews it.
            wanted = {t: from_there[t].listing for t in wanted if t in from_there}
        room = max(0, into.carrying.most - (len(own) - len(from_there)))
        await self._write(into, [*from_there.values()], dict(list(wanted.items())[:room]))

    async def _wanted(self, source: Node, into: Node) -> dict[bytes, Listing]:
        """Return what may be carried, by thing, as it should stand there; the newest first."""
        if not {source.community.my_status, into.community.my_status} <= _BELONGING:
            return {}
        categories = _open(source, into)
        now_ms = self._clock.now_ms()
        longest_ms = into.community.charter.visible_days * limits.DAY_MS
        found: dict[bytes, Listing] = {}
        of_author: Counter[HouseholdId] = Counter()
        for one in await source.carrying.shared(into.community.id):
            if may_carry(one.listing, into.community.id, categories):
                of_author[one.household] += 1
                if of_author[one.household] > MAX_CARRIED_OF_ONE:
                    continue
                thing = thing_of(source.community.id, one.household, one.key)
                origin = Origin(source.community.id, thing, one.changed_at_ms)
                found[thing] = carried(one.listing, origin, now_ms, longest_ms)
        return found

    async def _own(self, passage: Passage) -> list[StoredListing]:
        node = self._nodes[passage.into]
        return [
            one
            for one in await node.carrying.carried()
            if node.carrying.is_own(one) and _source(one) == passage.source
        ]

    async def _write(
        self, into: Node, standing: Sequence[StoredListing], wanted: Mapping[bytes, Listing]
    ) -> None:
        """Withdraw, change and publish, so that what stands is what is wanted."""
        left = dict(wanted)
        for one in standing:
            listing = left.pop(_thing(one), None)
            if listing is None:
                await into.carrying.drop(one)
            elif self._is_outdated(one.listing, listing):
                await into.carrying.change(one, listing)
        if left:
            for refused in await into.carrying.carry(list(left.values())):
                if refused is not None:
                    _log.info("a listing is not carried: %s", refused)

    def _is_outdated(self, stands: Listing, wanted: Listing) -> bool:
        ends_soon = stands.visible_until_ms < self._clock.now_ms() + RENEW_MS
        grows = wanted.visible_until_ms - stands.visible_until_ms >= limits.DAY_MS
        shrinks = wanted.visible_until_ms < stands.visible_until_ms
        return not is_alike(stands, wanted) or (ends_soon and grows) or shrinks

    def _is_for_others(
        self,
        passage: Passage,
        into: Node,
        listing: Listing,
        is_carried: bool,
        others: Sequence[StoredListing],
    ) -> bool:
        """Whether to leave a thing to those who come before in its order, or who were stopped.

        listing: as it is to stand. is_carried: whether this device carries it already. others:
        what others carry from there. Else all that carry between the same two communities would
        publish every new listing at once.
        """
        origin = listing.origin
        assert origin is not None
        own_rank = rank_of(origin.thing, *into.carrying.own)
        before = [one for one in others if rank_of(origin.thing, *carrier_of(one)) < own_rank]
        if any(is_alike(one.listing, listing) and not one.concealed for one in before):
            return True
        if is_carried:
            return False
        if any(_thing(one) == origin.thing and _is_hidden(into, one) for one in others):
            return True
        if not before:
            return False
        since_s = self._seen.setdefault((passage, origin.thing), trio.current_time())
        return trio.current_time() - since_s < _AGAIN_S

    def _is_up_to_date(self, source: Node) -> bool:
        last_ms = max(source.sync.last_equal.values(), default=0)
        return self._clock.now_ms() - last_ms < limits.DAY_MS

    def _save(self, passages: AbstractSet[Passage]) -> None:
        self._file.write(wire.pack(tuple((p.source, p.into) for p in sorted(passages))))
        self._passages = frozenset(passages)


def _read(file: SealedFile) -> frozenset[Passage]:
    try:
        content = file.read()
        if content is None:
            return frozenset()
        listed = wire.Fields((wire.unpack(content, _MAX_BYTES),), 1, "windows")
        return frozenset(
            Passage(
                CommunityId(fields.octets("source", ID_BYTES)),
                CommunityId(fields.octets("into", ID_BYTES)),
            )
            for value in listed.array("passages", _MAX_PASSAGES)
            for fields in (wire.Fields(value, 2, "passage"),)
        )
    except (RemoteError, ValueError):
        raise LocalError("windows-damaged", path=str(file.path)) from None


def _open(one: Node, other: Node) -> frozenset[str]:
    return open_categories(
        one.community.id, one.community.charter, other.community.id, other.community.charter
    )


def _is_hidden(into: Node, carried_one: StoredListing) -> bool:
    """Whether somebody whose word counts hides just this: then no other carrier shows it again."""
    return any(
        notice.cause is Cause.LABEL and notice.hides and not notice.whole
        for notice in into.moderation.showing.notices(carried_one)
    )


def _source(carried_one: StoredListing) -> bytes | None:
    origin = carried_one.listing.origin
    return None if origin is None else origin.community


def _thing(carried_one: StoredListing) -> bytes:
    origin = carried_one.listing.origin
    return b"" if origin is None else origin.thing
