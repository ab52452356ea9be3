"""Every body is read as it was written, and no bytes at all are more than a remote error."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import limits
from protocol.addresses import Addresses, read_addresses
from protocol.charter import Charter, read_charter
from protocol.errors import RemoteError
from protocol.listing import (
    Condition,
    EventTime,
    LendTerms,
    Listing,
    ListingKind,
    PhotoReference,
    Variant,
    read_listing,
)
from protocol.mark import Mark, State, read_mark
from protocol.membership.bodies import (
    Certificate,
    Confirmation,
    Device,
    Invite,
    Removal,
    read_certificate,
    read_confirmation,
    read_device,
    read_invite,
    read_removal,
)
from protocol.money import Price
from protocol.place import Place, read_place
from protocol.profile import Profile, read_profile
from protocol.text import clean
from protocol.wire import pack, unpack


def texts(longest: int, shortest: int = 1, lines: bool = False) -> st.SearchStrategy[str]:
    cleaned = st.text(max_size=min(longest, 40)).map(lambda value: clean(value, lines)[:longest])
    return cleaned.map(str.strip).filter(lambda value: len(value) >= shortest)


def octets(size: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=size, max_size=size)


def tuples(items: st.SearchStrategy, most: int, least: int = 0) -> st.SearchStrategy[tuple]:
    return st.lists(items, min_size=least, max_size=min(most, least + 3)).map(tuple)


KEYS, SHORT_KEYS = octets(32), octets(16)
LANGUAGES = st.sampled_from(["de", "en", "de-AT", "zh-Hant"])
CURRENCIES = st.sampled_from(["EUR", "CHF", "JPY"])
CATEGORIES = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,4}){0,2}", fullmatch=True)
AMOUNTS = st.integers(0, limits.MAX_PRICE_MINOR)
TIMES = st.integers(1, limits.MAX_TIME_MS)
PLACES = st.builds(Place, texts(60)) | st.builds(
    Place, texts(60), st.integers(-900_000, 900_000), st.integers(-1_800_000, 1_800_000)
)
MAYBE_PLACES = st.none() | PLACES
CHARTERS = st.builds(
    Charter, name=texts(60), rules=texts(800, 0, lines=True), salt=SHORT_KEYS,
    languages=tuples(LANGUAGES, 8, 1), currency=CURRENCIES, categories=tuples(CATEGORIES, 40, 1),
    questions=tuples(texts(120), 5), listing_slots=st.integers(1, limits.MAX_LISTING_SLOTS),
    visible_days=st.integers(1, 90), photos=st.integers(0, 8), invite_budget=st.integers(0, 4_096),
    quorum=st.integers(1, 100), places=tuples(PLACES, 32),
)  # fmt: skip
PROFILES = st.builds(
    Profile, name=texts(60), about=texts(800, 0, lines=True), languages=tuples(LANGUAGES, 8),
    place=MAYBE_PLACES,
)  # fmt: skip
COMMON = {
    "title": texts(120), "visible_until_ms": TIMES, "description": texts(3_000, 0, lines=True),
    "category": CATEGORIES, "tags": tuples(texts(40), 12), "language": LANGUAGES,
    "price": st.none() | st.builds(Price, AMOUNTS, CURRENCIES), "negotiable": st.booleans(),
    "quantity": st.integers(1, limits.MAX_QUANTITY),
    "condition": st.none() | st.sampled_from(Condition),
    "variants": tuples(st.builds(Variant, texts(40), tuples(texts(40), 16, 1)), 6),
    "place": MAYBE_PLACES,
    "photos": tuples(st.builds(PhotoReference, KEYS, st.integers(1, 4 << 20)), 8),
    "source_id": st.none() | texts(64),
}  # fmt: skip
LISTINGS = (
    st.builds(
        Listing,
        kind=st.sampled_from([kind for kind in ListingKind if kind is not ListingKind.EVENT]),
        swap_for=st.none() | texts(120),
        **COMMON,
    )
    | st.builds(
        Listing, kind=st.just(ListingKind.LEND), lend=st.builds(LendTerms, st.integers(1, 3_650)),
        **COMMON,
    )
    | st.builds(
        Listing, kind=st.just(ListingKind.LEND), deposit_currency=CURRENCIES,
        lend=st.builds(LendTerms, st.integers(1, 3_650), AMOUNTS), **COMMON,
    )
    | st.builds(
        Listing, kind=st.just(ListingKind.EVENT),
        event=st.tuples(TIMES, TIMES).map(lambda both: EventTime(min(both), max(both))), **COMMON,
    )
)  # fmt: skip
BODIES = {
    "charter": (CHARTERS, read_charter),
    "profile": (PROFILES, read_profile),
    "listing": (LISTINGS, read_listing),
    "mark": (st.builds(Mark, SHORT_KEYS, st.sampled_from(State)), read_mark),
    "addresses": (
        st.builds(
            Addresses, KEYS,
            tuples(st.from_regex(r"/[ -~]{0,30}", fullmatch=True), 8),
        ),
        read_addresses,
    ),
    "certificate": (
        st.builds(Certificate, KEYS, SHORT_KEYS, KEYS, octets(64)), read_certificate,
    ),
    "device": (st.builds(Device, KEYS, KEYS), read_device),
    "invite": (st.builds(Invite, KEYS, st.integers(1, 1_000), TIMES), read_invite),
    "confirmation": (st.builds(Confirmation, KEYS, SHORT_KEYS), read_confirmation),
    "removal": (st.builds(Removal, KEYS, texts(200), tuples(KEYS, 8)), read_removal),
}  # fmt: skip
READERS = [reader for _, reader in BODIES.values()]


@pytest.mark.parametrize("name", BODIES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_body_is_read_as_it_was_written(name: str, data: st.DataObject) -> None:
    strategy, reader = BODIES[name]
    body = data.draw(strategy)
    assert reader(body.pack()) == body


@pytest.mark.parametrize("name", BODIES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_body_with_one_field_exchanged_is_valid_or_a_remote_error(name, data) -> None:
    strategy, reader = BODIES[name]
    fields = list(unpack(data.draw(strategy).pack(), 1 << 20))
    position = data.draw(st.integers(0, len(fields) - 1))
    fields[position] = data.draw(
        st.sampled_from([None, True, -1, 2**63, b"", "", "\x1b", (), (None,), ((),), ("a", "b")])
    )
    raw = pack(tuple(fields))
    try:
        body = reader(raw)
    except RemoteError:
        return
    assert body.pack() == raw


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80), st.sampled_from(READERS))
def test_any_bytes_as_a_body_are_a_remote_error_or_valid(raw, reader) -> None:
    try:
        body = reader(raw)
    except RemoteError:
        return
    assert body.pack() == raw


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=80).map(lambda raw: [1, *raw]), st.sampled_from(READERS))
def test_any_array_of_small_numbers_as_a_body_is_a_remote_error(values, reader) -> None:
    with pytest.raises(RemoteError):
        reader(pack(tuple(values)))


def test_a_place_reads_what_it_wrote() -> None:
    place = Place("Altstadt", 512_012, 119_034)
    assert read_place(place.as_value()) == place


def test_the_default_charter_with_twenty_places_fits_a_genesis() -> None:
    places = tuple(Place(f"Am Hafenbecken {n}", 511_958, 119_152) for n in range(20))
    charter = Charter(name="Musterstadt", rules="Be kind.", salt=bytes(16), places=places)
    assert len(charter.pack()) < limits.MAX_GENESIS_BYTES - 230
