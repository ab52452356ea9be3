"""What the fold makes of messages that no honest node sends, and of their order."""

from __future__ import annotations

import random

import pytest
from trade_world import (
    ASKED_MS,
    COMMUNITY,
    DAY_MS,
    HOUSEHOLDS,
    PUBLISHER,
    SALT,
    SEEKER,
    STRANGER,
    TERMS,
    Play,
    code,
    played,
)

from protocol.ids import CommunityId
from protocol.ledger.receipt import Outcome
from protocol.listing import ListingKind
from protocol.trade.agreement import Words
from protocol.trade.codes import code_text, hash_of, read_code
from protocol.trade.machine import fold, possible
from protocol.trade.meeting import Confirm
from protocol.trade.message import NOTHING, Message, MessageId, Position, sign_message
from protocol.trade.trade import Trade
from protocol.trade.transitions import FINAL, Role, State
from protocol.trade.types import Type

T = Type
PROMISED = [(PUBLISHER, T.PROMISE), (PUBLISHER, T.SLOTS), (SEEKER, T.APPOINT)]


def looks(trade: Trade | None) -> tuple[object, ...]:
    assert trade is not None
    return trade.state, trade.order, trade.applied, trade.void, trade.receipt()


def cancel(
    play: Play, text: str, seen: MessageId | None = None, community: CommunityId = COMMUNITY
) -> Message:
    """The seeker's next message, as a liar signs it."""
    position = play.at(SEEKER).next_position(SEEKER)
    placed = Position(
        position.trade, position.seq, position.previous, position.seen if seen is None else seen
    )
    seeker = HOUSEHOLDS[SEEKER]
    return sign_message(
        community, seeker.id, placed, ASKED_MS + DAY_MS, T.CANCEL, Words(text), seeker.device()
    )


@pytest.mark.covers("TRD-10")
def test_whatever_is_repeated_or_of_others_has_no_effect() -> None:
    play = played(PROMISED)
    expected = looks(fold(play.written))
    elsewhere = played(PROMISED, ListingKind.GIVE).written[1:]
    other_community = cancel(play, "", community=CommunityId(bytes(32)))
    position = play.at(SEEKER).next_position(SEEKER)
    third = sign_message(
        COMMUNITY, STRANGER.id, position, ASKED_MS, T.CANCEL, Words(), STRANGER.device()
    )
    assert looks(fold([*play.written, *play.written, *elsewhere, other_community, third])) == (
        expected
    )


def test_the_order_of_arrival_does_not_matter() -> None:
    play = played(
        [*PROMISED, (SEEKER, T.HANDOVER), (PUBLISHER, T.HANDOVER), (PUBLISHER, T.SIGN),
         (SEEKER, T.SIGN)]
    )  # fmt: skip
    expected = looks(fold(play.written))
    rng = random.Random(9)
    for _ in range(200):
        arrived = rng.sample(play.written, len(play.written))
        assert looks(fold(arrived)) == expected
    assert expected[0] is State.RECEIPTED


@pytest.mark.covers("TRD-12")
def test_of_two_messages_in_one_place_the_answered_one_stands() -> None:
    for answered in (0, 1):
        play = played(PROMISED)
        both = sorted((cancel(play, "a"), cancel(play, "b")), key=lambda message: message.id)
        assert looks(fold([*play.written, *both])) == looks(fold([*play.written, both[0]]))
        play.has[PUBLISHER].append(both[answered])
        reply = play.write(PUBLISHER, T.SIGN)
        kept = fold([*play.written[:-1], both[answered], reply])
        for messages in ([*both, reply], [reply, *both[::-1]]):
            assert looks(fold([*play.written[:-1], *messages])) == looks(kept)


@pytest.mark.covers("TRD-14")
def test_who_has_shown_that_it_knows_the_promise_cannot_pretend_otherwise() -> None:
    play = played(PROMISED)
    back = cancel(play, "I did not know", seen=NOTHING)
    assert looks(fold([*play.written, back])) == looks(fold(play.written))
    aware = cancel(play, "I do")
    trade = fold([*play.written, aware])
    assert trade is not None
    assert (trade.outcome, trade.at_fault) == (Outcome.CANCELLED, HOUSEHOLDS[SEEKER].id)


def test_a_publisher_that_pretends_not_to_have_seen_takes_back_nothing_it_signed() -> None:
    play = played([*PROMISED, (SEEKER, T.HANDOVER, Confirm(code(PUBLISHER)))])
    before = play.at(PUBLISHER)
    assert before.state is State.COMPLETED
    own = before.chains[PUBLISHER]
    seeker = before.chains[SEEKER]
    publisher = HOUSEHOLDS[PUBLISHER]

    def says(at: Position, type: Type) -> Message:
        return sign_message(
            COMMUNITY, publisher.id, at, ASKED_MS + DAY_MS, type, Words(), publisher.device()
        )

    rewound = says(Position(before.id, 2, own[-1].id, seeker[-2].id), T.CANCEL)
    overtaken = fold([*play.written, rewound])
    assert overtaken is not None
    assert overtaken.state is State.CANCELLED
    assert overtaken.at_fault == publisher.id, "it takes the blame for it"
    signature = play.say(PUBLISHER, T.SIGN)
    late = says(Position(before.id, 3, signature.id, seeker[-2].id), T.CANCEL)
    assert looks(fold([*play.written, late])) == looks(fold(play.written))


def test_who_disputes_gets_the_first_receipt_off_the_table() -> None:
    play = played([*PROMISED, (PUBLISHER, T.CANCEL), (PUBLISHER, T.SIGN), (SEEKER, T.DISPUTE)])
    trade = play.at(SEEKER)
    assert (trade.receipt(), trade.signed, trade.co_signed()) == (None, {}, None)
    play.say(SEEKER, T.HANDOVER, Confirm(code(PUBLISHER)))
    play.say(PUBLISHER, T.SIGN)
    play.say(SEEKER, T.SIGN)
    co_signed = play.at(PUBLISHER).co_signed()
    assert co_signed is not None
    assert co_signed.complete
    assert co_signed.signatures_hold()
    assert co_signed.receipt.outcome is Outcome.COMPLETED


def test_without_a_promise_there_is_no_receipt() -> None:
    for lines in ([(PUBLISHER, T.DECLINE)], [(SEEKER, T.CANCEL)]):
        trade = played(lines).at(SEEKER)
        assert (trade.state, trade.receipt()) == (State.CLOSED, None)
        assert [possible(trade, role) for role in Role] == [set(), set()]
    assert trade.state in FINAL


def test_credit_is_in_the_receipt_of_a_completed_trade_only() -> None:
    promised = [(PUBLISHER, T.PROMISE)]
    for more, credit in (
        ([(PUBLISHER, T.HANDOVER), (SEEKER, T.HANDOVER)], TERMS[ListingKind.SERVICE].credit),
        ([(SEEKER, T.CANCEL)], None),
    ):
        receipt = played([*promised, *more], ListingKind.SERVICE).at(SEEKER).receipt()
        assert receipt is not None
        assert receipt.credit == credit


@pytest.mark.covers("TRD-20")
def test_codes_are_typed_as_people_type() -> None:
    for number in range(50):
        secret = hash_of(number.to_bytes(2, "big"))[:10]
        shown = code_text(secret)
        for typed in (shown, shown.lower(), shown.replace("-", " "), f" {shown}\n"):
            assert read_code(typed) == secret
        assert read_code(shown.replace("O", "0").replace("I", "1")) == secret
    for wrong in ("", "ABC", code_text(bytes(10))[:-1] + "9", "Ä" * 16, code_text(bytes(10)) + "A"):
        with pytest.raises(ValueError, match="not a code"):
            read_code(wrong)
    codes = {code(role, back) for role in Role for back in (False, True)}
    assert len(codes) == 4
    assert all(hash_of(each) != hash_of(SALT) for each in codes)
