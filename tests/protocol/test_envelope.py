"""The envelope: one order among records, and no record that comes back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vector_world import DAY_MS, HOUR_MS, START_MS, Household, World, thing_key

from protocol.envelope import Envelope, decode, supersedes
from protocol.errors import RemoteError
from protocol.ids import RecordId
from protocol.kinds import Kind
from protocol.limits import CONTENT_LIFETIME_MS, MAX_VISIBLE_MS

WORLD = World()
ANA = Household(2)
LISTING = WORLD.listing(ANA)
RANKED = st.builds(
    lambda generation, withdrawn, revision, id: replace(
        LISTING, generation_ms=generation, withdrawn=withdrawn, revision=revision, id=RecordId(id)
    ),
    st.integers(0, 2), st.booleans(), st.integers(0, 2), st.sampled_from([b"0", b"1"]),
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(RANKED, RANKED, RANKED)
def test_superseding_is_a_total_order(a: Envelope, b: Envelope, c: Envelope) -> None:
    assert not supersedes(a, a)
    if a.precedence != b.precedence:
        assert supersedes(a, b) is not supersedes(b, a)
    if supersedes(a, b) and supersedes(b, c):
        assert supersedes(a, c)


@settings(max_examples=200, deadline=None)
@given(st.permutations([
    LISTING,
    WORLD.listing(ANA, "Cot, white", revision=1),
    WORLD.listing(ANA, "Cot, sold", revision=7),
    WORLD.sign(ANA, Kind.LISTING, b"", withdrawn=True, key=LISTING.key),
    WORLD.listing(ANA, "Bike", at_ms=START_MS + 3 * HOUR_MS, key=thing_key(7)),
    WORLD.listing(ANA, "Bike, red", at_ms=START_MS + 3 * HOUR_MS, key=thing_key(7), revision=2),
]))  # fmt: skip
def test_the_last_edit_of_the_last_thing_stands_in_every_order(records: list[Envelope]) -> None:
    standing = records[0]
    for record in records[1:]:
        if supersedes(record, standing):
            standing = record
    assert (standing.key, standing.revision) == (thing_key(7), 2)


@settings(max_examples=300, deadline=None)
@given(edits=st.lists(st.integers(1, 40), min_size=1, max_size=6), ends=st.booleans())
@pytest.mark.covers("RCD-12", "RCD-13", "RCD-14")
def test_a_node_that_was_off_brings_nothing_back(edits: list[int], ends: bool) -> None:
    """Whoever holds only an old revision has forgotten it before the last word is forgotten."""
    at_ms, generation_ms, records = START_MS, START_MS, [WORLD.listing(ANA, at_ms=START_MS)]
    for revision, days in enumerate(edits, 1):
        at_ms += days * DAY_MS
        withdrawn = ends and revision == len(edits)
        records.append(
            WORLD.sign(
                ANA,
                Kind.LISTING,
                LISTING.body,
                at_ms=at_ms,
                generation_ms=generation_ms,
                revision=revision,
                withdrawn=withdrawn,
                key=LISTING.key,
            )
        )
    last = records[-1]
    assert all(supersedes(last, old) for old in records[:-1])
    assert all(old.expires_at_ms <= last.expires_at_ms for old in records)
    after = WORLD.listing(ANA, "Bike", at_ms=at_ms + 1, key=thing_key(7))
    assert all(
        supersedes(after, old) and after.expires_at_ms > old.expires_at_ms for old in records
    )


def test_content_outlives_the_time_it_may_show() -> None:
    assert CONTENT_LIFETIME_MS > MAX_VISIBLE_MS


@pytest.mark.covers("RCD-9")
def test_a_record_keeps_the_bytes_it_was_read_from() -> None:
    assert decode(LISTING.raw).raw is LISTING.raw


@pytest.mark.covers("CON-12")
def test_a_time_claimed_falsely_gains_nothing_over_another_household() -> None:
    ben = Household(3)
    early, late = WORLD.listing(ANA, at_ms=START_MS), WORLD.listing(ben, at_ms=START_MS + DAY_MS)
    assert early.register != late.register


def test_what_others_would_refuse_cannot_be_sealed() -> None:
    for fields in (
        {"revision": 17},
        {"expires_at_ms": START_MS},
        {"generation_ms": START_MS + DAY_MS},
        {"body": bytes(9_000)},
    ):
        with pytest.raises(RemoteError):
            WORLD.sign(ANA, Kind.LISTING, **{"body": b"", **fields})


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_a_record_or_a_remote_error(raw: bytes) -> None:
    with pytest.raises(RemoteError):
        decode(raw)
