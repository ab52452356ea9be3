"""Bytes from outside: refused whatever is wrong with them, and never anything worse."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from trade_world import (
    COMMUNITY,
    HOUSEHOLDS,
    SEEKER,
    STEWARD,
    TERMS,
    Play,
    ruling,
    signed,
    values_of,
)
from vector_areas.trades import every_type

from protocol import wire
from protocol.errors import RemoteError
from protocol.ledger.receipt import Outcome
from protocol.trade.bodies import read_body
from protocol.trade.case import read_case_letter
from protocol.trade.dispute import read_ruling, rule
from protocol.trade.letter import read_trade_letter
from protocol.trade.limits import MAX_MESSAGE_BYTES
from protocol.trade.message import read_message
from protocol.trade.terms import read_terms
from protocol.trade.types import Type

MESSAGES = every_type()
RULING = ruling(Play().at(SEEKER))

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.binary(max_size=70)
    | st.text(max_size=20),
    lambda children: st.lists(children, max_size=12).map(tuple),
    max_leaves=30,
)  # fmt: skip


@pytest.mark.covers("TRD-2", "TRD-5")
@pytest.mark.parametrize("type", Type)
def test_every_bit_of_a_message_counts(type: Type) -> None:
    raw = MESSAGES[type].raw
    for at in range(len(raw)):
        for bit in range(8):
            flipped = bytearray(raw)
            flipped[at] ^= 1 << bit
            with pytest.raises(RemoteError):
                read_message(bytes(flipped))


def test_every_bit_of_a_ruling_counts() -> None:
    for at in range(len(RULING)):
        for bit in range(8):
            flipped = bytearray(RULING)
            flipped[at] ^= 1 << bit
            with pytest.raises(RemoteError):
                read_ruling(bytes(flipped))


@pytest.mark.parametrize("type", Type)
def test_a_message_reads_as_it_was_written(type: Type) -> None:
    message = MESSAGES[type]
    assert read_message(message.raw) == message
    assert read_body(type, message.body.as_value()) == message.body


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(Type), VALUES)
@example(Type.HANDOVER, (b"",))
@example(Type.RULING, (None,))
def test_a_body_of_anything_is_read_or_refused(type: Type, value: wire.Value) -> None:
    with suppress(RemoteError):
        assert read_body(type, value).as_value() == value


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(Type), st.integers(0, 10), VALUES)
def test_a_field_of_anything_signed_by_a_liar_is_read_or_refused(
    type: Type, place: int, value: wire.Value
) -> None:
    values = values_of(MESSAGES[type])
    values[place] = value
    with suppress(RemoteError):
        message = read_message(signed(values, HOUSEHOLDS[SEEKER].device()))
        assert values_of(message)[place] == value


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | VALUES.map(wire.pack))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    for reader in (read_message, read_ruling, read_trade_letter, read_case_letter):
        with suppress(RemoteError):
            reader(raw)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(list(TERMS.values())), st.integers(0, 9), VALUES)
def test_terms_of_anything_are_read_or_refused(terms, place: int, value: wire.Value) -> None:
    whole = list(terms.as_value())
    whole[place] = value
    with suppress(RemoteError):
        assert read_terms(tuple(whole)).as_value() == tuple(whole)


def test_a_ruling_reads_as_it_was_signed() -> None:
    trade, outcome = Play().at(SEEKER), Outcome.CANCELLED
    signed_ruling = rule(
        COMMUNITY, trade.id, trade.id, STEWARD.id, outcome, "As I see it.", STEWARD.device()
    )
    assert read_ruling(signed_ruling.raw) == signed_ruling


def test_the_longest_message_of_each_kind_fits() -> None:
    device = HOUSEHOLDS[SEEKER].device()
    wide = "\U0001f600"
    terms = (
        10**6, 10**12, "EUR", 10**6, wide * 120, bytes(16), 2**48 - 1, (10**12, "EUR"),
        (wide * 40,) * 6, wide * 500,
    )  # fmt: skip
    ask = values_of(MESSAGES[Type.ASK])
    body = ask[10]
    assert isinstance(body, tuple)
    bodies = {
        Type.ASK: (*body[:8], terms, wide * 500, (4_096, bytes(32))),
        Type.OFFER: (terms, wide * 500),
        Type.ADDRESS: (wide * 300,),
        Type.DISPUTE: (bytes(32), wide * 500),
        Type.CLOSE: ((bytes(32),) * 150,),
        Type.RESULT: (bytes(16), (bytes(16),) * 150),
    }
    for type, longest in bodies.items():
        values = values_of(MESSAGES[type])
        values[10] = longest
        raw = signed(values, device)
        assert len(raw) <= MAX_MESSAGE_BYTES, (type, len(raw))
        read_message(raw)
