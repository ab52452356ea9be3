"""Two sides agree on what differs, in few messages, within every limit."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import RemoteError
from protocol.reconcile import Initiator, ItemSet, respond
from protocol.reconcile.limits import MAX_HAVE
from protocol.reconcile.wire import Mode, PageWriter, read_message

Pair = tuple[int, bytes]


def drawn(count: int, seed: int = 1, span_ms: int = 90 * 86_400_000) -> list[Pair]:
    rng = random.Random(seed)
    return sorted((rng.randrange(span_ms), rng.randbytes(32)) for _ in range(count))


def needed(pairs: set[Pair]) -> list[Pair]:
    return sorted((created_at_ms, id[:16]) for created_at_ms, id in pairs)


@st.composite
def two_sets(draw: st.DrawFn) -> tuple[list[Pair], list[Pair]]:
    """Anything from equal to disjoint, at any density of times, up to 600 items."""
    span_ms = draw(st.sampled_from([1, 50, 10**7, 2**48]))
    everything = drawn(draw(st.integers(0, 600)), draw(st.integers(0, 2**32)), span_ms)
    rng = random.Random(draw(st.integers(0, 2**32)))
    shares = draw(st.tuples(*[st.sampled_from([0.0, 0.01, 0.3, 0.99, 1.0])] * 2))
    keeps = draw(st.sampled_from(["scattered", "newest", "oldest"]))

    def kept(share: float) -> list[Pair]:
        count = int(len(everything) * share)
        if keeps == "scattered":
            return rng.sample(everything, count)
        return everything[:count] if keeps == "oldest" else everything[len(everything) - count :]

    return kept(shares[0]), kept(shares[1])


@settings(max_examples=300, deadline=None)
@given(two_sets(), st.sampled_from([256, 300, 1000, 256 << 10]), st.integers(0, 255))
@pytest.mark.covers("SYN-17", "SYN-20", "SYN-21", "SYN-24")
def test_have_and_need_are_exactly_what_differs(
    exchange: Callable[..., Any], sets: tuple[list[Pair], list[Pair]], page: int, jitter: int
) -> None:
    ours, theirs = sets
    outcome = exchange(ours, theirs, page, jitter)
    assert sorted(outcome.have) == sorted(set(ours) - set(theirs))
    assert sorted(outcome.need) == needed(set(theirs) - set(ours))
    if not ours:
        assert outcome.need == sorted(outcome.need)
    if page == 256 << 10:
        assert outcome.rounds <= 6


def test_equal_sets_are_found_equal_in_one_round_of_less_than_200_bytes(
    exchange: Callable[..., Any],
) -> None:
    for count in (0, 1, 16, 17, 10_000, 30_000):
        pairs = drawn(count)
        for jitter in (0, 100, 255):
            outcome = exchange(pairs, pairs, jitter=jitter)
            assert outcome.rounds == 1
            assert sum(map(len, outcome.messages)) < 200


@pytest.mark.covers("SYN-26")
def test_a_hundred_new_ones_of_ten_thousand_cost_4500_bytes_and_3_rounds(
    exchange: Callable[..., Any],
) -> None:
    pairs = drawn(10_000)
    for jitter in (0, 31, 64, 128, 192, 255):
        for ours, theirs in (
            (pairs[:-100], pairs),
            (pairs, pairs[:-100]),
            (pairs[:-50], pairs[:-100] + pairs[-50:]),
        ):
            outcome = exchange(ours, theirs, jitter=jitter)
            assert sum(map(len, outcome.messages)) <= 4_500
            assert outcome.rounds <= 3


def test_a_hundred_scattered_ones_of_ten_thousand_cost_40000_bytes(
    exchange: Callable[..., Any],
) -> None:
    pairs = drawn(10_000)
    gone = set(random.Random(2).sample(pairs, 100))
    rest = [pair for pair in pairs if pair not in gone]
    for ours, theirs in ((rest, pairs), (pairs, rest)):
        outcome = exchange(ours, theirs)
        assert sum(map(len, outcome.messages)) <= 40_000


@pytest.mark.covers("SYN-15", "SYN-24")
def test_an_empty_node_learns_a_large_set_in_full_pages_oldest_first(
    exchange: Callable[..., Any],
) -> None:
    pairs = drawn(30_000)
    outcome = exchange([], pairs)
    assert outcome.need == needed(set(pairs))
    assert outcome.rounds == 3
    assert all(len(reply) > 250_000 for reply in outcome.messages[1:-1:2])


@pytest.mark.covers("SYN-28")
@pytest.mark.parametrize("count", [16 + 64 + 256 + 1024 + 4096 + 16_384, 2 * MAX_HAVE + 100])
def test_a_large_set_meets_an_empty_one_in_bounded_steps(count: int) -> None:
    pairs = drawn(count)
    initiator, nothing = Initiator(ItemSet(pairs)), ItemSet()
    message: bytes | None = initiator.initiate()
    told = []
    while message is not None:
        message, have, _ = initiator.reconcile(respond(nothing, message))
        assert len(have) <= MAX_HAVE
        told += have
    assert told == pairs


@pytest.mark.covers("SYN-28")
def test_a_step_that_collisions_overfill_leaves_the_next_range_whole() -> None:
    pairs = drawn(16 + 64 + 256 + 1024 + 4096 + 16_384 + MAX_HAVE + 1)
    twin = pairs[MAX_HAVE - 1]
    pairs[MAX_HAVE] = (twin[0], twin[1][:16] + b"\xff" * 16)
    initiator, nothing = Initiator(ItemSet(pairs)), ItemSet()
    message, have, _ = initiator.reconcile(respond(nothing, initiator.initiate()))
    told = [*have]
    while message is not None:
        message, have, _ = initiator.reconcile(respond(nothing, message))
        told += have
    assert told == sorted(pairs)


@pytest.mark.covers("SYN-28")
def test_a_full_step_tells_nothing_twice(exchange: Callable[..., Any]) -> None:
    ours, theirs = drawn(20_000), drawn(3_000, seed=2)
    outcome = exchange(ours, theirs)
    assert sorted(outcome.have) == ours
    assert sorted(outcome.need) == needed(set(theirs))


@pytest.mark.covers("SYN-18", "SYN-21")
def test_what_is_left_where_we_have_nothing_is_asked_for() -> None:
    initiator = Initiator(ItemSet([(1000, bytes(32)), (2000, bytes(32))]))
    initiator.initiate()
    page = PageWriter(256)
    page.fingerprint((3000).to_bytes(6, "big"), 9, bytes(16))
    reply = initiator.reconcile(page.finish(skips_end=True)).reply
    assert reply is not None
    assert [part.mode for part in read_message(reply)] == [Mode.ASK, Mode.ASK]


@pytest.mark.covers("SYN-7", "SYN-25")
def test_items_of_one_moment_are_told_apart_by_their_ids(exchange: Callable[..., Any]) -> None:
    pairs = drawn(3_000, span_ms=1)
    outcome = exchange(pairs[:-7], pairs[3:])
    assert sorted(outcome.have) == pairs[:3]
    assert outcome.need == needed(set(pairs[-7:]))
    assert sum(map(len, outcome.messages)) < 6_000


@pytest.mark.covers("SYN-2")
def test_colliding_prefixes_hide_each_other_and_nothing_else(exchange: Callable[..., Any]) -> None:
    pairs = drawn(500)
    twins = [(pairs[250][0], bytes(16) + bytes([last]) * 16) for last in range(40)]
    lost = pairs[249:252]
    ours = [pair for pair in pairs if pair not in lost] + twins[:20]
    outcome = exchange(ours, pairs + twins[10:])
    assert outcome.have == []
    assert outcome.need == needed(set(lost))


def test_a_set_may_change_during_the_exchange(exchange: Callable[..., Any]) -> None:
    pairs, later = drawn(2_000), iter(drawn(2_000, seed=9))
    gone = iter(random.Random(3).sample(pairs[100:1_900:2], 200))

    def change(ours: ItemSet, theirs: ItemSet) -> None:
        for _ in range(10):
            ours.add(*next(later))
            theirs.add(*next(later))
            ours.discard(*next(gone))
            theirs.discard(*next(gone))

    outcome = exchange(pairs[:-5], pairs[3:], 1000, meanwhile=change)
    assert set(outcome.have) >= set(pairs[:3])
    assert set(outcome.need) >= set(needed(set(pairs[-5:])))


@pytest.mark.covers("SYN-16")
def test_a_responder_that_restarts_between_two_messages_answers_the_same(
    exchange: Callable[..., Any],
) -> None:
    pairs = drawn(1_000)
    outcome = exchange(pairs[::2], pairs[1:])
    for message, reply in zip(outcome.messages[::2], outcome.messages[1::2], strict=True):
        assert respond(ItemSet(pairs[1:]), message) == reply


@pytest.mark.covers("SYN-11", "SYN-12", "SYN-13", "SYN-18")
def test_a_reply_has_no_two_skips_in_a_row(exchange: Callable[..., Any]) -> None:
    pairs = drawn(3_000)
    outcome = exchange(pairs[::7], pairs[::5])
    for message in outcome.messages:
        modes = [part.mode.name for part in read_message(message)]
        assert ("SKIP", "SKIP") not in list(pairwise(modes))


@pytest.mark.covers("SYN-26")
def test_the_bounds_of_first_messages_reach_every_five_hundred_items() -> None:
    items = ItemSet(drawn(100_000))
    view = items.snapshot()
    marked = set()
    for jitter in range(256):
        for part in read_message(Initiator(items, jitter=jitter).initiate())[:-1]:
            marked.add(len(view) - view.rank(part.upper))
    depths = sorted(marked)
    reached = [depth for depth in depths if depth < 80_000]
    assert max(after - before for before, after in pairwise(reached)) < 500
    assert reached[0] == 16


@pytest.mark.covers("SYN-23")
def test_an_exchange_that_takes_too_many_rounds_is_given_up(exchange: Callable[..., Any]) -> None:
    with pytest.raises(RemoteError, match="reconcile-endless"):
        exchange([], drawn(300), 256, max_rounds=5)


def test_a_reply_that_was_not_asked_for_is_a_mistake_of_the_caller() -> None:
    initiator = Initiator(ItemSet())
    assert initiator.reconcile(respond(ItemSet(), initiator.initiate())).reply is None
    with pytest.raises(ValueError):
        initiator.reconcile(b"\x01\x00\x00")


@pytest.mark.parametrize("jitter", [-1, 256])
def test_a_jitter_outside_its_range_is_refused(jitter: int) -> None:
    with pytest.raises(ValueError):
        Initiator(ItemSet(), jitter=jitter)
