"""Facts from one's own place: friends cannot make each other a long record."""

from __future__ import annotations

from vector_ledger import ANA, BEN, CEM, FOUNDER, STRANGER, members, review, traded
from vector_world import Household

from protocol.ledger.chain import Posted
from protocol.ledger.receipt import CoSigned, Outcome, Receipt
from protocol.ledger.trust import PAIR_CAP, Tally, record_of, view, vouch_path


def all_of(*signed: CoSigned) -> list[Receipt]:
    return [one.receipt for one in signed]


def test_of_one_pair_at_most_three_receipts_count() -> None:
    many = all_of(*(traded(ANA, BEN, n) for n in range(20)), traded(CEM, ANA, 50))
    assert record_of(ANA.id, many, members()).completed == Tally(PAIR_CAP + 1, 2)
    assert record_of(BEN.id, many, members()).completed == Tally(PAIR_CAP, 1)


def test_what_failed_counts_against_whose_fault_it_was() -> None:
    receipts = all_of(
        traded(ANA, BEN, 1, outcome=Outcome.CANCELLED, at_fault=ANA.id),
        traded(ANA, BEN, 2, outcome=Outcome.NO_SHOW, at_fault=BEN.id),
        traded(ANA, CEM, 3, outcome=Outcome.CANCELLED),
    )
    ana = record_of(ANA.id, receipts, members())
    assert (ana.completed, ana.cancelled, ana.no_shows) == (Tally(0, 0), Tally(1, 1), Tally(0, 0))
    assert record_of(BEN.id, receipts, members()).no_shows == Tally(1, 1)
    assert record_of(CEM.id, receipts, members()).cancelled == Tally(0, 0)


def test_common_partners_are_those_with_whom_both_completed_trades() -> None:
    receipts = all_of(
        traded(ANA, FOUNDER, 1),
        traded(BEN, FOUNDER, 2),
        traded(ANA, CEM, 3, outcome=Outcome.CANCELLED),
        traded(BEN, CEM, 4),
        traded(ANA, BEN, 5),
    )
    seen = view(BEN.id, ANA.id, receipts, [], members())
    assert seen.common == [FOUNDER.id]
    assert view(BEN.id, CEM.id, receipts, [], members()).common == []


def test_partners_that_came_by_one_s_own_invitation_are_told_apart() -> None:
    receipts = all_of(traded(ANA, CEM, 1), traded(ANA, BEN, 2))
    assert record_of(ANA.id, receipts, members()).brought == 1
    assert record_of(CEM.id, receipts, members()).brought == 0
    assert record_of(FOUNDER.id, all_of(traded(FOUNDER, CEM, 1)), members()).brought == 1


def path(viewer: Household, household: Household) -> list[int]:
    numbers = {h.id: h.number for h in (FOUNDER, ANA, BEN, CEM)}
    return [numbers[found] for found in vouch_path(viewer.id, household.id, members())]


def test_the_vouch_path_turns_at_the_nearest_household_that_brought_both() -> None:
    assert path(CEM, BEN) == [4, 2, 1, 3]
    assert path(CEM, ANA) == [4, 2]
    assert path(ANA, CEM) == [2, 4]
    assert path(BEN, FOUNDER) == [3, 1]
    assert path(ANA, ANA) == [2]


def test_nobody_stands_for_a_stranger() -> None:
    assert vouch_path(ANA.id, STRANGER.id, members()) == ()


def test_reviews_are_those_about_the_household_in_the_order_of_time() -> None:
    signed = traded()
    reviews = [
        Posted(ANA.id, review(signed, ANA, "Late."), 2),
        Posted(ANA.id, review(signed, ANA, "Early."), 1),
        Posted(BEN.id, review(signed, BEN, "Of Ana."), 1),
    ]
    shown = view(BEN.id, CEM.id, all_of(signed), reviews, members()).reviews
    assert [posted.review.text for posted in shown] == ["Early.", "Late."]
