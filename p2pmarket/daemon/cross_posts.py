"""Which own listings of several communities are one and the same thing.

Only this computer knows: no record says so. What is promised of the thing in one community is
kept from the others, in the transaction that makes the promise.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import trio

from node.node import Node
from node.trades.stock import NOTHING, Pieces
from p2pmarket.daemon.cross_post_file import CrossPostFile, Side, Thing
from protocol.errors import LocalError
from protocol.ids import CommunityId, ThingKey

_log = logging.getLogger(__name__)

_AGAIN_S = 60.0


@dataclass(frozen=True, slots=True)
class OfferedToo:
    """Another community where a thing is offered, and what is claimed of it there."""

    side: Side
    pieces: Pieces


class CrossPosts:
    """Implements `node.trades.elsewhere.Elsewhere` for all nodes of the home.

    Run :meth:`run` beside the nodes, and within :meth:`attending` each of them.
    """

    def __init__(self, file: CrossPostFile) -> None:
        """Raises LocalError ``cross-posts-damaged``."""
        self._file = file
        self._lock = threading.Lock()
        """Guards what the databases' threads ask for: the things and the pieces."""
        self._things: dict[ThingKey, Thing] = {}
        self._pieces: dict[ThingKey, Pieces] = {}
        self._nodes: dict[CommunityId, Node] = {}
        self._uncounted: set[CommunityId] = set()
        self._noticed: tuple[list[Thing], dict[ThingKey, Pieces]] = ([], {})
        """As last saved, and as the nodes were last told to look."""
        self._moved = trio.Event()
        self._token = trio.lowlevel.current_trio_token()
        for thing in file.read():
            self._things |= dict.fromkeys((side.listing for side in thing.sides), thing)
            self._pieces |= thing.pieces
            self._uncounted |= {side.community for side in thing.sides}
        self._noticed = (self._all(), dict(self._pieces))

    # -- what the nodes ask, from the threads of their databases

    def claimed(self, listing: ThingKey) -> Pieces:
        """Return what of a listing is promised or gone in the other communities."""
        with self._lock:
            return self._claimed(listing)

    def reserve(self, listing: ThingKey, left: int, asked: int) -> None:
        """Keep pieces from the other communities; counted again as soon as it is on disk.

        Raises LocalError ``not-enough-left``, or ``stock-elsewhere-unknown`` while the node of
        another community is still being opened.
        """
        with self._lock:
            thing = self._things.get(listing)
            if thing is None:
                return
            if any(side.community in self._uncounted for side in thing.others(listing)):
                raise LocalError("stock-elsewhere-unknown")
            left = max(0, left - self._claimed(listing).claimed)
            if left < asked:
                raise LocalError("not-enough-left", left=left, asked=asked)
            held = self._pieces.get(listing, NOTHING)
            self._pieces[listing] = Pieces(held.claimed + asked, held.gone)
        self._token.run_sync_soon(self.look)

    def _claimed(self, listing: ThingKey) -> Pieces:
        thing = self._things.get(listing)
        if thing is None:
            return NOTHING
        others = [self._pieces.get(side.listing, NOTHING) for side in thing.others(listing)]
        return Pieces(sum(p.claimed for p in others), sum(p.gone for p in others))

    # -- what the application asks

    def others(self, listing: ThingKey) -> list[OfferedToo]:
        """Return where else an own listing is offered."""
        with self._lock:
            thing = self._things.get(listing)
            return [
                OfferedToo(side, self._pieces.get(side.listing, NOTHING))
                for side in (thing.others(listing) if thing else ())
            ]

    async def link(self, one: Side, other: Side) -> None:
        """Note that two listings are the same thing. Raises LocalError if the disk is full."""
        with self._lock:
            known = [self._things.get(side.listing) for side in (one, other)]
            sides = {side: None for thing in known if thing for side in thing.sides}
            thing = Thing((*(sides | {one: None, other: None}),))
            self._things |= dict.fromkeys((side.listing for side in thing.sides), thing)
        self._save()
        await self._count()

    def forget(self, community: CommunityId) -> None:
        """Forget what was offered in a community that the household has left."""
        with self._lock:
            things = self._all()
            for thing in things:
                for side in thing.sides:
                    if side.community == community:
                        self._drop(side.listing)
            self._uncounted.discard(community)
        self._save()
        for node in self._nodes.values():
            node.trades.counting.look_again(_keys(things, node.community.id))

    # -- beside the nodes

    @contextmanager
    def attending(self, node: Node) -> Iterator[None]:
        """Take a node's trades into account while it is open; then what was last known counts.

        To be left before the node closes, whose database is asked.
        """
        self._nodes[node.community.id] = node
        node.trades.counting.on_moved.append(self.look)
        self.look()
        try:
            yield
        finally:
            self._nodes.pop(node.community.id, None)

    def opened_all(self) -> None:
        """Of communities whose nodes cannot be opened, what was last known counts."""
        with self._lock:
            self._uncounted &= set(self._nodes)

    def look(self) -> None:
        """Count soon: a listing was marked or withdrawn by hand, or a trade has moved."""
        self._moved.set()

    async def run(self) -> None:
        """Count whenever a trade has moved, and every minute, until cancelled."""
        is_moved = False
        while True:
            self._moved = trio.Event()
            try:
                await self._count(is_moved)
            except LocalError as error:  # a full disk: tried again
                _log.warning("cannot count what is offered twice: %s", error)
            is_moved = False
            with trio.move_on_after(_AGAIN_S):
                await self._moved.wait()
                is_moved = True

    async def _count(self, is_moved: bool = False) -> None:
        """Count in each community what is claimed, and let the others take notice.

        is_moved: they need look only at what has changed.
        """
        with self._lock:
            things = self._all()
        for node in list(self._nodes.values()):
            community = node.community.id
            if community not in self._nodes:
                continue  # closed since
            await node.trades.counting.count(_keys(things, community), self._told)
            with self._lock:
                self._uncounted.discard(community)
        with self._lock:
            # Compared with what was noticed, not with what stood before: `reserve` is ahead.
            now = (self._all(), dict(self._pieces))
        changed = now != self._noticed
        if changed:
            self._save()
            self._noticed = now
        if changed or not is_moved:
            for node in self._nodes.values():
                node.trades.counting.look_again(_keys(things, node.community.id))

    def _told(self, listing: ThingKey, pieces: Pieces | None) -> None:
        """Take in what one community counted; called within its transaction."""
        with self._lock:
            if pieces is None:
                self._drop(listing)
            elif listing in self._things:
                self._pieces[listing] = pieces

    def _drop(self, listing: ThingKey) -> None:
        thing = self._things.pop(listing, None)
        self._pieces.pop(listing, None)
        if thing is None:
            return
        left = Thing(tuple(thing.others(listing)))
        for side in left.sides:
            if len(left.sides) > 1:
                self._things[side.listing] = left
            else:
                self._things.pop(side.listing, None)
                self._pieces.pop(side.listing, None)

    def _all(self) -> list[Thing]:
        return list(dict.fromkeys(self._things.values()))

    def _save(self) -> None:
        with self._lock:
            things = self._all()
            pieces = dict(self._pieces)
        self._file.write(things, pieces)


def _keys(things: Iterable[Thing], community: CommunityId) -> list[ThingKey]:
    return [side.listing for thing in things for side in thing.sides if side.community == community]
