"""The one door: it never fails, and nothing changed or forged passes under a known name."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vector_world import DAY_MS, HOUR_MS, START_MS, Household, World

from protocol import limits
from protocol.admission import Admit, Ignore, Park, Reject, admit, admit_all
from protocol.charter import Charter
from protocol.ids import record_id
from protocol.kinds import Kind
from protocol.membership.slots import full_slots, provisional_slots

WORLD = World()
FOUNDER, ANA, BEN = WORLD.founder, Household(2), Household(3)
NOW_MS = START_MS + 2 * HOUR_MS
KNOWN = [
    WORLD.certify_device(FOUNDER),
    WORLD.invite(FOUNDER),
    *WORLD.joined(ANA, FOUNDER),
    WORLD.certificate(BEN, FOUNDER),
]
MEMBERS = WORLD.found().extended(KNOWN)
RECORDS = [WORLD.listing(ANA), WORLD.invite(ANA), WORLD.certify_device(ANA, 1), *KNOWN]


@settings(max_examples=500, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=4))
def test_any_bytes_are_rejected_and_nothing_is_raised(raws: list[bytes]) -> None:
    verdicts, members = admit_all(raws, NOW_MS, MEMBERS)
    assert all(isinstance(verdict, Reject) for verdict in verdicts)
    assert members is MEMBERS


@pytest.mark.parametrize("record", RECORDS[:4], ids=lambda record: Kind(record.kind).name)
def test_no_bit_can_be_flipped(record) -> None:
    assert isinstance(admit(record.raw, NOW_MS, MEMBERS), Admit)
    for bit in range(8 * len(record.raw)):
        raw = bytearray(record.raw)
        raw[bit // 8] ^= 1 << bit % 8
        assert record_id(bytes(raw)) != record.id
        assert not isinstance(admit(bytes(raw), NOW_MS, MEMBERS), Admit)


@settings(max_examples=500, deadline=None)
@given(
    st.sampled_from(RECORDS),
    st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=5)), min_size=1, max_size=3),
)
def test_no_bytes_can_be_exchanged_put_in_or_taken_out(record, changes) -> None:
    raw = record.raw
    for at, inserted in changes:
        at %= len(raw)
        raw = raw[:at] + inserted + raw[at + len(inserted) % 3 :]
    verdict = admit(raw, NOW_MS, MEMBERS)
    if raw != record.raw:
        assert not isinstance(verdict, Admit)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(RECORDS), st.integers(0, 2**48 - 1))
def test_every_time_gives_a_verdict(record, now_ms: int) -> None:
    verdict = admit(record.raw, now_ms, MEMBERS)
    if record.expires_at_ms <= now_ms:
        assert verdict == Ignore("expired")
    elif record.created_at_ms > now_ms + limits.MAX_CLOCK_AHEAD_MS:
        assert verdict == Park("not-yet", record)
    else:
        assert isinstance(verdict, Admit)


@settings(max_examples=100, deadline=None)
@given(st.permutations(RECORDS))
def test_the_order_within_a_batch_does_not_matter(records) -> None:
    verdicts, members = admit_all([record.raw for record in records], NOW_MS, WORLD.found())
    assert all(isinstance(verdict, Admit) for verdict in verdicts)
    assert set(members.households) == {FOUNDER.id, ANA.id, BEN.id}


def test_a_record_twice_in_a_batch_is_admitted_twice() -> None:
    raw = WORLD.listing(ANA).raw
    assert [type(v) for v in admit_all([raw, raw], NOW_MS, MEMBERS)[0]] == [Admit, Admit]


@pytest.mark.covers("RCD-20")
def test_what_expired_has_no_say_any_more() -> None:
    short = WORLD.certify_device(ANA, 1, expires_at_ms=START_MS + 2 * HOUR_MS)
    members = MEMBERS.extended([short])
    assert members.signs_for(ANA.device(1).public, ANA.id)
    assert members.unexpired(NOW_MS - 1) is members
    assert not members.unexpired(NOW_MS).signs_for(ANA.device(1).public, ANA.id)
    assert members.unexpired(NOW_MS).signs_for(ANA.device(0).public, ANA.id)


@pytest.mark.covers("LST-6")
def test_a_later_charter_does_not_change_what_is_in_the_set() -> None:
    larger = Charter(name="Lindenstraße", rules="", salt=bytes(16), listing_slots=250_000)
    members = MEMBERS.extended([WORLD.sign(FOUNDER, Kind.CHARTER, larger.pack())])
    assert members.charter == WORLD.charter
    assert members.slots(ANA.id, Kind.LISTING) == 40


def test_a_provisional_household_can_hold_less_than_half_a_megabyte() -> None:
    slots = sum(provisional_slots(kind) for kind in range(1, 192))
    assert slots * limits.MAX_RECORD_BYTES < 512 << 10


def test_the_kind_that_only_the_founder_uses_gives_others_no_room() -> None:
    assert full_slots(Kind.CHARTER, WORLD.charter, founder=False) == 0


@pytest.mark.covers("RCD-15")
def test_a_provisional_household_writes_nowhere_but_in_its_own_few_slots() -> None:
    members = MEMBERS.extended([WORLD.certify_device(BEN)])
    for kind in range(1, 192):
        if kind in (Kind.CHARTER, Kind.CERTIFICATE, Kind.DEVICE):
            continue
        record = WORLD.sign(BEN, kind, b"", slot=provisional_slots(kind))
        assert isinstance(admit(record.raw, NOW_MS, members), Park | Reject), kind


@pytest.mark.covers("MEM-11")
def test_a_removed_household_writes_nowhere_whenever_it_claims_to_write() -> None:
    members = MEMBERS.extended([WORLD.removal(ANA)])
    for kind in (*range(1, 7), 7, *range(32, 37), 128):
        for at_ms in (START_MS, START_MS + HOUR_MS, NOW_MS):
            record = WORLD.sign(ANA, kind, b"", at_ms=at_ms)
            verdict = admit(record.raw, NOW_MS, members)
            assert verdict in (Ignore("removed"), Reject("slot")), kind


def test_a_year_of_wrong_clock_is_parked_and_not_lost() -> None:
    ahead = WORLD.listing(ANA, at_ms=NOW_MS + 365 * DAY_MS)
    assert admit(ahead.raw, NOW_MS, MEMBERS) == Park("not-yet", ahead)
    assert isinstance(admit(ahead.raw, NOW_MS + 365 * DAY_MS, MEMBERS), Admit)
