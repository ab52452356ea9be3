"""What narrows and orders a search, with and without words."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from node.store.listing_index import insert_listings


@pytest.fixture(params=["", "Stuhl"], ids=["browsing", "with words"])
def words(request: pytest.FixtureRequest) -> str:
    text: str = request.param
    return text


def test_kinds_and_category_narrow(market: Any, words: str) -> None:
    market.add("Stuhl a", kind=1, category="furniture")
    market.add("Stuhl b", kind=2, category="furniture")
    market.add("Stuhl c", kind=2, category="books-media")
    assert market.find(words, kinds=frozenset({2})) == ["Stuhl c", "Stuhl b"]
    assert market.find(words, kinds=frozenset({1, 2}), category="furniture") == [
        "Stuhl b",
        "Stuhl a",
    ]
    assert market.find(words, category="books-media") == ["Stuhl c"]


def test_prices_narrow_and_order_and_a_gift_costs_nothing(market: Any, words: str) -> None:
    market.add("Stuhl dear", price_minor=5000, currency="EUR")
    market.add("Stuhl cheap", price_minor=500, currency="EUR")
    market.add("Stuhl gift", kind=2)
    market.add("Stuhl swap", kind=3)
    assert market.find(words, sort="price") == [
        "Stuhl gift",
        "Stuhl cheap",
        "Stuhl dear",
        "Stuhl swap",
    ]
    assert market.find(words, max_price_minor=500, sort="price") == ["Stuhl gift", "Stuhl cheap"]
    assert market.find(words, min_price_minor=501) == ["Stuhl dear"]


def test_a_currency_narrows_what_has_one(market: Any, words: str) -> None:
    market.add("Stuhl euro", price_minor=100, currency="EUR")
    market.add("Stuhl franc", price_minor=100, currency="CHF")
    market.add("Stuhl gift", kind=2)
    found = market.find(words, currency="EUR", max_price_minor=200)
    assert sorted(found) == ["Stuhl euro", "Stuhl gift"]


def test_distance_narrows_orders_and_is_told(market: Any, words: str) -> None:
    market.add("Stuhl far", lat_e4=51_2000, lon_e4=11_9300)
    market.add("Stuhl near", lat_e4=51_2000, lon_e4=11_9010)
    market.add("Stuhl nowhere")
    centre = (51_2000, 11_9000)
    hits = market.hits(words, centre=centre, sort="distance").results
    assert [market.titles[hit.seq] for hit in hits] == ["Stuhl near", "Stuhl far", "Stuhl nowhere"]
    assert [hit.distance_m for hit in hits] == [70, 2090, None]
    assert sorted(market.find(words, centre=centre, within_m=2100)) == ["Stuhl far", "Stuhl near"]
    assert market.find(words, centre=centre, within_m=2000) == ["Stuhl near"]


def test_taken_and_expired_listings_do_not_show(market: Any, words: str) -> None:
    seq = market.add("Stuhl taken")
    market.add("Stuhl open", visible_until_ms=1_700_000_000_010)
    market.mark(seq, 2)
    assert market.find(words) == ["Stuhl open"]
    assert market.find(words, include_taken=True) == ["Stuhl open", "Stuhl taken"]
    assert market.find(words, now_ms=1_700_000_000_010, include_taken=True) == []
    market.mark(seq, 1)
    assert market.find(words) == ["Stuhl open", "Stuhl taken"]


def test_a_household_narrows(market: Any, words: str) -> None:
    market.add("Stuhl ours", household=7)
    market.add("Stuhl theirs", household=8)
    assert market.find(words, household=7) == ["Stuhl ours"]


def test_pages_follow_each_other_without_gap_or_repetition(market: Any, words: str) -> None:
    titles = {n: "Stuhl" if n % 3 else "Klappstuhl" for n in range(1, 701)}
    rows = [replace(market.row(title), seq=n) for n, title in titles.items()]
    insert_listings(market.connection.cursor(), rows)
    market.titles |= {n: str(n) for n in titles}
    for sort in ("relevance", "newest", "price"):
        whole = market.find(words, sort=sort, limit=700)
        paged: list[str] = []
        while True:
            hits = market.hits(words, sort=sort, limit=90, offset=len(paged))
            paged += [str(hit.seq) for hit in hits.results]
            if not hits.more:
                break
        assert paged == whole
        assert len(set(paged)) == 700


def test_a_removed_listing_is_gone_and_its_words_find_nothing(market: Any) -> None:
    seq = market.add("Trampolin", "mit Netz")
    other = market.add("Netz")
    market.remove(seq, 99)
    assert market.find("Trampolin") == []
    assert market.find("") == ["Netz"]
    market.remove(other)
    assert market.find("Netz") == []


def test_words_of_a_rolled_back_insertion_are_learned_again(market: Any) -> None:
    market.connection.execute("BEGIN")
    market.add("Hängematte")
    market.connection.execute("ROLLBACK")
    market.titles.clear()
    market.add("Hängematte")
    assert market.find("Hängematten") == ["Hängematte"]


HOSTILE = [
    '"',
    '"*^()',
    "NEAR(a b)",
    "a AND OR NOT b",
    "tokens:stuhl",
    "\0stuhl\0",
    "x" * 10_000,
    "stuhl " * 3_000,
    "🪑" * 50,
    "'; DROP TABLE listing; --",
    "<lhuts >lhuts @other",
    "\ud800",
    "%_\\",
    "-" * 500,
    "ａｂｃ ﷺ ✆",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_query_gets_an_answer(market: Any, text: str) -> None:
    market.add("Stuhl")
    market.find(text)
    assert market.find("") == ["Stuhl"]


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # it is only read
)
@given(
    queries=st.lists(
        st.text(st.characters(exclude_categories=())) | st.text('"*^() aäß-.+<>@1', max_size=30),
        min_size=20,
        max_size=20,
    )
)
def test_the_search_is_total(market_of_chairs: Any, queries: list[str]) -> None:
    for query in queries:
        market_of_chairs.find(query, centre=(0, 0), within_m=10)


def test_a_distance_is_that_of_the_globe(market: Any) -> None:
    centre = (51_2000, 11_9000)
    for north, east in ((0, 1000), (1000, 0), (2000, -2000), (-1500, 700)):
        market.add("Ort", lat_e4=centre[0] + north, lon_e4=centre[1] + east)
        hit = market.hits("", centre=centre, limit=1).results[0]
        expected = _haversine_m(centre, (centre[0] + north, centre[1] + east))
        assert hit.distance_m == pytest.approx(expected, abs=2)


def _haversine_m(one: tuple[int, int], other: tuple[int, int]) -> float:
    lat, lon, lat2, lon2 = (math.radians(value / 10_000) for value in (*one, *other))
    chord = math.sin((lat2 - lat) / 2) ** 2
    chord += math.cos(lat) * math.cos(lat2) * math.sin((lon2 - lon) / 2) ** 2
    return 2 * 6_371_008.8 * math.asin(math.sqrt(chord))
