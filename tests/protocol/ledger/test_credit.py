"""A balance follows from receipts alone, in whatever order, and all balances add up to nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vector_ledger import ANA, BEN, CEM, FOUNDER, traded

from protocol import limits
from protocol.charter import Charter, CreditRules, read_charter
from protocol.errors import RemoteError
from protocol.ledger.credit import balances, exceeds
from protocol.ledger.receipt import CoSigned, Outcome
from protocol.listing import ListingKind
from protocol.wire import pack, unpack

RULES = CreditRules("Stunden", 10)
PEOPLE = (FOUNDER, ANA, BEN, CEM)


def test_a_digest_counts_once_wherever_it_is_linked() -> None:
    hour = traded(ANA, BEN, credit=3)
    assert balances([hour, hour]) == {ANA.id: 3, BEN.id: -3}


def test_a_receipt_without_credit_moves_nothing() -> None:
    assert balances([traded(), traded(outcome=Outcome.CANCELLED)]) == {}


@given(
    deeds=st.lists(
        st.tuples(
            st.permutations(range(4)),
            st.integers(1, limits.MAX_CREDIT),
            st.sampled_from(list(ListingKind)),
        ),
        max_size=12,
    ),
    random=st.randoms(use_true_random=False),
)
def test_all_balances_add_up_to_nothing_in_any_order(deeds, random) -> None:
    receipts: list[CoSigned] = [
        traded(PEOPLE[who[0]], PEOPLE[who[1]], n, credit=credit, listing_kind=kind)
        for n, (who, credit, kind) in enumerate(deeds)
    ]
    found = balances(receipts)
    assert sum(found.values()) == 0
    again = random.sample(receipts, len(receipts)) + receipts[:3]
    assert balances(again) == found


def test_a_promise_may_reach_the_limit_and_not_pass_it() -> None:
    assert not exceeds(0, 0, 10, RULES)
    assert exceeds(0, 0, 11, RULES)
    assert exceeds(-4, 0, 7, RULES)
    assert not exceeds(-4, 0, 6, RULES)
    assert exceeds(-4, 3, 4, RULES)
    assert not exceeds(25, 0, 35, RULES)


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
