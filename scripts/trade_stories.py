"""Trades as they are told in the vectors of chapter 09: one story each."""

from __future__ import annotations

from collections.abc import Callable

from trade_world import (
    ASKED_MS,
    DAY_MS,
    DUE_MS,
    LAPSED_MS,
    LONG_AFTER_MS,
    MEETING,
    NO_SHOW_MS,
    PUBLISHER,
    SEEKER,
    UNTIL_MS,
    Line,
    Play,
    code,
    played,
    promise,
    ruling,
)

from protocol.ledger.receipt import Outcome
from protocol.listing import ListingKind
from protocol.trade.dispute import RulingCopy, Settle
from protocol.trade.meeting import Confirm, Due, Slot, Slots
from protocol.trade.message import Message
from protocol.trade.types import Type

Story = Callable[[], list[Message]]
T = Type
P, S = PUBLISHER, SEEKER
SIGNED: list[Line] = [(P, T.SIGN), (S, T.SIGN)]
MET: list[Line] = [(P, T.PROMISE), (P, T.SLOTS), (S, T.APPOINT)]
OVER = Settle(Outcome.CANCELLED)


def _told(*lines: Line, kind: ListingKind = ListingKind.SELL, **fields: object) -> Story:
    return lambda: played(lines, kind, **fields).written


def _crossing(first: list[Line], by_publisher: Line, by_seeker: Line, *then: Line) -> Story:
    """Both write before they have the other's."""

    def story() -> list[Message]:
        play = played(first)
        play.write(*by_publisher)
        play.write(*by_seeker)
        play.meet()
        for line in then:
            play.say(*line)
        return play.written

    return story


def _ruled(outcome: Outcome) -> Story:
    def story() -> list[Message]:
        play = played([*MET, (S, T.DISPUTE), (P, T.STEWARD)])
        play.say(S, T.RULING, RulingCopy(ruling(play.at(S), outcome)))
        play.say(P, T.SIGN)
        return play.written

    return story


def _ruled_too_late() -> list[Message]:
    """A loan: handed over while the steward looked at it, disputed again when it was due."""
    play = played([(P, T.PROMISE), (S, T.DISPUTE), (P, T.STEWARD)], ListingKind.LEND)
    late = RulingCopy(ruling(play.at(S), Outcome.CANCELLED))
    play.say(S, T.HANDOVER, _PUBLISHER_CODE)
    for line in ((P, T.DISPUTE), (S, T.STEWARD)):
        play.say(*line)
    play.say(S, T.RULING, late)
    return play.written


def _promised(**fields: object) -> Story:
    def story() -> list[Message]:
        play = Play(public=False)
        play.say(P, T.PROMISE, promise(play.at(P), **fields))
        return play.written

    return story


def _far_appointment() -> list[Message]:
    far = Slot(UNTIL_MS + DAY_MS, UNTIL_MS + 2 * DAY_MS)
    play = played([(P, T.PROMISE), (P, T.SLOTS, Slots((far,))), (S, T.APPOINT)])
    for at_ms in (UNTIL_MS + DAY_MS, far.ends_at_ms + DAY_MS - 1, far.ends_at_ms + DAY_MS):
        play.say(P, T.LAPSE, None, at_ms)
    return play.written


_SEEKER_CODE, _PUBLISHER_CODE = Confirm(code(S)), Confirm(code(P))
_DRAW: list[Line] = [(P, T.DRAW), (S, T.ENTER), (P, T.CLOSE)]
_AGREED, _ENDED, _DISPUTED = ("TRD-16", "TRD-17"), ("TRD-17", "TRD-19"), ("TRD-17", "TRD-18")
_RECEIPT = ("TRD-19", "TRD-26", "TRD-27")

STORIES: dict[str, tuple[tuple[str, ...], str, Story]] = {
    "sell": (
        _RECEIPT, "haggling, an appointment, both confirm, both sign",
        _told((P, T.OFFER), (S, T.OFFER), (P, T.OFFER), (S, T.ACCEPT), *MET, (P, T.ADDRESS),
              (S, T.HANDOVER), (P, T.HANDOVER), *SIGNED),
    ),
    "give-by-code": (
        _RECEIPT, "one presents the other's code: nothing else is needed",
        _told((P, T.PROMISE), (S, T.HANDOVER, _PUBLISHER_CODE), *SIGNED, kind=ListingKind.GIVE),
    ),
    "wrong-code": (
        _DISPUTED, "its own code instead of the other's",
        _told((P, T.PROMISE), (S, T.HANDOVER, _SEEKER_CODE)),
    ),
    "swap": (
        _RECEIPT, "honey for it",
        _told(*MET, (P, T.HANDOVER), (S, T.HANDOVER), *SIGNED, kind=ListingKind.SWAP),
    ),
    "service-for-credit": (
        _RECEIPT, "three units move from the seeker to the publisher",
        _told((P, T.PROMISE), (P, T.HANDOVER), (S, T.HANDOVER), *SIGNED, kind=ListingKind.SERVICE),
    ),
    "credit-in-private": (
        _DISPUTED, "a debt that nobody can check: the promise is void",
        _told((P, T.PROMISE), kind=ListingKind.SERVICE, public=False),
    ),
    "wanted": (
        _RECEIPT, "the seeker gives",
        _told((P, T.PROMISE), (P, T.HANDOVER, _SEEKER_CODE), *SIGNED, kind=ListingKind.WANTED),
    ),
    "kit": (
        _AGREED, "three, in blue", _told((P, T.QUEUE), (P, T.PROMISE), kind=ListingKind.KIT),
    ),
    "loan": (
        _RECEIPT, "lent, extended, returned: the receipt has the hash of the terms promised",
        _told((P, T.PROMISE), (S, T.HANDOVER, _PUBLISHER_CODE), (S, T.EXTEND), (P, T.AGREE),
              (P, T.RETURN, Confirm(code(S, is_return=True))), *SIGNED, kind=ListingKind.LEND),
    ),
    "loan-not-extended": (
        _DISPUTED, "not later than agreed, and not the day that was proposed",
        _told((P, T.PROMISE), (S, T.HANDOVER), (P, T.HANDOVER), (S, T.EXTEND, Due(DUE_MS)),
              (S, T.EXTEND), (P, T.AGREE, Due(DUE_MS + 2 * DAY_MS)), kind=ListingKind.LEND),
    ),
    "loan-return-lapses": (
        _ENDED, "one alone says that it came back",
        _told((P, T.PROMISE), (S, T.HANDOVER), (P, T.HANDOVER), (S, T.RETURN),
              (S, T.LAPSE, None, DUE_MS), (S, T.LAPSE, None, DUE_MS + 14 * DAY_MS),
              kind=ListingKind.LEND),
    ),
    "loan-extended-lapses": (
        _DISPUTED, "what is late is late after the day agreed last, not the first one",
        _told((P, T.PROMISE), (S, T.HANDOVER), (P, T.HANDOVER), (S, T.EXTEND), (P, T.AGREE),
              (S, T.RETURN), (S, T.LAPSE, None, DUE_MS + 14 * DAY_MS),
              (S, T.LAPSE, None, DUE_MS + 15 * DAY_MS), kind=ListingKind.LEND),
    ),
    "loan-extended-twice": (
        _RECEIPT, "agreed twice: the receipt still has the terms promised, with the first day",
        _told((P, T.PROMISE), (S, T.HANDOVER, _PUBLISHER_CODE), (S, T.EXTEND), (P, T.AGREE),
              (P, T.EXTEND), (S, T.AGREE), (S, T.RETURN), (P, T.RETURN), (P, T.SIGN),
              kind=ListingKind.LEND),
    ),
    "queue": (_AGREED, "somebody else has it", _told((P, T.QUEUE), (P, T.DECLINE))),
    "taken-back": (_ENDED, "the seeker no longer wants it", _told((P, T.OFFER), (S, T.CANCEL))),
    "cancelled": (_RECEIPT, "the publisher steps back", _told(*MET, (P, T.CANCEL), *SIGNED)),
    "no-show": (
        _RECEIPT, "the seeker did not come",
        _told(*MET, (P, T.NO_SHOW, None, NO_SHOW_MS - 1), (P, T.NO_SHOW, None, NO_SHOW_MS),
              *SIGNED),
    ),
    "lapse": (
        _RECEIPT, "too early, then not",
        _told((P, T.PROMISE), (S, T.LAPSE, None, UNTIL_MS - 1), (S, T.LAPSE, None, UNTIL_MS),
              *SIGNED),
    ),
    "lapse-before-the-appointment": (
        _DISPUTED, "a promise runs out no earlier than a day after its appointment",
        _far_appointment,
    ),
    "handover-lapses": (
        _ENDED, "one alone says that it changed hands: no receipt",
        _told((P, T.PROMISE), (P, T.HANDOVER), (P, T.LAPSE, None, UNTIL_MS),
              (P, T.LAPSE, None, LONG_AFTER_MS)),
    ),
    "dated-back": (
        ("TRD-15",), "after a later message this one counts as no earlier: it is too late",
        _told((P, T.PROMISE), (P, T.SLOTS, None, MEETING.starts_at_ms),
              (S, T.APPOINT, None, ASKED_MS)),
    ),
    "month": (
        ("TRD-15", "TRD-26"), "concluded no earlier than what came before it",
        _told((P, T.PROMISE), (S, T.ADDRESS, None, LAPSED_MS + 20 * DAY_MS),
              (P, T.CANCEL, None, ASKED_MS)),
    ),
    "offer-at-once": (
        ("TRD-13", "TRD-16"), "crossing offers: the publisher's comes first, the seeker's stands",
        _crossing([], (P, T.OFFER), (S, T.OFFER), (P, T.PROMISE)),
    ),
    "promise-crosses-offer": (
        ("TRD-13", "TRD-16"), "what was asked for is promised: the new offer is void",
        _crossing([], (P, T.PROMISE), (S, T.OFFER)),
    ),
    "promise-crosses-cancel": (
        ("TRD-13", "TRD-18"), "the seeker had not seen the promise: nobody is at fault",
        _crossing([], (P, T.PROMISE), (S, T.CANCEL)),
    ),
    "cancels-cross": (
        ("TRD-13", "TRD-16"), "the publisher's comes first",
        _crossing(MET, (P, T.CANCEL), (S, T.CANCEL), *SIGNED),
    ),
    "handover-crosses-cancel": (
        ("TRD-13", "TRD-16"), "void; presented again in the dispute, the code counts",
        _crossing(MET, (P, T.CANCEL), (S, T.HANDOVER, _PUBLISHER_CODE),
                  (S, T.DISPUTE), (S, T.HANDOVER, _PUBLISHER_CODE), *SIGNED),
    ),
    "sign-crosses-dispute": (
        ("TRD-13", "TRD-19"), "the signature given before the dispute is gone",
        _crossing([*MET, (P, T.CANCEL)], (P, T.SIGN), (S, T.DISPUTE)),
    ),
    "both-appoint": (
        ("TRD-13", "TRD-19"), "the first appointment uses up all times named",
        _crossing([(P, T.PROMISE), (P, T.SLOTS), (S, T.SLOTS)], (P, T.APPOINT), (S, T.APPOINT)),
    ),
    "dispute-ruled": (_RECEIPT, "the steward: completed", _ruled(Outcome.COMPLETED)),
    "dispute-ruled-too-late": (
        ("TRD-18", "TRD-24"), "a ruling on an earlier dispute decides no later one",
        _ruled_too_late,
    ),
    "dispute-ruled-cancelled": (_RECEIPT, "cancelled, by nobody", _ruled(Outcome.CANCELLED)),
    "dispute-settled": (
        _RECEIPT, "both say cancelled; that is not disputed again",
        _told(*MET, (S, T.DISPUTE), (P, T.SETTLE), (S, T.SETTLE, OVER), (P, T.SETTLE, OVER),
              (S, T.DISPUTE), *SIGNED),
    ),
    "dispute-lapses": (
        _ENDED, "nobody settled it for thirty days",
        _told(*MET, (S, T.DISPUTE), (P, T.LAPSE, None, ASKED_MS + 29 * DAY_MS),
              (P, T.LAPSE, None, LONG_AFTER_MS)),
    ),
    "draw": (
        _DISPUTED, "entered, closed, revealed, drawn, promised",
        _told(*_DRAW, (S, T.REVEAL), (P, T.RESULT), (P, T.PROMISE), kind=ListingKind.GIVE),
    ),
    "draw-not-revealed": (
        _DISPUTED, "drawn without the seeker's secret, which it did not tell",
        _told(*_DRAW, (P, T.RESULT), kind=ListingKind.GIVE),
    ),
    "draw-entered-late": (
        ("TRD-13", "TRD-16"), "the list was closed before the entry came",
        _crossing([(P, T.DRAW)], (P, T.CLOSE), (S, T.ENTER)),
    ),
}  # fmt: skip
