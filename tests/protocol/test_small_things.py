"""Texts, money and places."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import RemoteError
from protocol.ids import from_text, short, text_of
from protocol.limits import MAX_PRICE_MINOR
from protocol.money import Price, from_main_unit, in_main_unit, minor_digits
from protocol.place import Place, coarse, distance_m
from protocol.text import clean, is_harmless, is_text

ODD = st.sampled_from("a\u0308\u202e\x1b\r\n\t \u00a0\u2028")
ANY_TEXT = st.text(st.characters() | ODD, max_size=80)


@settings(max_examples=500, deadline=None)
@given(ANY_TEXT, st.booleans())
@pytest.mark.covers("CON-3")
def test_cleaning_makes_any_text_harmless_and_valid(value: str, lines: bool) -> None:
    cleaned = clean(value, lines)
    assert is_harmless(cleaned.replace("\n", ""))
    assert is_text(cleaned, len(cleaned), lines=lines)
    assert clean(cleaned, lines) == cleaned


def test_cleaning_normalises_what_comes_together() -> None:
    assert clean("a\u202e\u0308") == "ä"
    assert clean("0\r\x1b\r0\u00a0") == "0 0"
    assert clean(" a\tb\r\n\x07c ", lines=True) == "a b\nc"


@settings(max_examples=300, deadline=None)
@given(ANY_TEXT)
def test_a_valid_text_is_left_as_it_is(value: str) -> None:
    if is_text(value, 80):
        assert clean(value) in (value, " ".join(value.split()))


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, MAX_PRICE_MINOR), st.sampled_from(["EUR", "JPY", "TND"]), st.sampled_from(".,")
)
def test_an_amount_is_read_as_it_is_written(minor: int, currency: str, point: str) -> None:
    price = Price(minor, currency)
    assert from_main_unit(in_main_unit(price, point), currency) == price


@pytest.mark.parametrize(
    ("typed", "minor"), [("12", 1_200), ("12.5", 1_250), ("12,50", 1_250), ("0", 0), (" 7, ", 700)]
)
def test_people_type_amounts_in_several_ways(typed: str, minor: int) -> None:
    assert from_main_unit(typed, "EUR").minor == minor


@pytest.mark.parametrize(
    "typed",
    [
        "",
        ",50",
        "-1",
        "1.000",
        "1,234.56",
        "1e3",
        "12 €",
        "٣",
        "1_0",
        "²",
        "10000000000,01",
        "9" * 5_000,
    ],
)
def test_what_is_no_amount_is_a_value_error(typed: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        from_main_unit(typed, "EUR")


def test_a_currency_that_is_none_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="not a currency"):
        from_main_unit("1", "eur")


def test_a_price_out_of_bounds_is_refused() -> None:
    for minor, currency in ((-1, "EUR"), (MAX_PRICE_MINOR + 1, "EUR"), (1, "ÄÖÜ"), (1, "EURO")):
        with pytest.raises(RemoteError):
            Price(minor, currency)


def test_currencies_differ_in_decimals() -> None:
    assert [minor_digits(currency) for currency in ("EUR", "JPY", "UGX", "KWD")] == [2, 0, 0, 3]


@settings(max_examples=300, deadline=None)
@given(st.floats(-90, 90), st.floats(-180, 180))
@pytest.mark.covers("LST-2")
def test_a_household_tells_its_place_to_a_kilometre_only(latitude: float, longitude: float) -> None:
    place = coarse("Home", latitude, longitude)
    assert place.lat_e4 is not None
    assert place.lon_e4 is not None
    assert place.lat_e4 % 100 == place.lon_e4 % 100 == 0
    assert abs(place.lat_e4 - latitude * 10_000) <= 50.001


@settings(max_examples=200, deadline=None)
@given(*[st.tuples(st.integers(-900_000, 900_000), st.integers(-1_800_000, 1_800_000))] * 2)
def test_distance_is_the_same_there_and_back(a: tuple[int, int], b: tuple[int, int]) -> None:
    assert distance_m(a, b) == distance_m(b, a)
    assert 0 <= distance_m(a, b) <= 20_015_115
    assert distance_m(a, a) == 0


def test_half_a_place_is_none() -> None:
    with pytest.raises(RemoteError):
        Place("Altstadt", 512_012, None)


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=32, max_size=32))
def test_an_id_is_read_as_people_type_it(identifier: bytes) -> None:
    text = text_of(identifier)
    assert len(text) == 52
    assert from_text(text) == from_text(text.upper()) == identifier
    assert text.startswith(short(identifier))


@pytest.mark.parametrize("typed", ["0", "a1", "ä", "a=b", "abc"])
def test_what_is_no_id_is_a_value_error(typed: str) -> None:
    with pytest.raises(ValueError, match="not a base32"):
        from_text(typed)
