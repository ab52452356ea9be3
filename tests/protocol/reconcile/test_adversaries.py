"""Neither side can be made to fail, to loop or to hoard by what the other says."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import RemoteError
from protocol.reconcile import Initiator, ItemSet, respond
from protocol.reconcile.wire import Mode, PageWriter, read_message

RNG = random.Random(4)
ITEMS = ItemSet([(RNG.randrange(10**9), RNG.randbytes(32)) for _ in range(2_000)])

Liar = Callable[[bytes], bytes]


def outcome_against(liar: Liar, items: ItemSet = ITEMS, max_rounds: int = 256) -> tuple[int, str]:
    """Rounds until the end, and the code of the error that ended it ("" for none)."""
    initiator = Initiator(items, max_rounds=max_rounds)
    message: bytes | None = initiator.initiate()
    rounds = 0
    try:
        while message is not None:
            rounds += 1
            message, _, _ = initiator.reconcile(liar(message))
    except RemoteError as error:
        return rounds, error.code
    return rounds, ""


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.booleans())
@pytest.mark.covers("SYN-10")
def test_any_reply_is_taken_or_refused(reply: bytes, versioned: bool) -> None:
    assert outcome_against(lambda _: b"\x01" + reply if versioned else reply)[1] in {
        "",
        "reconcile-malformed",
        "reconcile-endless",
    }


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
@pytest.mark.covers("SYN-10")
def test_any_request_is_answered_or_refused(request: bytes) -> None:
    try:
        reply = respond(ITEMS, b"\x01" + request, max_message_bytes=1000)
    except RemoteError as error:
        refusal = error.code
    else:
        refusal = ""
        assert 3 <= len(reply) <= 1000
    assert refusal in {"", "reconcile-malformed"}


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_true_reply_with_one_byte_changed_is_taken_or_refused(draw: st.DataObject) -> None:
    other = ItemSet([*list(ITEMS)[5:], (5, bytes(32))])

    def damaged(message: bytes) -> bytes:
        reply = bytearray(respond(other, message))
        reply[draw.draw(st.integers(0, len(reply) - 1))] = draw.draw(st.integers(0, 255))
        return bytes(reply)

    assert outcome_against(damaged)[1] in {"", "reconcile-malformed", "reconcile-endless"}


def test_an_echo_ends_soon() -> None:
    rounds, error = outcome_against(lambda message: message)
    assert rounds <= 2
    assert error in {"", "reconcile-malformed"}


def always_different(message: bytes) -> bytes:
    """Every fingerprint is answered with another one for the same range and size."""
    page = PageWriter(512 << 10)
    for part in read_message(message):
        if part.mode is Mode.FINGERPRINT:
            page.fingerprint(part.upper, part.size, RNG.randbytes(16))
        elif part.mode is Mode.ASK:
            page.entries(part.upper, [])
        else:
            page.skip(part.upper)
    return page.finish(skips_end=True)


def test_fingerprints_that_never_agree_end_in_lists() -> None:
    rounds, error = outcome_against(always_different)
    assert error == ""
    assert rounds <= 8


def creeping(message: bytes) -> bytes:
    """Lists nothing, and that only for the next millisecond."""
    page = PageWriter(256)
    lower = read_message(message)[-1].lower
    if lower:
        page.skip(lower)
    page.entries((int.from_bytes(lower[:6]) + 1).to_bytes(6), [])
    return page.finish(skips_end=True)


@pytest.mark.covers("SYN-23")
def test_a_responder_that_creeps_is_given_up_after_256_messages() -> None:
    assert outcome_against(creeping, ItemSet()) == (256, "reconcile-endless")


def splintering(message: bytes) -> bytes:
    """Knows our items: agrees on each, differs on each gap between, lists one gap a time."""
    page = PageWriter(512 << 10)
    view = ITEMS.snapshot()
    for part in read_message(message):
        if part.mode is Mode.SKIP:
            page.skip(part.upper)
            continue
        if part.mode is Mode.ASK:
            page.entries(part.upper, [])
            break
        for rank in range(view.rank(part.lower), view.rank(part.upper)):
            start, after = view.key(rank)[:6], (int.from_bytes(view.key(rank)[:6]) + 1).to_bytes(6)
            if start > part.lower:
                page.fingerprint(start, 7, bytes(16))
            page.fingerprint(after, 1, view.fingerprint(rank, rank + 1))
        page.fingerprint(part.upper, 7, bytes(16))
    return page.finish(skips_end=True)


def test_a_responder_that_splinters_ranges_cannot_make_us_hoard() -> None:
    asked: list[int] = []

    def counted(message: bytes) -> bytes:
        asked.append(sum(part.mode is Mode.ASK for part in read_message(message)))
        return splintering(message)

    tracemalloc.start()
    assert outcome_against(counted, max_rounds=12) == (12, "reconcile-endless")
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 0.9 * len(ITEMS) < max(asked) <= len(ITEMS) + 7
    assert peak_bytes < 2_000 * len(ITEMS)


def test_a_request_for_everything_in_4096_pieces_gets_one_page() -> None:
    asks = b"".join(b"\x03\x81\xfa\x01" for _ in range(4_000))
    assert len(respond(ITEMS, b"\x01" + asks)) <= 256 << 10
