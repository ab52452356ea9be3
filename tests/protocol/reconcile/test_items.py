"""The ordered set against a plain sorted list."""

from __future__ import annotations

import random
import tracemalloc
from bisect import bisect_left
from hashlib import blake2b

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from protocol.reconcile import Item, ItemSet
from protocol.reconcile.items import key_of

LAST_MS = 2**48 - 1


def drawn(rng: random.Random, count: int) -> list[tuple[int, bytes]]:
    return [(rng.randrange(1000), rng.randbytes(32)) for _ in range(count)]


def plain_fingerprint(keys: list[bytes]) -> bytes:
    total = sum(int.from_bytes(key[6:], "big") for key in keys) % 2**256
    told = b"p2pmarket/1/reconcile/range" + total.to_bytes(32, "big") + len(keys).to_bytes(8, "big")
    return blake2b(told, digest_size=16).digest()


class ItemSetBesideAList(RuleBasedStateMachine):
    """The same operations on an ItemSet and on a set of pairs."""

    def __init__(self) -> None:
        super().__init__()
        self.items = ItemSet()
        self.model: set[tuple[int, bytes]] = set()
        self.frozen = [(self.items.snapshot(), 0)]

    @rule(seed=st.integers(0, 2**32), count=st.integers(0, 700))
    def add_many(self, seed: int, count: int) -> None:
        batch = drawn(random.Random(seed), count)
        assert self.items.add_many(batch) == len(set(batch) - self.model)
        self.model |= set(batch)

    @rule(at=st.integers(0, 5), last=st.integers(0, 3))
    def add(self, at: int, last: int) -> None:
        item = (at, bytes(31) + bytes([last]))
        assert self.items.add(*item) == (item not in self.model)
        self.model.add(item)

    @rule(seed=st.integers(0, 2**32), share=st.sampled_from([0.01, 0.5, 0.99]))
    def discard_some(self, seed: int, share: float) -> None:
        ordered = sorted(self.model)
        for item in random.Random(seed).sample(ordered, int(len(ordered) * share)):
            assert self.items.discard(*item)
            self.model.remove(item)
            assert not self.items.discard(*item)

    @rule()
    def freeze(self) -> None:
        self.frozen.append((self.items.snapshot(), len(self.model)))

    @rule(seed=st.integers(0, 2**32))
    def sum_a_range(self, seed: int) -> None:
        keys = [key_of(*item) for item in sorted(self.model)]
        start, stop = sorted(random.Random(seed).choices(range(len(keys) + 1), k=2))
        view = self.items.snapshot()
        assert view.fingerprint(start, stop) == plain_fingerprint(keys[start:stop])
        assert list(view.keys(start, stop)) == keys[start:stop]

    @invariant()
    def the_same_items_in_order(self) -> None:
        assert len(self.items) == len(self.model)
        assert list(self.items) == sorted(self.model)

    @invariant()
    def views_stay_as_they_were(self) -> None:
        assert [len(view) for view, _ in self.frozen] == [count for _, count in self.frozen]


TestItemSetBesideAList = ItemSetBesideAList.TestCase
TestItemSetBesideAList.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.binary(min_size=32, max_size=32))),
    st.binary(max_size=40),
)
def test_a_rank_is_the_number_of_smaller_keys(pairs: list[tuple[int, bytes]], bound: bytes) -> None:
    keys = sorted({key_of(*pair) for pair in pairs})
    view = ItemSet(pairs).snapshot()
    assert view.rank(bound) == bisect_left(keys, bound)
    assert [view.key(rank) for rank in range(len(keys))] == keys


def test_an_item_is_contained_until_it_is_discarded() -> None:
    items = ItemSet([(7, bytes(32))])
    assert (7, bytes(32)) in items
    assert (8, bytes(32)) not in items
    assert "something else" not in items
    items.discard(7, bytes(32))
    assert (7, bytes(32)) not in items
    assert list(items) == []


def test_a_view_keeps_what_the_set_loses() -> None:
    items = ItemSet([(1, bytes(32)), (2, bytes(32))])
    view = items.snapshot()
    items.discard(1, bytes(32))
    items.add(3, bytes(32))
    assert [key[5] for key in view.keys(0, len(view))] == [1, 2]


@pytest.mark.parametrize(
    ("created_at_ms", "id"), [(-1, bytes(32)), (LAST_MS + 1, bytes(32)), (0, bytes(31))]
)
def test_what_is_no_item_is_refused(created_at_ms: int, id: bytes) -> None:
    items = ItemSet([(LAST_MS, bytes(32))])
    for refused in (items.add, items.discard):
        with pytest.raises(ValueError):
            refused(created_at_ms, id)
    with pytest.raises(ValueError):
        items.add_many([(1, bytes(32)), (created_at_ms, id)])
    assert list(items) == [Item(LAST_MS, bytes(32))]  # type: ignore[arg-type]


def test_an_item_takes_less_than_120_bytes() -> None:
    pairs = drawn(random.Random(1), 20_000)
    tracemalloc.start()
    items = ItemSet(pairs)
    held_bytes = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held_bytes < 120 * len(items)


def test_memory_shrinks_as_items_are_removed() -> None:
    pairs = drawn(random.Random(1), 20_000)
    kept = set(pairs[::50])
    tracemalloc.start()
    items = ItemSet(pairs)
    del pairs[::50]
    for pair in pairs:
        items.discard(*pair)
    held_bytes = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert set(items) == kept
    assert held_bytes < 120 * len(items)
