"""Canonical bytes: what is written is read, and what is read is what was written."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import RemoteError
from protocol.wire import Fields, pack, unpack

LEAVES = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.binary(max_size=300)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
)  # fmt: skip


def nested(depth: int) -> st.SearchStrategy[object]:
    if depth == 0:
        return LEAVES
    return LEAVES | st.lists(nested(depth - 1), max_size=4).map(tuple)


@settings(max_examples=200, deadline=None)
@given(nested(4))
def test_every_value_is_read_as_it_was_written(value) -> None:
    assert unpack(pack(value), 1 << 20) == value


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_in_its_one_encoding_or_a_remote_error(raw: bytes) -> None:
    try:
        value = unpack(raw, 60)
    except RemoteError:
        return
    assert pack(value) == raw


@settings(max_examples=300, deadline=None)
@given(nested(3), st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_byte_is_another_value_or_a_remote_error(value, at: int, flip: int) -> None:
    raw = bytearray(pack(value))
    raw[at % len(raw)] ^= flip
    try:
        changed = unpack(bytes(raw), 1 << 20)
    except RemoteError:
        return
    assert pack(changed) == bytes(raw)
    assert pack(changed) != pack(value)


def test_a_field_of_the_wrong_type_names_itself() -> None:
    fields = Fields((1, True, "x"), 3, "thing")
    assert fields.integer("number", 0, 1) == 1
    with pytest.raises(RemoteError) as caught:
        fields.integer("count", 0, 1)
    assert caught.value.fields == {"field": "count"}


@pytest.mark.parametrize(
    ("method", "arguments", "value"),
    [
        ("integer", (0, 9), 10),
        ("integer", (0, 9), False),
        ("optional_integer", (0, 9), "1"),
        ("boolean", (), 1),
        ("octets", (2,), b"abc"),
        ("octets", (2,), "ab"),
        ("text", (), b"ab"),
        ("optional_text", (), 0),
        ("array", (1,), (1, 2)),
        ("array", (1,), b""),
        ("texts", (2,), ("a", 1)),
    ],
)
def test_a_field_out_of_its_bounds_is_a_remote_error(method, arguments, value) -> None:
    with pytest.raises(RemoteError):
        getattr(Fields((value,), 1, "thing"), method)("field", *arguments)
