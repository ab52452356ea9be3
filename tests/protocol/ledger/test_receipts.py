"""A receipt is what both signed: not a bit more, and nothing without the other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vector_ledger import ANA, BEN, CEM, STRANGER, co_signed, receipt, traded

from protocol import limits, wire
from protocol.errors import RemoteError
from protocol.ledger.receipt import (
    CoSigned,
    Outcome,
    hash_of_terms,
    month_of,
    read_receipt,
    receipt_signature_holds,
)
from protocol.listing import ListingKind

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.binary(max_size=40)
    | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=14).map(tuple),
    max_leaves=30,
)


def test_a_receipt_is_read_as_it_was_written() -> None:
    for made in (
        receipt(),
        receipt(credit=3, listing_kind=ListingKind.WANTED),
        receipt(outcome=Outcome.CANCELLED, at_fault=ANA.id),
        receipt(outcome=Outcome.CANCELLED),
        receipt(outcome=Outcome.NO_SHOW, at_fault=BEN.id, public=False),
    ):
        packed = wire.pack(made.as_value())
        assert read_receipt(wire.unpack(packed, 1_024)) == made


@given(value=VALUES)
def test_no_value_is_more_than_a_remote_error(value) -> None:
    try:
        read_receipt(value)
    except RemoteError:
        return


@given(index=st.integers(0, 11), value=VALUES)
def test_no_field_can_hold_what_it_must_not(index: int, value) -> None:
    fields = list(receipt().as_value())  # type: ignore[arg-type]
    fields[index] = value
    try:
        changed = read_receipt(tuple(fields))
    except RemoteError:
        return
    assert wire.pack(changed.as_value()) == wire.pack(tuple(fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"seeker": ANA},
        {"community": bytes(31)},
        {"terms_hash": bytes(33)},
        {"month": 202600},
        {"month": 202613},
        {"month": 196912},
        {"credit": 0},
        {"credit": limits.MAX_CREDIT + 1},
        {"credit": 1, "public": False},
        {"credit": 1, "outcome": Outcome.CANCELLED},
        {"at_fault": ANA.id},
        {"outcome": Outcome.NO_SHOW},
        {"outcome": Outcome.NO_SHOW, "at_fault": CEM.id},
    ],
)
def test_a_receipt_that_contradicts_itself_cannot_be_made(fields) -> None:
    with pytest.raises(RemoteError):
        receipt(**fields)


def test_every_bit_is_signed() -> None:
    signed = traded()
    packed = bytearray(wire.pack(signed.receipt.as_value()))
    device, signature = signed.publisher_device, signed.publisher_signature
    assert device is not None
    assert signature is not None
    assert receipt_signature_holds(signed.receipt, device, signature)
    for bit in range(len(packed) * 8):
        packed[bit // 8] ^= 1 << bit % 8
        try:
            changed = read_receipt(wire.unpack(bytes(packed), 1_024))
        except RemoteError:
            pass
        else:
            assert not receipt_signature_holds(changed, device, signature)
        packed[bit // 8] ^= 1 << bit % 8


def test_a_changed_signature_or_another_s_device_does_not_hold() -> None:
    signed = traded()
    signature = bytearray(signed.seeker_signature or b"")
    for byte in range(64):
        signature[byte] ^= 1
        assert not replace(signed, seeker_signature=bytes(signature)).signatures_hold()
        signature[byte] ^= 1
    assert not replace(signed, seeker_device=CEM.device().public).signatures_hold()
    swapped = CoSigned(
        signed.receipt,
        signed.seeker_device,
        signed.publisher_signature,
        signed.publisher_device,
        signed.seeker_signature,
    )
    assert not swapped.signatures_hold()


def test_one_side_alone_is_not_complete() -> None:
    signed = traded()
    half = replace(signed, seeker_device=None, seeker_signature=None)
    assert half.signatures_hold()
    assert not half.complete
    with pytest.raises(RemoteError):
        replace(signed, seeker_device=None)
    with pytest.raises(RemoteError):
        replace(signed, seeker_signature=bytes(63))


def test_credit_goes_from_who_receives_to_who_gives() -> None:
    offered = receipt(credit=2, listing_kind=ListingKind.SERVICE)
    assert (offered.giver, offered.taker) == (ANA.id, BEN.id)
    wished = receipt(credit=2, listing_kind=ListingKind.WANTED)
    assert (wished.giver, wished.taker) == (BEN.id, ANA.id)


def test_the_digest_names_the_community() -> None:
    assert receipt().digest() != receipt(community=bytes(32)).digest()


def test_the_same_terms_with_another_salt_have_another_hash() -> None:
    assert hash_of_terms(b"terms", bytes(16)) != hash_of_terms(b"terms", bytes(15) + b"\1")


@given(at_ms=st.integers(0, 253_402_300_799_999))
def test_a_month_is_that_of_the_calendar(at_ms: int) -> None:
    then = datetime.fromtimestamp(at_ms // 1_000, UTC)
    assert month_of(at_ms) == then.year * 100 + then.month


def test_the_last_time_has_a_month() -> None:
    assert month_of(limits.MAX_TIME_MS) == 999912


def test_a_stranger_s_signature_is_one_but_not_a_member_s() -> None:
    assert co_signed(receipt(), ANA, STRANGER).signatures_hold()
