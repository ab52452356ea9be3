"""Two honest parties, every order of up to eight messages: both end in the same state.

What may go wrong on the way: messages are lost and sent again, repeated, delayed, overtaken by
others, and cross; either side crashes after any step. See ``explorer.py`` for how each of these
is part of what is explored.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from explorer import Action, Explorer, History, View, draft
from trade_world import (
    ASKED_MS,
    LONG_AFTER_MS,
    NO_SHOW_MS,
    PUBLISHER,
    SEEKER,
    body_of,
    code,
)

from protocol.ledger.receipt import Outcome
from protocol.listing import ListingKind
from protocol.trade.dispute import Settle
from protocol.trade.machine import fold, possible, step
from protocol.trade.meeting import Confirm
from protocol.trade.trade import Trade
from protocol.trade.transitions import FINAL, Role, State
from protocol.trade.types import Type

NOW_MS = ASKED_MS + 60_000
AT_MS = {
    Type.NO_SHOW: NO_SHOW_MS,
    Type.LAPSE: LONG_AFTER_MS,
}


def actions(*types: Type, codes: bool = False):
    """An alphabet: these types, each with the body that fits; codes: also as presented."""

    def alphabet(trade: Trade, role: Role) -> Iterator[Action]:
        allowed = possible(trade, role)
        for type in types:
            if type not in allowed:
                continue
            at_ms = AT_MS.get(type, NOW_MS)
            yield type, body_of(trade, role, type), at_ms
            if codes and type in (Type.HANDOVER, Type.RETURN):
                yield type, Confirm(code(role.other, type is Type.RETURN)), at_ms
            if type is Type.SETTLE and role.other not in trade.settle:
                yield type, Settle(Outcome.CANCELLED), at_ms

    return alphabet


T = Type
SCENARIOS = {
    "everything": (actions(*Type, codes=True), 6, ListingKind.SELL, ()),
    "haggling": (
        actions(
            T.OFFER, T.ACCEPT, T.PROMISE, T.DECLINE, T.CANCEL, T.HANDOVER, T.SIGN,
        ),
        8, ListingKind.SELL, (),
    ),
    "meeting, and not coming": (
        actions(
            T.PROMISE, T.SLOTS, T.APPOINT, T.NO_SHOW, T.CANCEL, T.LAPSE, T.HANDOVER, T.SIGN,
            codes=True,
        ),
        8, ListingKind.SELL, ((PUBLISHER, T.PROMISE), (PUBLISHER, T.SLOTS)),
    ),
    "loan": (
        actions(
            T.PROMISE, T.HANDOVER, T.EXTEND, T.AGREE, T.RETURN, T.LAPSE, T.CANCEL, T.SIGN,
            codes=True,
        ),
        8, ListingKind.LEND, ((PUBLISHER, T.PROMISE), (SEEKER, T.HANDOVER)),
    ),
    "loan in dispute": (
        actions(
            T.PROMISE, T.HANDOVER, T.RETURN, T.DISPUTE, T.STEWARD, T.RULING, T.LAPSE, T.SIGN,
            codes=True,
        ),
        8, ListingKind.LEND,
        ((PUBLISHER, T.PROMISE), (SEEKER, T.HANDOVER), (PUBLISHER, T.HANDOVER)),
    ),
    "dispute": (
        actions(
            T.PROMISE, T.CANCEL, T.DISPUTE, T.STEWARD, T.RULING, T.SETTLE, T.HANDOVER, T.SIGN,
        ),
        8, ListingKind.SELL, ((PUBLISHER, T.PROMISE), (SEEKER, T.CANCEL)),
    ),
    "draw": (
        actions(
            T.OFFER, T.DRAW, T.ENTER, T.CLOSE, T.REVEAL, T.RESULT, T.PROMISE, T.DECLINE, T.CANCEL,
            T.HANDOVER, T.SIGN,
        ),
        8, ListingKind.GIVE, (),
    ),
}  # fmt: skip


@pytest.mark.covers("TRD-31", "TRD-27", "TRD-13")
@pytest.mark.parametrize("name", SCENARIOS)
def test_in_whatever_order_messages_arrive(name: str) -> None:
    alphabet, most, kind, opening = SCENARIOS[name]
    explorer = Explorer(alphabet, most, kind, opening)
    stands: dict[object, Trade] = {}
    for history in explorer.histories():
        publisher = explorer.at_the_publisher(history)
        seeker = explorer.at_the_seeker(history)
        for before, after in pairwise(publisher):
            explorer.figures.deliveries += 1
            the_order_grows_at_its_end(before, after)
        for before, after in pairwise(seeker):
            explorer.figures.deliveries += 1
            no_message_of_the_publisher_loses_its_effect(explorer, before, after)
            what_the_publisher_signed_stays(before, after)
        for view in (*publisher, *seeker):
            no_message_of_the_publisher_is_void(explorer, view)
        assert publisher[-1] == seeker[-1], "with all messages both are in the same state"
        arrival_does_not_matter(explorer, history)
        if publisher[-1].state not in FINAL:
            said = {(explorer.messages[i].type, i in history[0]) for i in publisher[-1].applied}
            key = (publisher[-1].state, publisher[-1].facts, frozenset(said))
            stands[key] = stands.get(key) or explorer.fold(history)
    assert [trade.state for trade in stands.values() if not can_go_on(trade)] == []
    print(f"{name}: {explorer.figures}")


def the_order_grows_at_its_end(before: View, after: View) -> None:
    """At the publisher, what has been decided stays decided."""
    assert after.order[: len(before.order)] == before.order
    assert after.applied[: len(before.applied)] == before.applied


def no_message_of_the_publisher_loses_its_effect(
    explorer: Explorer, before: View, after: View
) -> None:
    """At the seeker, only its own messages that the publisher had not seen can be overtaken."""
    publisher = explorer.messages[0].body.publisher
    kept = set(after.applied)
    for index in before.applied:
        assert explorer.messages[index].author != publisher or index in kept


def no_message_of_the_publisher_is_void(explorer: Explorer, view: View) -> None:
    """So a void one is a lie, and shows as one."""
    publisher = explorer.messages[0].body.publisher
    void = set(view.order) - set(view.applied)
    assert all(explorer.messages[index].author != publisher for index in void)


def what_the_publisher_signed_stays(before: View, after: View) -> None:
    """From the publisher's signature on no message on its way changes what came before it.

    So what the seeker then signs is what the publisher signed, and stays so.
    """
    if before.upto_sign:
        assert after.order[: len(before.upto_sign)] == before.upto_sign
        assert after.digest in (before.digest, None)
        assert (after.digest is None) == (after.state not in (State.SIGNED, State.RECEIPTED))
    if before.state is State.RECEIPTED:
        assert (after.state, after.digest, after.facts) == (
            before.state, before.digest, before.facts,
        )  # fmt: skip


def arrival_does_not_matter(explorer: Explorer, history: History) -> None:
    """Reordered, repeated, and with gaps: the same messages are the same trade."""
    messages = [explorer.messages[index] for chain in history for index in chain]
    for arrived in (messages[::-1], messages[1::2] + messages[::2] + messages[:3]):
        trade = fold(arrived)
        assert trade is not None
        assert (trade.state, [m.id for m in trade.order]) == summary(explorer, history)
    for arrived, before in explorer.parts_with_a_gap(history):
        trade = fold(arrived)
        assert trade is not None
        assert (trade.state, [m.id for m in trade.order]) == summary(explorer, before)


def summary(explorer: Explorer, history: History) -> tuple[State, list[bytes]]:
    view = explorer.view(history)
    return view.state, [explorer.messages[index].id for index in view.order]


def can_go_on(trade: Trade) -> bool:
    """Whether somebody, at some time, can still write something that has an effect."""
    everything = actions(*Type, codes=True)
    for role in Role:
        for type, body, at_ms in everything(trade, role):
            message = draft(trade, role, type, body, at_ms)
            if step(trade, message, role) is not None:
                return True
    return False
