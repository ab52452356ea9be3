"""Whatever the bytes, a reader of mail returns a value or says what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import wire
from protocol.errors import RemoteError
from protocol.ids import CommunityId, HouseholdId, ThingKey
from protocol.joining import Answers, Declined, read_joining
from protocol.mail import seal
from protocol.mail.card import read_card
from protocol.mail.letter import Chat, Letter, Note, read_chat, read_letter, read_note
from protocol.mail.limits import MAX_PARCELS
from protocol.mail.parcel import pad, read_inner, read_parcel, unpad
from protocol.mail.post import (
    Code,
    Collect,
    Collected,
    Deliver,
    Deposit,
    Message,
    Parcels,
    Result,
    Waiting,
    read,
    write,
)

READERS: list[Callable[[bytes], object]] = [
    read_card,
    read_letter,
    read_chat,
    read_note,
    read_joining,
    read_inner,
    read_parcel,
    unpad,
    read,
]
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 2**40)
    | st.binary(max_size=70)
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=9).map(tuple),
    max_leaves=20,
)
ids = st.binary(min_size=32, max_size=32)
message_ids = st.binary(min_size=16, max_size=16)


@pytest.mark.parametrize("reader", READERS)
@given(raw=st.binary(max_size=400) | values.map(wire.pack))
def test_a_reader_is_total(reader: Callable[[bytes], object], raw: bytes) -> None:
    with suppress(RemoteError):
        reader(raw)


@given(raw=st.binary(max_size=300), olm_type=st.integers(0, 1))
def test_the_libraries_refuse_any_bytes_without_raising(raw: bytes, olm_type: int) -> None:
    account = seal.new_account()
    session = seal.begin(account, account.identity, account.fallback)
    assert seal.decrypt(session, olm_type, raw) is None
    assert seal.accept(account, account.identity, raw) is None
    seal.prekey_session_id(raw)
    assert seal.unwrap(raw, bytes(32), b"info") is None


@given(at=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_an_olm_message_that_was_changed_is_refused_or_changes_nothing(at: int, bit: int) -> None:
    ana, ben = seal.new_account(), seal.new_account()
    ratchet = seal.begin(ana, ben.identity, ben.fallback)
    _, _, message = seal.encrypt(ratchet, b"Hello")
    spoilt = bytearray(message)
    spoilt[at % len(spoilt)] ^= 1 << bit
    found = seal.accept(ben, ana.identity, bytes(spoilt))
    assert found is None or found[1] == b"Hello"


def test_keys_that_are_none_are_refused_by_name() -> None:
    account = seal.new_account()
    with pytest.raises(RemoteError, match="card-unusable"):
        seal.begin(account, bytes(32), account.fallback)
    with pytest.raises(RemoteError, match="card-unusable"):
        seal.begin(account, account.identity, bytes(32))
    no_point = seal.hpke_public(bytes(32))[:1_184] + bytes(32)
    for public in (b"\xff" * 1_216, no_point):
        with pytest.raises(RemoteError, match="card-unusable"):
            seal.wrap(b"x", public, b"")


@given(st.binary(max_size=32_764))
def test_what_is_padded_comes_back(inner: bytes) -> None:
    assert unpad(pad(inner)) == inner


def test_what_fits_no_size_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="32765"):
        pad(bytes(32_765))


@given(ids, message_ids, ids, ids, st.integers(0, 2**48 - 1), st.integers(1, 65_535), st.binary())
def test_a_letter_comes_back(
    community: bytes,
    message_id: bytes,
    sender: bytes,
    recipient: bytes,
    at_ms: int,
    topic: int,
    content: bytes,
) -> None:
    letter = Letter(
        CommunityId(community),
        message_id,
        HouseholdId(sender),
        HouseholdId(recipient),
        at_ms,
        topic,
        content,
    )
    assert read_letter(letter.pack()) == letter


@given(
    st.lists(message_ids, max_size=9), st.lists(ids, max_size=9), st.lists(message_ids, max_size=9)
)
def test_a_note_comes_back(acks: list[bytes], nacks: list[bytes], reads: list[bytes]) -> None:
    note = Note(tuple(acks), tuple(nacks), tuple(reads))
    assert read_note(note.pack()) == note


@pytest.mark.parametrize("listing", [None, ThingKey(bytes(16))])
def test_a_chat_comes_back(listing: ThingKey | None) -> None:
    chat = Chat("Hello\nthere", listing)
    assert read_chat(chat.pack()) == chat


parcels = st.lists(st.binary(max_size=99), max_size=MAX_PARCELS).map(tuple)
numbers = st.integers(0, 2**48 - 1)
messages: st.SearchStrategy[Any] = st.one_of(
    st.builds(Deliver, parcels),
    st.builds(Deposit, parcels),
    st.builds(Collect, numbers),
    st.builds(Parcels, numbers, parcels),
    st.builds(Collected, st.lists(ids, max_size=MAX_PARCELS).map(tuple)),
    st.builds(Waiting),
    st.builds(Result, st.lists(st.sampled_from(Code), max_size=MAX_PARCELS).map(tuple)),
)


@given(messages)
def test_a_frame_comes_back(message: Message) -> None:
    assert read(write(message)) == message


@given(answers=st.lists(st.text("aä\n", max_size=20).map(str.strip), max_size=5), charter=ids)
def test_answers_and_refusals_read_as_they_were_written(answers: list[str], charter: bytes) -> None:
    written = Answers(charter, tuple(answers))
    assert read_joining(written.pack()) == written
    for reason in answers:
        assert read_joining(Declined(reason).pack()) == Declined(reason)
