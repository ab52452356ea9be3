"""A few slips are forgiven, a stream of them is not."""

from __future__ import annotations

from node.clock import Skew
from node.conduct import BAN_S, Conduct
from protocol.limits import MAX_CLOCK_AHEAD_MS

HOST, OTHER = b"h" * 32, b"o" * 32


def faults_until_cut_off(conduct: Conduct, host: bytes, now_s: float, weight: float = 1.0) -> int:
    count = 1
    while not conduct.fault(host, "test", now_s, weight):
        count += 1
    return count


def test_a_burst_of_faults_cuts_a_host_off_and_no_other() -> None:
    conduct = Conduct()
    assert faults_until_cut_off(conduct, HOST, 0.0) == 21
    assert conduct.banned(HOST, 1.0)
    assert not conduct.banned(OTHER, 1.0)
    assert conduct.counts["cut-off"] == 1


def test_a_fault_now_and_then_is_forgiven_for_ever() -> None:
    conduct = Conduct()
    assert not any(conduct.fault(HOST, "test", 11.0 * n) for n in range(1_000))


def test_a_ban_ends() -> None:
    conduct = Conduct()
    faults_until_cut_off(conduct, HOST, 0.0)
    assert conduct.banned(HOST, BAN_S - 0.1)
    assert not conduct.banned(HOST, BAN_S)


def test_a_host_is_told_to_be_cut_off_once_for_each_ban() -> None:
    conduct = Conduct()
    faults_until_cut_off(conduct, HOST, 0.0)
    assert not any(conduct.fault(HOST, "test", 1.0) for _ in range(100))
    assert conduct.counts["cut-off"] == 1
    faults_until_cut_off(conduct, HOST, BAN_S + 1)
    assert conduct.counts["cut-off"] == 2


def test_heavier_faults_count_for_more() -> None:
    assert faults_until_cut_off(Conduct(), HOST, 0.0, weight=5.0) == 5


def test_gossip_is_looked_at_up_to_a_rate() -> None:
    conduct = Conduct()
    looked_at = sum(conduct.may_gossip(HOST, 0.0) for _ in range(5_000))
    assert looked_at == 2_000
    assert conduct.counts["throttled"] == 3_000
    assert conduct.may_gossip(OTHER, 0.0)
    assert sum(conduct.may_gossip(HOST, 1.0) for _ in range(5_000)) == 300


def test_a_household_answers_for_all_its_hosts() -> None:
    conduct = Conduct()
    household = b"a" * 32
    conduct.introduce(HOST, household)
    faults_until_cut_off(conduct, HOST, 0.0)
    assert conduct.banned(household, 1.0)
    assert not conduct.banned(OTHER, 1.0)
    conduct.introduce(OTHER, household)
    assert conduct.banned(OTHER, 1.0)
    assert conduct.counts["cut-off"] == 1


def test_what_is_remembered_of_hosts_is_bounded() -> None:
    conduct = Conduct()
    for number in range(5_000):
        conduct.introduce(number.to_bytes(32, "big"), b"a" * 32)
    assert len(conduct._households) <= 512
    for number in range(5_000):
        conduct.may_gossip(number.to_bytes(32, "big"), 0.0)
    assert len(conduct._records) <= 512


def test_nobody_s_fault_is_only_counted() -> None:
    conduct = Conduct()
    assert not any(conduct.fault(None, "gate-deadline", 0.0) for _ in range(100))
    assert conduct.counts["fault:gate-deadline"] == 100


def test_a_clock_is_trusted_once_most_neighbours_agree() -> None:
    skew = Skew()
    assert not skew.trustworthy
    skew.observe(b"a", 5 * MAX_CLOCK_AHEAD_MS)
    assert not skew.trustworthy
    skew.observe(b"b", 10)
    skew.observe(b"c", -10)
    assert skew.trustworthy
    assert skew.median_ms == 10


def test_the_latest_word_of_a_neighbour_counts_and_only_so_many_neighbours() -> None:
    skew = Skew()
    for number in range(100):
        skew.observe(number.to_bytes(4, "big"), 2 * MAX_CLOCK_AHEAD_MS)
    for number in range(80, 100):
        skew.observe(number.to_bytes(4, "big"), 0)
    assert skew.trustworthy
