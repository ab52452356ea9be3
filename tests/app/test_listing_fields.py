"""Fields as people and files write them, read into listings."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from p2pmarket import vocabulary
from p2pmarket.listing_fields import FIELDS, Context, place_named, read_listing_fields
from p2pmarket.texts import use_language
from protocol.charter import Charter
from protocol.errors import LocalError
from protocol.limits import DAY_MS
from protocol.listing import Condition, EventTime, LendTerms, Listing, ListingKind, Variant
from protocol.money import Price
from protocol.place import Place

NOW_MS = 1_800_000_000_000
HOME = Place("Südhöhe", 511_600, 119_100)
CHARTER = Charter(
    name="Lindenau",
    rules="",
    salt=bytes(16),
    visible_days=60,
    places=(HOME, Place("Auenpark", 512_108, 119_341)),
)
CONTEXT = Context(CHARTER, NOW_MS, HOME)
SAMPLE = Path(__file__).parents[2] / "p2pmarket/sample/listings.jsonl"


def read(base: Listing | None = None, **fields: object) -> Listing:
    if base is None:
        fields = {"title": "Tisch", "kind": "sell", **fields}
    return read_listing_fields(fields, CONTEXT, base)


def refused(base: Listing | None = None, **fields: object) -> str:
    with pytest.raises(LocalError) as error:
        read(base, **fields)
    return f"{error.value.code}:{error.value.fields.get('field', '')}"


def test_the_sample_is_understood_but_for_the_household() -> None:
    charter = replace(CHARTER, visible_days=90)
    context = Context(charter, NOW_MS)
    for line in SAMPLE.read_text("utf-8").splitlines():
        fields = json.loads(line)
        listing = read_listing_fields(fields, context)
        assert listing.source_id == fields["id"]
        assert listing.title == fields["title"]
        assert (listing.price.minor if listing.price else None) == fields["price_minor"]
        assert listing.visible_until_ms == NOW_MS + fields["days_valid"] * DAY_MS
        assert set(fields) - FIELDS == {"household"}


def test_what_is_not_said_comes_from_the_community_and_the_household() -> None:
    listing = read()
    assert listing.place == HOME
    assert listing.language == "de"
    assert listing.visible_until_ms == NOW_MS + 60 * DAY_MS
    assert listing.price is None
    assert listing.category == "other"


@pytest.mark.parametrize(
    ("value", "minor"),
    [("12", 1200), ("12,5", 1250), ("12.50 €", 1250), (12, 1200), (12.5, 1250), ("EUR 3", 300)],
)
def test_a_price_in_the_main_unit_is_read_as_people_write_it(value: object, minor: int) -> None:
    assert read(price=value).price == Price(minor, "EUR")


def test_the_smallest_unit_and_another_currency_are_read() -> None:
    assert read(price_minor=950, currency="chf").price == Price(950, "CHF")
    assert read(price="950", currency="JPY").price == Price(950, "JPY")


@pytest.mark.parametrize(
    ("word", "kind"),
    [("give", "GIVE"), ("Verschenken", "GIVE"), ("suche", "WANTED"), ("SET", "KIT")],
)
def test_kinds_are_understood_in_both_languages(word: str, kind: str) -> None:
    assert read(kind=word).kind is ListingKind[kind]


def test_conditions_categories_and_truth_are_understood_in_both_languages() -> None:
    listing = read(condition="Wie neu", category="Möbel", negotiable="ja")
    assert listing.condition is Condition.LIKE_NEW
    assert listing.category == "furniture"
    assert listing.negotiable


def test_tags_and_variants_are_read_from_text_and_from_lists() -> None:
    assert read(tags="a; b;;a").tags == ("a", "b")
    assert read(tags=["a", " b "]).tags == ("a", "b")
    wanted = (Variant("Größe", ("98", "104")), Variant("Farbe", ("rot",)))
    assert read(variants="Größe=98,104;Farbe=rot").variants == wanted
    assert read(variants={"Größe": ["98", "104"], "Farbe": "rot"}).variants == wanted


def test_loans_are_read_flat_and_nested_and_dropped_for_other_kinds() -> None:
    flat = read(kind="lend", lend_days="3", deposit="20")
    nested = read(kind="lend", lend={"max_days": 3, "deposit_minor": 2000})
    assert flat.lend == nested.lend == LendTerms(3, 2000)
    assert nested.deposit_currency == "EUR"
    for kind in ("kit", "wanted"):
        lent = read(kind=kind, lend={"max_days": 3, "deposit_minor": None})
        assert lent.lend == LendTerms(3)
    assert read(kind="sell", lend={"max_days": 3, "deposit_minor": None}).lend is None


def test_the_time_of_an_event_is_optional() -> None:
    assert read(kind="event").event is None
    listing = read(kind="event", starts="2027-05-01T15:00+02:00", ends="2027-05-01T16:00+02:00")
    assert listing.event == EventTime(1_809_176_400_000, 1_809_180_000_000)


def test_an_event_ends_when_it_is_over_unless_days_are_asked_for() -> None:
    event: dict[str, Any] = {"kind": "event", "starts": "2027-01-20T15:00Z"}
    ended = read(**event, ends="2027-01-20T18:00Z")
    assert ended.event is not None
    assert ended.visible_until_ms == ended.event.ends_at_ms
    begun = read(**event)
    assert begun.event is not None
    assert begun.visible_until_ms == begun.event.starts_at_ms + DAY_MS
    assert read(**event, days_valid=30).visible_until_ms == NOW_MS + 30 * DAY_MS
    assert read(kind="event").visible_until_ms == NOW_MS + 60 * DAY_MS
    moved = read(ended, starts="2027-01-19T15:00Z", ends="2027-01-19T18:00Z")
    assert moved.visible_until_ms == ended.visible_until_ms - DAY_MS
    assert refused(kind="event", starts="2027-01-02T15:00Z") == "event-over:"


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_word_that_is_shown_can_be_typed(language: str) -> None:
    try:
        use_language(language)
        for kind in vocabulary.KINDS:
            assert vocabulary.kind_id(vocabulary.label(vocabulary.KINDS, kind)) == kind
        for condition in vocabulary.CONDITIONS:
            shown = vocabulary.label(vocabulary.CONDITIONS, condition)
            assert vocabulary.condition_id(shown) == condition
        for state in vocabulary.STATES:
            assert vocabulary.state_id(vocabulary.label(vocabulary.STATES, state)) == state
        for category in vocabulary.CATEGORIES:
            shown = vocabulary.label(vocabulary.CATEGORIES, category)
            assert vocabulary.category_id(shown) == category
    finally:
        use_language("en")


def test_places_are_looked_up_in_the_charter_and_kept_as_names_otherwise() -> None:
    assert read(place="auenpark").place == CHARTER.places[1]
    assert read(place="Hinterhof").place == Place("Hinterhof")
    assert read(place=None).place is None
    assert place_named("Hof@51.2345,11.9", CHARTER) == Place("Hof", 512_300, 119_000)


def test_text_is_made_clean_rather_than_refused() -> None:
    listing = read(title="  Ti\x1bsch\t\u202eabc ", description="a\r\nb\x00")
    assert listing.title == "Tisch abc"
    assert listing.description == "a\nb"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"title": " "}, "field-missing:title"),
        ({"kind": None}, "field-missing:kind"),
        ({"kind": "steal"}, "field-unknown-value:kind"),
        ({"title": 5}, "field-not-text:title"),
        ({"title": "x" * 121}, "field-too-long:title"),
        ({"price": "viel"}, "field-not-amount:price"),
        ({"price": "1.234"}, "field-not-amount:price"),
        ({"price_minor": -1}, "field-out-of-range:price_minor"),
        ({"price_minor": 10**13}, "field-out-of-range:price_minor"),
        ({"price_minor": "12.5"}, "field-not-number:price_minor"),
        ({"price_minor": True}, "field-not-number:price_minor"),
        ({"price": 5, "currency": "EURO"}, "field-refused:currency"),
        ({"quantity": 0}, "field-out-of-range:quantity"),
        ({"negotiable": "maybe"}, "field-not-boolean:negotiable"),
        ({"condition": "shiny"}, "field-unknown-value:condition"),
        ({"category": "submarines"}, "category-unknown:"),
        ({"tags": 5}, "field-not-list:tags"),
        ({"tags": list("abcdefghijklm")}, "field-too-many:tags"),
        ({"lend": "3 days"}, "field-not-object:lend"),
        ({"kind": "lend", "lend_days": 0}, "field-out-of-range:lend_days"),
        ({"kind": "event", "starts": "noon"}, "field-not-time:starts"),
        ({"kind": "event", "starts": 5}, "field-not-time:starts"),
        ({"kind": "event", "ends": "2027-05-01"}, "field-missing:starts"),
        (
            {"kind": "event", "starts": "2027-05-02", "ends": "2027-05-01"},
            "field-refused:ends",
        ),
        ({"days_valid": 61}, "field-out-of-range:days_valid"),
        ({"days_valid": 0}, "field-out-of-range:days_valid"),
        ({"lang": "d"}, "field-refused:language"),
        ({"id": "x" * 65}, "field-too-long:id"),
        ({"place": "@1,2"}, "field-refused:place"),
        ({"place": "Hof@north"}, "field-refused:place"),
        ({"place": "Hof@nan,nan"}, "field-refused:place"),
        ({"variants": "Size"}, "field-refused:variants"),
        ({"variants": [5]}, "field-not-object:variants"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_by_the_name_of_its_field(
    fields: dict[str, object], code: str
) -> None:
    assert refused(**fields) == code


FULL = read(
    kind="lend", price="5", category="tools", condition="good", tags="a;b", lend_days=3,
    deposit="20", description="Text", swap_for="Kuchen", variants="Size=1,2", negotiable=True,
    quantity=2, id="7", days_valid=10,
)  # fmt: skip


def test_an_edit_without_fields_changes_nothing() -> None:
    assert read(FULL) == FULL


def test_an_edit_changes_only_what_it_names() -> None:
    assert read(FULL, price="6") == replace(FULL, price=Price(600, "EUR"))
    assert read(FULL, title="Neu", tags=[]) == replace(FULL, title="Neu", tags=())


def test_an_empty_value_empties_a_field_in_an_edit() -> None:
    assert read(FULL, condition="") == replace(FULL, condition=None)
    assert read(FULL, price=None) == replace(FULL, price=None)
    assert read(FULL, swap_for="", place="") == replace(FULL, swap_for=None, place=None)
    assert read(FULL, lend=None, lend_days=None).lend is None
    assert refused(FULL, title="") == "field-missing:title"


def test_another_kind_drops_the_terms_of_the_old_one() -> None:
    listing = read(FULL, kind="give")
    assert listing.lend is None
    assert listing.deposit_currency is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


# How long making values takes says nothing about the listing, and a machine may be busy.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), JSON, max_size=6), st.booleans())
def test_any_values_are_a_listing_or_a_refusal(fields: dict[str, Any], edit: bool) -> None:
    filled = fields if edit else {"title": "a", "kind": "give", **fields}
    try:
        listing = read_listing_fields(filled, CONTEXT, FULL if edit else None)
    except LocalError as error:
        assert error.code.startswith("field-") or error.code == "category-unknown"  # noqa: PT017
    else:
        assert listing.pack()
