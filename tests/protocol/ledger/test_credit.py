"""A balance follows from receipts alone, in whatever order; none is below the charter's limit."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vector_credit import chain, folded, gave, held, on_day
from vector_ledger import ANA, BEN, CEM, FOUNDER, traded

from protocol import limits
from protocol.charter import Charter, CreditRules, read_charter
from protocol.errors import RemoteError
from protocol.ids import HouseholdId
from protocol.ledger.counting import Dated, once_a_trade
from protocol.ledger.credit import Credit, exceeds, fold, room
from protocol.ledger.receipt import Outcome
from protocol.listing import ListingKind
from protocol.wire import pack, unpack

RULES = CreditRules("Stunden", 10)
PEOPLE = (FOUNDER, ANA, BEN, CEM)


def test_a_receipt_without_credit_moves_nothing() -> None:
    assert fold([held(traded(), 1), held(traded(outcome=Outcome.CANCELLED), 2)], RULES) == Credit()


DEEDS = st.lists(
    st.tuples(
        st.permutations(range(4)),
        st.integers(1, 12),
        st.sampled_from([ListingKind.GIVE, ListingKind.WANTED]),
        st.integers(0, 5),
        st.integers(0, 9),
    ),
    max_size=14,
)


def receipts_of(deeds: Sequence[tuple[Sequence[int], int, ListingKind, int, int]]) -> list[Dated]:
    return [
        held(traded(PEOPLE[who[0]], PEOPLE[who[1]], trade, credit=credit, listing_kind=kind), at_ms)
        for who, credit, kind, at_ms, trade in deeds
    ]


@given(deeds=DEEDS, random=st.randoms(use_true_random=False))
def test_all_balances_add_up_to_nothing_and_none_is_below_the_limit(deeds, random) -> None:
    receipts = receipts_of(deeds)
    found = fold(receipts, RULES)
    assert sum(found.balances.values()) == 0
    assert all(balance >= -RULES.limit for balance in found.balances.values())
    assert fold(random.sample(receipts, len(receipts)) + receipts[:3], RULES) == found


LEDGERS = [
    record
    for linked in (
        chain(ANA, gave(BEN, ANA, 6, 1), gave(CEM, ANA, 6, 2), gave(ANA, BEN, 3, 4)),
        chain(BEN, gave(BEN, ANA, 6, 1), gave(ANA, BEN, 5, 4)),
        chain(CEM, gave(FOUNDER, CEM, 30, 5), gave(CEM, ANA, 6, 2)),
        on_day(CEM, 1, gave(CEM, BEN, 2, 6)),  # a fork: two first links of one device
    )
    for record in linked.records
]


@settings(max_examples=30)
@given(records=st.permutations(LEDGERS))
def test_the_order_of_arrival_makes_no_difference(records) -> None:
    found = folded([*records, records[0]])
    assert found == folded(LEDGERS)
    assert sum(found.balances.values()) == 0
    assert found.waiting


@given(deeds=DEEDS, random=st.randoms(use_true_random=False))
def test_it_makes_no_difference_whose_turn_it_is(deeds, random) -> None:
    """LED-33 as it is written, with the queues looked at in an arbitrary order."""
    receipts = receipts_of(deeds)
    waiting = once_a_trade(receipts)
    balances: dict[HouseholdId, int] = {}
    while True:
        firsts: dict[HouseholdId, Dated] = {}
        for one in waiting:
            firsts.setdefault(one.receipt.taker, one)
        fitting = [
            one
            for taker, one in firsts.items()
            if balances.get(taker, 0) - (one.receipt.credit or 0) >= -RULES.limit
        ]
        if not fitting:
            break
        one = random.choice(fitting)
        waiting.remove(one)
        for party, sign in ((one.receipt.giver, 1), (one.receipt.taker, -1)):
            balances[party] = balances.get(party, 0) + sign * (one.receipt.credit or 0)
    found = fold(receipts, RULES)
    assert list(found.waiting) == [one.receipt for one in waiting]
    assert {who: amount for who, amount in found.balances.items() if amount} == {
        who: amount for who, amount in balances.items() if amount
    }


@given(deeds=DEEDS)
def test_what_counts_and_what_waits_is_everything_once(deeds) -> None:
    receipts = receipts_of(deeds)
    found = fold(receipts, RULES)
    shown = [receipt.digest() for receipt in (*found.counted, *found.waiting)]
    assert sorted(shown) == sorted(one.digest for one in once_a_trade(receipts))
    for household in PEOPLE:
        moved = sum(
            (receipt.credit or 0) * (1 if receipt.giver == household.id else -1)
            for receipt in found.counted
            if household.id in receipt.parties
        )
        assert found.balance(household.id) == moved


def test_a_promise_may_reach_the_limit_and_not_pass_it() -> None:
    def over(balance: int, promised: int, amount: int) -> bool:
        return exceeds(Credit({ANA.id: balance}), ANA.id, promised, amount, RULES.limit)

    assert not over(0, 0, 10)
    assert over(0, 0, 11)
    assert over(-4, 0, 7)
    assert not over(-4, 0, 6)
    assert over(-4, 3, 4)
    assert not over(25, 0, 35)


def test_what_waits_is_owed_too() -> None:
    found = fold([held(traded(BEN, ANA, n, credit=6), n) for n in range(3)], RULES)
    assert (found.balance(ANA.id), found.uncovered(ANA.id)) == (-6, 12)
    assert room(found, ANA.id, RULES.limit) == 0
    assert exceeds(found, ANA.id, 0, 1, RULES.limit)
    assert (found.uncovered(BEN.id), room(found, BEN.id, RULES.limit)) == (0, 16)


# -- what the charter says


def charter(credit: CreditRules | None) -> Charter:
    return Charter(name="Lindenstraße", rules="Be kind.", salt=bytes(16), credit=credit)


def test_a_charter_with_credit_is_read_as_it_was_written() -> None:
    assert read_charter(charter(RULES).pack()) == charter(RULES)
    assert read_charter(charter(None).pack()) == charter(None)


def test_a_charter_without_credit_keeps_its_bytes() -> None:
    value = unpack(charter(None).pack(), 8_192)
    assert isinstance(value, tuple)
    assert (value[0], len(value)) == (1, 14)


@pytest.mark.parametrize(
    ("unit", "limit"),
    [("", 1), ("x" * 21, 1), ("a\nb", 1), (" h", 1), ("h", 0), ("h", limits.MAX_CREDIT + 1)],
)
def test_terms_of_credit_are_bounded(unit: str, limit: int) -> None:
    with pytest.raises(RemoteError):
        CreditRules(unit, limit)


@pytest.mark.parametrize("credit", [None, (), ("h",), ("h", 1, 1), ("h", None), (1, 1), ("h", 0)])
def test_other_terms_make_no_charter(credit) -> None:
    value = unpack(charter(RULES).pack(), 8_192)
    assert isinstance(value, tuple)
    with pytest.raises(RemoteError):
        read_charter(pack((*value[:-1], credit)))


@pytest.mark.parametrize("version", [0, 1, 3])
def test_a_charter_with_credit_is_version_2(version: int) -> None:
    value = unpack(charter(RULES).pack(), 8_192)
    assert isinstance(value, tuple)
    with pytest.raises(RemoteError):
        read_charter(pack((version, *value[1:])))
