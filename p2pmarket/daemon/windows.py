"""Carrying listings between communities of this home that have windows to each other (spec 13).

Nodes know nothing of each other: here, above them, is compared what one community shares with
what is carried into the other.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import trio

from node.carrying import carrier_of
from node.clock import Clock
from node.moderation.showing import Cause
from node.node import Node
from node.store.listings import StoredListing
from p2pmarket.daemon.carrying_pace import CarryingPace
from p2pmarket.daemon.passages import Passage, read_passages, write_passages
from p2pmarket.daemon.refusals import raise_first, refusal
from p2pmarket.daemon.sealed_file import SealedFile
from protocol import limits
from protocol.errors import LocalError
from protocol.ids import CommunityId, HouseholdId
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
_REST = 10.0
"""Times as long as a look took is the pause after it: others may make looks long, and often."""
_BELONGING = frozenset({"founder", "confirmed"})


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What should stand for a listing of an author."""

    author: HouseholdId
    listing: Listing


class _Others:
    """What other carriers show from one community."""

    def __init__(self, listings: Sequence[StoredListing]) -> None:
        self.carriers = {carrier_of(one) for one in listings}
        self.of_thing: defaultdict[bytes, list[StoredListing]] = defaultdict(list)
        for one in listings:
            self.of_thing[_thing(one)].append(one)


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
        self._passages = read_passages(file)
        self._nodes: dict[CommunityId, Node] = {}
        self._seen: dict[tuple[Passage, bytes], float] = {}
        """Since when (trio's clock) things wait for others to carry them."""
        self._pace = CarryingPace()
        self._unfit: set[tuple[Passage, Origin]] = set()
        """What would be too long for a record where it should be carried to."""
        self._complaints: dict[Passage | None, str] = {}
        """What was logged of a passage last."""
        self._is_swept = False
        """Whether nothing is carried without a passage, by a look since the last one ended."""
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
            # First: whatever happens then, nothing more is carried, and what stands is a stray.
            self._save(self._passages - {passage})
            with trio.CancelScope() as self._working:
                await self._withdraw_strays(into)

    async def forget(self, community: CommunityId) -> None:
        """Withdraw what is carried from a community that the household has left."""
        async with self._lock:
            intos = {p.into for p in self._passages if p.source == community}
            self._save({p for p in self._passages if community not in (p.source, p.into)})
            for into in sorted(intos & self._nodes.keys()):
                with trio.CancelScope() as self._working:
                    try:
                        await self._withdraw_strays(self._nodes[into])
                    except LocalError as error:  # leaving goes on; tried again at the next look
                        _log.warning("cannot withdraw listings: %s", error)

    # -- beside the nodes

    @asynccontextmanager
    async def attending(self, node: Node) -> AsyncIterator[None]:
        """Take a node into account while it is open; to be left before it closes."""
        self._nodes[node.community.id] = node
        self._is_swept = False
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
            began_s = trio.current_time()
            looks = (*sorted(self._passages), *(() if self._is_swept else (None,)))
            for passage in looks:
                complaint = ""
                try:
                    async with self._lock:
                        await self._attend(passage)
                except LocalError as error:  # a full disk, rules to agree to: tried again
                    complaint = f"{error}"
                if complaint and complaint != self._complaints.get(passage):
                    _log.warning("cannot carry listings: %s", complaint)
                self._complaints[passage] = complaint
            took_s = trio.current_time() - began_s
            await trio.sleep(min(_AGAIN_S, max(_PAUSE_S, _REST * took_s)))
            with trio.move_on_after(_AGAIN_S):
                await self._moved.wait()

    async def _attend(self, passage: Passage | None) -> None:
        """Look at one passage; None: at what stands without one."""
        with trio.CancelScope() as self._working:
            if passage is not None:
                await self._compare(passage)
                return
            for node in list(self._nodes.values()):
                await self._withdraw_strays(node)
            self._is_swept = True  # not reached if one was refused, or its node closed meanwhile

    async def _withdraw_strays(self, into: Node) -> None:
        """Withdraw what this device carries into a community by no passage (any more).

        So it is where the daemon was killed in the midst of a close, or the file was lost.
        """
        known = {passage.source for passage in self._passages if passage.into == into.community.id}
        standing = await into.carrying.carried()
        strays = [one for one in standing if into.carrying.is_own(one)]
        refused = [
            await refusal(into.carrying.drop(one)) for one in strays if _source(one) not in known
        ]
        raise_first(refused)

    async def _compare(self, passage: Passage) -> None:
        source, into = self._nodes.get(passage.source), self._nodes.get(passage.into)
        if source is None or into is None or passage not in self._passages:
            return  # what is carried from a community that cannot be opened ends by itself
        standing = await into.carrying.carried()
        own = [one for one in standing if into.carrying.is_own(one)]
        from_there = [one for one in own if _source(one) == passage.source]
        stands = {_thing(one): one for one in from_there}
        wanted = await self._wanted(passage, source, into)
        self._seen = {
            (of, thing): since_s
            for (of, thing), since_s in self._seen.items()
            if of != passage or thing in wanted
        }
        others = _Others(
            [
                one
                for one in standing
                if _source(one) == passage.source and not into.carrying.is_own(one)
            ]
        )
        room = max(0, into.carrying.most - (len(own) - len(from_there)))
        chosen: dict[bytes, _Wanted] = {}
        for thing, one in wanted.items():
            if len(chosen) == room:
                break
            await trio.lowlevel.checkpoint()  # there may be many, of others' making
            if not self._is_for_others(passage, into, one.listing, thing in stands, others):
                chosen[thing] = one
        if not self._is_up_to_date(source):
            # Who does not hear whether a thing is still there neither shows it nor renews it.
            chosen = {
                thing: replace(one, listing=stands[thing].listing)
                for thing, one in chosen.items()
                if thing in stands
            }
        await self._write(passage, into, from_there, chosen)

    async def _wanted(self, passage: Passage, source: Node, into: Node) -> dict[bytes, _Wanted]:
        """Return what may be carried, by thing, as it should stand there; the newest first.

        What was published last, that is: edits push nothing of others out.
        """
        if not {source.community.my_status, into.community.my_status} <= _BELONGING:
            return {}
        categories = _open(source, into)
        now_ms = self._clock.now_ms()
        longest_ms = into.community.charter.visible_days * limits.DAY_MS
        shared = [
            one
            for one in await source.carrying.shared(passage.into)
            if may_carry(one.listing, passage.into, categories)
        ]
        shared.sort(key=lambda one: one.published_at_ms, reverse=True)
        found: dict[bytes, _Wanted] = {}
        of_author: Counter[HouseholdId] = Counter()
        unfit: set[tuple[Passage, Origin]] = set()
        for one in shared:
            thing = thing_of(passage.source, one.household, one.key)
            origin = Origin(passage.source, thing, one.changed_at_ms)
            if (passage, origin) in self._unfit:
                unfit.add((passage, origin))
                continue
            of_author[one.household] += 1
            if of_author[one.household] > MAX_CARRIED_OF_ONE:
                continue
            listing = carried(one.listing, origin, now_ms, longest_ms)
            found[thing] = _Wanted(one.household, listing)
        self._unfit = {(of, origin) for of, origin in self._unfit if of != passage} | unfit
        return found

    async def _write(
        self,
        passage: Passage,
        into: Node,
        standing: Sequence[StoredListing],
        wanted: Mapping[bytes, _Wanted],
    ) -> None:
        """Withdraw, change and publish, so that what stands is what is wanted.

        What is refused of one keeps nothing of the others; the first of it is raised at the end.
        """
        left = dict(wanted)
        refused: list[LocalError | None] = []
        for one in standing:
            wish = left.pop(_thing(one), None)
            if wish is not None:
                if not self._is_outdated(one.listing, wish.listing):
                    continue
                if not self._may_write(passage, wish):
                    continue
                error = await refusal(into.carrying.change(one, wish.listing))
                if not self._note_unfit(passage, wish, error):
                    refused.append(error)
                    continue
            refused.append(await refusal(into.carrying.drop(one)))
        fresh = [wish for wish in left.values() if self._may_write(passage, wish)]
        if fresh:
            results = await into.carrying.carry([wish.listing for wish in fresh])
            for wish, error in zip(fresh, results, strict=True):
                if error is not None and not self._note_unfit(passage, wish, error):
                    _log.info("a listing is not carried: %s", error)
        raise_first(refused)

    def _may_write(self, passage: Passage, wish: _Wanted) -> bool:
        of = passage.source, passage.into, wish.author
        return self._pace.take(of, trio.current_time())

    def _note_unfit(self, passage: Passage, wish: _Wanted, error: LocalError | None) -> bool:
        """Whether it would be no record there, for as long as its author leaves it so (WIN-4)."""
        if error is None or error.code != "too-long":
            return False
        assert wish.listing.origin is not None
        self._unfit.add((passage, wish.listing.origin))
        return True

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
        others: _Others,
    ) -> bool:
        """Whether to leave a thing to those who come before in its order, or who were stopped.

        listing: as it is to stand. is_carried: whether this device carries it already. others:
        what others carry from there. Else all that carry between the same two communities would
        publish every new listing at once.
        """
        origin = listing.origin
        assert origin is not None
        own_rank = rank_of(origin.thing, *into.carrying.own)
        before = {c for c in others.carriers if rank_of(origin.thing, *c) < own_rank}
        same = others.of_thing.get(origin.thing, [])
        if any(
            carrier_of(one) in before and not one.concealed and is_alike(one.listing, listing)
            for one in same
        ):
            return True
        if is_carried:
            return False
        if any(_is_hidden(into, one) for one in same):
            return True
        if not before:
            return False
        since_s = self._seen.setdefault((passage, origin.thing), trio.current_time())
        return trio.current_time() - since_s < _AGAIN_S

    def _is_up_to_date(self, source: Node) -> bool:
        last_ms = max(source.sync.last_equal.values(), default=0)
        return self._clock.now_ms() - last_ms < limits.DAY_MS

    def _save(self, passages: AbstractSet[Passage]) -> None:
        write_passages(self._file, passages)
        self._is_swept = False
        self._passages = frozenset(passages)


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
