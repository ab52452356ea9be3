"""The ordered set of what a node holds, and frozen views of it (spec 05 §1, §2).

A key is the creation time in 6 bytes, big-endian, followed by the 32 bytes of the id: the
order of the keys as byte strings is the order of the items. Keys lie in blocks of some
hundred, each with the sum of its keys, so that a change and a fingerprint touch O(√n) of
them. A block is never changed once it is made: a frozen view shares them all.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import accumulate, pairwise
from typing import NamedTuple

from protocol.ids import ID_BYTES, RecordId
from protocol.limits import MAX_TIME_MS
from protocol.reconcile.limits import FINGERPRINT_BYTES

FINGERPRINT_TAG = b"p2pmarket/1/reconcile/range"
TIME_BYTES = 6
_BLOCK_KEYS = 128
_MODULUS_MASK = (1 << 8 * ID_BYTES) - 1


class Item(NamedTuple):
    """One record as reconciliation sees it: when it says it was made, and its id (SYN-1)."""

    created_at_ms: int
    id: RecordId


def key_of(created_at_ms: int, id: bytes) -> bytes:
    """The 38 bytes whose order is the order of the items. ValueError outside the limits."""
    if not 0 <= created_at_ms <= MAX_TIME_MS:
        raise ValueError("created_at_ms is outside 0..2^48-1")
    if len(id) != ID_BYTES:
        raise ValueError("an id is 32 bytes long")
    return created_at_ms.to_bytes(TIME_BYTES, "big") + id


def item_of(key: bytes) -> Item:
    """The item whose key this is."""
    return Item(int.from_bytes(key[:TIME_BYTES], "big"), RecordId(key[TIME_BYTES:]))


def fingerprint_of(total: int, count: int) -> bytes:
    """16 bytes over the sum of `count` ids, of which only the lower 256 bits count (SYN-3)."""
    summed = (total & _MODULUS_MASK).to_bytes(ID_BYTES, "big")
    hashed = FINGERPRINT_TAG + summed + count.to_bytes(8, "big")
    return blake2b(hashed, digest_size=FINGERPRINT_BYTES).digest()


class Block:
    """A run of keys in ascending order, never empty, never changed; with their sum.

    The sum is that of whole keys: the time stands above the lower 256 bits, which alone are
    used, so it never has to be cut off key by key.
    """

    __slots__ = ("keys", "total")

    def __init__(self, keys: list[bytes], total: int) -> None:
        self.keys = keys
        self.total = total


class Snapshot:
    """A frozen view of an ItemSet: positions are ranks, 0 for the oldest item."""

    __slots__ = ("_blocks", "_firsts", "_starts", "_totals")

    def __init__(self, blocks: tuple[Block, ...]) -> None:
        self._blocks = blocks
        self._firsts = [block.keys[0] for block in blocks]
        self._starts = list(accumulate((len(block.keys) for block in blocks), initial=0))
        self._totals = list(accumulate((block.total for block in blocks), initial=0))

    def __len__(self) -> int:
        return self._starts[-1]

    def rank(self, bound: bytes) -> int:
        """How many keys are smaller than a bound (any byte string)."""
        at = bisect_right(self._firsts, bound) - 1
        if at < 0:
            return 0
        return self._starts[at] + bisect_left(self._blocks[at].keys, bound)

    def key(self, rank: int) -> bytes:
        """The key at a rank from 0 to len - 1."""
        at = bisect_right(self._starts, rank) - 1
        return self._blocks[at].keys[rank - self._starts[at]]

    def keys(self, start: int, stop: int) -> Iterator[bytes]:
        """The keys of the ranks from start up to, not including, stop."""
        at = bisect_right(self._starts, start) - 1
        while start < stop:
            offset = start - self._starts[at]
            part = self._blocks[at].keys[offset : offset + stop - start]
            yield from part
            start += len(part)
            at += 1

    def fingerprint(self, start: int, stop: int) -> bytes:
        """The fingerprint of the items at the ranks from start up to, not including, stop."""
        if start == stop:
            return fingerprint_of(0, 0)
        at = bisect_right(self._starts, start) - 1
        first = self._starts[at]
        if stop <= first + _BLOCK_KEYS and stop <= self._starts[at + 1]:
            # One slice of one block: nearly all ranges of a long exchange are such.
            keys = self._blocks[at].keys[start - first : stop - first]
            total = sum(map(int.from_bytes, keys))
        else:
            total = self._total_below(stop) - self._total_below(start)
        return fingerprint_of(total, stop - start)

    def _total_below(self, rank: int) -> int:
        """The sum of all keys below a rank: of whole blocks, and of the lesser part of one."""
        at = bisect_right(self._starts, rank) - 1
        offset = rank - self._starts[at]
        if offset == 0:
            return self._totals[at]
        block = self._blocks[at]
        if 2 * offset <= len(block.keys):
            return self._totals[at] + sum(map(int.from_bytes, block.keys[:offset]))
        return self._totals[at + 1] - sum(map(int.from_bytes, block.keys[offset:]))


class ItemSet:
    """Items in order of (created_at_ms, id), each at most once.

    About 90 bytes an item. A change costs O(√n), and so does the fingerprint of any range.
    """

    def __init__(self, items: Iterable[tuple[int, bytes]] = ()) -> None:
        self._blocks: list[Block] = []
        self._firsts: list[bytes] = []
        self._len = 0
        self._snapshot: Snapshot | None = None
        self.add_many(items)

    def __len__(self) -> int:
        return self._len

    def __contains__(self, item: object) -> bool:
        if not isinstance(item, tuple) or len(item) != 2 or not self._blocks:
            return False
        key = key_of(*item)
        keys = self._blocks[self._block_for(key)].keys
        offset = bisect_left(keys, key)
        return offset < len(keys) and keys[offset] == key

    def __iter__(self) -> Iterator[Item]:
        snapshot = self.snapshot()
        return map(item_of, snapshot.keys(0, len(snapshot)))

    def snapshot(self) -> Snapshot:
        """A view that later changes do not touch; free while the set does not change."""
        if self._snapshot is None:
            self._snapshot = Snapshot(tuple(self._blocks))
        return self._snapshot

    def add(self, created_at_ms: int, id: bytes) -> bool:
        """Add one item; False if it was there. ValueError outside the limits."""
        return self._add_key(key_of(created_at_ms, id))

    def discard(self, created_at_ms: int, id: bytes) -> bool:
        """Remove one item; False if it was not there. ValueError outside the limits."""
        key = key_of(created_at_ms, id)
        if not self._blocks:
            return False
        at = self._block_for(key)
        keys = self._blocks[at].keys
        offset = bisect_left(keys, key)
        if offset == len(keys) or keys[offset] != key:
            return False
        rest = keys[:offset] + keys[offset + 1 :]
        # A small rest joins its neighbour, or many removals would leave many tiny blocks.
        until = at + 1
        if len(rest) < _BLOCK_KEYS // 4 and until < len(self._blocks):
            rest += self._blocks[until].keys
            until += 1
        self._replace(at, until, _blocks_of(rest))
        self._len -= 1
        return True

    def add_many(self, items: Iterable[tuple[int, bytes]]) -> int:
        """Add items in any order, faster than singly; how many were new. ValueError as add."""
        keys = [key_of(created_at_ms, id) for created_at_ms, id in items]
        before = self._len
        if len(keys) * 4 < before:
            for key in keys:
                self._add_key(key)
        elif keys:
            for block in self._blocks:
                keys += block.keys
            # Sorting runs that are in order already is linear; duplicates end up adjacent.
            keys = sorted(set(keys)) if before or not _ascends(keys) else keys
            self._replace(0, len(self._blocks), _blocks_of(keys))
            self._len = len(keys)
        return self._len - before

    def _add_key(self, key: bytes) -> bool:
        if not self._blocks:
            self._replace(0, 0, _blocks_of([key]))
        else:
            at = self._block_for(key)
            block = self._blocks[at]
            offset = bisect_left(block.keys, key)
            if offset < len(block.keys) and block.keys[offset] == key:
                return False
            keys = [*block.keys[:offset], key, *block.keys[offset:]]
            if len(keys) <= 2 * _BLOCK_KEYS:
                grown = Block(keys, (block.total + int.from_bytes(key)) & _MODULUS_MASK)
                self._replace(at, at + 1, [grown])
            else:
                self._replace(at, at + 1, _blocks_of(keys))
        self._len += 1
        return True

    def _block_for(self, key: bytes) -> int:
        return max(bisect_right(self._firsts, key) - 1, 0)

    def _replace(self, start: int, stop: int, blocks: list[Block]) -> None:
        self._blocks[start:stop] = blocks
        self._firsts[start:stop] = [block.keys[0] for block in blocks]
        self._snapshot = None


def _blocks_of(keys: list[bytes]) -> list[Block]:
    """Ascending keys in blocks of much the same size; none for none."""
    wanted = max(-(-len(keys) // _BLOCK_KEYS), 1)
    cuts = [len(keys) * at // wanted for at in range(wanted + 1)]
    parts = [keys[start:stop] for start, stop in pairwise(cuts) if start < stop]
    return [Block(part, sum(map(int.from_bytes, part)) & _MODULUS_MASK) for part in parts]


def _ascends(keys: list[bytes]) -> bool:
    return all(map(bytes.__lt__, keys, keys[1:]))
