"""How many records an answer holds, and how an asker knows that it was full (TRN-53)."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from protocol.catchup import MAX_BATCH_BYTES, MAX_FETCH, MAX_FRAME_BYTES, Records, batches, write
from protocol.limits import MAX_RECORD_BYTES

SIZES = st.lists(st.integers(200, MAX_RECORD_BYTES) | st.just(MAX_RECORD_BYTES), max_size=MAX_FETCH)


@pytest.mark.covers("TRN-53", "TRN-50")
@given(SIZES)
@example([1_620] * 480 + [MAX_RECORD_BYTES] * 2)
@example([MAX_RECORD_BYTES] * 97)
def test_an_answer_that_leaves_some_out_is_seen_to_be_full(sizes: list[int]) -> None:
    raws = [bytes(size) for size in sizes]
    cut = batches(raws)
    assert [raw for batch in cut for raw in batch] == raws
    for batch in cut:
        assert sum(map(len, batch)) <= MAX_BATCH_BYTES == 786_432
        assert len(write(Records(batch))) <= MAX_FRAME_BYTES
    for batch in cut[:-1]:
        assert sum(map(len, batch)) > MAX_BATCH_BYTES - MAX_RECORD_BYTES == 778_240
