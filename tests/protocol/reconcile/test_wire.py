"""Messages: what is written is read again, and nothing read can do harm."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import RemoteError
from protocol.reconcile.items import key_of
from protocol.reconcile.wire import (
    ENTRY_BYTES,
    HIGHEST,
    LOWEST,
    Mode,
    PageWriter,
    bound_between,
    read_message,
)

keys = st.builds(
    key_of,
    st.one_of(st.integers(0, 3), st.integers(0, 2**48 - 1)),
    st.binary(min_size=32, max_size=32),
)


@given(st.lists(keys, unique_by=lambda key: key[:ENTRY_BYTES], max_size=40), st.data())
def test_every_message_written_is_read_again(some: list[bytes], draw: st.DataObject) -> None:
    some.sort()
    bounds = [bound_between(before, after) for before, after in pairwise(some)]
    page = PageWriter(4096)
    wanted: list[tuple[bytes, Mode, int]] = []
    for upper in [*bounds, HIGHEST]:
        assert upper is not None
        mode = draw.draw(st.sampled_from(Mode))
        if mode is Mode.SKIP:
            page.skip(upper)
            if wanted and wanted[-1][1] is Mode.SKIP:
                wanted.pop()
            wanted.append((upper, mode, 0))
        elif mode is Mode.ASK:
            assert page.ask(upper)
            wanted.append((upper, mode, 0))
        elif mode is Mode.FINGERPRINT:
            assert page.fingerprint(upper, 300, bytes(16))
            wanted.append((upper, mode, 300))
        else:
            lower = wanted[-1][0] if wanted else LOWEST
            held = [key for key in some if lower <= key < upper]
            assert page.entries(upper, held)
            wanted.append((upper, mode, len(held)))
    ranges = read_message(page.finish(skips_end=True))
    assert [(part.upper, part.mode, part.size) for part in ranges] == wanted
    for part in ranges:
        if part.mode is Mode.LIST:
            listed = [key[:ENTRY_BYTES] for key in some if part.lower <= key < part.upper]
            assert list(part.entries) == listed


@given(keys, keys)
def test_a_bound_parts_two_keys_as_briefly_as_it_can(one: bytes, other: bytes) -> None:
    before, after = sorted((one, other))
    bound = bound_between(before, after)
    if bound is None:
        assert before[:ENTRY_BYTES] == after[:ENTRY_BYTES]
    else:
        assert before < bound <= after
        assert len(bound) == 6 or not before < bound[:-1] <= after


@given(st.one_of(st.binary(max_size=400), st.binary(max_size=400).map(lambda tail: b"\x01" + tail)))
@pytest.mark.covers("SYN-10")
def test_any_bytes_are_read_or_refused(message: bytes) -> None:
    try:
        ranges = read_message(message)
    except RemoteError as error:
        refusal = error.code
    else:
        refusal = ""
        assert 1 <= len(ranges) <= len(message) // 2
        uppers = [part.upper for part in ranges]
        assert uppers == sorted(set(uppers))
    assert refusal in {"", "reconcile-malformed"}


@pytest.mark.covers("SYN-9")
def test_a_message_that_is_too_long_is_refused_unread() -> None:
    fits = b"\x01\x00\x00"
    with pytest.raises(RemoteError, match="too-long"):
        read_message(fits + bytes((512 << 10) + 1 - len(fits)))


@pytest.mark.covers("SYN-9")
def test_more_than_4096_ranges_are_refused() -> None:
    ask = b"\x03\x03"
    assert len(read_message(b"\x01" + ask * 4096)) == 4096
    with pytest.raises(RemoteError, match="too-many-ranges"):
        read_message(b"\x01" + ask * 4097)


@pytest.mark.covers("SYN-9")
def test_a_size_that_is_only_announced_takes_no_memory() -> None:
    announced = b"\x01" + b"\xfe" + b"\xff" * 5 + b"\x7f" + b"\x00"
    tracemalloc.start()
    with pytest.raises(RemoteError, match="truncated"):
        read_message(announced)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 100_000


@pytest.mark.parametrize("size", [0, 255, (512 << 10) + 1])
def test_a_page_of_an_impossible_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError):
        PageWriter(size)


def test_a_full_page_takes_nothing_more() -> None:
    page = PageWriter(256)
    written = 0
    while page.fingerprint((written + 1).to_bytes(6, "big"), 1, bytes(16)):
        written += 1
    message = page.finish(skips_end=True)
    assert len(message) <= 256
    assert len(read_message(message)) == written


@pytest.mark.covers("SYN-9")
def test_no_message_is_written_that_has_too_many_ranges_to_be_read() -> None:
    page = PageWriter(512 << 10)
    at_ms = 1
    while page.ask(at_ms.to_bytes(6, "big")):
        page.skip((at_ms + 1).to_bytes(6, "big"))
        at_ms += 2
    assert 4_000 < len(read_message(page.finish(skips_end=True))) <= 4_096
